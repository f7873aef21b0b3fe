"""Money has arrived, or has not: our row follows the fetched invoice, and everything else follows our row."""

from django.db import transaction
from django.utils import timezone

from apps.bookings.locks import lock_visit
from apps.bookings.services import confirm_paid_booking
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.money import from_halalas
from apps.payments import reasons
from apps.payments.events import PaymentLinkReady, PaymentReceived
from apps.payments.locks import lock_payment
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayInvoice
from apps.payments.selectors import kept_amount
from apps.payments.services.refunds import return_money_of
from apps.payments.services.tax import issue_invoice
from apps.payments.verdicts import Verdict, judge_invoice

Status = Payment.Status


@transaction.atomic
def apply_invoice(payment_id, invoice: GatewayInvoice):
    """Bring our row to what the fetched `invoice` says, with everything that follows from it. Returns the Payment.

    The same invoice again changes nothing. Publishes: PaymentLinkReady, PaymentReceived.
    """
    lock_visit(Payment.objects.values_list("booking_id", flat=True).get(pk=payment_id))
    payment = lock_payment(payment_id)
    verdict = _ensure_unclaimed(payment, judge_invoice(payment, invoice))
    is_new = verdict.status != payment.status

    _take_over(payment, invoice, verdict)

    if is_new and verdict.status == Status.INITIATED:
        publish(PaymentLinkReady(payment.pk, payment.booking_id))
    if is_new and verdict.status == Status.PAID:
        settle(payment)
    for extra in verdict.surplus:
        _record_surplus(payment, extra)
    payment.refresh_from_db()  # money may be on its way back by now
    return payment


def settle(payment):
    """What follows from money that arrived: its invoice, the firm booking, the news; or its way back."""
    issue_invoice(payment)
    publish(PaymentReceived(payment.pk, payment.booking_id))
    if not confirm_paid_booking(booking_id=payment.booking_id):
        return_money_of(payment, amount=payment.captured_amount, reason=reasons.TIME_GONE)
        return
    too_much = kept_amount(payment.booking) - payment.booking.price_amount
    if too_much > 0:
        return_money_of(payment, amount=min(too_much, payment.captured_amount), reason=reasons.MORE_THAN_DUE)


def _ensure_unclaimed(payment, verdict):
    """One payment at the gateway pays one booking."""
    if verdict.proof is None or payment.gateway_payment_id == verdict.proof.id:
        return verdict
    if not Payment.objects.filter(gateway_payment_id=verdict.proof.id).exists():
        return verdict
    return Verdict(Status.REVIEW, problem=reasons.PAID_ELSEWHERE)


def _take_over(payment, invoice, verdict):
    """Write what is new; a reading that shows nothing new leaves no history."""
    values = {"status": verdict.status, "failure_reason": verdict.problem}
    if verdict.status != Status.REVIEW or not payment.gateway_invoice_id:
        values |= {"gateway_invoice_id": invoice.id, "payment_url": invoice.url}
    if verdict.proof is not None:
        values["gateway_payment_id"] = verdict.proof.id
    if verdict.status == Status.PAID and payment.status != Status.PAID:
        values |= {"captured_amount": from_halalas(verdict.proof.amount), "paid_at": timezone.now()}
    changes = {name: value for name, value in values.items() if getattr(payment, name) != value}

    payment.checked_at = timezone.now()
    for name, value in changes.items():
        setattr(payment, name, value)
    if changes:
        reason = verdict.problem or reasons.with_detail(reasons.READ, invoice.status)
        save_as(payment, actor=None, reason=reason, update_fields=["checked_at", *changes])
    else:
        Payment.objects.filter(pk=payment.pk).update(checked_at=payment.checked_at, updated_at=payment.checked_at)


def _record_surplus(payment, extra):
    """A second payment under one link (two tabs): kept as a row of its own and sent back in full."""
    if Payment.objects.filter(gateway_payment_id=extra.id).exists():
        return
    amount = from_halalas(extra.amount)
    surplus = Payment(
        salon=payment.salon,
        booking=payment.booking,
        status=Status.PAID,
        amount=amount,
        captured_amount=amount,
        gateway_payment_id=extra.id,
        paid_at=timezone.now(),
    )
    save_as(surplus, actor=None, reason=reasons.PAID_TWICE)
    return_money_of(surplus, amount=amount, reason=reasons.PAID_TWICE)
