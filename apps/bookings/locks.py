"""Locks of the booking use cases, always taken in this order: person, salon's schedule, calendars, booking, payments.

Making a booking shares the schedule with every other booking and leaves the calendars alone: its INSERT withdraws by
itself when the time is taken. An UPDATE cannot withdraw, so whoever moves or revives a booking takes the calendar
first. `salons.services` has the rest: whoever changes hours or people takes the schedule, whoever opens a customer's
card takes the person.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.bookings.errors import BookingChanged
from apps.bookings.models import Booking
from apps.common.locks import lock
from apps.common.statements import compiled
from apps.common.trace import concerns_salon
from apps.salons.models import Service, Staff

ONE_DAY = timedelta(days=1)


def lock_for_booking(*, person_id, service_id):
    """While it is held, what is counted per person stays true (in all salons), and so does what the salon offers."""
    salon_id = _salon_of.first(service=service_id)
    concerns_salon(salon_id)
    lock(exclusive=[("person", person_id)], shared=[("schedule", salon_id)])


@compiled
def _salon_of(*, service):
    return Service.objects.filter(pk=service).order_by().values_list("salon_id", flat=True)


def lock_visit(booking_id, *other_staff_ids):
    """The booking with the calendars of its staff member and of `other_staff_ids`, under the salon's schedule.

    Raises: Booking.DoesNotExist; BookingChanged when it went to another calendar meanwhile.
    """
    staff_id, salon_id = Booking.objects.values_list("staff_id", "salon_id").get(pk=booking_id)
    concerns_salon(salon_id)
    lock(shared=[("schedule", salon_id)])
    lock_calendars({staff_id, *other_staff_ids})
    booking = lock_booking(booking_id)
    if booking.staff_id != staff_id:
        raise BookingChanged
    return booking


def lock_calendars(staff_ids):
    """The whole time of these staff members, against everybody who moves or revives a booking in it."""
    lock(exclusive=[("calendar", staff_id) for staff_id in staff_ids])


def lock_booking(booking_id):
    """The booking with the rows its rules read. Raises Booking.DoesNotExist."""
    # Locked by itself: had it gone to another calendar meanwhile, a join to the old one would find nothing.
    Booking.objects.select_for_update(no_key=True).only("pk").get(pk=booking_id)
    return Booking.objects.select_related("salon", "customer__user", "staff", "service").get(pk=booking_id)


def lock_day(staff_id, day):
    """The movable visits of a staff member on the local `day`, by time, with their calendar and their colleagues'."""
    staff = Staff.objects.select_related("salon").get(pk=staff_id)
    midnight = datetime.combine(day, time.min, ZoneInfo(staff.salon.timezone))
    visits = Booking.objects.filter(staff=staff, starts_at__gte=midnight, starts_at__lt=midnight + ONE_DAY)
    lock(shared=[("schedule", staff.salon_id)])
    lock_calendars(Staff.objects.filter(salon=staff.salon_id, is_active=True).values_list("pk", flat=True))
    rows = visits.movable().select_related("salon", "customer__user", "staff", "service")
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("starts_at", "pk"))
