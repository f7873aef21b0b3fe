"""Giving money back, through a gateway that has no refund ids and no key against doubles: only a running total.

So one refund is in flight per payment, its amount is reserved before anything is sent, and the total read before
sending is the watermark that later tells whether it was carried out.
"""

import logging
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.services import ensure_proven
from apps.bookings.locks import lock_booking
from apps.bookings.models import Booking
from apps.common.errors import Conflict, Forbidden, ensure_transition
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.money import from_halalas, to_halalas
from apps.payments import reasons
from apps.payments.errors import AmountInvalid, OwnBooking, RefundExceedsPaid, RefundInProgress, SecondPersonNeeded
from apps.payments.events import RefundSucceeded
from apps.payments.locks import lock_payment, lock_refund
from apps.payments.models import Payment, Refund
from apps.payments.moyasar import GatewayError, GatewayOutcomeUnknown
from apps.payments.selectors import gateway
from apps.payments.services.tax import issue_credit_note

logger = logging.getLogger(__name__)

Status = Refund.Status
ONLINE = Payment.Method.ONLINE
# No answer to one send outlives this: connect and read timeouts together are far shorter.
SENDING_LEASE = timedelta(minutes=2)
# How long a total must stay unchanged until an unanswered refund counts as not carried out.
QUIET = timedelta(minutes=15)


@transaction.atomic
def request_refund(*, actor, payment_id, amount, reason, nonce=None):
    """Reserve `amount` (SAR) of a payment for its way back. The same `nonce` again returns the same Refund.

    Up to the salon's limit it is approved with the request, above it waits for a second person. Whoever asks then
    calls `send_refund`. Raises: Forbidden, OwnBooking, AmountInvalid, RefundExceedsPaid, RefundInProgress, Conflict.
    """
    payment = lock_payment(payment_id)
    _ensure_may(actor, "payments.add_refund", payment)
    if nonce and (same := Refund.objects.filter(nonce=nonce).first()):
        if same.payment_id != payment.pk:
            raise Conflict
        return same
    _ensure_refundable(payment, amount)

    within_limit = _is_within_limit(payment, amount) and actor.has_perm("payments.approve_refund", payment)
    refund = Refund(
        salon=payment.salon,
        payment=payment,
        amount=amount,
        reason=reason,
        requested_by=actor,
        status=Status.APPROVED if within_limit else Status.REQUESTED,
        approved_by=actor if within_limit else None,
        **({"nonce": nonce} if nonce else {}),
    )
    return _reserve(payment, refund, actor)


@transaction.atomic
def approve_refund(*, actor, refund_id, proven_at=None):
    """A second person agrees; then call `send_refund`. `proven_at` is when they last proved who they are (None: never).

    Raises: Forbidden, OwnBooking, SecondPersonNeeded, ProofNeeded above the salon's limit, InvalidTransition.
    """
    payment, refund = lock_refund(refund_id)
    _ensure_may(actor, "payments.approve_refund", payment)
    if refund.requested_by_id == actor.pk:
        raise SecondPersonNeeded
    _ensure_proven_above_limit(refund, proven_at)

    refund.approved_by = actor
    return _change(refund, Status.APPROVED, actor=actor, reason=refund.reason, fields=["approved_by"])


@transaction.atomic
def reject_refund(*, actor, refund_id, reason):
    """The answer is no: nothing moves, the amount is free again. Raises: Forbidden, OwnBooking, InvalidTransition."""
    payment, refund = lock_refund(refund_id)
    _ensure_may(actor, "payments.approve_refund", payment)
    ensure_transition(refund, Status.FAILED, allowed={Status.REQUESTED: {Status.FAILED}})

    refund.failure_reason = reasons.with_detail(reasons.REJECTED, reason)
    _change(refund, Status.FAILED, actor=actor, reason=reason, fields=["failure_reason"])
    _release(payment, refund, actor=actor, reason=reason)
    _return_what_is_owed_after_commit(payment)
    return refund


@transaction.atomic
def return_money_of(payment, *, amount, reason, actor=None):
    """Money that must go back by the rules (a cancelled booking, a second payment): approved, and sent after commit.

    At most what is refundable; None when that is nothing or a refund is on its way already. What was taken by hand
    waits, approved, until a person has handed it over.
    """
    payment = lock_payment(payment.pk)
    amount = min(amount, payment.refundable_amount)
    if amount <= 0 or payment.refunds.open().exists():
        return None
    refund = Refund(
        salon=payment.salon,
        payment=payment,
        amount=amount,
        reason=reason,
        requested_by=actor,
        status=Status.APPROVED,
    )
    _reserve(payment, refund, actor)
    if payment.method == ONLINE:
        transaction.on_commit(lambda: send_refund(refund_id=refund.pk), robust=True)
    return refund


