"""What a calendar of one salon shows: people, their visits, and the time in which they cannot be booked."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.bookings import selectors
from apps.bookings.availability import MINUTES_A_DAY, Cause, Interval, days, merge, midnight, to_datetime, to_minutes
from apps.bookings.models import Booking
from apps.bookings.money import money
from apps.bookings.querysets import LONGEST
from apps.bookings.selectors import ONE_DAY
from apps.salons.models import Salon, ScheduleException, Staff, TimeOff

# A day is shown from its first to its last hour of work, and where nobody works from nine to nine.
USUAL_HOURS = 9, 21
# A shift that goes on after midnight belongs to the evening on which it began.
LATEST_HOUR = 30
OVER = (Booking.Status.CANCELLED, Booking.Status.EXPIRED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes since the epoch in which a staff member is not to be had: `kind` is closed, break, prayer, time_off or
    buffer, `text` says so in the active language.
    """

    staff_id: int
    begins: int
    ends: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Days:
    """Local days `first` to `last` of a salon as one person may see them.

    `opens` and `closes` are hours of the day between which everything lies; `closes` is beyond 24 when somebody works
    after midnight. `received` is what came for each visit, as far as they may know; see `money`.
    """

    salon: Salon
    first: date
    last: date
    staff: list[Staff]
    bookings: list[Booking]
    stretches: list[Stretch]
    opens: int
    closes: int
    received: Mapping[UUID, Decimal]


def calendar_salons(reader: Any) -> Any:
    """A queryset of the salons of whose people `reader` sees at least one."""
    return Salon.objects.filter(pk__in=Staff.objects.visible_to(reader).order_by().values("salon"))


def load_days(salon: Salon, first: date, last: date, *, reader: Any, now: datetime) -> Days:
    """The days `first` to `last` for `reader`; at most seven queries, however many people and visits."""
    zone = ZoneInfo(salon.timezone)
    opens, closes = midnight(first, zone), midnight(last + ONE_DAY, zone) + timedelta(hours=LATEST_HOUR - 24)
    shown = _visits(salon, opens, closes, reader=reader, now=now)
    bookings = list(shown.select_related("customer__user").order_by("starts_at", "pk"))
    serving = {booking.staff_id for booking in bookings}
    people = Staff.objects.visible_to(reader).filter(Q(is_active=True) | Q(pk__in=serving), salon=salon)
    staff = list(people.order_by("position", "pk"))
    hours = _Hours(salon, staff, first, last, reader=reader, today=timezone.localtime(now, zone).date())
    earliest, latest = _hours_shown(hours.shifts(), bookings, days(first, last), zone)
    return Days(
        salon=salon,
        first=first,
        last=last,
        staff=staff,
        bookings=bookings,
        stretches=[*hours.stretches(), *_buffers(bookings)],
        opens=earliest,
        closes=latest,
        received=money().received_for(bookings, reader=reader),
    )


def _visits(salon, opens, closes, *, reader, now):
    """Visits that stand or took place; a hold that ran out is none."""
    near = {"starts_at__gte": opens - LONGEST, "starts_at__lt": closes, "ends_at__gt": opens}
    return selectors.rivals(now).visible_to(reader).filter(salon=salon, **near).exclude(status__in=OVER)


def _hours_shown(shifts, bookings, shown, zone):
    """The full hours, counted from the midnight before, between which everything of these days lies."""
    begun = {day: to_minutes(midnight(day, zone)) for day in shown}
    visits = [(to_minutes(row.starts_at), to_minutes(row.ends_at)) for row in bookings]
    lines = [
        (begins - start, ends - start)
        for start in begun.values()
        for begins, ends in [*shifts, *visits]
        if start <= begins < start + MINUTES_A_DAY
    ]
    if not lines:
        return USUAL_HOURS
    earliest, latest = min(begins for begins, _ends in lines), max(ends for _begins, ends in lines)
    return earliest // 60, min(max(-(-latest // 60), earliest // 60 + 1), LATEST_HOUR)


def _buffers(bookings: Iterable[Booking]) -> Iterator[Stretch]:
    for booking in bookings:
        if not booking.is_active:
            continue
        for begins, ends, text in (
            (booking.occupied_from, booking.starts_at, _("Preparation")),
            (booking.ends_at, booking.occupied_until, _("Cleaning up")),
        ):
            if begins < ends:
                yield Stretch(booking.staff_id, to_minutes(begins), to_minutes(ends), "buffer", text)


