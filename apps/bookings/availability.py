"""When is somebody free? One pure function answers for the list customers see and for the check a booking passes.

All times are integers, minutes since the epoch in UTC, and all intervals are half open: [start, end). Nothing here
reads the database or the clock; `selectors` feeds it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Interval = tuple[int, int]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One working window on a weekday (Monday is 0), in salon time.

    `staff` None: the salon's own opening hours. `season` is the schedule exception it belongs to, None the usual week.
    """

    staff: int | None
    season: int | None
    weekday: int
    opens: time
    closes: time
    ends_next_day: bool
    valid_from: date | None
    valid_until: date | None

    def takes_place(self, day: date) -> bool:
        """Whether `day` has this window."""
        return self.weekday == day.weekday() and self.in_force(day)

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


class WorkingTimes:
    """Working intervals of a salon's staff, from windows and seasons as rows hold them."""

    def __init__(self, windows: Sequence[Window], seasons: Sequence[Season], zone: ZoneInfo):
        self._seasons = seasons
        self._zone = zone
        self._by_owner: dict[tuple[int | None, int | None], list[Window]] = {}
        for window in windows:
            self._by_owner.setdefault((window.staff, window.season), []).append(window)

    def intervals(self, staff: int, first: date, last: date) -> list[Interval]:
        """Working intervals of `staff` that begin on a local day from `first` to `last`, merged within each day.

        Nobody works outside the salon's opening hours; a salon without any is open whenever its staff work.
        """
        found: list[Interval] = []
        for day in _days(first, last):
            own, opening = self._placed(self._windows_of(staff, day), day), self._opening(day)
            found += own if opening is None else intersect(own, self._placed(opening, day))
        return found

    def _opening(self, day: date) -> list[Window] | None:
        season = self._season(None, day)
        if season is not None:
            return self._week(None, season, day) or self._closed_unless_staffed(season, day)
        return self._week(None, None, day) or None

    def _closed_unless_staffed(self, season: int, day: date) -> list[Window] | None:
        # A season may give hours per person only; then the salon itself sets no bounds in it.
        has_staff_hours = any(self._week(*owner, day) for owner in self._by_owner if owner[1] == season)
        return None if has_staff_hours else []

    def _windows_of(self, staff: int, day: date) -> list[Window]:
        for owner in (staff, None):
            season = self._season(owner, day)
            if season is not None:
                return self._week(staff, season, day) or self._week(None, season, day)
        return self._week(staff, None, day) or self._week(None, None, day)

    def _week(self, staff: int | None, season: int | None, day: date) -> list[Window]:
        # Judged day by day: hours that ended last month must not hide the salon's, however long a span is asked for.
        return [window for window in self._by_owner.get((staff, season), []) if window.in_force(day)]

    def _season(self, owner: int | None, day: date) -> int | None:
        covering = [s for s in self._seasons if s.staff == owner and s.starts_on <= day <= s.ends_on]
        # The shortest one is the most specific: a closed day inside Ramadan closes that day.
        return min(covering, key=lambda s: (s.ends_on - s.starts_on, s.id)).id if covering else None

    def _placed(self, windows: Iterable[Window], day: date) -> list[Interval]:
        return merge(
            (
                to_minutes(datetime.combine(day, window.opens, self._zone)),
                to_minutes(datetime.combine(day + DAY if window.ends_next_day else day, window.closes, self._zone)),
            )
            for window in windows
            if window.takes_place(day)
        )


def offered_starts(
    working: Sequence[Interval], busy: Sequence[Interval], visit: Visit, *, earliest: int, latest: int
) -> list[int]:
    """Start times in [earliest, latest) at which `visit` fits: inside working time, clear of everything busy.

    Start times lie on a grid anchored at the beginning of each working interval: neither a booking nor the span that
    is asked for ever shifts them. A visit may run on from one interval into the next that touches it. Buffers may
    reach over the edge of the working time, but never into busy time.
    """
    taken = merge(busy)
    position = 0
    starts: list[int] = []
    for start in _grid(working, visit, earliest, latest):
        occupied_from, occupied_until = start - visit.buffer_before, start + visit.duration + visit.buffer_after
        while position < len(taken) and taken[position][1] <= occupied_from:
            position += 1
        if position == len(taken) or taken[position][0] >= occupied_until:
            starts.append(start)
    return starts


def _grid(working: Sequence[Interval], visit: Visit, earliest: int, latest: int) -> list[int]:
    starts: set[int] = set()
    runs = merge(working)
    for opens, closes in working:
        end_of_run = next(end for start, end in runs if start <= opens < end)
        last = min(closes - 1, end_of_run - visit.duration, latest - 1)
        steps_past = max(0, -(-(earliest - opens) // visit.step))
        starts.update(range(opens + steps_past * visit.step, last + 1, visit.step))
    return sorted(starts)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted intervals in which touching or overlapping ones became one; empty ones are dropped."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def intersect(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """What two merged lists have in common."""
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


def to_minutes(moment: datetime) -> int:
    """Whole minutes since the epoch of an aware datetime."""
    return int(moment.timestamp()) // 60


def to_datetime(minutes: int) -> datetime:
    """The aware UTC datetime of minutes since the epoch."""
    return datetime.fromtimestamp(minutes * 60, UTC)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += DAY
