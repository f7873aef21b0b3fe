"""The one admin site of the back office: its addresses answer hostile values with 400 or 404, never with a crash.

Whoever owes the second step of signing in is on none of its pages but those on which it is done.
"""

from functools import partial, wraps
from itertools import groupby
from urllib.parse import urlencode

from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY, logout
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import ForeignObjectRel
from django.http import Http404, HttpResponseForbidden, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.accounts.selectors import has_second_factor
from apps.accounts.sessions import owes_second_factor
from apps.common.admin.dialogs import page_of
from apps.common.admin.search import LONGEST_TERM
from apps.common.scope import visible_rows
from project.admin_site import account, changes, proving
from project.admin_site.delays import delivery_banner
from project.admin_site.language import forget_language
from project.admin_site.search import MOST, SHORTEST, Group, Hit, find

LOG_ENTRIES_LOOKED_AT = 50


class SalonAdminSite(UnfoldAdminSite):
    """Unfold's site without its shared search cache, without "view on site", and with a log of own visible rows."""

    index_title = _("Dashboard")

    def extra_urls(self):
        # Django's own view redirects to any row of any salon; nothing here has a page on another site.
        return [
            path("r/<path:rest>", self.admin_view(not_found), name="view_on_site"),
            path("otp/", without_nul(proving.prove), name="prove"),
            path("otp/setup/", without_nul(proving.set_up), name="set_up_second_factor"),
            # Before Django's own, which lets nobody out who is not in.
            path("logout/", self.logout, name="logout"),
            path("account/", self.admin_view(account.account), name="account"),
            path("account/recovery-codes/", self.admin_view(account.renew_recovery_codes), name="recovery_codes"),
            path("account/turn-off/", self.admin_view(account.turn_second_factor_off), name="turn_second_factor_off"),
            path("changes/", self.admin_view(changes.changes), name="changes"),
            path("account/sessions/", self.admin_view(account.end_sessions), name="end_sessions"),
        ]

    def admin_view(self, view, cacheable=False):  # noqa: FBT002 - Django's signature
        return self.refusing_scripts(super().admin_view(without_nul(view), cacheable))

    def refusing_scripts(self, view):
        """`view`, but a script of a page that was signed out is not sent to a form it cannot show: htmx loads the
        form as a page, every other script gets a plain 403.
        """

        @wraps(view)
        def guarded(request, *args, **kwargs):
            is_script = "HX-Request" in request.headers or request.headers.get("X-Requested-With") == "XMLHttpRequest"
            if is_script and not self.has_permission(request):
                target = redirect_to_login(page_of(request), reverse("admin:login")).url
                return HttpResponseForbidden(headers={"HX-Redirect": target})
            return view(request, *args, **kwargs)

        return guarded

    def each_context(self, request):
        # Asked when a page shows it: an answer without a page costs nothing.
        banner = SimpleLazyObject(lambda: delivery_banner(request.user))
        return {**super().each_context(request), "delivery_banner": banner}

    def get_app_list(self, request, app_label=None):
        # Django works it out for every page; few show it.
        return SimpleLazyObject(lambda: super(SalonAdminSite, self).get_app_list(request, app_label))

    def has_permission(self, request):
        return super().has_permission(request) and not owes_second_factor(request)

    def login(self, request, extra_context=None):
        """The form; for whoever is signed in by password only, the second step; a person without any role is out."""
        if request.method == "GET" and SESSION_KEY in request.session:
            if not super().has_permission(request):
                logout(request)
            elif owes_second_factor(request):
                return HttpResponseRedirect(second_step(request))
        return super().login(request, extra_context)

    def logout(self, request, extra_context=None):
        return forget_language(super().logout(request, extra_context))

    def password_change(self, request, extra_context=None):
        """As Unfold's, with a form of our own."""
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=partial(proving.OwnPasswordForm, request=request),
            success_url=reverse("admin:password_change_done"),
            template_name=self.password_change_template or PasswordChangeView.template_name,
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def autocomplete_view(self, request):
        return FormFieldAutocomplete.as_view(admin_site=self)(request)

    def search(self, request, extra_context=None):
        """What the reader may see of what was typed. Asked anew each time: a cache would outlive a lost role."""
        term = request.GET.get("s", "").strip()[:LONGEST_TERM]
        groups = find(request.user, term)
        pages = self._search_apps(self.get_app_list(request), term.lower()) if len(term) >= SHORTEST else []
        if pages:
            hits = [Hit(page.title, str(page.description), page.link) for page in pages[:MOST]]
            groups.append(Group(_("Pages"), "tag", hits))
        return TemplateResponse(request, "admin/search/results.html", {"groups": groups, "is_asked": bool(term)})

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


def second_step(request):
    """The page on which the session pays what it owes: a code, or setting an app up first."""
    page = "admin:prove" if has_second_factor(request.user) else "admin:set_up_second_factor"
    query = urlencode({REDIRECT_FIELD_NAME: request.GET.get(REDIRECT_FIELD_NAME, "")})
    return f"{reverse(page)}?{query}"


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
