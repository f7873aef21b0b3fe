"""What a fetched gateway object means for our row. Pure: no database, no clock, no network."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import singledispatch

from apps.common.money import from_halalas, to_halalas
from apps.payments import reasons
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayInvoice, GatewayPayment

Status = Payment.Status
# A payment that was refunded had been paid: the gateway keeps one word for both, the totals tell them apart.
MONEY_ARRIVED = frozenset({"paid", "captured", "refunded"})
CLOSED = frozenset({"expired", "canceled", "failed", "voided"})
WITHOUT_MONEY = frozenset({Status.INITIATED, Status.EXPIRED, Status.FAILED, Status.VOIDED})
# How long a payer who has left 3-D Secure may still come back before we call the attempt over.
ABANDONED_AFTER = timedelta(hours=24)
_PLAIN = {
    "initiated": Status.INITIATED,
    "authorized": Status.AUTHORIZED,
    "paid": Status.PAID,
    "captured": Status.CAPTURED,
    "failed": Status.FAILED,
    "voided": Status.VOIDED,
}
_DECLINES = (
    (r"3-?d ?secure|authenticat|\botp\b", Payment.Decline.NOT_AUTHENTICATED),
    (r"insufficient", Payment.Decline.INSUFFICIENT_FUNDS),
    (r"daily", Payment.Decline.DAILY_LIMIT),
    (r"limit|maximum", Payment.Decline.TRANSACTION_LIMIT),
    (r"time", Payment.Decline.TIMED_OUT),
    (r"expired", Payment.Decline.EXPIRED_CARD),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state our row should take, the gateway payment that proves it, and further ones that are too much.

    `decline` is why the payer's last attempt failed; `is_under_way` says that a payer is at it right now.
    """

    status: str
    proof: GatewayPayment | None = None
    surplus: tuple[GatewayPayment, ...] = ()
    problem: str = ""
    decline: str = ""
    is_under_way: bool = False


def judge(payment: Payment, fetched: GatewayInvoice | GatewayPayment, now: datetime) -> Verdict:
    """What `fetched` means for `payment` as it is now. A contradiction is for a person: `review`."""
    verdict = _read(fetched, payment, now)
    if payment.status == Status.REVIEW:
        return Verdict(Status.REVIEW, verdict.proof, problem=payment.failure_reason)
    if payment.status in Payment.SETTLED:
        return replace(verdict, status=payment.status)  # what goes back, and a payment undone, is the refunds' business
    if payment.status == Status.VOIDED and (payment.captured_amount or verdict.status not in Payment.SETTLED):
        return Verdict(Status.VOIDED, verdict.proof, verdict.surplus, payment.failure_reason)
    if verdict.status in (payment.status, Status.REVIEW):
        return verdict
    if verdict.status in Payment.ALLOWED[Status(payment.status)]:
        return verdict
    if verdict.status in WITHOUT_MONEY:
        # Closed here already, and no money in it.
        return Verdict(payment.status, problem=payment.failure_reason, decline=verdict.decline)
    return replace(verdict, status=Status.REVIEW, problem=reasons.IMPOSSIBLE_MOVE)


def reading_of(payment: Payment, seen: GatewayPayment | GatewayInvoice, now: datetime) -> dict[str, object]:
    """What the gateway shows of `payment` now, as the columns that keep it; a link without money shows what it asks."""
    return {
        "checked_at": now,
        "gateway_status": seen.status,
        "gateway_amount": from_halalas(getattr(seen, "captured", 0) or seen.amount),
        "gateway_refunded_amount": returned_there(payment, seen),
    }


def returned_there(payment: Payment, seen: GatewayPayment | GatewayInvoice) -> Decimal:
    """What went back by the gateway's word (SAR): of a payment that was undone all of it, whatever its total says."""
    return payment.captured_amount if seen.status == "voided" else from_halalas(getattr(seen, "refunded", 0))


