"""Money has arrived, or has not: our row follows the fetched object, and everything else follows our row."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from apps.bookings.locks import lock_visit
from apps.bookings.services import confirm_paid_booking, extend_hold
from apps.common.events import publish
from apps.common.money import from_halalas
from apps.payments import reasons
from apps.payments.events import PaymentLinkReady, PaymentReceived, PaymentReserved
from apps.payments.journal import keep
from apps.payments.locks import lock_payment
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayInvoice, GatewayPayment
from apps.payments.selectors import kept_amount, price_owed
from apps.payments.services.refunds import return_money_of
from apps.payments.services.sending import take_in
from apps.payments.services.tax import issue_invoice
from apps.payments.verdicts import Verdict, judge, reading_of

Status = Payment.Status
# What a payer at the bank's page gets beyond the hold, once.
TIME_TO_FINISH = timedelta(minutes=10)
# A reading that shows nothing new is repeated after these, then hourly.
PAUSES = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
HOURLY = timedelta(hours=1)
# Before a hold ends its payment is read once more; passes run every minute.
BEFORE_THE_END = timedelta(seconds=90)


@transaction.atomic
def apply_fetched(payment_id, fetched: GatewayInvoice | GatewayPayment, *, only_from=None):
    """Bring our row to what the gateway showed, with everything that follows from it. Returns the Payment.

    The same object again changes nothing, nor one for a row that has left the state `only_from`.
    Publishes: PaymentLinkReady, PaymentReserved, PaymentReceived.
    """
    lock_visit(Payment.objects.values_list("booking_id", flat=True).get(pk=payment_id))
    payment = lock_payment(payment_id)
    if only_from is not None and payment.status != only_from:
        return payment
    verdict = _ensure_unclaimed(payment, judge(payment, fetched, timezone.now()))
    is_new = verdict.status != payment.status

    _take_over(payment, fetched, verdict)

    if verdict.is_under_way and payment.expires_at:
        # Of the first attempt: a later one was made under a hold that may be extended already.
        ends_at = Payment.objects.filter(booking=payment.booking_id).aggregate(first=Min("expires_at"))["first"]
        until = ends_at + TIME_TO_FINISH
        extend_hold(booking_id=payment.booking_id, until=until, reason=reasons.PAYER_AT_IT)
    if is_new and verdict.status in _CONSEQUENCES:
        _CONSEQUENCES[verdict.status](payment)
    elif payment.captured_amount:
        take_in(payment, payment.gateway_refunded_amount)
    for extra in verdict.surplus:
        _record_surplus(payment, extra)
    payment.refresh_from_db()  # money may be on its way back by now
    return payment


def settle(payment):
    """What follows from money that arrived: its invoice, the firm booking, the news; or its way back."""
    issue_invoice(payment)
    publish(PaymentReceived(payment.pk, payment.booking_id))
    booking = payment.booking
    # A person took a smaller amount for good: the hold waits for the rest.
    is_short = booking.awaits_payment and kept_amount(booking) < booking.prepay_amount
    is_firm = not is_short and confirm_paid_booking(booking_id=payment.booking_id)
    if payment.gateway_refunded_amount:
        # Before it is counted what has to go back: that writes to a row of its own, and this one is old then.
        take_in(payment, payment.gateway_refunded_amount)
    booking.refresh_from_db()
    too_much = kept_amount(booking) - price_owed(booking)
    if too_much > 0:
        reason = reasons.MORE_THAN_DUE if is_firm else reasons.TIME_GONE
        return_money_of(payment, amount=min(too_much, payment.captured_amount), reason=reason)


def pause_before_reading_again(payment, count):
    """After how long a payment read `count` times in vain is read again: growing; once more before its hold ends."""
    pause = PAUSES[count] if count < len(PAUSES) else HOURLY
    if payment.booking.awaits_payment:
        before_the_end = payment.booking.hold_expires_at - BEFORE_THE_END - timezone.now()
        if timedelta(0) < before_the_end < pause:
            return before_the_end
    return pause


def _announce_link(payment):
    if not payment.is_charge:
        publish(PaymentLinkReady(payment.pk, payment.booking_id))


def _announce_reserved(payment):
    publish(PaymentReserved(payment.pk, payment.booking_id))


_CONSEQUENCES = {
    Status.INITIATED: _announce_link,
    Status.AUTHORIZED: _announce_reserved,
    Status.PAID: settle,
    Status.CAPTURED: settle,
}


def _ensure_unclaimed(payment, verdict):
    """One payment at the gateway pays one booking."""
    if verdict.proof is None or payment.gateway_payment_id == verdict.proof.id:
        return verdict
    if not Payment.objects.filter(gateway_payment_id=verdict.proof.id).exists():
        return verdict
    return Verdict(Status.REVIEW, problem=reasons.PAID_ELSEWHERE)


def _take_over(payment, fetched, verdict):
    """Write what is new; a reading that shows nothing new leaves no history."""
    now = timezone.now()
    values = {"status": verdict.status, "failure_reason": verdict.problem, "decline": verdict.decline}
    if verdict.status != Status.REVIEW or not payment.gateway_invoice_id:
        values |= _addresses(fetched)
    if verdict.proof is not None:
        values["gateway_payment_id"] = verdict.proof.id
    if verdict.status != payment.status:
        values |= _received(verdict, now)
    changes = {name: value for name, value in values.items() if getattr(payment, name) != value}
    reading = _reading(payment, fetched, verdict, now)
    for name, value in (changes | reading).items():
        setattr(payment, name, value)
    if changes:
        reason = verdict.problem or reasons.with_detail(reasons.READ, fetched.status)
        keep(payment, actor=None, reason=reason, update_fields=[*reading, *changes])
    else:
        Payment.objects.filter(pk=payment.pk).update(updated_at=now, **reading)


def _reading(payment, fetched, verdict, now):
    """What the gateway shows now, and when to look again."""
    is_waiting = verdict.status in (*Payment.OPEN, Status.AUTHORIZED)
    count = payment.check_count + 1 if is_waiting and verdict.status == payment.status else 0
    following = now + pause_before_reading_again(payment, count) if is_waiting else None
    planned = {"next_check_at": following, "check_count": count}
    if verdict.proof is None and payment.captured_amount:
        return planned | {"checked_at": now}  # a link tells nothing about the money that came under it before
    return planned | reading_of(payment, verdict.proof or fetched, now)


def _addresses(fetched):
    if isinstance(fetched, GatewayInvoice):
        return {"gateway_invoice_id": fetched.id, "payment_url": fetched.url}
    return {"gateway_payment_id": fetched.id, "payment_url": fetched.transaction_url or ""}


def _received(verdict, now):
    """The amounts and moments of a state that is new."""
    if verdict.status == Status.AUTHORIZED:
        return {"authorized_at": now}
    if verdict.status in Payment.SETTLED:
        return {"captured_amount": from_halalas(verdict.proof.captured or verdict.proof.amount), "paid_at": now}
    return {}


def _record_surplus(payment, extra):
    """A second payment under one link (two tabs): kept as a row of its own and sent back in full."""
    if Payment.objects.filter(gateway_payment_id=extra.id).exists():
        return
    amount = from_halalas(extra.captured or extra.amount)
    surplus = Payment(
        salon=payment.salon,
        booking=payment.booking,
        source=Payment.Source.LINK,
        status=Status.PAID,
        amount=amount,
        captured_amount=amount,
        gateway_payment_id=extra.id,
        paid_at=timezone.now(),
    )
    for name, value in reading_of(surplus, extra, timezone.now()).items():
        setattr(surplus, name, value)
    keep(surplus, actor=None, reason=reasons.PAID_TWICE)
    return_money_of(surplus, amount=amount, reason=reasons.PAID_TWICE)
