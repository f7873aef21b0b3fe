"""History pages: who changed what, when and why, in words. Read only, and only for rows the reader may view."""

from django.contrib.admin.options import ModelAdmin as DjangoModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import models
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin

from apps.common.admin.displays import EMPTY, isolated, left_to_right, show_phone, show_time
from apps.common.fields import PhoneField
from apps.common.reader import called

# Written by the machine with every change, so they explain nothing.
SILENT_FIELDS = {"id", "created_at", "updated_at", "search_text", "version"}
LOOK = {
    "+": (gettext_lazy("Created"), "add_circle", "success"),
    "~": (gettext_lazy("Changed"), "edit", "info"),
    "-": (gettext_lazy("Deleted"), "delete", "danger"),
}


class GuardedHistoryMixin(SimpleHistoryAdmin):
    """simple-history's pages behind the same wall as the change page; a version can be read, never restored.

    A model without history rows keeps Django's own page of admin log entries, behind the same wall.
    """

    object_history_list_template = "common/admin/history_list.html"
    object_history_version_template = "common/admin/history_version.html"
    history_list_per_page = 25

    @property
    def keeps_history(self):
        return hasattr(self.model._meta, "simple_history_manager_attribute")

    def history_view(self, request, object_id, extra_context=None):
        self.guarded_row(request, object_id)
        if not self.keeps_history:
            return DjangoModelAdmin.history_view(self, request, object_id, extra_context)
        return super().history_view(request, object_id, extra_context)

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
            "values": [
                (self.field_label(field), self.shown_value(field, record))
                for field in record.tracked_fields
                if field.name not in SILENT_FIELDS
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

    def revert_disabled(self, request, obj=None):
        return True

    def set_history_delta_changes(self, request, historical_records, **kwargs):
        """Give every record of the page its `display`: what happened, when, who, why, and old → new per field."""
        records = list(historical_records)
        # They are versions of one row: what it belongs to is read once.
        row = records[0].instance if records else None
        for newer, older in zip(records, [*records[1:], None], strict=True):
            if older is None and newer.history_type != "+":
                # The last one of a page was changed from the first one of the next.
                older = newer.prev_record
            self.described(newer, row)
            newer.display["changes"] = self.changes_between(older, newer) if older else []

    def described(self, record, row):
        title, icon, colour = LOOK[record.history_type]
        record.display = {
            "title": title,
            "icon": icon,
            "colour": colour,
            "when": self.history_time(record, row),
            "who": isolated(called(record.history_user, row)) if record.history_user else _("the system"),
            "reason": record.history_change_reason or EMPTY,
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
            if field.name not in SILENT_FIELDS and getattr(older, field.attname) != getattr(newer, field.attname)
        ]

    @staticmethod
    def field_label(field):
        name = str(field.verbose_name)
        return name[:1].upper() + name[1:]

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
