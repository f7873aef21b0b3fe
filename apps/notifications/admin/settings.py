"""How a salon speaks to its customers: when it reminds, and under which name and when it promotes."""

import re

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.displays import EMPTY, left_to_right
from apps.common.text import latin_digits
from apps.notifications.models import MessageSettings, default_reminder_hours, validate_reminder_hours

BETWEEN_HOURS = re.compile(r"\s*[,،]\s*")
# A week has 168 hours: whatever is longer is none of them, and no number worth reading.
HOUR = re.compile(r"[0-9]{1,3}")
LONGEST_LIST = 100


class ReminderHoursField(forms.CharField):
    """Hours before a visit as people type them, `24, 3`, in the digits and with the comma of either language.

    Its value is a list of whole numbers, the earliest reminder first; nothing typed is an empty one.
    """

    widget = UnfoldAdminTextInputWidget(attrs={"dir": "ltr", "placeholder": "24, 3"})

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "required": False, "max_length": LONGEST_LIST})

    def prepare_value(self, value):
        return ", ".join(str(hour) for hour in value) if isinstance(value, list) else value

    def to_python(self, value):
        words = BETWEEN_HOURS.split(latin_digits(super().to_python(value)))
        if words == [""]:
            return []
        if not all(HOUR.fullmatch(word) for word in words):
            # Not a list of numbers: the model has the sentence for that.
            validate_reminder_hours(None)
        return sorted((int(word) for word in words), reverse=True)

    def has_changed(self, initial, data):
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


def hours_in_words(hours):
    """`24 hours, 3 hours before the visit` for [24, 3], a sentence for none."""
    if not hours:
        return gettext("no reminders")
    each = (ngettext("%(count)s hour", "%(count)s hours", hour) % {"count": hour} for hour in hours)
    return gettext("%(hours)s before the visit") % {"hours": gettext(", ").join(each)}


def _what_counts_without():
    usual = MessageSettings()
    return gettext(
        "As long as a salon has no settings of its own, this counts: reminders %(hours)s; promotions from %(first)s "
        "until %(last)s, and none by SMS, because they need a registered sender name."
    ) % {
        "hours": hours_in_words(default_reminder_hours()),
        "first": f"{usual.promotions_from:%H:%M}",
        "last": f"{usual.promotions_until:%H:%M}",
    }


@admin.register(MessageSettings)
class MessageSettingsAdmin(BaseModelAdmin):
    allowed_verbs = ("view", "add", "change")
    empty_text = lazy(_what_counts_without, str)()
    list_display = ("display_reminders", "display_sender", "display_hours", "salon")
    list_select_related = ("salon",)
    readonly_fields = ("display_reminders",)
    fieldsets = (
        (_("Reminders"), {"fields": ("reminder_hours",)}),
        (
            _("Promotions"),
            {
                "fields": ("promotional_sender", ("promotions_from", "promotions_until")),
                "description": _("Invitations to review count as advertising: they go to customers who agreed only."),
            },
        ),
    )

    def get_fieldsets(self, request, obj=None):
        """Who only reads finds the hours in words; the form has its own field for them."""
        (title, reminders), promotions = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            shown = ["display_reminders" if name == "reminder_hours" else name for name in reminders["fields"]]
            reminders = {**reminders, "fields": shown}
        return [(title, reminders), promotions]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "reminder_hours":
            return ReminderHoursField(
                label=db_field.verbose_name, help_text=db_field.help_text, initial=db_field.default
            )
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "promotional_sender":
            field.widget.attrs.update(dir="ltr", placeholder="REEM-AD")
        return field

    @display(description=_("reminders"))
    def display_reminders(self, obj):
        return hours_in_words(obj.reminder_hours)

    @display(description=_("sender name for promotions"))
    def display_sender(self, obj):
        return left_to_right(obj.promotional_sender) if obj.promotional_sender else EMPTY

    @display(description=_("promotions"))
    def display_hours(self, obj):
        return left_to_right(f"{obj.promotions_from:%H:%M}–{obj.promotions_until:%H:%M}")

    def shown_value(self, field, record):
        if field.name == "reminder_hours":
            return hours_in_words(record.reminder_hours)
        return super().shown_value(field, record)