def decline_of(message: str) -> str:
    """Which of our reasons the gateway's words mean; every unknown one is a plain refusal of the bank."""
    words = message.lower()
    return next((reason for pattern, reason in _DECLINES if re.search(pattern, words)), Payment.Decline.DECLINED)


@singledispatch
def _read(fetched: object, payment: Payment, now: datetime) -> Verdict:
    """Compare owner, amount and currency, then read the state."""
    raise TypeError(type(fetched))


@_read.register
def _(invoice: GatewayInvoice, payment: Payment, now: datetime) -> Verdict:
    if invoice.metadata.get("payment_id") != str(payment.pk):
        return Verdict(Status.REVIEW, problem=reasons.OTHER_OWNER)
    if (invoice.amount, invoice.currency) != (to_halalas(payment.amount), payment.currency):
        return Verdict(Status.REVIEW, problem=reasons.OTHER_LINK_AMOUNT)
    attempts = sorted(invoice.payments, key=lambda one: (one.created_at, one.id))
    arrived = [one for one in attempts if one.status in MONEY_ARRIVED]
    recorded = payment.gateway_payment_id
    proof = next((one for one in arrived if recorded in ("", one.id)), None)
    surplus = tuple(one for one in arrived if one is not proof)
    if proof is not None:
        return replace(_of_amount(payment, proof, Status.PAID), surplus=surplus)
    undone = next((one for one in attempts if one.status == "voided" and recorded in ("", one.id)), None)
    if recorded or (undone is not None and invoice.status != "initiated"):
        # A link that was paid takes no more payers, also when nobody looked before that payment was undone.
        status, problem = (Status.VOIDED, "") if undone else (Status.REVIEW, reasons.PROOF_GONE)
        return Verdict(status, undone, surplus, problem)
    status = Status.EXPIRED if invoice.status in CLOSED else Status.INITIATED
    refused = [one for one in attempts if one.status == "failed"]
    return Verdict(
        status,
        decline=decline_of(refused[-1].message) if refused else "",
        is_under_way=any(one.status == "initiated" for one in attempts),
    )


@_read.register
def _(charge: GatewayPayment, payment: Payment, now: datetime) -> Verdict:
    is_recorded = charge.id == payment.gateway_payment_id
    if not is_recorded and {charge.id, charge.metadata.get("payment_id")} != {str(payment.pk)}:
        return Verdict(Status.REVIEW, problem=reasons.OTHER_OWNER)
    if charge.status == "failed":
        problem = reasons.with_detail(reasons.DECLINED, charge.message)
        return Verdict(Status.FAILED, charge, problem=problem, decline=decline_of(charge.message))
    if charge.status == "initiated" and payment.expires_at and now >= payment.expires_at + ABANDONED_AFTER:
        return Verdict(Status.EXPIRED, charge, problem=reasons.ABANDONED)
    if charge.status == "refunded":
        return _of_amount(payment, charge, Status.CAPTURED if charge.captured else Status.PAID)
    if charge.status not in _PLAIN:
        return Verdict(Status.REVIEW, charge, problem=reasons.with_detail(reasons.UNKNOWN_STATE, charge.status))
    verdict = _of_amount(payment, charge, _PLAIN[charge.status])
    return replace(verdict, is_under_way=charge.status == "initiated")


def _of_amount(payment: Payment, charge: GatewayPayment, status: str) -> Verdict:
    """`status`, if the gateway asked for what we asked for, or for what a person took for good since.

    A coupon of its own or another currency is for a person.
    """
    received = from_halalas(charge.captured or charge.amount)
    is_recorded = payment.status in Payment.SETTLED and payment.captured_amount == received
    if charge.currency != payment.currency or (charge.amount != to_halalas(payment.amount) and not is_recorded):
        return Verdict(Status.REVIEW, charge, problem=reasons.OTHER_AMOUNT_PAID)
    return Verdict(status, charge)
