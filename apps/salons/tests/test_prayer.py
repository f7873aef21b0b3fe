"""When prayers are called, judged by the plain solar formula, and the pauses a salon makes of them."""

from datetime import UTC, date, datetime, time, timedelta
from math import acos, asin, atan, atan2, cos, degrees, radians, sin, tan
from zoneinfo import ZoneInfo

import pytest

from apps.salons.models import PrayerTime, Salon
from apps.salons.prayer import COORDINATES, CalledByHand, is_ramadan, pause_intervals, prayer_calls

RIYADH = ZoneInfo("Asia/Riyadh")
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)
PRAYERS = ["fajr", "dhuhr", "asr", "maghrib", "isha"]


def minute_of(day, clock):
    moment = datetime.combine(day, time.fromisoformat(clock), RIYADH)
    return int(moment.timestamp()) // 60


def pauses(*days, before=0, after=25, friday=60, by_hand=()):
    return pause_intervals(
        city="riyadh",
        zone=RIYADH,
        days=days,
        minutes_before=before,
        minutes_after=after,
        friday_minutes_after=friday,
        by_hand=by_hand,
    )


def pause_of(prayer, day, **options):
    """The pauses of one prayer as `09:00–09:25`."""

    def shown(minute):
        return f"{datetime.fromtimestamp(minute * 60, RIYADH):%H:%M}"

    return [f"{shown(start)}–{shown(end)}" for start, end, name in pauses(day, **options) if name == prayer]


def sun(hours_since_2000):
    """The sun's declination in radians and the equation of time in hours (Astronomical Almanac, low precision)."""
    days = hours_since_2000 / 24
    anomaly, mean = radians(357.529 + 0.98560028 * days), (280.459 + 0.98564736 * days) % 360
    longitude = radians(mean + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.00000036 * days)
    ascension = degrees(atan2(cos(tilt) * sin(longitude), cos(longitude))) % 360
    return asin(sin(tilt) * sin(longitude)), ((mean - ascension) / 15 + 12) % 24 - 12


