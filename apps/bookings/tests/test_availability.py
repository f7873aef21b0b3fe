"""The engine over intervals, with a second, naive implementation as its judge."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.bookings.availability import (
    Calendar,
    Cause,
    Schedule,
    Season,
    Visit,
    Window,
    intersect,
    merge,
    obstacles,
    offered_starts,
    subtract,
    to_datetime,
    to_minutes,
)

RIYADH = ZoneInfo("Asia/Riyadh")
SUNDAY = date(2026, 11, 22)
ANNA = 1


def window(opens, closes, *, weekday=6, staff=ANNA, season=None, ends_next_day=False):
    return Window(
        staff, season, weekday, time.fromisoformat(opens), time.fromisoformat(closes), ends_next_day, False, None, None
    )


def clock(intervals, zone=RIYADH):
    return [f"{to_datetime(a).astimezone(zone):%H:%M}-{to_datetime(b).astimezone(zone):%H:%M}" for a, b in intervals]


def starts(*windows, duration=60, step=30, before=0, after=0, busy=(), seasons=(), days=(SUNDAY, SUNDAY)):
    """Wall-clock start times of a visit on `days`."""
    working = Schedule(windows, seasons, RIYADH).working(ANNA, *days)
    blocks = [(minute(a), minute(b), Cause.BOOKING) for a, b in busy]
    found = offered_starts(Calendar(working, blocks, 0, 2**40), Visit(duration, before, after, step))
    return [f"{to_datetime(start).astimezone(RIYADH):%H:%M}" for start in found]


def minute(wall):
    return to_minutes(datetime.combine(SUNDAY, time.fromisoformat(wall), RIYADH))


@pytest.mark.parametrize(
    ("second", "left"),
    [
        ([], [(0, 10), (20, 30)]),
        ([(0, 30)], []),
        ([(10, 20)], [(0, 10), (20, 30)]),
        ([(2, 4), (6, 8)], [(0, 2), (4, 6), (8, 10), (20, 30)]),
        ([(5, 25)], [(0, 5), (25, 30)]),
        ([(0, 1), (29, 40)], [(1, 10), (20, 29)]),
    ],
    ids=["nothing", "everything", "the gap", "two holes", "across", "edges"],
)
def test_what_is_taken_away_from_intervals_leaves_the_rest(second, left):
    assert subtract([(0, 10), (20, 30)], second) == left


def test_av02_touching_windows_are_one():
    assert "11:30" in starts(window("09:00", "12:00"), window("12:00", "15:00"))


def test_av03_a_visit_may_touch_a_booking_on_both_sides():
    offered = starts(window("09:00", "12:00"), busy=[("10:00", "11:00")])

    assert offered == ["09:00", "11:00"]


def test_av07_a_night_shift_offers_its_times_once_and_blocks_both_dates():
    night = window("18:00", "02:00", ends_next_day=True)

    offered = starts(night, days=(SUNDAY, date(2026, 11, 23)))

    assert offered[0] == "18:00"
    assert offered[-1] == "01:00"
    assert offered.count("23:30") == 1


def test_av09_a_day_that_ends_at_midnight_offers_its_last_hour():
    offered = starts(window("20:00", "00:00", ends_next_day=True), step=15)

    assert offered[-1] == "23:00"


def test_av11_the_grid_begins_where_the_window_begins():
    offered = starts(window("09:10", "12:00"), duration=50, step=20)

    assert offered == ["09:10", "09:30", "09:50", "10:10", "10:30", "10:50", "11:10"]


def test_av12_buffers_of_both_visits_count():
    busy = [("12:15", "13:30"), ("14:15", "15:30")]

    assert starts(window("12:30", "15:00"), duration=30, step=5, before=15, after=30, busy=busy) == []


def test_av13_buffers_may_reach_over_the_edge_of_the_shift():
    offered = starts(window("09:00", "12:00"), duration=30, before=15, after=30)

    assert (offered[0], offered[-1]) == ("09:00", "11:30")


def test_av21_a_closed_day_has_no_times():
    closed = Season(1, None, SUNDAY, SUNDAY)

    assert starts(window("09:00", "12:00"), seasons=[closed]) == []


def test_av22_special_hours_replace_the_usual_ones():
    special = Season(1, None, SUNDAY, SUNDAY)
    hours = window("12:00", "14:00", staff=None, season=1)

    assert starts(window("09:00", "18:00"), hours, seasons=[special]) == ["12:00", "12:30", "13:00"]


def test_av26_overlapping_leaves_are_one():
    assert starts(window("09:00", "12:00"), busy=[("09:00", "10:30"), ("10:00", "11:00")]) == ["11:00"]


@pytest.mark.parametrize("weekday", range(7))
def test_av27_every_weekday_is_itself(weekday):
    day = date(2026, 11, 23 + weekday)

    assert starts(window("09:00", "10:00", weekday=weekday), days=(day, day)) == ["09:00"]
    assert starts(window("09:00", "10:00", weekday=(weekday + 1) % 7), days=(day, day)) == []


def test_av44_a_season_counts_on_its_days_only():
    ramadan = Season(1, None, SUNDAY, SUNDAY)
    usual, nightly = window("10:00", "12:00"), window("21:00", "23:00", season=1)

    assert starts(usual, nightly, seasons=[ramadan]) == ["21:00", "21:30", "22:00"]
    following = date(2026, 11, 29)
    assert starts(usual, nightly, seasons=[ramadan], days=(following, following)) == ["10:00", "10:30", "11:00"]


def test_the_hours_of_a_season_bound_the_people_s_own_hours_in_it_and_not_the_usual_ones():
    season = Season(1, None, SUNDAY, SUNDAY)
    usual, own = window("10:00", "12:00", staff=None), window("20:00", "23:00", season=1)

    assert starts(usual, own, seasons=[season]) == ["20:00", "20:30", "21:00", "21:30", "22:00"]
    open_late = window("21:00", "23:00", staff=None, season=1)
    assert starts(usual, own, open_late, seasons=[season]) == ["21:00", "21:30", "22:00"]


def test_a_closed_day_inside_a_season_closes_that_day():
    seasons = [Season(1, None, date(2026, 11, 1), date(2026, 11, 30)), Season(2, None, SUNDAY, SUNDAY)]

    assert starts(window("21:00", "23:00", season=1), seasons=seasons) == []


def test_av46_nobody_works_before_the_salon_opens():
    assert starts(window("09:00", "18:00"), window("16:00", "22:00", staff=None)) == ["16:00", "16:30", "17:00"]


def test_av30_hours_that_do_not_exist_or_occur_twice_keep_the_length_of_the_day():
    berlin = ZoneInfo("Europe/Berlin")
    all_day = [window("00:00", "00:00", weekday=day, ends_next_day=True) for day in range(7)]

    def length(day):
        return sum(b - a for a, b in Schedule(all_day, [], berlin).working(ANNA, day, day))

    assert length(date(2026, 3, 29)) == 23 * 60
    assert length(date(2026, 10, 25)) == 25 * 60


def test_the_answer_for_a_moment_does_not_depend_on_the_days_that_were_asked_for():
    all_week = [window("00:00", "00:00", weekday=day, ends_next_day=True) for day in range(7)]
    long = starts(*all_week, duration=50, step=50, days=(date(2026, 11, 20), SUNDAY))
    short = starts(*all_week, duration=50, step=50)

    assert long[-len(short) :] == short


def test_minutes_and_datetimes_are_two_spellings_of_one_moment():
    moment = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)

    assert to_datetime(to_minutes(moment)) == moment


intervals = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 90)).map(lambda p: (p[0], p[0] + p[1])), max_size=6)


@given(intervals, intervals)
def test_merging_and_intersecting_are_set_operations(first, second):
    def minutes(pairs):
        return {m for a, b in pairs for m in range(a, b)}

    assert minutes(merge(first)) == minutes(first)
    assert minutes(intersect(merge(first), merge(second))) == minutes(first) & minutes(second)


causes = st.sampled_from([Cause.BOOKING, Cause.TIME_OFF, Cause.BREAK, Cause.PRAYER])


@given(
    working=intervals.map(merge),
    busy=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 90), causes), max_size=6),
    visit=st.builds(
        Visit,
        duration=st.integers(1, 60),
        buffer_before=st.integers(0, 20),
        buffer_after=st.integers(0, 20),
        step=st.integers(1, 30),
    ),
    earliest=st.integers(0, 200),
)
def test_the_engine_agrees_with_trying_every_minute_and_with_its_own_explanation(working, busy, visit, earliest):
    blocks = [(start, start + length, cause) for start, length, cause in busy]
    calendar = Calendar(working, blocks, earliest, 380)
    open_minutes = {m for a, b in working for m in range(a, b)}
    busy_minutes = {m for a, b, _cause in blocks for m in range(a, b)}

    def fits(start):
        on_grid = any(a <= start < b and (start - a) % visit.step == 0 for a, b in working)
        needed = range(start, start + visit.duration)
        occupied = range(start - visit.buffer_before, start + visit.duration + visit.buffer_after)
        return on_grid and open_minutes.issuperset(needed) and busy_minutes.isdisjoint(occupied)

    expected = [start for start in range(earliest, 380) if fits(start)]
    assert offered_starts(calendar, visit) == expected
    assert [start for start in range(400) if not obstacles(calendar, visit, start)] == expected


@pytest.mark.parametrize(
    ("bounds", "counts"),
    [
        ((None, None), True),
        ((SUNDAY, None), True),
        ((SUNDAY + timedelta(days=1), None), False),
        ((None, SUNDAY), True),
        ((None, SUNDAY - timedelta(days=1)), False),
        ((SUNDAY, SUNDAY), True),
        ((SUNDAY - timedelta(days=2), SUNDAY - timedelta(days=1)), False),
    ],
)
def test_hours_count_from_their_first_to_their_last_day_both_included(bounds, counts):
    hours = replace(window("10:00", "12:00"), valid_from=bounds[0], valid_until=bounds[1])

    assert hours.in_force(SUNDAY) is counts
    assert clock(Schedule([hours], [], RIYADH).working(ANNA, SUNDAY, SUNDAY)) == (["10:00-12:00"] if counts else [])


def test_hours_with_a_last_day_end_on_their_own_day_and_a_night_on_the_next():
    day = replace(window("10:00", "12:00"), valid_until=SUNDAY)
    night = replace(window("22:00", "02:00", ends_next_day=True), valid_until=SUNDAY)

    spans = Schedule([day, night], [], RIYADH).working(ANNA, SUNDAY, SUNDAY)

    assert [end - start for start, end in spans] == [120, 240]


def test_breaks_of_the_person_and_of_the_salon_are_told_for_each_day_of_the_week_that_counts():
    """A season without breaks has none; another person's breaks are not told."""
    own = replace(window("12:00", "12:30"), is_break=True)
    salons = replace(window("13:00", "13:15", staff=None), is_break=True)
    others = replace(window("14:00", "14:15", staff=2), is_break=True)
    holiday = Season(7, None, SUNDAY + timedelta(days=7), SUNDAY + timedelta(days=7))
    schedule = Schedule([window("10:00", "18:00"), own, salons, others], [holiday], RIYADH)

    breaks = schedule.breaks(ANNA, SUNDAY - timedelta(days=7), SUNDAY + timedelta(days=7))

    assert [
        (f"{to_datetime(start).astimezone(RIYADH):%d %H:%M}", end - start, cause) for start, end, cause in breaks
    ] == [
        ("15 12:00", 30, Cause.BREAK),
        ("15 13:00", 15, Cause.BREAK),
        ("22 12:00", 30, Cause.BREAK),
        ("22 13:00", 15, Cause.BREAK),
    ]
    assert Schedule([own], [], RIYADH).working(ANNA, SUNDAY, SUNDAY) == []
    assert Schedule([window("10:00", "18:00")], [], RIYADH).breaks(ANNA, SUNDAY, SUNDAY) == []


def test_breaks_of_a_season_count_in_it_and_a_persons_own_season_before_the_salons():
    own = replace(window("12:00", "12:30", season=1), is_break=True)
    salons = replace(window("13:00", "13:15", staff=None, season=2), is_break=True)
    of_anna, of_all = Season(1, ANNA, SUNDAY, SUNDAY), Season(2, None, SUNDAY, SUNDAY)

    def told(*seasons):
        return clock([span[:2] for span in Schedule([own, salons], seasons, RIYADH).breaks(ANNA, SUNDAY, SUNDAY)])

    assert (told(of_anna), told(of_all), told(of_anna, of_all)) == (["12:00-12:30"], ["13:00-13:15"], ["12:00-12:30"])
