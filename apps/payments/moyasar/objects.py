"""The gateway's objects, read strictly: a body that contradicts itself is refused as a whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_AMOUNT = 10**12
SETTLED = frozenset({"paid", "captured"})


class Unusable(Exception):
    """The answer cannot be trusted; the text names the field."""


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """A payment as the gateway tells it, amounts in halalas. An unknown status is kept as told.

    `captured` stays 0 for an ordinary card payment; `refunded` is the running total of all refunds.
    `transaction_url` is where the payer of an `initiated` token payment must go. `message` and `response_code` say
    why a charge failed; `source_type` is `creditcard`, `token`, `applepay`, `stcpay` or another word of the gateway's.
    """

    id: str
    status: str
    amount: int
    currency: str
    captured: int
    refunded: int
    invoice_id: str | None
    metadata: Mapping[str, str]
    message: str
    created_at: datetime
    updated_at: datetime
    transaction_url: str | None = None
    response_code: str = ""
    source_type: str = ""

    @property
    def voided(self) -> bool:
        """Undone as a whole before it was settled."""
        return self.status == "voided"


@dataclass(frozen=True, slots=True)
class GatewayInvoice:
    """A hosted payment link. `payments` holds failed attempts too, and may hold two paid ones."""

    id: str
    status: str
    amount: int
    currency: str
    url: str
    expires_at: datetime | None
    metadata: Mapping[str, str]
    payments: tuple[GatewayPayment, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the gateway paid out in one transfer, in halalas: `amount` arrived, after `fee` (with tax) was kept."""

    id: str
    currency: str
    amount: int
    fee: int
    tax: int
    reference: str
    settlement_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One line of a settlement, in halalas: `payment_amount` of the whole payment, `amount` net, negative when it left.

    `type` is `payment`, `refund`, `void`, `chargeback` or another word of the gateway's, kept as told. A line of fees
    or duties may name no payment.
    """

    payment_id: str | None
    type: str
    currency: str
    payment_amount: int
    amount: int
    fee: int
    tax: int
    reference_number: str
    created_at: datetime


def read_payment(told: Any) -> GatewayPayment:
    """Build a payment from its JSON object. Raise Unusable."""
    ensure(isinstance(told, dict), "payment")
    source = told.get("source") or {}
    ensure(isinstance(source, dict), "source")
    payment = GatewayPayment(
        id=_text(told, "id"),
        status=_text(told, "status"),
        amount=_halalas(told, "amount"),
        currency=_currency(told),
        captured=_halalas(told, "captured"),
        refunded=_halalas(told, "refunded"),
        invoice_id=None if told.get("invoice_id") is None else _text(told, "invoice_id"),
        metadata=_metadata(told),
        message=clean(source.get("message")),
        created_at=_moment(told, "created_at"),
        updated_at=_moment(told, "updated_at"),
        transaction_url=_address(source, "transaction_url") if source.get("transaction_url") else None,
        response_code=clean(source.get("response_code")),
        source_type=clean(source.get("type")),
    )
    ensure(payment.captured <= payment.amount, "captured")
    ensure(payment.refunded <= (payment.captured or payment.amount), "refunded")
    return payment


def read_invoice(told: Any) -> GatewayInvoice:
    """Build an invoice with its payments from its JSON object. Raise Unusable."""
    ensure(isinstance(told, dict), "invoice")
    invoice = GatewayInvoice(
        id=_text(told, "id"),
        status=_text(told, "status"),
        amount=_halalas(told, "amount"),
        currency=_currency(told),
        url=_address(told, "url"),
        expires_at=None if told.get("expired_at") is None else _moment(told, "expired_at"),
        metadata=_metadata(told),
        payments=tuple(read_payment(item) for item in read_list(told, "payments")),
    )
    ensure(all(payment.invoice_id in (None, invoice.id) for payment in invoice.payments), "payments")
    return invoice


def read_settlement(told: Any) -> Settlement:
    """Build a settlement from its JSON object. Raise Unusable."""
    ensure(isinstance(told, dict), "settlement")
    return Settlement(
        id=_text(told, "id"),
        currency=_currency(told),
        amount=_signed(told, "amount"),
        fee=_signed(told, "fee"),
        tax=_signed(told, "tax"),
        reference=clean(told.get("reference")),
        settlement_count=_halalas(told, "settlement_count"),
        created_at=_moment(told, "created_at"),
    )


def read_settlement_line(told: Any) -> SettlementLine:
    """Build a line of a settlement from its JSON object. Raise Unusable."""
    ensure(isinstance(told, dict), "line")
    return SettlementLine(
        payment_id=None if told.get("payment_id") is None else _text(told, "payment_id"),
        type=_text(told, "type"),
        currency=_currency(told),
        payment_amount=0 if told.get("payment_amount") is None else _halalas(told, "payment_amount"),
        amount=_signed(told, "amount"),
        fee=_signed(told, "fee"),
        tax=_signed(told, "tax"),
        reference_number=clean(told.get("reference_number")),
        created_at=_moment(told, "created_at"),
    )


def read_list(told: dict[str, Any], key: str) -> list[Any]:
    items = told.get(key)
    if not isinstance(items, list):
        raise Unusable(key)
    return items


def clean(text: object) -> str:
    """Someone else's text made fit for a log line and a table cell: printable, one line, 500 characters."""
    words = text if isinstance(text, str) else ""
    return "".join(letter if letter.isprintable() else " " for letter in words[:500])


def stamp(moment: datetime) -> str:
    """The gateway's spelling of an aware moment; a naive one is a programming error."""
    if moment.tzinfo is None:
        raise ValueError("The gateway needs moments with a time zone.")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ensure(sound: bool, what: str) -> None:  # noqa: FBT001
    if not sound:
        raise Unusable(what)


def _text(told: dict[str, Any], key: str) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= 64 or value != clean(value):
        raise Unusable(key)
    return value


def _halalas(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    if type(value) is not int or not 0 <= value <= MAX_AMOUNT:
        raise Unusable(key)
    return value


def _signed(told: dict[str, Any], key: str) -> int:
    """An amount of a settlement: what left it is negative."""
    value = told.get(key)
    if type(value) is not int or abs(value) > MAX_AMOUNT:
        raise Unusable(key)
    return value


def _currency(told: dict[str, Any]) -> str:
    value = _text(told, "currency")
    ensure(re.fullmatch("[A-Z]{3}", value) is not None, "currency")
    return value


def _moment(told: dict[str, Any], key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(told[key])
        ensure(moment.tzinfo is not None, key)
        return moment.astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Unusable(key) from None


def _address(told: dict[str, Any], key: str) -> str:
    value = told.get(key)
    if not isinstance(value, str) or re.fullmatch(r"https?://[!-~]{1,2000}", value) is None:
        raise Unusable(key)
    return value


def _metadata(told: dict[str, Any]) -> dict[str, str]:
    """The gateway gives numbers back as numbers; keys and values are text to us."""
    metadata = told.get("metadata") or {}
    ensure(isinstance(metadata, dict), "metadata")
    return {key: str(value) for key, value in metadata.items() if value is not None}
