"""When is somebody free? One pure engine answers for the list customers see and for the check a booking passes.

All times are integers, minutes since the epoch in UTC, and all intervals are half open: [start, end). Nothing here
reads the database or the clock; `selectors` feeds it. docs/availability.md tells how the parts fit together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

Interval = tuple[int, int]
DAY = timedelta(days=1)
MINUTES_A_DAY = 1440


class Cause(StrEnum):
    """Why a start time is refused. The first four take time up, as the cause of a Block."""

    BOOKING = "booking"
    TIME_OFF = "time_off"
    BREAK = "break"
    PRAYER = "prayer"
    OUTSIDE_HOURS = "outside_hours"
    OFF_GRID = "off_grid"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"


Block = tuple[int, int, Cause]


@dataclass(frozen=True, slots=True)
class Window:
    """One working window, or a break inside one, on a weekday (Monday is 0) in salon time.

    `staff` None: the salon's own opening hours. `season` is the schedule exception it belongs to, None the usual week.
    """

    staff: int | None
    season: int | None
    weekday: int
    opens: time
    closes: time
    ends_next_day: bool
    is_break: bool
    valid_from: date | None
    valid_until: date | None

    def in_force(self, day: date) -> bool:
        """Whether the week it belongs to is the one that counts on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Season:
    """Days on which the usual week does not count; `staff` None means for the whole salon."""

    id: int
    staff: int | None
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to be placed: minutes of service and of the buffers around it, and the grid of start times."""

    duration: int
    buffer_before: int
    buffer_after: int
    step: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """One staff member's time: `working` intervals by time, without overlap, `blocks` in any order.

    Start times lie in [earliest, latest).
    """

    working: Sequence[Interval]
    blocks: Sequence[Block]
    earliest: int
    latest: int


def offered_starts(calendar: Calendar, visit: Visit) -> list[int]:
    """Start times at which `visit` fits: inside working time, clear of every block.

    Start times lie on a grid anchored at the beginning of each working interval: neither a booking nor the span that
    is asked for ever shifts them. A visit may run on from one interval into the next that touches it. Buffers may
    reach over the edge of the working time, but never into a block.
    """
    refused = _refused_starts(calendar.blocks, visit)
    starts: list[int] = []
    position = 0
    for opens, last in _start_ranges(calendar.working, visit.duration):
        free_from, end = max(opens, calendar.earliest), min(last + 1, calendar.latest)
        while position < len(refused) and refused[position][1] <= free_from:
            position += 1
        ahead = position
        while free_from < end:
            refused_from, refused_until = refused[ahead] if ahead < len(refused) else (end, end)
            first = opens - (opens - free_from) // visit.step * visit.step
            starts.extend(range(first, min(refused_from, end), visit.step))
            free_from = max(free_from, refused_until)
            ahead += 1
    return starts


def obstacles(calendar: Calendar, visit: Visit, start: int) -> list[Block]:
    """What keeps `visit` from beginning at `start`, each with the time it concerns; none exactly when it is offered."""
    end = start + visit.duration
    occupied_from, occupied_until = start - visit.buffer_before, end + visit.buffer_after
    found: list[Block] = []
    if start < calendar.earliest:
        found.append((start, calendar.earliest, Cause.TOO_SOON))
    if start >= calendar.latest:
        found.append((calendar.latest, start, Cause.TOO_FAR))
    if not any(begins <= start and end <= ends for begins, ends in merge(calendar.working)):
        found.append((start, end, Cause.OUTSIDE_HOURS))
    elif any(begins <= start < ends and (start - begins) % visit.step for begins, ends in calendar.working):
        found.append((start, end, Cause.OFF_GRID))
    return found + sorted(b for b in calendar.blocks if b[0] < min(b[1], occupied_until) and occupied_from < b[1])


def _refused_starts(blocks: Iterable[Block], visit: Visit) -> list[Interval]:
    """Where a visit must not begin: from one that would run into the block until its own preparation is clear of it."""
    reach, clearance = visit.duration + visit.buffer_after - 1, visit.buffer_before
    return merge((start - reach, end + clearance) for start, end, _cause in blocks if start < end)


def _start_ranges(working: Sequence[Interval], duration: int) -> Iterator[Interval]:
    """For each interval its beginning, the anchor of its grid, and the last minute a visit may start in it."""
    runs = iter(merge(working))
    run_end = -1
    for opens, closes in working:
        while run_end < closes:
            _start, run_end = next(runs)
        yield opens, min(closes - 1, run_end - duration)


class _Week:
    """The windows of one owner in one season, as they fall on days."""

    def __init__(self, windows: Sequence[Window], zone: "_Zone"):
        self._windows, self._zone = windows, zone
        self._is_bounded = any(window.valid_from or window.valid_until for window in windows)
        self._usual = [self._minutes_of(weekday) for weekday in range(7)]

    def on(self, day: date) -> list[Interval] | None:
        """Merged intervals that begin on `day`; None when this week does not count then."""
        if self._is_bounded or not self._zone.is_even(day):
            # Judged day by day: hours that ended last month must not hide the salon's, however long a span is asked.
            in_force = [window for window in self._windows if window.in_force(day)]
            placed = (self._zone.place(window, day) for window in in_force if window.weekday == day.weekday())
            return merge(placed) if in_force else None
        midnight = self._zone.midnight(day)
        return [(midnight + start, midnight + end) for start, end in self._usual[day.weekday()]]

    def _minutes_of(self, weekday: int) -> list[Interval]:
        windows = [window for window in self._windows if window.weekday == weekday]
        return merge((_wall(w.opens), _wall(w.closes) + w.ends_next_day * MINUTES_A_DAY) for w in windows)


class Schedule:
    """Working time and breaks of a salon's staff, from windows and seasons as rows hold them.

    Nobody works outside the salon's opening hours; a salon without any is open whenever its staff work. A person's own
    week replaces the salon's, a season's week the usual one, and the shortest of several seasons counts: a closed day
    inside Ramadan closes that day.
    """

    def __init__(self, windows: Iterable[Window], seasons: Iterable[Season], zone: ZoneInfo):
        clock, rows = _Zone(zone), list(windows)
        self._work = _weeks((window for window in rows if not window.is_break), clock)
        self._breaks = _weeks((window for window in rows if window.is_break), clock)
        self._seasons: dict[int | None, list[Season]] = {}
        for season in sorted(seasons, key=lambda s: (s.ends_on - s.starts_on, s.id)):
            self._seasons.setdefault(season.staff, []).append(season)
        self._openings: dict[date, list[Interval] | None] = {}

    def working(self, staff: int, first: date, last: date) -> list[Interval]:
        """Working intervals that begin on a local day from `first` to `last`, by time and without overlap."""
        own: list[Interval] = []
        opening: list[Interval] = []
        for day in days(first, last):
            shifts, hours = self._shifts(staff, day), self.opening(day)
            own += shifts
            # Without opening hours of its own the salon is open while somebody works.
            opening += shifts if hours is None else hours
        return intersect(_later_first(own), merge(opening))

    def breaks(self, staff: int, first: date, last: date) -> list[Block]:
        """Breaks of the person and of the whole salon, of the weeks that count on each day."""
        found: list[Block] = []
        for day in days(first, last) if self._breaks else ():
            season = self._season_of(staff, day)
            for owner in (staff, None):
                week = self._breaks.get((owner, season))
                found += [(start, end, Cause.BREAK) for start, end in week.on(day) or ()] if week else ()
        return found

    def opening(self, day: date) -> list[Interval] | None:
        """The salon's own hours on `day`, empty when it is closed; None when it has none and sets no bounds."""
        if day not in self._openings:
            self._openings[day] = self._opening(day)
        return self._openings[day]

    def _opening(self, day: date) -> list[Interval] | None:
        season = self._season(None, day)
        hours = self._hours(None, season, day)
        if hours is None and season is not None:
            # A season may give hours per person only; then the salon itself sets no bounds in it.
            staffed = any(week.on(day) is not None for (_, s), week in self._work.items() if s == season)
            return None if staffed else []
        return hours

    def _shifts(self, staff: int, day: date) -> list[Interval]:
        season = self._season_of(staff, day)
        own = self._hours(staff, season, day)
        return own if own is not None else self._hours(None, season, day) or []

    def _hours(self, staff: int | None, season: int | None, day: date) -> list[Interval] | None:
        week = self._work.get((staff, season))
        return week.on(day) if week else None

    def _season_of(self, staff: int, day: date) -> int | None:
        own = self._season(staff, day)
        return own if own is not None else self._season(None, day)

    def _season(self, owner: int | None, day: date) -> int | None:
        for season in self._seasons.get(owner, ()):
            if season.starts_on <= day <= season.ends_on:
                return season.id
        return None


