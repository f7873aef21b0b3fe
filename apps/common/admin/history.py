"""History pages: who changed what, when and why, in words. Read only, and only for rows the reader may view."""

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin as DjangoModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import models
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin

from apps.common.admin.displays import EMPTY, isolated, left_to_right, show_phone, show_time
from apps.common.admin.narrowing import SYSTEM, RowNarrowing
from apps.common.admin.paginator import CappedPaginator
from apps.common.fields import PhoneField
from apps.common.reader import called
from apps.common.versions import changing, predecessors, with_predecessor

MOST_PEOPLE = 100
# Written by the machine with every change, so they explain nothing.
SILENT_FIELDS = {"id", "created_at", "updated_at", "search_text", "version", "leased_until", "ask_at", "nonce"}
LOOK = {
    "+": (gettext_lazy("Created"), "add_circle", "success"),
    "~": (gettext_lazy("Changed"), "edit", "info"),
    "-": (gettext_lazy("Deleted"), "delete", "danger"),
}


class GuardedHistoryMixin(SimpleHistoryAdmin):
    """simple-history's pages behind the same wall as the change page; a version can be read, never restored.

    A model without history rows keeps Django's own page of admin log entries, behind the same wall.
    """

    object_history_template = "common/admin/history.html"
    object_history_version_template = "common/admin/history_version.html"
    history_list_per_page = 25

    @property
    def keeps_history(self):
        return hasattr(self.model._meta, "simple_history_manager_attribute")

    def history_view(self, request, object_id, extra_context=None):
        self.guarded_row(request, object_id)
        if not self.keeps_history:
            return DjangoModelAdmin.history_view(self, request, object_id, extra_context)
        row = self.guarded_row(request, object_id)
        versions = getattr(row, row._meta.simple_history_manager_attribute).order_by("-history_date", "-history_id")
        asked = RowNarrowing(request.GET, fields=self.tracked_choices(), people=self.people_of(versions, row))
        found = versions.filter(asked.condition())
        if field := asked.cleaned_data.get("field"):
            found = found.filter(history_id__in=changing(versions, field).values("history_id"))
        pages = CappedPaginator(with_predecessor(self.read_with(found)), self.history_list_per_page)
        page = pages.get_page(request.GET.get("p"))
        self.tell_changes(list(page.object_list), row)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(row)s") % {"row": row},
            "opts": self.opts,
            "original": row,
            "object": row,
            "page_obj": page,
            "page_range": pages.get_elided_page_range(page.number),
            "asked": asked,
            "kept": _without_page(request.GET),
            "may_edit": self.has_change_permission(request, row),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    def read_with(self, versions):
        """`versions` with who made them and what they point to, in the query that reads them."""
        related = self.list_select_related if isinstance(self.list_select_related, list | tuple) else ()
        tracked = versions.model.tracked_fields
        own = [field.name for field in tracked if isinstance(field, models.ForeignKey)]
        deeper = [path for path in related if path.partition("__")[0] in own]
        return versions.select_related("history_user", *own, *deeper)

    def tell_changes(self, versions, row):
        """Give every version its `display`: what happened, when, who, why, by which door, old → new per field."""
        before = predecessors(versions, self.read_with(versions[0]._meta.model.objects.all())) if versions else {}
        for version in versions:
            older = before.get(version.predecessor_id)
            self.described(version, row)
            version.display["changes"] = self.changes_between(older, version) if older else []

    def tracked_choices(self):
        """The fields a version may be asked for, as (name, label)."""
        tracked = self.model.history.model.tracked_fields
        return [(field.name, self.field_label(field)) for field in tracked if is_told(field)]

    @staticmethod
    def people_of(versions, row):
        """Who ever changed the row, as (key, name), the system first."""
        who = versions.order_by().values_list("history_user", flat=True).distinct()[:MOST_PEOPLE]
        user_model = versions.model._meta.get_field("history_user").related_model
        people = user_model._base_manager.filter(pk__in=[key for key in who if key]).order_by("name", "pk")
        return [(SYSTEM, _("the system")), *((str(person.pk), called(person, row)) for person in people)]

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        row = self.guarded_row(request, object_id)
        if request.method != "GET":
            # A post would write an old version over the row, past every rule and every use case.
            raise PermissionDenied
        if not self.keeps_history:
            raise Http404
        record = self.history_record(row, version_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Version of %(when)s") % {"when": self.history_time(record, row)},
            "opts": self.opts,
            "original": row,
            "object": row,
            "record": self.described(record, row),
            "may_edit": self.has_change_permission(request, row),
            "values": [
                (self.field_label(field), self.shown_value(field, record))
                for field in record.tracked_fields
                if is_told(field)
            ],
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_version_template, context)

    def guarded_row(self, request, object_id):
        """The row if this request may view it; 404 in every other case, whatever the reason."""
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return row

    def history_record(self, row, version_id):
        if not version_id.isdecimal() or len(version_id) > 18:
            raise Http404
        records = getattr(row, row._meta.simple_history_manager_attribute)
        record = records.select_related("history_user").filter(history_id=int(version_id)).first()
        if record is None:
            raise Http404
        return record

    # --- Editing with the values of a version: an edit like any other, with its rules and its line of history ---

    def get_form(self, request, obj=None, change=False, **kwargs):  # noqa: FBT002 - Django's signature
        form = super().get_form(request, obj, change=change, **kwargs)
        if request.method == "GET" and "version" in request.GET and self.keeps_history:
            form.begins_with = self.old_values(request, obj)
        return form

    def old_values(self, request, row):
        """Of the version of `row` that the address names, by field, for who may change the row. Told once a request."""
        if not hasattr(request, "old_values"):
            request.old_values = {}
            if row is not None and self.has_change_permission(request, row):
                record = self.history_record(row, request.GET["version"])
                when = self.history_time(record, row)
                text = _("The form holds the values of %(when)s. Nothing is saved yet.") % {"when": when}
                messages.info(request, text)
                request.old_values = {
                    field.name: getattr(record, field.attname)
                    for field in record.tracked_fields
                    if field.name not in SILENT_FIELDS and not isinstance(field, PhoneField)
                }
        return request.old_values

    def revert_disabled(self, request, obj=None):
        return True

    def described(self, record, row):
        title, icon, colour = LOOK[record.history_type]
        # As text, because a template would print a number with separators into an address.
        record.number = str(record.history_id)
        record.display = {
            "title": title,
            "icon": icon,
            "colour": colour,
            "when": self.history_time(record, row),
            "who": isolated(called(record.history_user, row)) if record.history_user else _("the system"),
            "reason": record.history_change_reason or "",
            "door": record.get_history_door_display(),
            "request": record.history_request or "",
        }
        return record

    def history_time(self, record, row):
        """The moment in the time zone of the row's salon."""
        salon = getattr(row, "salon", None)
        zone = getattr(salon, "timezone", None) or getattr(row, "timezone", None)
        return show_time(record.history_date, zone)

    def changes_between(self, older, newer):
        """`[{"field", "old", "new"}, …]` of what differs, in the order of the model."""
        return [
            {
                "field": self.field_label(field),
                "old": self.shown_value(field, older),
                "new": self.shown_value(field, newer),
            }
            for field in newer.tracked_fields
            if is_told(field) and getattr(older, field.attname) != getattr(newer, field.attname)
        ]

    @staticmethod
    def field_label(field):
        return capfirst(str(field.verbose_name))

    def shown_value(self, field, record):
        """A field's value in a historical record, as its readers call it."""
        value = getattr(record, field.attname)
        if value in (None, ""):
            return EMPTY
        if isinstance(field, models.ForeignKey):
            return isolated(self.related_label(field, record))
        if field.flatchoices:
            return dict(field.flatchoices).get(value, value)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(field, models.DateTimeField):
            return show_time(value, getattr(timezone.get_current_timezone(), "key", None))
        if isinstance(field, PhoneField) and not field.is_public:
            return show_phone(value, record)
        if isinstance(field, PhoneField | models.UUIDField):
            return left_to_right(value)
        return isolated(localize(value) if not isinstance(value, str) else value)

    @staticmethod
    def related_label(field, record):
        try:
            return getattr(record, field.name) or EMPTY
        except ObjectDoesNotExist:
            return _("(deleted)")


def is_told(field):
    """Whether history speaks of `field`; a column without a name for people is the machine's alone."""
    return isinstance(field.verbose_name, Promise) and field.name not in SILENT_FIELDS


def _without_page(said):
    kept = said.copy()
    kept.pop("p", None)
    return kept.urlencode()
