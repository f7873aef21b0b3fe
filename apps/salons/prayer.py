"""When prayers are called in a salon's city, and the pauses a salon makes of them. Pure: no database, no clock.

Times follow the Umm al-Qura method: Fajr at 18.5 degrees, Asr by the shadow of the Shafi school, Isha 90 minutes after
Maghrib and 120 in Ramadan. They are whole minutes and may differ from the printed calendar by one or two; where that
matters a salon enters its own (`PrayerTime`).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from adhanpy.calculation.CalculationMethod import CalculationMethod
from adhanpy.calculation.CalculationParameters import CalculationParameters
from adhanpy.PrayerTimes import PrayerTimes

from apps.common.hijri import hijri_of
from apps.salons.models import PrayerTime, Salon

FRIDAY = 4
RAMADAN = 9
ISHA_LATER_IN_RAMADAN = timedelta(minutes=30)

# Latitude and longitude of the city's centre, degrees.
COORDINATES = {
    Salon.City.RIYADH: (24.7136, 46.6753),
    Salon.City.JEDDAH: (21.4858, 39.1925),
    Salon.City.MAKKAH: (21.4225, 39.8262),
    Salon.City.MADINAH: (24.4672, 39.6112),
    Salon.City.DAMMAM: (26.4207, 50.0888),
    Salon.City.KHOBAR: (26.2172, 50.1971),
}


# Prayers with the minute since the epoch at which each is called.
Calls = tuple[tuple[str, int], ...]


class CalledByHand(NamedTuple):
    """One row of PrayerTime; `called_at` is salon time."""

    prayer: str
    called_at: time
    starts_on: date
    ends_on: date
    pk: int


def prayer_calls(city: str, day: date, zone: ZoneInfo) -> dict[str, datetime]:
    """The computed calls of `day` in `city` as `{prayer: moment}`, in the order of the day and in `zone`."""
    return {prayer: datetime.fromtimestamp(minute * 60, zone) for prayer, minute in _computed_calls(city, day)}


def pauses_of(salon: Salon, days: Iterable[date], by_hand: Sequence[CalledByHand]) -> list[tuple[int, int, str]]:
    """The pauses of `pause_intervals` by the settings of `salon`, whoever of it keeps them."""
    return pause_intervals(
        city=salon.city,
        zone=ZoneInfo(salon.timezone),
        days=days,
        minutes_before=salon.prayer_minutes_before,
        minutes_after=salon.prayer_minutes_after,
        friday_minutes_after=salon.friday_prayer_minutes_after,
        by_hand=by_hand,
    )


def pause_intervals(
    *,
    city: str,
    zone: ZoneInfo,
    days: Iterable[date],
    minutes_before: int,
    minutes_after: int,
    friday_minutes_after: int,
    by_hand: Sequence[CalledByHand],
) -> list[tuple[int, int, str]]:
    """Pauses at the prayers of `days` (local dates) as `(start, end, prayer)`, day by day in the order of the calls.

    Start and end are minutes since the epoch, half open. A time entered by hand replaces the computed one on its days;
    of several the one for fewest days counts, then the newest. Long pauses may overlap, and one may leave its day.
    """
    pauses: list[tuple[int, int, str]] = []
    for day in days:
        own = _own_calls(by_hand, day, zone) if by_hand else ()
        noon_after = friday_minutes_after if day.weekday() == FRIDAY else minutes_after
        pauses += _pauses_of(city, day, own, minutes_before, minutes_after, noon_after)
    return pauses


@lru_cache(maxsize=4096)
def is_ramadan(day: date) -> bool:
    """Whether `day` lies in Ramadan by the Umm al-Qura calendar. The calendar is known from 1924 to 2077."""
    hijri = hijri_of(day)
    return hijri is not None and hijri.month == RAMADAN


@lru_cache(maxsize=4096)
def _computed_calls(city: str, day: date) -> Calls:
    """The five prayers of `day` as computed for `city`."""
    midnight = datetime.combine(day, time.min)
    method = CalculationParameters(method=CalculationMethod.UMM_AL_QURA)
    times = PrayerTimes(COORDINATES[Salon.City(city)], midnight, calculation_parameters=method)
    isha = times.isha + ISHA_LATER_IN_RAMADAN if is_ramadan(day) else times.isha
    return (
        (PrayerTime.Prayer.FAJR.value, _minute(times.fajr)),
        (PrayerTime.Prayer.DHUHR.value, _minute(times.dhuhr)),
        (PrayerTime.Prayer.ASR.value, _minute(times.asr)),
        (PrayerTime.Prayer.MAGHRIB.value, _minute(times.maghrib)),
        (PrayerTime.Prayer.ISHA.value, _minute(isha)),
    )


def _own_calls(by_hand: Sequence[CalledByHand], day: date, zone: ZoneInfo) -> Calls:
    """What was entered by hand for `day`; of a prayer that was entered several times the last one counts."""
    rows = [row for row in by_hand if row.starts_on <= day <= row.ends_on]
    rows.sort(key=lambda row: (row.starts_on - row.ends_on, row.pk))
    return tuple((row.prayer, _minute(datetime.combine(day, row.called_at, zone))) for row in rows)


@lru_cache(maxsize=4096)
def _pauses_of(
    city: str, day: date, own: Calls, before: int, after: int, noon_after: int
) -> tuple[tuple[int, int, str], ...]:
    calls = {**dict(_computed_calls(city, day)), **dict(own)}
    lasts = {PrayerTime.Prayer.DHUHR.value: noon_after}
    return tuple((called - before, called + lasts.get(prayer, after), prayer) for prayer, called in calls.items())


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