def judge(city, day):
    """The five calls of `day` by the plain formula, in minutes of the Saudi day."""
    latitude, longitude = radians(COORDINATES[city][0]), COORDINATES[city][1]
    midnight = (datetime.combine(day, time(), UTC) - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(hours=1)

    def crossing(around, altitude, side):
        declination, equation = sun(midnight + around - longitude / 15)
        if altitude is None:
            altitude = degrees(atan(1 / (1 + tan(abs(latitude - declination)))))
        cosine = (sin(radians(altitude)) - sin(declination) * sin(latitude)) / (cos(declination) * cos(latitude))
        return 60 * (12 - equation + side * degrees(acos(cosine)) / 15 + 3 - longitude / 15)

    _declination, equation = sun(midnight + 12 - longitude / 15)
    noon = 60 * (12 - equation + 3 - longitude / 15)
    sunset = crossing(18, -0.833, 1)
    fajr, asr = crossing(5, -18.5, -1), crossing(15, None, 1)
    return [fajr, noon, asr, sunset, sunset + (120 if is_ramadan(day) else 90)]


@pytest.mark.parametrize(
    ("city", "day", "clocks"),
    [
        ("riyadh", MONDAY, ["04:53", "11:40", "14:43", "17:04", "18:34"]),
        ("riyadh", date(2027, 6, 21), ["03:33", "11:55", "15:16", "18:45", "20:15"]),
        ("makkah", MONDAY, ["05:17", "12:07", "15:15", "17:37", "19:07"]),
        ("jeddah", date(2027, 1, 15), ["05:43", "12:32", "15:40", "18:02", "19:32"]),
        ("madinah", date(2027, 3, 20), ["05:08", "12:29", "15:56", "18:33", "20:03"]),
        ("dammam", MONDAY, ["04:41", "11:26", "14:27", "16:47", "18:17"]),
        ("khobar", date(2027, 2, 10), ["04:58", "11:53", "15:05", "17:28", "19:28"]),
    ],
)
def test_av45_calls_of_a_city_on_a_day(city, day, clocks):
    calls = prayer_calls(city, day, RIYADH)

    assert list(calls) == PRAYERS
    assert [f"{moment:%H:%M}" for moment in calls.values()] == clocks
    assert {moment.date() for moment in calls.values()} == {day}


@pytest.mark.parametrize("city", Salon.City.values)
def test_every_city_has_coordinates_and_keeps_within_two_minutes_of_the_solar_formula(city):
    for days in range(0, 366, 3):
        day = date(2026, 11, 22) + timedelta(days=days)
        calls = prayer_calls(city, day, RIYADH)
        minutes = [60 * moment.hour + moment.minute for moment in calls.values()]
        assert [abs(ours - theirs) <= 2 for ours, theirs in zip(minutes, judge(city, day), strict=True)] == [True] * 5


def test_the_calls_of_a_day_are_moments_whatever_the_zone_they_are_shown_in():
    shown = prayer_calls("riyadh", MONDAY, ZoneInfo("Europe/London"))["maghrib"]

    assert shown == datetime(2026, 11, 23, 14, 4, tzinfo=UTC)
    assert f"{shown:%H:%M}" == "14:04"


@pytest.mark.parametrize(
    ("day", "isha_after_maghrib"),
    [
        (date(2027, 2, 7), 90),
        (date(2027, 2, 8), 120),  # 1 Ramadan 1448
        (date(2027, 3, 8), 120),  # 29 Ramadan, its last day
        (date(2027, 3, 9), 90),  # Eid
        (date(2078, 9, 1), 90),  # behind the end of the calendar
    ],
)
def test_isha_is_half_an_hour_later_in_ramadan(day, isha_after_maghrib):
    calls = prayer_calls("riyadh", day, RIYADH)

    assert calls["isha"] - calls["maghrib"] == timedelta(minutes=isha_after_maghrib)


def test_pauses_are_minutes_since_the_epoch_around_the_calls():
    assert pauses(MONDAY, before=5, after=20) == [
        (minute_of(MONDAY, "04:48"), minute_of(MONDAY, "05:13"), "fajr"),
        (minute_of(MONDAY, "11:35"), minute_of(MONDAY, "12:00"), "dhuhr"),
        (minute_of(MONDAY, "14:38"), minute_of(MONDAY, "15:03"), "asr"),
        (minute_of(MONDAY, "16:59"), minute_of(MONDAY, "17:24"), "maghrib"),
        (minute_of(MONDAY, "18:29"), minute_of(MONDAY, "18:54"), "isha"),
    ]


def test_pauses_of_several_days_follow_each_other():
    assert pauses(MONDAY, FRIDAY) == pauses(MONDAY) + pauses(FRIDAY)
    assert pauses() == []


def test_on_friday_the_noon_pause_is_the_longer_one():
    assert pause_of("dhuhr", FRIDAY) == ["11:41–12:41"]
    assert pause_of("asr", FRIDAY) == ["14:43–15:08"]
    assert pause_of("dhuhr", MONDAY) == ["11:40–12:05"]


def test_av45_a_time_entered_by_hand_replaces_the_computed_one_on_its_days():
    entered = [CalledByHand("maghrib", time(18, 12), MONDAY, MONDAY + timedelta(days=1), 1)]

    assert pause_of("maghrib", MONDAY, by_hand=entered) == ["18:12–18:37"]
    assert pause_of("maghrib", MONDAY + timedelta(days=1), by_hand=entered) == ["18:12–18:37"]
    assert pause_of("maghrib", MONDAY + timedelta(days=2), by_hand=entered) == ["17:04–17:29"]
    assert pause_of("maghrib", MONDAY - timedelta(days=1), by_hand=entered) == ["17:04–17:29"]
    assert pause_of("isha", MONDAY, by_hand=entered) == ["18:34–18:59"]


def test_of_several_times_entered_by_hand_the_one_for_fewest_days_counts_then_the_newest():
    month = CalledByHand("isha", time(19, 30), date(2026, 11, 1), date(2026, 11, 30), 9)
    week = CalledByHand("isha", time(19, 0), date(2026, 11, 22), date(2026, 11, 28), 1)
    newer = CalledByHand("isha", time(19, 5), date(2026, 11, 22), date(2026, 11, 28), 2)

    for rows in ([month, week], [week, month]):
        assert pause_of("isha", MONDAY, by_hand=rows) == ["19:00–19:25"]
    for rows in ([newer, week, month], [month, week, newer]):
        assert pause_of("isha", MONDAY, by_hand=rows) == ["19:05–19:30"]


def test_friday_noon_entered_by_hand_keeps_the_long_pause():
    entered = [CalledByHand("dhuhr", time(12, 0), FRIDAY, FRIDAY, 1)]

    assert pause_of("dhuhr", FRIDAY, by_hand=entered) == ["12:00–13:00"]


def test_the_prayers_are_those_that_can_be_entered():
    assert PrayerTime.Prayer.values == PRAYERS
