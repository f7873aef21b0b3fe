"""Giving money back: what people ask for and decide, and what the rules send back by themselves.

How it is carried out, and how an unanswered refund is found out about, stands in `sending`.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Round
from django.utils import timezone

from apps.accounts.services import ensure_proven
from apps.bookings.locks import lock_booking
from apps.common.errors import Conflict, Forbidden, ensure_transition
from apps.common.locks import lock
from apps.common.money import round_money
from apps.payments import reasons
from apps.payments.errors import (
    AmountInvalid,
    OnlyAuthorized,
    OwnBooking,
    RefundExceedsPaid,
    RefundInProgress,
    SecondPersonNeeded,
)
from apps.payments.locks import lock_payment, lock_refund
from apps.payments.models import Payment, Refund
from apps.payments.selectors import KEPT, NOTHING, OVER_WITHOUT_VISIT, leftovers
from apps.payments.services import sending
from apps.payments.services.sending import send_refund

Status = Refund.Status
ONLINE = Payment.Method.ONLINE
# What the rules send back and the gateway refuses is tried again by itself, then left to a person.
BETWEEN_TRIES, MOST_TRIES = timedelta(hours=1), 3
LOOKED_AT = timedelta(days=90)


@transaction.atomic
def request_refund(*, actor, payment_id, amount, reason, nonce=None):
    """Reserve `amount` (SAR) of a payment for its way back. The same `nonce` again returns the same Refund.

    Up to the salon's limits, for the payment and for what one person gives back in a day, it is approved with the
    request, above them it waits for a second person. Whoever asks then calls `send_refund`. Raises: Forbidden,
    OwnBooking, OnlyAuthorized, AmountInvalid, RefundExceedsPaid, RefundInProgress, Conflict.
    """
    payment = lock_payment(payment_id)
    ensure_may(actor, "payments.add_refund", payment)
    if nonce and (same := Refund.objects.filter(nonce=nonce).first()):
        if same.payment_id != payment.pk:
            raise Conflict
        return same
    _ensure_refundable(payment, amount)

    alone = _may_alone(actor, payment, amount)
    refund = Refund(
        salon=payment.salon,
        payment=payment,
        amount=amount,
        reason=reason,
        requested_by=actor,
        status=Status.APPROVED if alone else Status.REQUESTED,
        approved_by=actor if alone else None,
        **({"nonce": nonce} if nonce else {}),
    )
    return sending.reserve(payment, refund, actor=actor)


@transaction.atomic
def approve_refund(*, actor, refund_id, proven_at=None):
    """A second person agrees; then call `send_refund`. `proven_at` is when they last proved who they are (None: never).

    Raises: Forbidden, OwnBooking, SecondPersonNeeded, ProofNeeded above the salon's limit, InvalidTransition.
    """
    payment, refund = lock_refund(refund_id)
    ensure_may(actor, "payments.approve_refund", payment)
    if refund.requested_by_id == actor.pk:
        raise SecondPersonNeeded
    ensure_proven_above_limit(refund, proven_at)
    ensure_transition(refund, Status.APPROVED, allowed={Status.REQUESTED: {Status.APPROVED}})

    return sending.change(refund, Status.APPROVED, actor=actor, reason=refund.reason, approved_by=actor)


@transaction.atomic
def reject_refund(*, actor, refund_id, reason):
    """The answer is no: nothing moves, the amount is free again. Raises: Forbidden, OwnBooking, InvalidTransition."""
    payment, refund = lock_refund(refund_id)
    ensure_may(actor, "payments.approve_refund", payment)
    ensure_transition(refund, Status.FAILED, allowed={Status.REQUESTED: {Status.FAILED}})

    problem = reasons.with_detail(reasons.REJECTED, reason)
    sending.give_up(payment, refund, problem, actor=actor, reason=reason, resolution=reason, resolved_by=actor)
    # What a cancellation owes was held up by the refund that waited.
    transaction.on_commit(lambda: return_what_is_owed(booking_id=payment.booking_id), robust=True)
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
    sending.reserve(payment, refund, actor=actor)
    if payment.method == ONLINE:
        transaction.on_commit(lambda: send_refund(refund_id=refund.pk), robust=True)
    return refund


@transaction.atomic
def return_what_is_owed(*, booking_id, reason=reasons.BOOKING_CANCELLED, actor=None, given_up_too=True):
    """What was paid beyond the price, or of a booking that is off beyond the fee, goes back; newest payment first.

    Without `given_up_too` nothing of a payment of which a person gave up such a refund, or that was refused an hour
    ago or three times. Returns Refunds.
    """
    booking = lock_booking(booking_id)
    is_off = booking.status in OVER_WITHOUT_VISIT
    keep, refunds = booking.cancellation_fee_amount if is_off else booking.price_amount, []
    for payment in Payment.objects.filter(booking=booking).settled().order_by("created_at", "pk"):
        kept_of_this = min(keep, payment.refundable_amount)
        keep -= kept_of_this
        amount = payment.refundable_amount - kept_of_this
        if not given_up_too and _resting(Payment.objects.filter(pk=payment.pk)).exists():
            continue
        refunds.append(return_money_of(payment, amount=amount, reason=reason, actor=actor))
    return [refund for refund in refunds if refund]


def return_leftovers(*, limit=100):
    """Send back what nothing else sends any more: of bookings that are off, because a refund was refused or a process
    died between two of them. Returns how many bookings were looked at.
    """
    recent = Payment.objects.filter(created_at__gte=timezone.now() - LOOKED_AT)
    awake = recent.settled().alias(kept=Round(KEPT, 2)).filter(kept__gt=0).exclude(pk__in=_resting(recent).values("pk"))
    booking_ids = list(leftovers(recent).filter(Exists(awake.filter(booking=OuterRef("booking"))))[:limit])
    for booking_id in booking_ids:
        sending.guarded(_return_leftover, booking_id)
    return len(booking_ids)


def _return_leftover(booking_id):
    return_what_is_owed(booking_id=booking_id, given_up_too=False)


def carry_out_refund(*, actor, refund_id, proven_at=None):
    """A person sends an approved refund, or says that they handed the money over. Returns the Refund as `send_refund`.

    Raises: Forbidden, OwnBooking, ProofNeeded above the salon's limit.
    """
    refund = Refund.objects.select_related("salon", "payment__booking__customer").get(pk=refund_id)
    ensure_may(actor, "payments.approve_refund", refund.payment)
    ensure_proven_above_limit(refund, proven_at)
    return send_refund(refund_id=refund_id, actor=actor)


def _resting(payments):
    """Those of `payments` (a queryset) of which the rules send nothing back now: a person no longer wants it, or the
    gateway has refused it lately, or often.
    """
    refused = Q(refunds__status=Status.FAILED, refunds__approved_by=None)
    given_up = Q(refunds__failure_reason__startswith=reasons.GIVEN_UP)
    lately = Q(refunds__updated_at__gt=timezone.now() - BETWEEN_TRIES)
    tries = {"tries": Count("refunds", filter=refused), "ends": Count("refunds", filter=refused & (given_up | lately))}
    refused_ones = payments.filter(refunds__status=Status.FAILED)
    return refused_ones.alias(**tries).filter(Q(tries__gte=MOST_TRIES) | Q(ends__gt=0))


def ensure_may(actor, permission, payment):
    if not actor.has_perm(permission, payment):
        raise Forbidden
    if payment.booking.customer.user_id == actor.pk:
        raise OwnBooking


def ensure_proven_above_limit(refund, proven_at):
    """A session left open or stolen must not be enough for the larger sums."""
    if not _is_within_limit(refund.payment, refund.amount, beside=refund):
        ensure_proven(proven_at)


def _may_alone(actor, payment, amount):
    may = actor.has_perm("payments.approve_refund", payment)
    return may and _is_within_limit(payment, amount) and _is_within_day(actor, payment.salon, amount)


def _is_within_day(actor, salon, amount):
    """Whether `amount` and what the person gave back alone today, by the salon's clock, stay within its daily limit."""
    # Taken last of all locks: two clicks on two payments count each other.
    lock(exclusive=[("refunds of a day", (actor.pk, salon.pk))])
    midnight = timezone.localtime(timezone=ZoneInfo(salon.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    alone = Refund.objects.filter(salon=salon, requested_by=actor, approved_by=actor, created_at__gte=midnight)
    given_back = alone.exclude(status=Status.FAILED).aggregate(total=Sum("amount", default=NOTHING))["total"]
    return round_money(given_back) + amount <= salon.refund_daily_limit


def _is_within_limit(payment, amount, *, beside=None):
    """Whether `amount` and what people gave back of this payment before stay within the salon's limit together."""
    earlier = payment.refunds.exclude(status=Status.FAILED).exclude(requested_by=None)
    if beside is not None:
        earlier = earlier.exclude(pk=beside.pk)
    given_back = earlier.aggregate(total=Sum("amount", default=NOTHING))["total"]
    return round_money(given_back) + amount <= payment.salon.refund_limit


def _ensure_refundable(payment, amount):
    if payment.status == Payment.Status.AUTHORIZED:
        raise OnlyAuthorized
    if amount <= 0 or amount.as_tuple().exponent < -2:
        raise AmountInvalid(field="amount")
    if payment.refunds.open().exists():
        raise RefundInProgress
    if amount > payment.refundable_amount:
        raise RefundExceedsPaid(field="amount", refundable=payment.refundable_amount)
