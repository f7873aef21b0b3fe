"""Hours that are longer than the labour law allows are saved all the same, and said."""

from collections import defaultdict
from datetime import date

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.salons import labour
from apps.salons.labour import Rule
from apps.salons.models import Staff, WeeklyHours

ALLOWED = {
    Rule.DAY: _("%(names)s: %(time)s hours of work on %(days)s. The law allows %(limit)s a day."),
    Rule.WEEK: _("%(names)s: %(time)s hours of work in the week. The law allows %(limit)s."),
    Rule.STRETCH: _("%(names)s: %(time)s hours without a break of 30 minutes on %(days)s. The law allows %(limit)s."),
    Rule.PRESENCE: _("%(names)s: %(time)s hours from coming to leaving on %(days)s. The law allows %(limit)s."),
}
ALLOWED_IN_RAMADAN = {
    **ALLOWED,
    Rule.DAY: _(
        "%(names)s: %(time)s hours of work on %(days)s. In Ramadan the law allows Muslim staff %(limit)s a day."
    ),
    Rule.WEEK: _("%(names)s: %(time)s hours of work in the week. In Ramadan the law allows Muslim staff %(limit)s."),
}


class WarnsOfLongHours:
    """Mixin of pages that save hours; stands first in the bases, so that a change that is taken back warns of nothing.

    `roster_of(row)` names whose hours the row of the page decides: `(staff or None for everybody, exception or None)`.
    """

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        staff, exception = self.roster_of(form.instance)
        for text in warnings(form.instance.salon, staff, exception):
            messages.warning(request, text)


def warnings(salon, staff, exception):
    """What the law says of the hours of `staff` (None: of everybody in `salon`), usual ones or during `exception`."""
    rows = list(WeeklyHours.objects.filter(salon=salon, exception=exception))
    limits = labour.limits_during(exception)
    first, last = timezone.localdate(), date.max
    if exception is not None:
        first, last = max(first, exception.starts_on), exception.ends_on
    names = defaultdict(list)
    for person in [staff] if staff else Staff.objects.filter(salon=salon, is_active=True):
        for finding in labour.review(rows, person.pk, first=first, last=last, limits=limits):
            names[finding].append(person.name)
    texts = ALLOWED_IN_RAMADAN if limits == labour.RAMADAN else ALLOWED
    return [_in_words(texts[finding.rule], finding, people) for finding, people in names.items()]


def _in_words(text, finding, people):
    separator = gettext(", ")
    return text % {
        "names": separator.join(people),
        "days": separator.join(str(WeeklyHours.Weekday(day).label) for day in finding.weekdays),
        "time": _hours(finding.minutes),
        "limit": _hours(finding.limit),
    }


def _hours(minutes):
    return f"{minutes // 60}:{minutes % 60:02d}"
