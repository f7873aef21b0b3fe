"""How a booking is written: another state, and a place that the database itself may refuse."""

from contextlib import contextmanager

from django.db import IntegrityError, transaction

from apps.bookings.errors import SlotTaken
from apps.bookings.models import Booking
from apps.common.errors import ensure_transition
from apps.common.history import save_as

NO_OVERLAP = "bookings_booking_no_overlap"


def change_status(booking, target, *, actor, reason, **fields):
    """Store the booking in the state `target` with `fields`, as its next version. Raises: InvalidTransition."""
    ensure_transition(booking, target, allowed=Booking.ALLOWED)
    for name, value in {"status": target, **fields}.items():
        setattr(booking, name, value)
    booking.version += 1
    return save_as(booking, actor=actor, reason=reason, update_fields=["status", "version", *fields])


@contextmanager
def overlap_as_slot_taken():
    """A savepoint in which the database's own word on overlaps becomes SlotTaken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if NO_OVERLAP not in str(error):
            raise
        raise SlotTaken from error
