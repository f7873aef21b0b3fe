"""What a fetched gateway object means for our row. Pure: no database, no clock, no network."""

from dataclasses import dataclass

from apps.common.money import to_halalas
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayInvoice, GatewayPayment

Status = Payment.Status
# A payment that was refunded had been paid: the gateway keeps one word for both, the totals tell them apart.
MONEY_ARRIVED = frozenset({"paid", "captured", "refunded"})
CLOSED = frozenset({"expired", "canceled", "failed", "voided"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state our row should take, the gateway payment that proves money, and further ones that are too much."""

    status: str
    proof: GatewayPayment | None = None
    surplus: tuple[GatewayPayment, ...] = ()
    problem: str = ""


def judge_invoice(payment: Payment, invoice: GatewayInvoice) -> Verdict:
    """Compare owner, amount and currency, then read the state. A contradiction is for a person: `review`."""
    if invoice.metadata.get("payment_id") != str(payment.pk):
        return Verdict(Status.REVIEW, problem="the invoice belongs to another payment")
    if (invoice.amount, invoice.currency) != (to_halalas(payment.amount), payment.currency):
        return Verdict(Status.REVIEW, problem="the invoice has another amount")
    arrived = sorted((p for p in invoice.payments if p.status in MONEY_ARRIVED), key=lambda p: (p.created_at, p.id))
    if not arrived:
        return Verdict(Status.EXPIRED if invoice.status in CLOSED else Status.INITIATED)
    proof = next((p for p in arrived if p.id == payment.gateway_payment_id), arrived[0])
    if (proof.amount, proof.currency) != (to_halalas(payment.amount), payment.currency):
        return Verdict(Status.REVIEW, proof, problem="another amount was paid")
    return Verdict(Status.PAID, proof, surplus=tuple(p for p in arrived if p is not proof))
