"""What a fetched gateway object means for our row. Pure: no database, no clock, no network."""

from dataclasses import dataclass, replace

from apps.common.money import to_halalas
from apps.payments import reasons
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayInvoice, GatewayPayment

Status = Payment.Status
# A payment that was refunded had been paid: the gateway keeps one word for both, the totals tell them apart.
MONEY_ARRIVED = frozenset({"paid", "captured", "refunded"})
CLOSED = frozenset({"expired", "canceled", "failed", "voided"})
WITHOUT_MONEY = frozenset({Status.INITIATED, Status.EXPIRED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state our row should take, the gateway payment that proves money, and further ones that are too much."""

    status: str
    proof: GatewayPayment | None = None
    surplus: tuple[GatewayPayment, ...] = ()
    problem: str = ""


def judge_invoice(payment: Payment, invoice: GatewayInvoice) -> Verdict:
    """What `invoice` means for `payment` as it is now. A contradiction is for a person: `review`."""
    verdict = _read(payment, invoice)
    if payment.status == Status.REVIEW:
        return Verdict(Status.REVIEW, problem=payment.failure_reason)
    if payment.status in Payment.SETTLED:
        return replace(verdict, status=payment.status)
    if verdict.status == payment.status or verdict.status == Status.REVIEW:
        return verdict
    if verdict.status in Payment.ALLOWED[Status(payment.status)]:
        return verdict
    if verdict.status in WITHOUT_MONEY:
        return Verdict(payment.status, problem=payment.failure_reason)  # closed here already, and no money in it
    return replace(verdict, status=Status.REVIEW, problem=reasons.IMPOSSIBLE_MOVE)


def _read(payment: Payment, invoice: GatewayInvoice) -> Verdict:
    """Compare owner, amount and currency, then read the state."""
    if invoice.metadata.get("payment_id") != str(payment.pk):
        return Verdict(Status.REVIEW, problem=reasons.OTHER_OWNER)
    if (invoice.amount, invoice.currency) != (to_halalas(payment.amount), payment.currency):
        return Verdict(Status.REVIEW, problem=reasons.OTHER_LINK_AMOUNT)
    arrived = sorted((p for p in invoice.payments if p.status in MONEY_ARRIVED), key=lambda p: (p.created_at, p.id))
    recorded = payment.gateway_payment_id
    proof = next((p for p in arrived if recorded in ("", p.id)), None)
    surplus = tuple(p for p in arrived if p is not proof)
    if proof is None and recorded:
        return Verdict(Status.REVIEW, surplus=surplus, problem=reasons.PROOF_GONE)
    if proof is None:
        return Verdict(Status.EXPIRED if invoice.status in CLOSED else Status.INITIATED)
    if (proof.amount, proof.currency) != (to_halalas(payment.amount), payment.currency):
        return Verdict(Status.REVIEW, proof, problem=reasons.OTHER_AMOUNT_PAID)
    return Verdict(Status.PAID, proof, surplus)
