"""Carrying out refunds, through a gateway that has no refund ids and no key against doubles: only a running total.

So one refund is in flight per payment, its amount is reserved before anything is sent, and the total read before
sending is the watermark that later tells whether it was carried out.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.common.errors import ensure_transition
from apps.common.events import publish
from apps.common.money import to_halalas
from apps.payments import reasons
from apps.payments.events import RefundSucceeded
from apps.payments.journal import keep
from apps.payments.locks import lock_payment, lock_refund
from apps.payments.models import Payment, Refund
from apps.payments.moyasar import GatewayError, GatewayOutcomeUnknown
from apps.payments.selectors import MOST_SENDS, can_be_undone, gateway, goes_again_by_itself
from apps.payments.services.tax import issue_credit_note
from apps.payments.verdicts import reading_of

logger = logging.getLogger(__name__)

Status, Way = Refund.Status, Refund.Way
ONLINE = Payment.Method.ONLINE
# No answer to one send outlives this: connect and read timeouts together are far shorter.
SENDING_LEASE = timedelta(minutes=2)
# An unanswered refund counts as not carried out after so many readings without a change, the last so long after it.
EQUAL_READS, QUIET = 3, timedelta(minutes=15)
# From one look to the next: 30 seconds, 2, 10 and 30 minutes after sending, then every hour.
WAITS = (timedelta(seconds=30), timedelta(seconds=90), timedelta(minutes=8), timedelta(minutes=20), timedelta(hours=1))
# What a pass looks at by itself, and when first.
FIRST_LOOK = {
    Status.APPROVED: SENDING_LEASE,
    Status.SENDING: SENDING_LEASE,
    Status.UNKNOWN: WAITS[0],
    Status.NOT_APPLIED: timedelta(0),
}
UNDECIDED = (Status.SENDING, Status.UNKNOWN, Status.REVIEW)


def send_refund(*, refund_id, actor=None):
    """Carry out an approved refund; returns the Refund with the truth as far as it is known, whatever the gateway does.

    Read the total, note it as the watermark, send once, read the answer. Money taken by hand counts as handed over by
    `actor`. Publishes: RefundSucceeded.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != Status.APPROVED:
        return refund
    if refund.payment.method != ONLINE:
        return _hand_over(refund_id, actor)
    return read_and_send(refund)


def read_and_send(refund, *, state=Status.APPROVED, **said):
    """Send the online `refund` if it is still in `state` and the gateway's total is ours; returns the Refund.

    `said` is written with the sending: `actor`, and what they found (`resolution`, `resolved_by`).
    """
    try:
        seen = gateway().fetch_payment(refund.payment.gateway_payment_id)
    except GatewayError as error:
        logger.warning("refund %s waits, the payment could not be read: %s", refund.pk, error)
        return refund
    return _send(refund.pk, seen, state=state, **said)


def resolve_refunds(*, limit=200):
    """Look at the refunds whose turn has come, at most `limit`, and at what was refunded behind our back.

    Approved ones are sent, unanswered ones are found out about. Returns how many were looked at.
    """
    looked_at = 0
    for refund_id, planned, count in list(_due()[:limit]):
        if _take(refund_id, planned, count):
            guarded(_look, refund_id)
            looked_at += 1
    for payment_id in list(_refunded_elsewhere().values_list("pk", flat=True)[:limit]):
        guarded(_take_in_what_was_read, payment_id)
        looked_at += 1
    return looked_at


def guarded(step, key):
    """Take one step of a pass: what goes wrong with one row is logged and keeps no other waiting."""
    try:
        step(key)
    except Exception:
        logger.exception("%s could not be resolved by %s", key, step.__name__)


@transaction.atomic
def record_external_refund(payment_id, gateway_total):
    """Take over that the gateway has given back `gateway_total` (SAR) of a payment in all, when that is more than ours.

    The difference becomes the refund of ours that was carried out late, or else an `external` one with its credit
    note. Nothing happens while a refund is being sent or looked at, which decides about the total itself. The same
    total again changes nothing. Returns the Refund, or None. Publishes: RefundSucceeded.
    """
    return take_in(lock_payment(payment_id), gateway_total)


