"""What a booking costs and until when it may change. Pure: the moment is a parameter."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.bookings.models import Booking
from apps.common.money import LEAST_ONLINE, percentage
from apps.salons.models import Salon

# Unpaid holds of one person in all salons: more would keep others out.
MAX_OPEN_HOLDS = 2
# How long afterwards the desk may still enter a visit that took place, and how far ahead one outside the rules.
LATEST_ENTRY, EARLIEST_ENTRY = timedelta(hours=24), timedelta(days=2 * 366)


def free_until(booking: Booking) -> datetime:
    """The last moment at which cancelling or moving is free, by the terms accepted when it was booked."""
    return booking.protected_starts_at - timedelta(hours=booking.free_cancellation_hours)


def cancellation_fee(booking: Booking, *, by: str, now: datetime) -> Decimal:
    """What cancelling at `now` costs the customer. A salon that cancels takes nothing; so does an unpaid hold."""
    if by == Booking.CancelledBy.SALON or booking.awaits_payment or now <= free_until(booking):
        return Decimal("0.00")
    return percentage(booking.price_amount, booking.late_cancellation_percent)


def can_cancel_until(booking: Booking) -> datetime | None:
    """Until when the customer may cancel (perhaps for a fee); None when that is over for good."""
    return booking.starts_at if booking.status in (Booking.Status.PENDING, Booking.Status.CONFIRMED) else None


def can_reschedule_until(booking: Booking) -> datetime | None:
    """Until when the customer may move it; inside the fee window only the salon can."""
    return free_until(booking) if booking.status in (Booking.Status.PENDING, Booking.Status.CONFIRMED) else None


def may_be_entered(starts_at: datetime, now: datetime) -> bool:
    """Whether the desk may enter a visit outside the rules at this moment."""
    return now - LATEST_ENTRY <= starts_at <= now + EARLIEST_ENTRY


def advance_percent(salon: Salon, *, source: str, no_shows: int) -> int:
    """What share of the price is to be paid before a booking is firm; 0 means nothing.

    A salon that asks nobody for it still asks customers who did not come as often as it tolerates.
    """
    if source != Booking.Source.ONLINE:
        return 0
    is_unreliable = 0 < salon.prepay_after_no_shows <= no_shows
    return salon.deposit_percent if is_unreliable or salon.confirmation == Salon.Confirmation.PAYMENT else 0


def advance_amount(price: Decimal, percent: int) -> Decimal:
    """The share of `price` (SAR) that is to be paid first: at least what can be paid online at all.

    Of a smaller price nothing is asked for, because nobody could pay it before coming.
    """
    if percent == 0 or price < LEAST_ONLINE:
        return Decimal("0.00")
    return max(percentage(price, percent), LEAST_ONLINE)
