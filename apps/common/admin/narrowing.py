"""What a reader of history asks for. A value that is none narrows nothing."""

from datetime import datetime, time, timedelta

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.doors import Door

LONGEST_WORD = 100
SYSTEM = "system"


class DayBox(forms.DateInput):
    """The browser's own calendar, which takes and shows ISO days alone."""

    input_type = "date"

    def __init__(self):
        super().__init__(format="%Y-%m-%d")


class HistoryNarrowing(forms.Form):
    """By door and by day, whichever history it is."""

    door = forms.ChoiceField(label=_("Way in"), choices=[("", _("Every way in")), *Door.choices], required=False)
    since = forms.DateField(label=_("From day"), required=False, widget=DayBox)
    until = forms.DateField(label=_("Until day"), required=False, widget=DayBox)

    def __init__(self, said):
        super().__init__(said)
        self.is_valid()

    @property
    def is_narrow(self):
        """Whether anything was asked for."""
        return any(self.cleaned_data.values())

    def by_door_and_day(self):
        """As a condition on versions. Days are whole ones by the clock of the installation."""
        door, since, until = (self.cleaned_data.get(name) for name in ("door", "since", "until"))
        found = Q(history_door=door) if door else Q()
        if since:
            found &= Q(history_date__gte=_midnight(since))
        if until:
            found &= Q(history_date__lt=_midnight(until + timedelta(days=1)))
        return found

    def clean_since(self):
        return _within_the_calendar(self.cleaned_data["since"])

    def clean_until(self):
        return _within_the_calendar(self.cleaned_data["until"])


class RowNarrowing(HistoryNarrowing):
    """Within the history of one row: also by field, by person and by a word of the reason.

    `fields` and `people` are pairs of a value and its name.
    """

    field = forms.ChoiceField(label=_("Field"), required=False)
    who = forms.ChoiceField(label=_("Person"), required=False)
    q = forms.CharField(label=_("Reason"), max_length=LONGEST_WORD, required=False)
    field_order = ["q", "field", "who", "door", "since", "until"]

    def __init__(self, said, *, fields, people):
        super().__init__(said)
        self.fields["field"].choices = [("", _("Every field")), *fields]
        self.fields["who"].choices = [("", _("Everybody")), *people]
        self.full_clean()

    def condition(self):
        """All but the field as a condition on versions."""
        found, who, word = self.by_door_and_day(), self.cleaned_data.get("who"), self.cleaned_data.get("q")
        if who:
            found &= Q(history_user__isnull=True) if who == SYSTEM else Q(history_user=who)
        if word:
            found &= Q(history_change_reason__icontains=word)
        return found


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))


def _within_the_calendar(day):
    """At the ends of the calendar other time zones have no such day."""
    return day if day is not None and 1 < day.year < 9999 else None
