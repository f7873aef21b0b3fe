"""A price that was shown is kept for ten minutes: the customer carries it, signed, and nothing is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core import signing

from apps.bookings.errors import QuoteInvalid

LIFETIME = timedelta(minutes=10)
SALT = "bookings.quote"


@dataclass(frozen=True, slots=True)
class Quote:
    """A promised price (SAR) for one staff member; once it is no longer open it only says what was shown."""

    staff_id: int
    price_amount: Decimal
    is_open: bool


def make_quote(service, offer, *, now: datetime) -> tuple[str, datetime]:
    """The quote as text, and the moment (aware) until which its price is promised."""
    until = now + LIFETIME
    promise = [service.pk, offer.staff.pk, str(offer.price_amount), until.timestamp()]
    return signing.dumps(promise, salt=SALT), until


def read_quote(text: str, *, service, now: datetime) -> Quote:
    """What the quote `text` promised for `service`. Raises QuoteInvalid."""
    try:
        service_id, staff_id, price, until = signing.loads(text, salt=SALT)
    except signing.BadSignature as error:
        raise QuoteInvalid(field="quote") from error
    if service_id != service.pk:
        raise QuoteInvalid(field="quote")
    return Quote(staff_id, Decimal(price), is_open=now.timestamp() < until)