def take_in(payment, total):
    """`record_external_refund` under the lock of `payment`, which the caller holds.

    A refund that waits is stopped for a person: is it still wanted?
    """
    more, waiting = total - payment.refunded_amount, payment.refunds.open().first()
    if more <= 0 or (waiting and (waiting.status in (Status.SENDING, Status.UNKNOWN) or _is_with_a_person(waiting))):
        return None
    if (late := _carried_out_late(payment, more)) is not None:
        return settle(payment, late, total=total, actor=late.approved_by)
    # Once sent, a refund may hide in the difference, so only a person can say what it is made of.
    is_told_apart = waiting is None or waiting.sent_at is None
    external = record_external(payment, more) if is_told_apart and more <= payment.refundable_amount else None
    if waiting is not None and waiting.status in (Status.APPROVED, Status.NOT_APPLIED):
        waiting.payment = payment
        stop(waiting, reasons.OTHER_TOTAL_BEFORE, total)
    return external


def record_external(payment, amount):
    """An `external` refund of `amount`, under the lock of `payment`: somebody made it in the gateway's own pages."""
    refund = Refund(
        salon=payment.salon,
        payment=payment,
        amount=amount,
        reason=reasons.MADE_ELSEWHERE,
        status=Status.EXTERNAL,
        way=Way.EXTERNAL,
        gateway_refunded_before=payment.refunded_amount,
        gateway_refunded_after=payment.refunded_amount + amount,
        settled_at=timezone.now(),
    )
    keep(refund, actor=None, reason=refund.reason)
    _book(payment, refund, actor=None)
    return refund


def take_reading(payment, seen):
    """Note on the locked `payment` what the gateway showed; returns what it gave back in all."""
    reading = reading_of(payment, seen, timezone.now())
    for name, value in reading.items():
        setattr(payment, name, value)
    Payment.objects.filter(pk=payment.pk).update(**reading)
    return payment.gateway_refunded_amount


def settle(payment, refund, *, total, actor, **said):
    """The money went back: state, totals, credit note, news. `total`: what the gateway showed, None by hand."""
    was_reserved = refund.status in Refund.OPEN
    if payment.method == ONLINE:
        said["way"] = Way.VOID if payment.gateway_status == "voided" else Way.REFUND
    refund.payment = payment
    done = {"settled_at": timezone.now(), "failure_reason": "", "gateway_refunded_after": total}
    change(refund, Status.SUCCEEDED, actor=actor, reason=refund.reason, **done, **said)
    if was_reserved:
        payment.refund_reserved_amount -= refund.amount
    _book(payment, refund, actor=actor)
    return refund


def reserve(payment, refund, *, actor):
    """Write the new `refund` and set its amount aside, under the lock of `payment`."""
    if payment.method != ONLINE:
        refund.way = Way.BY_HAND
    elif refund.status == Status.APPROVED:
        refund.next_check_at = timezone.now() + FIRST_LOOK[refund.status]
    keep(refund, actor=actor, reason=refund.reason)
    payment.refund_reserved_amount += refund.amount
    keep(payment, actor=actor, reason=refund.reason, update_fields=["refund_reserved_amount"])
    return refund


def give_up(payment, refund, problem, *, actor, reason, **said):
    """Nothing went back and nothing will: `failed`, and the amount is free again."""
    change(refund, Status.FAILED, actor=actor, reason=reason, failure_reason=problem, **said)
    payment.refund_reserved_amount -= refund.amount
    keep(payment, actor=actor, reason=reason, update_fields=["refund_reserved_amount"])
    return refund


def stop(refund, problem, total):
    """For a person: the gateway shows a `total` that ours does not explain."""
    seen = {"failure_reason": problem, "gateway_refunded_after": total}
    return change(refund, Status.REVIEW, actor=None, reason=problem, **seen)


def change(refund, status, *, actor, reason, **values):
    """Move `refund` to `status` with `values`, and say when a pass looks at it first. Raises InvalidTransition."""
    ensure_transition(refund, status, allowed=Refund.ALLOWED)
    wait = FIRST_LOOK.get(status) if refund.payment.method == ONLINE else None
    values |= {"status": status, "check_count": 0, "next_check_at": None if wait is None else timezone.now() + wait}
    for name, value in values.items():
        setattr(refund, name, value)
    return keep(refund, actor=actor, reason=reason, update_fields=[*values])


# --- Sending ---


def _send(refund_id, seen, *, state=Status.APPROVED, may_undo=True, **said):
    """Send once, if `seen`, just read, shows our total and nobody else took the refund out of `state`."""
    refund, is_mine = _mark_sending(refund_id, seen, state=state, may_undo=may_undo, **said)
    if not is_mine:
        return refund
    client, key = gateway(), refund.payment.gateway_payment_id
    try:
        if refund.way == Way.VOID:
            answer = client.void_payment(key)
        else:
            answer = client.refund_payment(key, to_halalas(refund.amount))
    except GatewayOutcomeUnknown as error:
        return _doubt(refund, reasons.of_failure(error))
    except GatewayError as error:
        return _after_refusal(refund, reasons.of_failure(error))
    return _judge_answer(refund, answer)


