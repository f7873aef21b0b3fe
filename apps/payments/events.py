"""What happened to money, for those above who tell people about it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentLinkReady:
    """The customer can pay under the payment's link now."""

    payment_id: UUID
    booking_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentReceived:
    """Money arrived, fetched from the gateway or counted by hand."""

    payment_id: UUID
    booking_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentReserved:
    """Money is reserved on a card and not taken yet."""

    payment_id: UUID
    booking_id: UUID


@dataclass(frozen=True, slots=True)
class RefundSucceeded:
    """The gateway shows the refund."""

    refund_id: UUID
    booking_id: UUID
