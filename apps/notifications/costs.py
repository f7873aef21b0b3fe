"""What messages cost: as the provider told it, else an estimate from the number of SMS and the price in the settings.

Pure, but for that price: numbers are given. Amounts are Decimal; providers tell up to four places, and no other
currency is turned into ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from apps.common.money import CENT, CURRENCY, from_halalas, round_money
from apps.notifications.models import DeliveryAttempt

Status = DeliveryAttempt.Status
# What a provider did not take costs nothing.
FREE = (Status.REFUSED, Status.UNAVAILABLE)
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Cost:
    """`told` is what providers said by currency, `estimated_parts` are SMS of whose price they said nothing."""

    told: dict[str, Decimal] = field(default_factory=dict)
    estimated_parts: int = 0

    @property
    def is_estimate(self) -> bool:
        return self.estimated_parts > 0

    @property
    def amounts(self) -> dict[str, Decimal]:
        """What it comes to in each currency, the estimate included."""
        if not self.is_estimate:
            return self.told
        ours = self.told.get(CURRENCY, Decimal(0)) + price_of(self.estimated_parts)
        return {**self.told, CURRENCY: ours}

    def __str__(self) -> str:
        """`0.0420 USD`, `≈ 0.20 SAR`, both with a plus between them; "" for nothing."""
        return " + ".join(self._shown(currency, amount) for currency, amount in sorted(self.amounts.items()))

    def _shown(self, currency: str, amount: Decimal) -> str:
        mark = "≈ " if self.is_estimate and currency == CURRENCY else ""
        return mark + display_amount(amount, currency)


def price_of(parts: int) -> Decimal:
    """The price of so many SMS in SAR."""
    return from_halalas(parts * settings.SMS_PRICE_HALALAS)


def display_amount(amount: Decimal, currency: str) -> str:
    """An amount in any currency with two places; one below a unit has four where it needs them."""
    needs_more = abs(amount) < 1 and amount != amount.quantize(CENT)
    shown = f"{amount:,.4f}" if needs_more else f"{round_money(amount):,.2f}"
    if currency == CURRENCY:
        return _("%(amount)s SAR") % {"amount": shown}
    return _("%(amount)s %(currency)s") % {"amount": shown, "currency": currency}


def cost_of(attempts: Iterable[DeliveryAttempt]) -> Cost:
    """What one message cost, by its attempts."""
    return total(
        (attempt.currency if attempt.cost is not None else "", attempt.cost, attempt.segments)
        for attempt in attempts
        if attempt.status not in FREE or attempt.cost is not None
    )


def parts_of(attempts: Iterable[DeliveryAttempt]) -> int:
    """The SMS that were handed to a provider, those in doubt included."""
    return sum(attempt.segments for attempt in attempts if attempt.status not in FREE)


def total(told: Iterable[tuple[str, Decimal | None, int]]) -> Cost:
    """The sum of (currency, amount or None where none was told, SMS)."""
    amounts: dict[str, Decimal] = {}
    estimated = 0
    for currency, amount, parts in told:
        if amount is None:
            estimated += parts
        else:
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    return Cost(amounts, estimated)
