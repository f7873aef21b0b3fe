"""Free times as they are usually found: day after day, person after person, four questions for each."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from apps.bookings.availability import days
from apps.bookings.models import Booking
from apps.salons.models import ScheduleException, Service, Staff, TimeOff, WeeklyHours
from project.bench.world import ZONE

Found = list[tuple[datetime, int]]


def naive_slots(service: Service, staff: Iterable[Staff], first: date, last: date, now: datetime) -> Found:
    """(start, staff key) by time. Knows as much of the rules as the salon of the benchmark needs."""
    return sorted(
        (start, person.pk)
        for person in staff
        for day in days(first, last)
        for start in _free_on(service, person, day, now)
    )


def _free_on(service: Service, person: Staff, day: date, now: datetime) -> Iterable[datetime]:
    if ScheduleException.objects.filter(salon=service.salon, starts_on__lte=day, ends_on__gte=day).exists():
        return
    midnight = datetime.combine(day, datetime.min.time(), ZONE)
    tomorrow = midnight + timedelta(days=1)
    bookings = Booking.objects.filter(staff=person).occupying(midnight, tomorrow)
    time_off = TimeOff.objects.filter(staff=person, starts_at__lt=tomorrow, ends_at__gt=midnight)
    taken = [(booking.occupied_from, booking.occupied_until) for booking in bookings]
    taken += [(absence.starts_at, absence.ends_at) for absence in time_off]
    for window in WeeklyHours.objects.filter(staff=person, weekday=day.weekday()):
        closes = datetime.combine(day, window.closes, ZONE)
        start = datetime.combine(day, window.opens, ZONE)
        while start + timedelta(minutes=service.duration_minutes) <= closes:
            if start > now + timedelta(minutes=service.salon.lead_time_minutes) and _is_free(service, start, taken):
                yield start
            start += timedelta(minutes=service.salon.slot_step_minutes)


def _is_free(service: Service, start: datetime, taken: list[tuple[datetime, datetime]]) -> bool:
    begin = start - timedelta(minutes=service.buffer_before_minutes)
    end = start + timedelta(minutes=service.duration_minutes + service.buffer_after_minutes)
    return not any(busy_from < end and begin < busy_until for busy_from, busy_until in taken)