@transaction.atomic
def return_what_is_owed(*, booking_id, reason=reasons.BOOKING_CANCELLED, actor=None):
    """What was paid beyond the price, or of a cancelled booking beyond the fee, goes back; newest payment first.

    Returns Refunds.
    """
    booking = lock_booking(booking_id)
    if booking.status == Booking.Status.EXPIRED:
        return []
    is_off = booking.status == Booking.Status.CANCELLED
    keep, refunds = booking.cancellation_fee_amount if is_off else booking.price_amount, []
    for payment in Payment.objects.filter(booking=booking).settled().order_by("created_at", "pk"):
        kept_of_this = min(keep, payment.refundable_amount)
        keep -= kept_of_this
        amount = payment.refundable_amount - kept_of_this
        refunds.append(return_money_of(payment, amount=amount, reason=reason, actor=actor))
    return [refund for refund in refunds if refund]


def carry_out_refund(*, actor, refund_id, proven_at=None):
    """A person sends an approved refund, or says that they handed the money over. Returns the Refund as `send_refund`.

    Raises: Forbidden, OwnBooking, ProofNeeded above the salon's limit.
    """
    refund = Refund.objects.select_related("salon", "payment__booking__customer").get(pk=refund_id)
    _ensure_may(actor, "payments.approve_refund", refund.payment)
    _ensure_proven_above_limit(refund, proven_at)
    return send_refund(refund_id=refund_id, actor=actor)


def send_refund(*, refund_id, actor=None):
    """Carry out an approved refund; returns the Refund with the truth as far as it is known, whatever the gateway does.

    Read the total, note it as the watermark, send once, read the answer. Money taken by hand counts as handed over by
    `actor`. Publishes: RefundSucceeded.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != Status.APPROVED:
        return refund
    if refund.payment.method != ONLINE:
        return _settle(refund_id, after=None, actor=actor)
    gateway_id, client = refund.payment.gateway_payment_id, gateway()
    try:
        before = from_halalas(client.fetch_payment(gateway_id).refunded)
    except GatewayError as error:
        logger.warning("refund %s waits, the payment could not be read: %s", refund_id, error)
        return refund
    if not _mark_sending(refund_id, before):
        return Refund.objects.get(pk=refund_id)
    try:
        answer = client.refund_payment(gateway_id, to_halalas(refund.amount))
    except GatewayOutcomeUnknown as error:
        return _fall_back(refund_id, Status.UNKNOWN, reasons.of_failure(error))
    except GatewayError as error:
        return _judge_refusal(refund_id, client, gateway_id, reasons.of_failure(error))
    return _settle(refund_id, after=from_halalas(answer.refunded))


def resolve_refunds(*, limit=200):
    """Send approved refunds that nobody sent, and find out about unanswered ones; returns how many were looked at."""
    quiet = Refund.objects.filter(payment__method=ONLINE, updated_at__lte=timezone.now() - SENDING_LEASE)
    passes = (
        (send_refund, quiet.filter(status=Status.APPROVED)),
        (_resolve, quiet.filter(status__in=[Status.SENDING, Status.UNKNOWN])),
    )
    looked_at = 0
    for step, due in passes:
        for refund_id in list(due.order_by("updated_at", "pk").values_list("pk", flat=True)[:limit]):
            try:
                step(refund_id=refund_id)
            except Exception:
                logger.exception("refund %s could not be resolved", refund_id)
            # To the end of the queue, so that it never keeps the others waiting.
            Refund.objects.filter(pk=refund_id).update(updated_at=timezone.now())
            looked_at += 1
    return looked_at


def _resolve(*, refund_id):
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status == Status.SENDING:
        _fall_back(refund_id, Status.UNKNOWN, reasons.NO_ANSWER_RECORDED)
    try:
        seen = from_halalas(gateway().fetch_payment(refund.payment.gateway_payment_id).refunded)
    except GatewayError as error:
        logger.warning("refund %s could not be read: %s", refund_id, error)
        return
    if seen != refund.gateway_refunded_before:
        _settle(refund_id, after=seen)
    elif refund.sent_at is None or timezone.now() - refund.sent_at >= QUIET:
        _fall_back(refund_id, Status.NOT_APPLIED, reasons.NOT_SHOWN, release=True)


def _ensure_may(actor, permission, payment):
    if not actor.has_perm(permission, payment):
        raise Forbidden
    if payment.booking.customer.user_id == actor.pk:
        raise OwnBooking


def _ensure_proven_above_limit(refund, proven_at):
    """A session left open or stolen must not be enough for the larger sums."""
    if not _is_within_limit(refund.payment, refund.amount, beside=refund):
        ensure_proven(proven_at)


def _is_within_limit(payment, amount, *, beside=None):
    """Whether `amount` and what people gave back of this payment before stay within the salon's limit together."""
    earlier = payment.refunds.exclude(status__in=[Status.FAILED, Status.NOT_APPLIED]).exclude(requested_by=None)
    if beside is not None:
        earlier = earlier.exclude(pk=beside.pk)
    given_back = earlier.aggregate(total=Sum("amount", default=Decimal("0.00")))["total"]
    return given_back + amount <= payment.salon.refund_limit


