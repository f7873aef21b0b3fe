"""What the labour law says of a week. Rows are built and never stored: the rules are pure."""

from datetime import date, time

import pytest

from apps.salons.labour import RAMADAN, USUAL, Finding, Rule, limits_during, review, review_week
from apps.salons.models import ScheduleException, WeeklyHours

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
SARA, HUDA = 1, 2
TODAY = date(2026, 11, 22)
LAST_DAY = date.max


def hours(weekdays, windows, *, staff=SARA, is_break=False, **fields):
    """Rows as `"09:00-13:00 14:00-18:00"` on each weekday; an end that is not after its start is the next day's."""
    rows = []
    for weekday in weekdays:
        for window in windows.split():
            opens, closes = map(time.fromisoformat, window.split("-"))
            fields["ends_next_day"] = closes <= opens
            row = {"weekday": weekday, "opens": opens, "closes": closes, "staff_id": staff, "is_break": is_break}
            rows.append(WeeklyHours(**row, **fields))
    return rows


def breaks(weekdays, windows, **fields):
    return hours(weekdays, windows, is_break=True, **fields)


def found(rows, limits=USUAL):
    """`[(rule, minutes, limit, weekdays), …]`"""
    return [(one.rule, one.minutes, one.limit, one.weekdays) for one in review_week(rows, limits)]


def season(starts_on, ends_on, kind=ScheduleException.Kind.SEASON):
    return ScheduleException(kind=kind, starts_on=starts_on, ends_on=ends_on)


def test_a_lawful_week_is_not_mentioned():
    week = hours([SAT, SUN, MON, TUE, WED, THU], "09:00-18:00") + breaks(range(7), "13:00-14:00")

    assert found(week) == []
    assert found([]) == []


def test_av48_more_than_eight_hours_a_day_and_48_a_week():
    week = hours([SAT, SUN, MON, TUE, WED, THU], "09:00-13:00 14:00-18:30")

    assert found(week) == [("day", 510, 480, (MON, TUE, WED, THU, SAT, SUN)), ("week", 3060, 2880, ())]


def test_av48_seven_hours_a_day_are_too_many_in_ramadan():
    week = hours([SAT, SUN, MON, TUE, WED, THU], "13:00-16:00 20:00-00:00")

    assert found(week) == []
    assert found(week, RAMADAN) == [("day", 420, 360, (MON, TUE, WED, THU, SAT, SUN)), ("week", 2520, 2160, ())]


def test_six_hours_on_six_days_are_lawful_in_ramadan():
    assert found(hours([SAT, SUN, MON, TUE, WED, THU], "14:00-17:00 21:00-00:00"), RAMADAN) == []


def test_days_with_the_same_figure_are_told_together_and_others_apart():
    week = hours([MON, WED], "09:00-13:00 14:00-19:00") + hours([TUE], "09:00-13:00 14:00-20:00")

    assert found(week) == [
        ("day", 540, 480, (MON, WED)),
        ("day", 600, 480, (TUE,)),
        ("stretch", 360, 300, (TUE,)),
    ]


@pytest.mark.parametrize(
    ("pause", "stretch"),
    [
        ("", 420),
        ("12:00-12:29", 420),  # too short to count
        ("12:00-12:30", None),
        ("10:00-10:30", 330),  # what follows is too long
    ],
)
def test_av48_no_more_than_five_hours_without_half_an_hour_of_break(pause, stretch):
    week = hours([MON], "09:00-16:00") + breaks([MON], pause)

    assert found(week) == ([("stretch", stretch, 300, (MON,))] if stretch else [])


def test_windows_that_touch_or_overlap_are_one_stretch_and_counted_once():
    assert found(hours([MON], "09:00-12:00 11:00-13:00 13:00-15:00")) == [("stretch", 360, 300, (MON,))]


def test_two_windows_with_less_than_half_an_hour_between_are_no_rest():
    assert found(hours([MON], "09:00-12:00 12:20-15:00")) == [("stretch", 360, 300, (MON,))]
    assert found(hours([MON], "09:00-12:00 12:30-15:00")) == []


def test_more_than_twelve_hours_from_coming_to_leaving():
    assert found(hours([MON], "09:00-13:00 17:30-21:30")) == [("presence", 750, 720, (MON,))]
    assert found(hours([MON], "09:00-13:00 17:00-21:00")) == []
    assert found(hours([MON], "09:00-21:30 10:00-11:00") + breaks([MON], "12:00-17:00")) == [
        ("presence", 750, 720, (MON,))
    ]


