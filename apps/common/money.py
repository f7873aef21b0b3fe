"""Money is a Decimal with two places in SAR; VAT is taken out of the gross price once and never recomputed."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

CURRENCY = "SAR"
CENT = Decimal("0.01")
VAT_RATE = Decimal("15.00")
# The gateway takes no smaller amount (Moyasar's reference: 100 halalas).
LEAST_ONLINE = Decimal("1.00")


def round_money(value: Decimal) -> Decimal:
    """`value` (Decimal) rounded half up to two places, as the Saudi tax authority does."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def vat_included(gross: Decimal, rate: Decimal) -> Decimal:
    """The VAT inside a `gross` price at `rate` percent: gross minus the rounded net, so that both parts add up.

    Computing it from the rounded net is wrong for 261 of the whole-riyal prices from 1 to 2,000.
    """
    net = round_money(gross / (1 + rate / 100))
    return gross - net


def percentage(amount: Decimal, percent: int) -> Decimal:
    """`percent` (0–100) of `amount`, rounded half up once."""
    return round_money(amount * Decimal(percent) / 100)


def to_halalas(amount: Decimal) -> int:
    """Integer halalas for the gateway; raises ValueError for an amount with more than two places."""
    halalas = amount * 100
    if halalas != halalas.to_integral_value():
        raise ValueError(f"{amount} has more than two decimal places")
    return int(halalas)


def from_halalas(halalas: int) -> Decimal:
    """The Decimal amount of an integer number of halalas."""
    return (Decimal(halalas) / 100).quantize(CENT)


def display_money(amount: Decimal) -> str:
    """Amount with its currency in the active language: `345.50 SAR` or `345.50 ر.س`."""
    return _("%(amount)s SAR") % {"amount": f"{amount:,.2f}"}
