"""What money does when a booking or a payment changes: these run inside its transaction and must succeed with it.

What asks the gateway waits for the commit; where it fails, `resolve_payments` does it later.
"""

from django.db import transaction

from apps.accounts.models import User
from apps.bookings.events import BookingCancelled, BookingCompleted, BookingRepriced
from apps.payments import reasons
from apps.payments.events import PaymentReceived, PaymentReserved, RefundSucceeded
from apps.payments.services import return_what_is_owed, tidy_up


def return_money(event: BookingCancelled):
    """What was paid beyond the cancellation fee goes back, of the newest payment first."""
    actor = User.objects.filter(pk=event.actor_id).first()
    reason = event.reason or reasons.BOOKING_CANCELLED
    return_what_is_owed(booking_id=event.booking_id, reason=reason, actor=actor)


def return_surplus(event: BookingRepriced):
    """A cheaper service: what was paid beyond its price goes back."""
    actor = User.objects.filter(pk=event.actor_id).first()
    return_what_is_owed(booking_id=event.booking_id, reason=reasons.MORE_THAN_DUE, actor=actor)


def tidy_up_after(event: BookingCancelled | BookingCompleted | BookingRepriced | PaymentReceived | PaymentReserved):
    """Links nobody should pay any more are withdrawn, reserved money is taken or let go."""
    transaction.on_commit(lambda: tidy_up(booking_id=event.booking_id), robust=True)


def return_the_rest(event: RefundSucceeded):
    """A refund that was on its way when the booking was cancelled held up the rest; the booking is locked first."""
    transaction.on_commit(lambda: return_what_is_owed(booking_id=event.booking_id, given_up_too=False), robust=True)