def _after_refusal(refund, problem):
    """A clear refusal of this send; but an earlier one may have gone through, so the total decides."""
    try:
        seen = gateway().fetch_payment(refund.payment.gateway_payment_id)
    except GatewayError:
        return _doubt(refund, problem)
    judged = _judge_refusal(refund, seen, problem)
    if judged.status == Status.APPROVED:
        # The payment is settled by now and cannot be undone: it goes back as an ordinary refund.
        return _send(refund.pk, seen, may_undo=False)
    return judged


@transaction.atomic
def _mark_sending(refund_id, seen, *, state, may_undo, actor=None, **said):
    """(refund, whether the caller may send now). From here on a crash means "maybe"."""
    payment, refund = lock_refund(refund_id)
    if refund.status != state:
        return refund, False
    total = take_reading(payment, seen)
    if seen.currency != payment.currency:
        return stop(refund, reasons.OTHER_CURRENCY, total), False
    if total > payment.refunded_amount:
        take_in(payment, total)
        return Refund.objects.select_related("payment").get(pk=refund_id), False
    if total < payment.refunded_amount:
        return stop(refund, reasons.OTHER_TOTAL_BEFORE, total), False
    undo = may_undo and can_be_undone(payment, refund.amount)
    marks = {
        "way": Way.VOID if undo else Way.REFUND,
        "attempt": refund.attempt + 1,
        "sent_at": timezone.now(),
        "gateway_refunded_before": total,
        "gateway_refunded_after": None,
        "equal_reads": 0,
    }
    reason = said.get("resolution", refund.reason)
    return change(refund, Status.SENDING, actor=actor, reason=reason, **marks, **said), True


def _lock_send(sent):
    """(payment, refund, whether the send that `sent` stands for is still the current one): no late answer counts."""
    payment, refund = lock_refund(sent.pk)
    is_current = refund.status == Status.SENDING and refund.attempt == sent.attempt
    return payment, refund, is_current


@transaction.atomic
def _judge_answer(sent, answer):
    """Done if the answer shows what was asked for. Anything else is no proof of anything, and is read again."""
    payment, refund, is_current = _lock_send(sent)
    if not is_current:
        return refund
    total = take_reading(payment, answer)
    if total == _expected(refund):
        return settle(payment, refund, total=total, actor=refund.approved_by)
    return change(refund, Status.UNKNOWN, actor=None, reason=reasons.NOT_SHOWN, failure_reason=reasons.NOT_SHOWN)


@transaction.atomic
def _judge_refusal(sent, seen, problem):
    payment, refund, is_current = _lock_send(sent)
    if not is_current:
        return refund
    total = take_reading(payment, seen)
    if total == _expected(refund):
        return settle(payment, refund, total=total, actor=refund.approved_by)
    if total != refund.gateway_refunded_before:
        return stop(refund, reasons.OTHER_TOTAL_AFTER, total)
    if refund.way == Way.VOID:
        return change(refund, Status.APPROVED, actor=None, reason=problem, failure_reason=problem)
    return give_up(payment, refund, problem, actor=None, reason=problem)


@transaction.atomic
def _doubt(sent, problem):
    """No answer to be believed: perhaps it went back. Never sent again on that alone."""
    _payment, refund, is_current = _lock_send(sent)
    if not is_current:
        return refund
    return change(refund, Status.UNKNOWN, actor=None, reason=problem, failure_reason=problem)


@transaction.atomic
def _hand_over(refund_id, actor):
    payment, refund = lock_refund(refund_id)
    if refund.status != Status.APPROVED:
        return refund
    return settle(payment, refund, total=None, actor=actor or refund.approved_by)


# --- Finding out ---


def _due():
    """(key, planned look, looks so far) of online refunds whose turn it is, the longest due first.

    One whose look nobody planned has waited long enough after a lease.
    """
    now = timezone.now()
    unplanned = Q(
        next_check_at=None,
        status__in=[Status.APPROVED, Status.SENDING, Status.UNKNOWN],
        updated_at__lte=now - SENDING_LEASE,
    )
    due = Q(next_check_at__lte=now, status__in=FIRST_LOOK) | unplanned
    rows = Refund.objects.filter(due, payment__method=ONLINE).order_by(Coalesce("next_check_at", "updated_at"), "pk")
    return rows.values_list("pk", "next_check_at", "check_count")