class _Zone:
    """Local days in minutes since the epoch; a day with a clock change is looked up hour by hour."""

    def __init__(self, zone: ZoneInfo):
        self._zone = zone
        self._midnights: dict[date, int] = {}

    def midnight(self, day: date) -> int:
        if day not in self._midnights:
            self._midnights[day] = to_minutes(midnight(day, self._zone))
        return self._midnights[day]

    def is_even(self, day: date) -> bool:
        """Whether no clock changes until the end of the next day, into which a night shift may reach."""
        return self.midnight(day + 2 * DAY) - self.midnight(day) == 2 * MINUTES_A_DAY

    def place(self, window: Window, day: date) -> Interval:
        closing_day = day + DAY if window.ends_next_day else day
        opens, closes = datetime.combine(day, window.opens), datetime.combine(closing_day, window.closes)
        return to_minutes(opens.replace(tzinfo=self._zone)), to_minutes(closes.replace(tzinfo=self._zone))


def _weeks(windows: Iterable[Window], zone: _Zone) -> dict[tuple[int | None, int | None], _Week]:
    owned: dict[tuple[int | None, int | None], list[Window]] = {}
    for window in windows:
        owned.setdefault((window.staff, window.season), []).append(window)
    return {owner: _Week(rows, zone) for owner, rows in owned.items()}


