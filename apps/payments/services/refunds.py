"""Giving money back, through a gateway that has no refund ids and no key against doubles: only a running total.

So one refund is in flight per payment, its amount is reserved before anything is sent, and the total read before
sending is the watermark that later tells whether it was carried out.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.common.errors import Forbidden, ensure_transition
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.money import from_halalas, to_halalas
from apps.payments.errors import OwnBooking, RefundExceedsPaid, RefundInProgress, SecondPersonNeeded
from apps.payments.events import RefundSucceeded
from apps.payments.locks import lock_payment, lock_refund
from apps.payments.models import Payment, Refund
from apps.payments.moyasar import GatewayError, GatewayOutcomeUnknown
from apps.payments.selectors import gateway
from apps.payments.services.tax import issue_credit_note

logger = logging.getLogger(__name__)

Status = Refund.Status
# No answer to one send outlives this: connect and read timeouts together are far shorter.
SENDING_LEASE = timedelta(minutes=2)
# How long a total must stay unchanged until an unanswered refund counts as not carried out.
QUIET = timedelta(minutes=15)


@transaction.atomic
def request_refund(*, actor, payment_id, amount, reason, nonce=None):
    """Reserve `amount` (SAR) of a payment for its way back. The same `nonce` again returns the same Refund.

    Up to the salon's limit it is approved with the request, above it waits for a second person.
    Raises: Forbidden, OwnBooking, RefundExceedsPaid, RefundInProgress.
    """
    payment = lock_payment(payment_id)
    if nonce and (same := Refund.objects.filter(nonce=nonce, payment=payment).first()):
        return same
    _ensure_may(actor, "payments.add_refund", payment)
    _ensure_refundable(payment, amount)

    within_limit = amount <= payment.salon.refund_limit and actor.has_perm("payments.approve_refund", payment)
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
def approve_refund(*, actor, refund_id):
    """A second person agrees. Raises: Forbidden, SecondPersonNeeded, InvalidTransition."""
    payment, refund = lock_refund(refund_id)
    _ensure_may(actor, "payments.approve_refund", payment)
    if refund.requested_by_id == actor.pk:
        raise SecondPersonNeeded

    refund.approved_by = actor
    return _change(refund, Status.APPROVED, actor=actor, fields=["approved_by"])


@transaction.atomic
def return_money_of(payment, *, amount, reason, actor=None):
    """Money that must go back by the rules (a cancelled booking, a second payment): approved, and sent after commit.

    At most what is refundable; None when that is nothing or a refund is on its way already.
    """
    payment = lock_payment(payment.pk)
    amount = min(amount, payment.refundable_amount)
    if amount <= 0 or payment.refunds.open().exists():
        return None
    refund = Refund(
        salon=payment.salon,
        payment=payment,
        amount=amount,
        reason=str(reason),
        requested_by=actor,
        status=Status.APPROVED,
    )
    _reserve(payment, refund, actor)
    transaction.on_commit(lambda: send_refund(refund_id=refund.pk), robust=True)
    return refund


def send_refund(*, refund_id):
    """Carry out an approved refund; returns the Refund with the truth as far as it is known, whatever the gateway does.

    Read the total, note it as the watermark, send once, read the answer. Publishes: RefundSucceeded.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != Status.APPROVED:
        return refund
    if refund.payment.method != Payment.Method.ONLINE:
        return _settle(refund_id, after=None)
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
        return _fall_back(refund_id, Status.UNKNOWN, str(error))
    except GatewayError as error:
        return _judge_refusal(refund_id, client, gateway_id, str(error))
    return _settle(refund_id, after=from_halalas(answer.refunded))


