"""The one admin site of the back office: its addresses answer hostile values with 400 or 404, never with a crash."""

from functools import wraps
from itertools import groupby

from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import ForeignObjectRel
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.common.admin.search import LONGEST_TERM
from apps.common.scope import visible_rows

LOG_ENTRIES_LOOKED_AT = 50


class SalonAdminSite(UnfoldAdminSite):
    """Unfold's site without its shared search cache, without "view on site", and with a log of own visible rows."""

    index_title = _("Dashboard")

    def extra_urls(self):
        # Django's own view redirects to any row of any salon; nothing here has a page on another site.
        return [path("r/<path:rest>", self.admin_view(not_found), name="view_on_site")]

    def admin_view(self, view, cacheable=False):  # noqa: FBT002 - Django's signature
        return super().admin_view(without_nul(view), cacheable)

    def autocomplete_view(self, request):
        return FormFieldAutocomplete.as_view(admin_site=self)(request)

    def search(self, request, extra_context=None):
        """Pages of the sidebar by name. Asked anew each time: a cache would outlive a lost role or another language."""
        term = request.GET.get("s", "").strip()[:LONGEST_TERM].lower()
        if not term:
            return HttpResponse()
        found = Paginator(self._search_apps(self.get_app_list(request), term), 100)
        context = {
            "page_obj": found,
            "results": found.get_page(1),
            "page_counter": 0,
            "execution_time": 0,
            "command_show_history": False,
        }
        return TemplateResponse(
            request, "unfold/helpers/search_results.html", context, headers={"HX-Trigger": "search"}
        )

    def get_log_entries(self, request):
        """The reader's own latest actions on rows still visible to them; looked up only where they are shown."""
        return SimpleLazyObject(lambda: own_log_entries(request.user))


class FormFieldAutocomplete(AutocompleteJsonView):
    """Looks rows up for fields of forms only. Asked for the far end of a relation, the stock view crashes."""

    def process_request(self, request):
        asked = super().process_request(request)
        _term, _page, field, _key = asked
        if isinstance(field, ForeignObjectRel):
            raise PermissionDenied
        return asked


def own_log_entries(user):
    if not user.is_authenticated:
        return LogEntry.objects.none()
    own = LogEntry.objects.filter(user=user).exclude(content_type=None).order_by("-action_time")
    latest = list(own.select_related("content_type")[:LOG_ENTRIES_LOOKED_AT])
    latest.sort(key=lambda entry: entry.content_type_id)
    kept = []
    for content_type, entries in groupby(latest, key=lambda entry: entry.content_type):
        if (model := content_type.model_class()) is not None:
            kept += visible_entries(model, list(entries), user)
    return LogEntry.objects.filter(pk__in=kept).select_related("content_type", "user")


def visible_entries(model, entries, user):
    keys = {entry.object_id for entry in entries}
    rows = visible_rows(model, user).filter(pk__in=keys).values_list("pk", flat=True)
    visible = {str(key) for key in rows}
    return [entry.pk for entry in entries if entry.object_id in visible]


def not_found(request, rest):
    raise Http404


def without_nul(view):
    """`view`, refusing (400) requests with a NUL character: no person types one and PostgreSQL takes none."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        given = [request.path_info, *_texts(request.GET)]
        if request.method == "POST":
            given += _texts(request.POST)
        if any("\x00" in text for text in given):
            raise SuspiciousOperation("A NUL character in the request")
        return view(request, *args, **kwargs)

    return guarded


def _texts(values):
    for name, texts in values.lists():
        yield name
        yield from texts
