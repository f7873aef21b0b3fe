"""How full the days of a team are: the working time of the availability engine, beside what visits take of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, TimeField, Value
from django.db.models.functions import Cast

from apps.bookings.availability import (
    Block,
    Interval,
    Schedule,
    Season,
    Window,
    days,
    intersect,
    merge,
    midnight,
    subtract,
    to_datetime,
    to_minutes,
)
from apps.bookings.models import Booking
from apps.bookings.querysets import LONGEST
from apps.bookings.selectors import ONE_DAY, WINDOW, pause_blocks, reach, rivals, standing_blocks
from apps.salons.models import PrayerTime, Salon, ScheduleException, Staff, TimeOff, WeeklyHours
from apps.salons.prayer import CalledByHand, pauses_of

# What took or takes the time of a staff member; a customer who did not come left nobody time for another one.
TAKING = (*Booking.ACTIVE, Booking.Status.COMPLETED, Booking.Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Load:
    """Minutes of one day of a team: `working` without breaks, pauses and time off; `booked` of these, buffers included;
    `free_ahead` what is neither booked nor past.
    """

    working: int = 0
    booked: int = 0
    free_ahead: int = 0

    @property
    def free(self) -> int:
        return self.working - self.booked

    def __add__(self, other: "Load") -> "Load":
        return Load(self.working + other.working, self.booked + other.booked, self.free_ahead + other.free_ahead)


def team_loads(team: Sequence[Staff], first: date, last: date, *, now: datetime, zone: ZoneInfo) -> dict[date, Load]:
    """The Load of `team` (with `salon` read along) on each day from `first` to `last` by the clock of `zone`.

    Four queries, however many people, salons and days.
    """
    bounds = {day: _bounds(day, zone) for day in days(first, last)}
    salons = {member.salon_id: member.salon for member in team}
    begin, end = reach(first, last)
    schedules = _schedules(salons, begin, end)
    taken = _taken(team, bounds[first][0], bounds[last][1], now=now)
    away = _away(team, bounds[first][0], bounds[last][1])
    totals = dict.fromkeys(bounds, Load())
    for member in team:
        schedule, pauses = schedules[member.salon_id]
        blocks = standing_blocks(member.salon, member, schedule, pauses, begin, end)
        unavailable = away[member.pk] + [(start, until) for start, until, _cause in blocks]
        working = subtract(merge(schedule.working(member.pk, begin, end)), merge(unavailable))
        busy = intersect(working, merge(taken[member.pk]))
        for day, of_day in bounds.items():
            totals[day] += _load(intersect(working, [of_day]), intersect(busy, [of_day]), to_minutes(now))
    return totals


def _load(working: list[Interval], busy: list[Interval], now: int) -> Load:
    free = subtract(working, busy)
    return Load(_length(working), _length(busy), _length((max(start, now), end) for start, end in free))


def _length(intervals: Iterable[Interval]) -> int:
    return sum(max(end - start, 0) for start, end in intervals)


def _bounds(day: date, zone: ZoneInfo) -> Interval:
    return to_minutes(midnight(day, zone)), to_minutes(midnight(day + ONE_DAY, zone))


def _schedules(salons: dict[int, Salon], begin: date, end: date) -> dict[int, tuple[Schedule, list[Block]]]:
    """Per salon its Schedule and the prayer pauses of the local days `begin` to `end`, in two queries."""
    windows: dict[int, list[Window]] = defaultdict(list)
    seasons: dict[int, list[Season]] = defaultdict(list)
    calls: dict[int, list[CalledByHand]] = defaultdict(list)
    hours = WeeklyHours.objects.filter(salon__in=salons).in_force(begin, end).order_by()
    for salon, *window in hours.values_list("salon_id", *WINDOW):
        windows[salon].append(Window(*window))
    for salon, pk, staff, starts_on, ends_on, prayer, called_at in _dated_rows(salons, begin, end):
        if prayer:
            calls[salon].append(CalledByHand(prayer, called_at, starts_on, ends_on, pk))
        else:
            seasons[salon].append(Season(pk, staff, starts_on, ends_on))
    return {
        key: (
            Schedule(windows[key], seasons[key], ZoneInfo(salon.timezone)),
            _pauses(salon, begin, end, calls[key]),
        )
        for key, salon in salons.items()
    }


def _dated_rows(salons: Iterable[int], begin: date, end: date) -> Any:
    """Closed days and seasons together with prayer times entered by hand: both are short lists of dated rows."""
    dated: dict[str, Any] = {"salon__in": salons, "starts_on__lte": end, "ends_on__gte": begin}
    days_off, calls = (model.objects.filter(**dated).order_by() for model in (ScheduleException, PrayerTime))
    no_time, nobody = Cast(Value(None), TimeField()), Cast(Value(None), BigIntegerField())
    return days_off.values_list("salon_id", "pk", "staff_id", "starts_on", "ends_on", Value(""), no_time).union(
        calls.values_list("salon_id", "pk", nobody, "starts_on", "ends_on", "prayer", "called_at"), all=True
    )


def _pauses(salon: Salon, begin: date, end: date, calls: list[CalledByHand]) -> list[Block]:
    if salon.prayer_pause == Salon.PrayerPause.NONE:
        return []
    return pause_blocks(pauses_of(salon, days(begin, end), calls))


def _taken(team: Sequence[Staff], starts: int, ends: int, *, now: datetime) -> dict[int, list[Interval]]:
    """By staff key what visits occupy, of those that begin in the span or reach into it."""
    begins, closes = to_datetime(starts), to_datetime(ends)
    visits = rivals(now).filter(
        # The salon is named because the index goes by salon and time.
        salon__in={member.salon_id for member in team},
        staff__in=team,
        starts_at__gte=begins - LONGEST,
        starts_at__lt=closes + ONE_DAY,
        status__in=TAKING,
    )
    return _intervals(visits.order_by().values_list("staff_id", "occupied_from", "occupied_until"))


def _away(team: Sequence[Staff], starts: int, ends: int) -> dict[int, list[Interval]]:
    absences = TimeOff.objects.filter(staff__in=team, starts_at__lt=to_datetime(ends), ends_at__gt=to_datetime(starts))
    return _intervals(absences.order_by().values_list("staff_id", "starts_at", "ends_at"))


def _intervals(rows: Iterable[tuple[int, datetime, datetime]]) -> dict[int, list[Interval]]:
    found: dict[int, list[Interval]] = defaultdict(list)
    for staff, start, end in rows:
        found[staff].append((to_minutes(start), to_minutes(end)))
    return found