class _Hours:
    """When each of `staff` works on these days, and why not. Four queries."""

    def __init__(self, salon, staff, first, last, *, reader, today):
        self._salon, self._staff, self._zone = salon, staff, ZoneInfo(salon.timezone)
        self._first, self._last = first, last
        self._begin = to_minutes(midnight(first, self._zone))
        self._end = to_minutes(midnight(last + ONE_DAY, self._zone)) + (LATEST_HOUR - 24) * 60
        keys = [person.pk for person in staff]
        self._schedule, self._prayers = selectors.load_schedule(salon, first, last, today=today, staff_ids=keys)
        self._pauses = selectors.pause_blocks(self._prayers)
        named = ScheduleException.objects.filter(salon=salon, starts_on__lte=last, ends_on__gte=first)
        self._days_off = sorted(named, key=lambda row: row.ends_on - row.starts_on)
        self._absences = defaultdict(list)
        span = {"starts_at__lt": to_datetime(self._end), "ends_at__gt": to_datetime(self._begin)}
        owners = {person.pk: person.user_id for person in staff}
        for row in TimeOff.objects.filter(staff__in=keys, **span).order_by("starts_at"):
            # Own rows first: for those who see no others, each question would be a query.
            sees_reason = owners[row.staff_id] == reader.pk or reader.has_perm("salons.view_timeoff", row)
            times = to_minutes(row.starts_at), to_minutes(row.ends_at)
            self._absences[row.staff_id].append((*times, row.reason if sees_reason else ""))

    def shifts(self) -> list[Interval]:
        """Working time of anybody that begins on one of the days."""
        return [one for person in self._staff for one in self._schedule.working(person.pk, self._first, self._last)]

    def stretches(self) -> Iterator[Stretch]:
        for person in self._staff:
            for begins, ends, kind, text in self._of(person):
                if max(begins, self._begin) < min(ends, self._end):
                    yield Stretch(person.pk, max(begins, self._begin), min(ends, self._end), kind, text)

    def _of(self, person):
        # Also the shift of the evening before, which may go on after midnight, and the next one's beginning.
        working = merge(self._schedule.working(person.pk, self._first - ONE_DAY, self._last + ONE_DAY))
        for begins, ends in self._gaps(working):
            yield begins, ends, "closed", self._closed_text(person, begins, ends, working)
        for begins, ends, cause in selectors.standing_blocks(
            self._salon, person, self._schedule, self._pauses, self._first - ONE_DAY, self._last
        ):
            yield begins, ends, str(cause), self._block_text(cause, begins, ends)
        for begins, ends, reason in self._absences[person.pk]:
            yield begins, ends, "time_off", _("Time off: %(reason)s") % {"reason": reason} if reason else _("Time off")

    def _block_text(self, cause, begins, ends):
        match cause:
            case Cause.BREAK:
                return _("Break")
            case Cause.PRAYER:
                return _("Prayer (%(prayer)s)") % {"prayer": selectors.prayer_name(self._prayers, begins, ends)}
        # A rule that `standing_blocks` was given has to be said here: a calendar without its words would be a riddle.
        raise NotImplementedError(cause)

    def _gaps(self, working):
        """The time between `working` intervals, midnight by midnight, so that each day names its own reason."""
        reached = self._begin
        for begins, ends in [*working, (self._end, self._end)]:
            yield from self._by_day(reached, min(begins, self._end))
            reached = max(reached, ends)

    def _by_day(self, begins, ends):
        for day in days(self._first, self._last + ONE_DAY):
            start = to_minutes(midnight(day, self._zone))
            first, last = max(begins, start), min(ends, start + MINUTES_A_DAY)
            if first < last:
                yield first, last

    def _closed_text(self, person, begins, ends, working):
        day = to_datetime(begins).astimezone(self._zone).date()
        start = to_minutes(midnight(day, self._zone))
        if any(opens < start + MINUTES_A_DAY and start < closes for opens, closes in working):
            return _("Outside working hours")
        covering = (row for row in self._days_off if row.starts_on <= day <= row.ends_on)
        named = next((row for row in covering if row.staff_id in (person.pk, None)), None)
        return _("Closed: %(name)s") % {"name": named} if named else _("Does not work on this day")
