"""What the page of a booking and the calendar ask about money.

Money belongs to an app above this one. It answers the questions here, as the object (or module) it hands to
`answer_with`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from apps.bookings.story import Button


class Paid(StrEnum):
    """How much of the price has come."""

    FULLY = "paid"
    PARTLY = "partly"
    NOT = "unpaid"


@dataclass(frozen=True, slots=True)
class Account:
    """Where a booking stands, in SAR: received and kept, reserved on a card, on its way back, missing of the price.

    `due` is what a payment link made now would ask for, zero where none can be made. `link` is the address of the open
    one, valid until `link_until`. `refund` opens the refund of the one payment that can go back, for a reader who may.
    """

    kept: Decimal
    reserved: Decimal
    going_back: Decimal
    missing: Decimal
    due: Decimal
    link: str = ""
    link_until: datetime | None = None
    refund: Button | None = None
    take: str = ""


class Money(Protocol):
    """What the keeper of money answers."""

    def account_of(self, booking: Any, *, reader: Any) -> Account | None:
        """Where `booking` stands; None for a reader who may not see its payments."""

    def received_for(self, bookings: Iterable[Any], *, reader: Any) -> Mapping[UUID, Decimal]:
        """What came or is reserved for each of `bookings` (rows) and does not go back, in SAR; in one query.

        Without the bookings whose payments `reader` may not see.
        """

    def spent_by(self, card: Any) -> Decimal:
        """What the customer of a salon's `card` paid there and did not get back."""

    def returned_for(self, booking: Any, *, fee: Decimal) -> Decimal:
        """What goes back to the customer when `booking` is cancelled for this `fee`."""

    def make_link(self, *, actor: Any, booking_id: Any) -> str:
        """The address of a payment link for what is due now; the open one while it fits. The customer is told.

        Raises: Forbidden, and what stands in the way of a payment.
        """


def answer_with(keeper: Money) -> None:
    """Name who keeps the money. Called in `AppConfig.ready`."""
    _keepers[:] = [keeper]


def money() -> Money:
    """Who keeps the money."""
    [keeper] = _keepers
    return keeper


def paid_of(booking: Any, received: Mapping[UUID, Decimal]) -> Paid | None:
    """How `booking` stands, where `Money.received_for` answered `received`; None for who may not know."""
    amount = received.get(booking.pk)
    if amount is None:
        return None
    if amount >= booking.price_amount:
        return Paid.FULLY
    return Paid.PARTLY if amount > 0 else Paid.NOT


_keepers: list[Money] = []