def resolve_refunds(*, limit=200):
    """Send approved refunds that nobody sent, and find out about unanswered ones; returns how many were looked at."""
    now = timezone.now()
    forgotten = Refund.objects.filter(status=Status.APPROVED, updated_at__lte=now - SENDING_LEASE)
    silent = Refund.objects.filter(status__in=[Status.SENDING, Status.UNKNOWN], updated_at__lte=now - SENDING_LEASE)
    ids = [*forgotten.order_by("pk").values_list("pk", flat=True)[:limit]]
    for refund_id in ids:
        send_refund(refund_id=refund_id)
    open_ids = [*silent.order_by("pk").values_list("pk", flat=True)[:limit]]
    for refund_id in open_ids:
        _resolve(refund_id)
    return len(ids) + len(open_ids)


def _resolve(refund_id):
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status == Status.SENDING:
        _fall_back(refund_id, Status.UNKNOWN, "no answer was recorded")
    try:
        seen = from_halalas(gateway().fetch_payment(refund.payment.gateway_payment_id).refunded)
    except GatewayError as error:
        logger.warning("refund %s could not be read: %s", refund_id, error)
        return
    if seen == refund.gateway_refunded_before:
        if timezone.now() - refund.sent_at >= QUIET:
            _fall_back(refund_id, Status.NOT_APPLIED, "the gateway shows no refund", release=True)
        return
    _settle(refund_id, after=seen)


def _ensure_may(actor, permission, payment):
    if not actor.has_perm(permission, payment):
        raise Forbidden
    if payment.booking.customer.user_id == actor.pk:
        raise OwnBooking


def _ensure_refundable(payment, amount):
    if payment.refunds.open().exists():
        raise RefundInProgress
    if not 0 < amount <= payment.refundable_amount:
        raise RefundExceedsPaid(field="amount", refundable=payment.refundable_amount)


def _reserve(payment, refund, actor):
    save_as(refund, actor=actor, reason=refund.reason)
    payment.refund_reserved_amount += refund.amount
    save_as(payment, actor=actor, reason=refund.reason, update_fields=["refund_reserved_amount"])
    return refund


@transaction.atomic
def _mark_sending(refund_id, before):
    """True if this caller may send now: totals agree and nobody else took it. From here on a crash means "maybe"."""
    payment, refund = lock_refund(refund_id)
    if refund.status != Status.APPROVED:
        return False
    if before != payment.refunded_amount:
        refund.failure_reason = "the gateway shows another refunded total"
        _change(refund, Status.REVIEW, actor=None, fields=["failure_reason"])
        return False
    refund.gateway_refunded_before, refund.sent_at = before, timezone.now()
    _change(refund, Status.SENDING, actor=None, fields=["gateway_refunded_before", "sent_at"])
    return True


@transaction.atomic
def _settle(refund_id, *, after):
    """The refund is done if the total grew by its amount; anything else is for a person. `after` None: given by hand."""
    payment, refund = lock_refund(refund_id)
    if refund.status == Status.SUCCEEDED:
        return refund
    if after is not None and after != refund.gateway_refunded_before + refund.amount:
        refund.failure_reason = "the gateway shows an unexpected total"
        return _change(refund, Status.REVIEW, actor=None, fields=["failure_reason"])
    refund.settled_at = timezone.now()
    _change(refund, Status.SUCCEEDED, actor=refund.approved_by, fields=["settled_at"])
    payment.refunded_amount += refund.amount
    payment.refund_reserved_amount -= refund.amount
    totals = ["refunded_amount", "refund_reserved_amount"]
    save_as(payment, actor=refund.approved_by, reason=refund.reason, update_fields=totals)
    issue_credit_note(refund)
    publish(RefundSucceeded(refund.pk, payment.booking_id))
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
    refund.failure_reason = problem[:255]
    _change(refund, status, actor=None, fields=["failure_reason"])
    if release:
        payment.refund_reserved_amount -= refund.amount
        save_as(payment, actor=None, reason=problem, update_fields=["refund_reserved_amount"])
    return refund


def _change(refund, status, *, actor, fields):
    ensure_transition(refund, status, allowed=Refund.ALLOWED)
    refund.status = status
    reason = refund.failure_reason or refund.reason
    return save_as(refund, actor=actor, reason=reason, update_fields=["status", *fields])
