"""The other side of the story: what the payment stand-in's ledger holds, so that it knows every seeded payment.

Without it, a refund of a seeded payment would be refused and every open link would look like one that never was.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from apps.common.money import to_halalas
from apps.payments.models import Payment
from apps.payments.standin.cards import APPROVED_CARD, DECLINED_CARD, judge_card
from apps.payments.standin.clock import Clock, stamp
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.payments import Payments
from apps.payments.standin.settlements import Settlements
from apps.payments.standin.switches import Switches
from apps.payments.standin.webhooks import Webhooks

Json = dict[str, Any]
Status = Payment.Status
# An invoice stays open until a card was charged under it, also when that was undone later.
INVOICE_STATES: dict[str, str] = {
    Status.EXPIRED: "expired",
    Status.PAID: "paid",
    Status.VOIDED: "paid",
    Status.REVIEW: "paid",
}
CARD_STATES: dict[str, str] = {
    Status.AUTHORIZED: "authorized",
    Status.CAPTURED: "captured",
    Status.VOIDED: "voided",
    Status.FAILED: "failed",
}


class SeededGateway:
    """Collects what the gateway knows better than our books, then writes a ledger from both."""

    def __init__(self) -> None:
        self._refunded: dict[object, int] = {}
        self._charged: dict[object, int] = {}
        self._links: dict[object, str] = {}
        self._strangers: list[tuple[str, int, datetime]] = []
        self._refused: list[tuple[str, Payment, datetime]] = []
        self._paid_out: list[tuple[Payment, str, int]] = []

    def made_link(self, payment: Payment, invoice_id: str) -> None:
        """The gateway has a link for this payment; its answer did not reach us."""
        self._links[payment.pk] = invoice_id

    def refunded_really(self, payment: Payment, halalas: int) -> None:
        """The gateway gave back this total, whatever our row says."""
        self._refunded[payment.pk] = halalas

    def charged_really(self, payment: Payment, halalas: int) -> None:
        """The card was charged with this amount, whatever our row asked for."""
        self._charged[payment.pk] = halalas

    def knows_alone(self, payment_id: str, halalas: int, at: datetime) -> None:
        """A payment we have no row for."""
        self._strangers.append((payment_id, halalas, at))

    def refused(self, payment_id: str, payment: Payment, at: datetime) -> None:
        """The bank refused a card under the link of this payment."""
        self._refused.append((payment_id, payment, at))

    def paid_out(self, payment: Payment, kind: str, halalas: int) -> None:
        """A line of the settlement paid out last; of `kind` as the gateway names it."""
        self._paid_out.append((payment, kind, halalas))

    def write(self, file: Path, payments: list[Payment]) -> None:
        """Make `file` anew. No stand-in has it open."""
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(file)
        clock, switches = Clock(), Switches()
        maker = Payments(ledger, clock, switches, Webhooks(ledger, clock, switches), lambda: "")
        with ledger.transaction():
            for payment in payments:
                if invoice_id := payment.gateway_invoice_id or self._links.get(payment.pk):
                    ledger.invoices.add(invoice_body(payment, invoice_id))
                if payment.gateway_payment_id:
                    ledger.payments.add(self._card_payment(maker, payment))
            for payment_id, halalas, at in self._strangers:
                body = _attempt(maker, payment_id, halalas)
                ledger.payments.add(body | {"status": "paid"} | _times(at, at))
            for payment_id, payment, at in self._refused:
                amount, invoice = to_halalas(payment.amount), payment.gateway_invoice_id
                body = _attempt(maker, payment_id, amount, invoice_id=invoice, card=DECLINED_CARD)
                ledger.payments.add(body | {"status": "failed"} | _times(at, at))
            settlements = Settlements(ledger, clock)
            for payment, kind, halalas in self._paid_out:
                settlements.add_line(settlements.new_line(payment.gateway_payment_id, kind, halalas))
        ledger.close()

    def _card_payment(self, maker: Payments, payment: Payment) -> Json:
        amount = self._charged.get(payment.pk, to_halalas(payment.amount))
        refunded = self._refunded.get(payment.pk, to_halalas(payment.refunded_amount))
        captured = to_halalas(payment.captured_amount) if payment.is_charge else 0
        is_undone = payment.status == Status.VOIDED
        status = "refunded" if refunded and not is_undone else CARD_STATES.get(payment.status, "paid")
        refunded = 0 if is_undone else refunded
        made: Any = payment.authorized_at or payment.paid_at or payment.checked_at
        amounts = {"amount": amount, "refunded": refunded, "captured": captured}
        shown = {f"{name}_format": riyals(value) for name, value in amounts.items()}
        card = DECLINED_CARD if payment.status == Status.FAILED else APPROVED_CARD
        body = _attempt(maker, payment.gateway_payment_id, amount, payment, payment.gateway_invoice_id, card)
        return body | amounts | shown | {"status": status} | _times(made, payment.updated_at)


def invoice_body(payment: Payment, invoice_id: str) -> Json:
    """The gateway's invoice behind a payment link of ours."""
    amount = to_halalas(payment.amount)
    until: Any = payment.expires_at
    return {
        "id": invoice_id,
        "status": INVOICE_STATES.get(payment.status, "initiated"),
        "amount": amount,
        "currency": payment.currency,
        "description": f"{payment.booking.service_name_ar} {payment.booking.display_reference}",
        "logo_url": None,
        "amount_format": riyals(amount),
        "callback_url": None,
        "expired_at": stamp(until),
        "back_url": None,
        "success_url": None,
        "metadata": _metadata(payment),
    } | _times(payment.created_at, payment.updated_at)


def event_of(event_id: str, kind: str, payment: Payment, at: datetime) -> Json:
    """A webhook's content as we keep it: without the shared secret."""
    data = {
        "id": payment.gateway_payment_id,
        "status": kind.removeprefix("payment_"),
        "amount": to_halalas(payment.amount),
        "refunded": to_halalas(payment.refunded_amount),
        "currency": payment.currency,
        "invoice_id": payment.gateway_invoice_id,
    }
    about = {"id": event_id, "type": kind, "created_at": stamp(at), "account_name": "Stand-in", "live": False}
    return about | {"data": data}


def riyals(halalas: int) -> str:
    """An amount as the gateway shows it."""
    return f"{halalas // 100}.{halalas % 100:02} SAR"


def _attempt(
    maker: Payments,
    payment_id: str,
    amount: int,
    payment: Payment | None = None,
    invoice_id: str | None = None,
    card: str = APPROVED_CARD,
) -> Json:
    """One attempt by card; `payment` is the row that charged a wallet, which says so in the metadata."""
    is_charge = payment is not None and payment.is_charge
    return maker.new(
        amount=amount,
        currency="SAR",
        description=None,
        metadata=_metadata(payment) if payment is not None and is_charge else None,
        source=judge_card(card).source(payment.source if payment is not None and is_charge else "creditcard"),
        payment_id=payment_id,
        invoice_id=invoice_id or None,
    )


def _metadata(payment: Payment) -> Json:
    return {"payment_id": str(payment.pk), "booking": payment.booking.reference}


def _times(created: datetime, updated: datetime) -> Json:
    return {"created_at": stamp(created), "updated_at": stamp(updated)}