def _wall(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted intervals in which touching or overlapping ones became one; empty ones are dropped."""
    merged: list[Interval] = []
    current, until = None, 0
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if current is None:
            current, until = start, end
        elif start > until:
            merged.append((current, until))
            current, until = start, end
        elif end > until:
            until = end
    if current is not None:
        merged.append((current, until))
    return merged


def intersect(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """What two lists, each by time and without overlap, have in common."""
    common: list[Interval] = []
    i = j = 0
    while i < len(first) and j < len(second):
        start, end = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if start < end:
            common.append((start, end))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return common


def subtract(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """What of the first list is not in the second, both by time and without overlap."""
    left: list[Interval] = []
    position = 0
    for start, end in first:
        while position < len(second) and second[position][1] <= start:
            position += 1
        ahead = position
        while ahead < len(second) and second[ahead][0] < end:
            if start < second[ahead][0]:
                left.append((start, second[ahead][0]))
            start = max(start, second[ahead][1])
            ahead += 1
        if start < end:
            left.append((start, end))
    return left


def to_minutes(moment: datetime) -> int:
    """Whole minutes since the epoch of an aware datetime."""
    return int(moment.timestamp()) // 60


def to_datetime(minutes: int) -> datetime:
    """The aware UTC datetime of minutes since the epoch."""
    return datetime.fromtimestamp(minutes * 60, UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment (aware) at which the local `day` begins."""
    return datetime.combine(day, time.min, zone)


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    day = first
    while day <= last:
        yield day
        day += DAY


def _later_first(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time by its beginning and without overlap; where two overlap, the later one keeps its shape.

    A night shift yields to the next day's hours, so that their grid does not depend on the night before.
    """
    laid: list[Interval] = []
    for start, end in sorted(intervals):
        pieces = [(start, end)]
        if laid and laid[-1][1] > start:
            earlier, until = laid.pop()
            pieces = [(earlier, start), (start, end), (end, until)]
        laid.extend(piece for piece in pieces if piece[0] < piece[1])
    return laid
