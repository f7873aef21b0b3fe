"""What money does when a booking changes: these run inside the booking's transaction and must succeed with it."""

from apps.accounts.models import User
from apps.bookings.events import BookingCancelled, BookingRepriced
from apps.payments import reasons
from apps.payments.services import return_what_is_owed


def return_money(event: BookingCancelled):
    """What was paid beyond the cancellation fee goes back, of the newest payment first."""
    actor = User.objects.filter(pk=event.actor_id).first()
    reason = event.reason or reasons.BOOKING_CANCELLED
    return_what_is_owed(booking_id=event.booking_id, reason=reason, actor=actor)


def return_surplus(event: BookingRepriced):
    """A cheaper service: what was paid beyond its price goes back."""
    actor = User.objects.filter(pk=event.actor_id).first()
    return_what_is_owed(booking_id=event.booking_id, reason=reasons.MORE_THAN_DUE, actor=actor)