@pytest.mark.parametrize("weekday", [THU, SUN])
def test_a_night_shift_belongs_to_the_day_it_begins_on(weekday):
    after_midnight = (weekday + 1) % 7

    assert found(hours([weekday], "18:00-02:00")) == [("stretch", 480, 300, (weekday,))]
    assert found(hours([weekday], "18:00-03:00") + breaks([weekday], "22:00-22:30")) == [
        ("day", 510, 480, (weekday,)),
    ]
    assert found(hours([weekday], "20:00-04:00") + breaks([after_midnight], "00:30-01:00")) == []


def test_a_shift_split_at_midnight_is_one_stretch():
    assert found(hours([THU], "20:00-00:00") + hours([FRI], "00:00-02:00")) == [("stretch", 360, 300, (THU,))]


def test_a_break_outside_working_time_changes_nothing():
    assert found(hours([MON], "09:00-13:00") + breaks([MON], "12:45-14:00 20:00-21:00")) == []
    assert found(breaks(range(7), "13:00-14:00")) == []


# --- Whose week, and when ---


def test_a_person_without_hours_of_their_own_works_whenever_the_salon_is_open():
    rows = hours([MON], "10:00-22:00", staff=None) + hours([MON], "10:00-14:00", staff=HUDA)

    assert review(rows, SARA, first=TODAY) == [
        Finding(Rule.DAY, 720, 480, (MON,)),
        Finding(Rule.STRETCH, 720, 300, (MON,)),
    ]
    assert review(rows, HUDA, first=TODAY) == []


def test_a_break_of_the_salon_is_everybodys_and_one_of_a_colleague_is_not():
    rows = hours([MON], "09:00-18:00")
    of_all = breaks([MON], "13:00-14:00", staff=None)
    of_huda = breaks([MON], "13:00-14:00", staff=HUDA)

    assert review(rows + of_all, SARA, first=TODAY) == []
    assert len(review(rows + of_huda, SARA, first=TODAY)) == 2


def test_a_break_alone_is_no_week_of_ones_own():
    rows = hours([MON], "10:00-16:00", staff=None) + breaks([MON], "13:00-14:00")

    assert review(rows, SARA, first=TODAY) == []
    assert review(rows, HUDA, first=TODAY) == [Finding(Rule.STRETCH, 360, 300, (MON,))]


def test_hours_of_another_time_are_judged_each_by_itself():
    until, since = date(2026, 12, 31), date(2027, 1, 1)
    rows = hours([MON], "09:00-14:00", valid_until=until) + hours([MON], "14:00-21:00", valid_from=since)

    assert review(rows, SARA, first=TODAY) == [Finding(Rule.STRETCH, 420, 300, (MON,))]
    assert review(rows, SARA, first=TODAY, last=until) == []


def test_hours_that_are_over_are_not_mentioned():
    rows = hours([MON], "09:00-21:00", valid_until=date(2026, 11, 21))

    assert review(rows, SARA, first=TODAY) == []
    assert review(rows, SARA, first=date(2027, 1, 1), last=TODAY) == []


def test_a_time_of_three_days_has_three_weekdays():
    rows = hours(range(7), "09:00-13:00 14:00-18:00")
    friday = date(2026, 11, 27)

    assert [one.rule for one in review(rows, SARA, first=friday)] == ["week"]
    assert review(rows, SARA, first=friday, last=date(2026, 11, 29)) == []


def test_the_last_days_of_the_calendar_are_judged_like_others():
    rows = hours(range(7), "09:00-20:00", valid_from=LAST_DAY, valid_until=LAST_DAY)

    assert [one.weekdays for one in review(rows, SARA, first=TODAY)] == [(FRI,), (FRI,)]


# --- When Ramadan's limits count ---


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "limits"),
    [
        (date(2027, 2, 8), date(2027, 3, 9), RAMADAN),
        (date(2027, 2, 9), date(2027, 3, 10), RAMADAN),  # begun a day later, after sighting
        (date(2026, 12, 1), date(2027, 2, 8), RAMADAN),  # touches its first day
        (date(2026, 12, 1), date(2027, 2, 7), USUAL),
        (date(2027, 3, 9), date(2027, 8, 31), USUAL),
        (date(2026, 1, 1), date(9999, 12, 31), RAMADAN),
        (date(9000, 1, 1), date(9999, 12, 31), USUAL),  # behind the end of the calendar
    ],
)
def test_av48_a_season_that_touches_ramadan_has_its_limits(starts_on, ends_on, limits):
    assert limits_during(season(starts_on, ends_on)) == limits


def test_the_usual_week_and_single_days_have_the_usual_limits():
    assert limits_during(None) == USUAL
    special = season(date(2027, 2, 10), date(2027, 2, 10), ScheduleException.Kind.SPECIAL_HOURS)
    assert limits_during(special) == USUAL
