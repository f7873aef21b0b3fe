"""Row locks of the booking use cases, always taken in this order: customer, staff (by key), booking, then payments.

On SQLite the transaction itself is the lock: it holds the only write lock from its first statement. On PostgreSQL the
locks leave the key alone (`no_key`), so that a row pointing to a locked one can be inserted meanwhile.
"""

from apps.bookings.models import Booking
from apps.salons.models import Customer, Staff


def lock_customer(customer_id):
    """The customer's card and the person, who has one card per salon: what is counted per person, in all salons,
    stays true while it is held.
    """
    cards = Customer.objects.select_for_update(of=("self", "user"), no_key=True)
    return cards.select_related("user").get(pk=customer_id)


def lock_staff(staff_ids):
    """Staff rows by key: an empty calendar has no other row to lock. Returns a list, so that it is evaluated now."""
    return list(Staff.objects.select_for_update(no_key=True).filter(pk__in=staff_ids).order_by("pk"))


def lock_visit(booking_id, *other_staff_ids):
    """The booking after its staff member's calendar, and those of `other_staff_ids`. Raises Booking.DoesNotExist."""
    staff_id = Booking.objects.values_list("staff_id", flat=True).get(pk=booking_id)
    lock_staff({staff_id, *other_staff_ids})
    return lock_booking(booking_id)


def lock_booking(booking_id):
    """The booking with the rows its rules read. Raises Booking.DoesNotExist."""
    rows = Booking.objects.select_related("salon", "customer__user", "staff", "service")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=booking_id)
