"""What a booking costs and until when it may change. Pure: the moment is a parameter."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.bookings.models import Booking
from apps.common.money import percentage
from apps.salons.models import Salon

MAX_OPEN_HOLDS = 2
MAX_UPCOMING = 10


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


def prepay_amount(salon: Salon, price: Decimal) -> Decimal:
    """What is to be paid before the booking is firm."""
    if salon.confirmation != Salon.Confirmation.PAYMENT:
        return Decimal("0.00")
    return percentage(price, salon.deposit_percent)
