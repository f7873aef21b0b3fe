"""What happened to bookings, for those above who care: payments (refunds), notifications (messages)."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BookingPlaced:
    """A new booking stands: confirmed at once, waiting for the salon, or held until paid."""

    booking_id: UUID


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    """A pending booking became firm, by the salon or by its payment."""

    booking_id: UUID


@dataclass(frozen=True, slots=True)
class BookingMoved:
    """Another time or another staff member."""

    booking_id: UUID


@dataclass(frozen=True, slots=True)
class BookingRepriced:
    """Another service, and with it perhaps another price: what was paid beyond it goes back to the customer."""

    booking_id: UUID
    actor_id: UUID | None


@dataclass(frozen=True, slots=True)
class BookingResized:
    """Longer or shorter from the same start on, with the same person and for the same price."""

    booking_id: UUID


@dataclass(frozen=True, slots=True)
class BookingCancelled:
    """It is off. What was paid beyond `fee_amount` (SAR) goes back to the customer."""

    booking_id: UUID
    fee_amount: Decimal
    actor_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class BookingExpired:
    """It was held for money that did not come in time."""

    booking_id: UUID


@dataclass(frozen=True, slots=True)
class BookingCompleted:
    """The visit took place; the customer may review it."""

    booking_id: UUID
