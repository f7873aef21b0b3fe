"""Visits that are held until they are paid: kept longer, made firm by the money, or ended."""

from django.utils import timezone

from apps.bookings.errors import SlotTaken
from apps.bookings.events import BookingConfirmed, BookingExpired
from apps.bookings.locks import lock_booking, lock_visit
from apps.bookings.models import Booking
from apps.bookings.services.writing import change_status, overlap_as_slot_taken
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.transactions import use_case

Status = Booking.Status


@use_case
def extend_hold(*, booking_id, until, reason=""):
    """Keep a hold until `until`, for a payer who is at it; a hold that lasts longer or has ended stays as it is."""
    booking = lock_booking(booking_id)

    if booking.awaits_payment and booking.hold_expires_at < until:
        booking.hold_expires_at = until
        save_as(booking, actor=None, reason=reason, update_fields=["hold_expires_at"])
    return booking


@use_case
def confirm_paid_booking(*, booking_id, reason=""):
    """Its advance payment arrived. True: the booking is firm now. False: its time is gone, the money must go back.

    A hold that ran out gets its time again when that is still free. Publishes: BookingConfirmed.
    """
    booking = lock_visit(booking_id)

    if booking.status in (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED):
        return True
    if booking.status not in (Status.PENDING, Status.EXPIRED):
        return False
    if booking.status == Status.EXPIRED and booking.starts_at <= timezone.now():
        return False
    expire_holds(staff_ids=[booking.staff_id], sparing=booking.pk)
    try:
        with overlap_as_slot_taken():
            change_status(booking, Status.CONFIRMED, actor=None, reason=reason, hold_expires_at=None)
    except SlotTaken:
        return False

    publish(BookingConfirmed(booking.pk))
    return True


@use_case
def expire_holds(*, now=None, staff_ids=None, sparing=None):
    """End holds whose money did not come in time, of all staff or of `staff_ids`; returns how many.

    `sparing` is the key of a booking that is left alone, because its money has just come.
    """
    overdue = Booking.objects.overdue_holds(now or timezone.now()).exclude(pk=sparing)
    if staff_ids is not None:
        overdue = overdue.filter(staff_id__in=staff_ids)
    # A pass leaves alone what somebody else is ending; who needs the time waits for it.
    expired = list(overdue.select_for_update(skip_locked=staff_ids is None, no_key=True).order_by("pk"))
    for booking in expired:
        change_status(booking, Status.EXPIRED, actor=None, reason="")
        publish(BookingExpired(booking.pk))
    return len(expired)
