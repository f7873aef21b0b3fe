"""Whether a message still says the truth. Pure: rows are given, the moment is a parameter."""

from datetime import datetime, timedelta

from apps.bookings.models import Booking
from apps.notifications import reasons
from apps.notifications.models import Kind, Notification

REMINDER_BEFORE = timedelta(hours=24)
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)

# These tell the booking as it is; with the next version they would tell it as it was. What happened to money or
# that a booking was cancelled stays true.
TELLS_PRESENT_STATE = frozenset(
    {
        Kind.BOOKING_RECEIVED,
        Kind.BOOKING_CONFIRMED,
        Kind.BOOKING_MOVED,
        Kind.REMINDER,
        Kind.REVIEW_INVITATION,
    }
)
ASKS_FOR_SOMETHING_TO_COME = TELLS_PRESENT_STATE | {Kind.PAYMENT_LINK}


def reason_to_hold_back(notification: Notification, booking: Booking, *, now: datetime) -> str:
    """Why `notification` must not go out for `booking` as it is at `now`; "" when it may."""
    if booking.customer.user.erased_at is not None:
        return reasons.PERSON_ERASED
    if notification.kind in ASKS_FOR_SOMETHING_TO_COME and booking.status == Booking.Status.CANCELLED:
        return reasons.BOOKING_CANCELLED
    if notification.kind in TELLS_PRESENT_STATE and notification.booking_version != booking.version:
        return reasons.BOOKING_CHANGED
    if notification.kind == Kind.REMINDER and booking.starts_at <= now:
        return reasons.VISIT_BEGUN
    return ""


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th failure: 1, 2, 4 … minutes, at most an hour."""
    return min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