def _take(refund_id, planned, count):
    """True for the one pass that may look now. The next look is set first, so that none keeps the others waiting."""
    following = timezone.now() + WAITS[min(count + 1, len(WAITS) - 1)]
    # Of its own columns only: a join would become a subquery, which PostgreSQL does not ask again after a wait.
    untouched = Refund.objects.filter(pk=refund_id, next_check_at=planned, check_count=count)
    return untouched.update(next_check_at=following, check_count=count + 1) == 1


def _look(refund_id):
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status == Status.APPROVED:
        send_refund(refund_id=refund_id)
        return
    if refund.status == Status.SENDING:
        _doubt(refund, reasons.NO_ANSWER_RECORDED)
    try:
        seen = gateway().fetch_payment(refund.payment.gateway_payment_id)
    except GatewayError as error:
        logger.warning("refund %s could not be read: %s", refund_id, error)
        return
    state = _judge_reading(refund_id, seen)
    if state is not None:
        _send(refund_id, seen, state=state)


@transaction.atomic
def _judge_reading(refund_id, seen):
    """What a later reading tells of a refund that was sent. Returns the state out of which it is sent again, if so."""
    payment, refund = lock_refund(refund_id)
    total = take_reading(payment, seen)
    if refund.status == Status.NOT_APPLIED:
        if total != payment.refunded_amount:
            take_in(payment, total)
            return None
        return Status.NOT_APPLIED if goes_again_by_itself(refund) else None
    if refund.status != Status.UNKNOWN:
        return None
    if total == _expected(refund):
        settle(payment, refund, total=total, actor=refund.approved_by)
    elif total != refund.gateway_refunded_before:
        stop(refund, reasons.OTHER_TOTAL_AFTER, total)
    elif refund.way == Way.VOID and refund.attempt < MOST_SENDS:
        # Whatever comes late, a whole payment goes back once: what is undone cannot be refunded, nor the reverse.
        change(refund, Status.APPROVED, actor=None, reason=reasons.NOT_SHOWN)
        return Status.APPROVED
    else:
        _count_equal(refund)
    return None


def _count_equal(refund):
    reads = {"equal_reads": refund.equal_reads + 1}
    if reads["equal_reads"] >= EQUAL_READS and timezone.now() - refund.sent_at >= QUIET:
        told = {"failure_reason": reasons.NOT_SHOWN, **reads}
        change(refund, Status.NOT_APPLIED, actor=None, reason=reasons.NOT_SHOWN, **told)
    else:
        Refund.objects.filter(pk=refund.pk).update(**reads)


def _refunded_elsewhere():
    """Payments of which the gateway gave back more than ours tells, with no refund that decides about it."""
    undecided = Refund.objects.filter(status__in=UNDECIDED).values("payment")
    refunded = Payment.objects.filter(gateway_refunded_amount__gt=F("refunded_amount"))
    return refunded.exclude(pk__in=undecided).order_by("checked_at", "pk")


@transaction.atomic
def _take_in_what_was_read(payment_id):
    payment = lock_payment(payment_id)
    take_in(payment, payment.gateway_refunded_amount)


def _is_with_a_person(refund):
    """Whether a person has to say what a total means in which this refund may be contained."""
    return refund.status == Status.REVIEW and refund.sent_at is not None


def _carried_out_late(payment, amount):
    """The refund that was sent, counts as not carried out and explains the difference, as far as it still fits."""
    states = [Status.FAILED, Status.NOT_APPLIED, Status.APPROVED]
    sent = payment.refunds.filter(status__in=states, sent_at__isnull=False, amount=amount).order_by("-sent_at")
    late = sent.first()
    if late is None or (late.status == Status.FAILED and amount > payment.refundable_amount):
        return None
    return late


def _expected(refund):
    """The total that proves it."""
    return refund.gateway_refunded_before + refund.amount


def _book(payment, refund, *, actor):
    """What every refund that happened leaves behind, external or ours."""
    payment.refunded_amount += refund.amount
    names = ["refunded_amount", "refund_reserved_amount"]
    if payment.gateway_status == "voided" and payment.status in Payment.SETTLED:
        payment.status, payment.failure_reason = Payment.Status.VOIDED, ""
        names += ["status", "failure_reason"]
    keep(payment, actor=actor, reason=refund.reason, update_fields=names)
    issue_credit_note(refund)
    publish(RefundSucceeded(refund.pk, payment.booking_id))