def _ensure_refundable(payment, amount):
    if amount <= 0 or amount.as_tuple().exponent < -2:
        raise AmountInvalid(field="amount")
    if payment.refunds.open().exists():
        raise RefundInProgress
    if amount > payment.refundable_amount:
        raise RefundExceedsPaid(field="amount", refundable=payment.refundable_amount)


def _reserve(payment, refund, actor):
    save_as(refund, actor=actor, reason=refund.reason)
    payment.refund_reserved_amount += refund.amount
    save_as(payment, actor=actor, reason=refund.reason, update_fields=["refund_reserved_amount"])
    return refund


def _release(payment, refund, *, actor, reason):
    payment.refund_reserved_amount -= refund.amount
    save_as(payment, actor=actor, reason=reason, update_fields=["refund_reserved_amount"])


def _return_what_is_owed_after_commit(payment):
    """A refund that was on its way when the booking was cancelled held up the rest."""
    transaction.on_commit(lambda: return_what_is_owed(booking_id=payment.booking_id), robust=True)


@transaction.atomic
def _mark_sending(refund_id, before):
    """True if this caller may send now: totals agree and nobody else took it. From here on a crash means "maybe"."""
    payment, refund = lock_refund(refund_id)
    if refund.status != Status.APPROVED:
        return False
    if before != payment.refunded_amount:
        _review(refund, reasons.OTHER_TOTAL_BEFORE)
        return False
    refund.gateway_refunded_before, refund.sent_at = before, timezone.now()
    sent = ["gateway_refunded_before", "sent_at"]
    _change(refund, Status.SENDING, actor=None, reason=refund.reason, fields=sent)
    return True


@transaction.atomic
def _settle(refund_id, *, after, actor=None):
    """Done if the total grew by the amount; anything else is for a person. `after` None: handed over by `actor`."""
    payment, refund = lock_refund(refund_id)
    if refund.status == Status.SUCCEEDED:
        return refund
    if after is not None and after != refund.gateway_refunded_before + refund.amount:
        return _review(refund, reasons.OTHER_TOTAL_AFTER)

    who = actor or refund.approved_by
    refund.settled_at, refund.failure_reason = timezone.now(), ""
    _change(refund, Status.SUCCEEDED, actor=who, reason=refund.reason, fields=["settled_at", "failure_reason"])
    payment.refunded_amount += refund.amount
    payment.refund_reserved_amount -= refund.amount
    totals = ["refunded_amount", "refund_reserved_amount"]
    save_as(payment, actor=who, reason=refund.reason, update_fields=totals)
    issue_credit_note(refund)

    publish(RefundSucceeded(refund.pk, payment.booking_id))
    _return_what_is_owed_after_commit(payment)
    return refund


def _judge_refusal(refund_id, client, gateway_id, problem):
    """A clear refusal of this send; but an earlier one may have gone through, so the total decides."""
    refund = Refund.objects.get(pk=refund_id)
    try:
        after = from_halalas(client.fetch_payment(gateway_id).refunded)
    except GatewayError:
        return _fall_back(refund_id, Status.UNKNOWN, problem)
    if after == refund.gateway_refunded_before:
        return _fall_back(refund_id, Status.FAILED, problem, release=True)
    return _settle(refund_id, after=after)


@transaction.atomic
def _fall_back(refund_id, status, problem, *, release=False):
    payment, refund = lock_refund(refund_id)
    refund.failure_reason = problem
    _change(refund, status, actor=None, reason=problem, fields=["failure_reason"])
    if release:
        _release(payment, refund, actor=None, reason=problem)
    return refund


def _review(refund, problem):
    refund.failure_reason = problem
    return _change(refund, Status.REVIEW, actor=None, reason=problem, fields=["failure_reason"])


def _change(refund, status, *, actor, reason, fields):
    ensure_transition(refund, status, allowed=Refund.ALLOWED)
    refund.status = status
    return save_as(refund, actor=actor, reason=reason, update_fields=["status", *fields])
