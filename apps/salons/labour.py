"""What the labour law says of a person's week: working time, breaks, presence. Pure, and it refuses nothing.

At most 8 hours a day and 48 a week, in Ramadan 6 and 36 for Muslim staff; no more than 5 hours without half an hour of
break; at most 12 hours at the workplace. Breaks are not working time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from apps.salons.models import ScheduleException, WeeklyHours
from apps.salons.prayer import is_ramadan

ONE_DAY = timedelta(days=1)
LONGEST_HIJRI_YEAR = 355
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

Interval = tuple[int, int]


class Limits(NamedTuple):
    """Minutes of work."""

    day: int
    week: int


USUAL, RAMADAN = Limits(8 * 60, 48 * 60), Limits(6 * 60, 36 * 60)
SHORTEST_BREAK, LONGEST_STRETCH, LONGEST_PRESENCE = 30, 5 * 60, 12 * 60


class Rule(StrEnum):
    DAY = "day"
    WEEK = "week"
    STRETCH = "stretch"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class Finding:
    """`minutes` where `rule` allows `limit`, on each of `weekdays` (Monday is 0) or, without any, in the whole week."""

    rule: Rule
    minutes: int
    limit: int
    weekdays: tuple[int, ...] = ()


def limits_during(exception: ScheduleException | None) -> Limits:
    """Those of Ramadan for a season that touches it by the Umm al-Qura calendar, else the usual ones."""
    if exception is None or exception.kind != ScheduleException.Kind.SEASON:
        return USUAL
    # A whole year touches Ramadan wherever it begins: no need to look further.
    season = islice(_days(exception.starts_on, exception.ends_on), LONGEST_HIJRI_YEAR)
    return RAMADAN if any(is_ramadan(day) for day in season) else USUAL


def review(
    rows: Sequence[WeeklyHours], staff_id: int, *, first: date, last: date = date.max, limits: Limits = USUAL
) -> list[Finding]:
    """What is too much for one person in any week in force from `first` to `last`.

    `rows` are hours of the person and of the salon, of the usual week or of one exception. Without working hours of
    their own a person works whenever the salon is open; the salon's breaks are everybody's.
    """
    findings = (finding for week in _weeks(rows, staff_id, first, last) for finding in review_week(week, limits))
    return list(dict.fromkeys(findings))


def review_week(week: Iterable[WeeklyHours], limits: Limits = USUAL) -> list[Finding]:
    """What is too much in one week of one person."""
    shifts, breaks = defaultdict(list), []
    for row in week:
        if row.is_break:
            breaks += _every_week(_minutes(row))
        else:
            shifts[row.weekday].append(_minutes(row))
    present = {weekday: _merged(shift) for weekday, shift in sorted(shifts.items())}
    work = {weekday: _without(breaks, pieces) for weekday, pieces in present.items()}
    worked = {weekday: sum(end - start for start, end in pieces) for weekday, pieces in work.items()}
    from_coming_to_leaving = {weekday: pieces[-1][1] - pieces[0][0] for weekday, pieces in present.items()}
    total = sum(worked.values())
    return [
        *_too_much(Rule.DAY, worked, limits.day),
        *([Finding(Rule.WEEK, total, limits.week)] if total > limits.week else []),
        *_too_much(Rule.STRETCH, _longest_stretches(work.values()), LONGEST_STRETCH),
        *_too_much(Rule.PRESENCE, from_coming_to_leaving, LONGEST_PRESENCE),
    ]


def _weeks(rows: Sequence[WeeklyHours], staff_id: int, first: date, last: date) -> Iterator[list[WeeklyHours]]:
    """The different weeks of one person, one for each time at which rows begin or cease to count."""
    ends = [row.valid_until + ONE_DAY for row in rows if row.valid_until and row.valid_until < date.max]
    turns = {first, *(row.valid_from for row in rows if row.valid_from), *ends}
    for turn in sorted(turn for turn in turns if first <= turn <= last):
        in_force = [row for row in rows if row.is_in_force(turn)]
        own = [row for row in in_force if row.staff_id == staff_id]
        salons = [row for row in in_force if row.staff_id is None]
        has_own_hours = any(not row.is_break for row in own)
        week = own + [row for row in salons if row.is_break or not has_own_hours]
        # A season of three days has three weekdays.
        weekdays = {day.weekday() for day in islice(_days(turn, last), 7)}
        yield [row for row in week if row.weekday in weekdays]


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _minutes(row: WeeklyHours) -> Interval:
    """When `row` begins and ends, in minutes since Monday 00:00; a night shift of Sunday ends behind the week."""
    midnight = row.weekday * MINUTES_A_DAY
    opens, closes = (60 * clock.hour + clock.minute for clock in (row.opens, row.closes))
    return midnight + opens, midnight + closes + (MINUTES_A_DAY if row.ends_next_day else 0)


def _every_week(interval: Interval) -> list[Interval]:
    """The same time last week, this week and the next: a break on Monday may lie in a shift of Sunday."""
    start, end = interval
    return [(start + shift, end + shift) for shift in (-MINUTES_A_WEEK, 0, MINUTES_A_WEEK)]


def _merged(intervals: Iterable[Interval], gap: int = 0) -> list[Interval]:
    """By time, with those made one that overlap, touch, or leave no more than `gap` minutes between them."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _without(breaks: Iterable[Interval], work: Iterable[Interval]) -> list[Interval]:
    """What remains of `work` outside `breaks`."""
    pieces = list(work)
    for begins, ends in breaks:
        before = [(start, min(end, begins)) for start, end in pieces if start < begins]
        after = [(max(start, ends), end) for start, end in pieces if ends < end]
        pieces = before + after
    return pieces


def _longest_stretches(work: Iterable[Sequence[Interval]]) -> dict[int, int]:
    """By the weekday it begins on: minutes of the longest time without a break that deserves the name."""
    longest: dict[int, int] = {}
    for start, end in _merged((piece for pieces in work for piece in pieces), gap=SHORTEST_BREAK - 1):
        weekday = start // MINUTES_A_DAY
        longest[weekday] = max(longest.get(weekday, 0), end - start)
    return longest


def _too_much(rule: Rule, minutes: Mapping[int, int], limit: int) -> list[Finding]:
    """Findings over `limit`; weekdays with the same figure share one."""
    weekdays: dict[int, list[int]] = {}
    for weekday, figure in sorted(minutes.items()):
        if figure > limit:
            weekdays.setdefault(figure, []).append(weekday)
    return [Finding(rule, figure, limit, tuple(days)) for figure, days in weekdays.items()]
