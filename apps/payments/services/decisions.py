"""What a person decides about a refund that stopped. Their word alone never moves money: the gateway's total does."""

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.errors import ensure_transition
from apps.payments import reasons
from apps.payments.errors import GatewayUnavailable, NotProven
from apps.payments.locks import lock_refund
from apps.payments.models import Refund
from apps.payments.moyasar import GatewayError
from apps.payments.selectors import gateway
from apps.payments.services import sending
from apps.payments.services.refunds import ensure_may, ensure_proven_above_limit, return_what_is_owed
from apps.payments.services.sending import QUIET, send_refund
from apps.payments.verdicts import returned_there

Status = Refund.Status


class Finding(models.TextChoices):
    """What became of a stopped refund, as a person sees it."""

    CARRIED_OUT = "carried_out", _("It was carried out")
    SEND = "send", _("It was not carried out: send it now")
    NOT_WANTED = "not_wanted", _("It was not carried out and is no longer wanted")


def send_refund_again(*, actor, refund_id, explanation, proven_at=None):
    """Send what was not carried out once more: a person has looked in the gateway's own pages. Returns the Refund.

    Raises: Forbidden, OwnBooking, ProofNeeded above the salon's limit, InvalidTransition, GatewayUnavailable (nothing
    was sent).
    """
    refund = _refund_for(actor, refund_id, proven_at)
    ensure_transition(refund, Status.SENDING, allowed={Status.NOT_APPLIED: {Status.SENDING}})
    said = {"actor": actor, "resolution": explanation, "resolved_by": actor}
    sent = sending.read_and_send(refund, state=Status.NOT_APPLIED, **said)
    if sent.status == Status.NOT_APPLIED:
        raise GatewayUnavailable
    return sent


@transaction.atomic
def give_up_refund(*, actor, refund_id, explanation):
    """What was not carried out is not sent again: `failed`, and the amount is free. Returns the Refund.

    Should the gateway carry it out after all, its total shows that, and it is taken over as done. Raises: Forbidden,
    OwnBooking, InvalidTransition.
    """
    payment, refund = lock_refund(refund_id)
    ensure_may(actor, "payments.approve_refund", payment)
    ensure_transition(refund, Status.FAILED, allowed={Status.NOT_APPLIED: {Status.FAILED}})
    return _drop(payment, refund, actor, explanation)


def look_into_refund(*, refund_id):
    """(what the gateway gave back in all, in SAR; the Findings which that proves) of a stopped refund. Writes nothing.

    Raises GatewayUnavailable.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    total = returned_there(refund.payment, _fetch(refund))
    return total, proven(refund.payment, refund, total)


def proven(payment, refund, total):
    """The Findings that the gateway's `total` leaves open, in the order in which they are offered."""
    more = total - payment.refunded_amount
    is_shown = more >= refund.amount
    found = [Finding.CARRIED_OUT] if is_shown else []
    was_sent = refund.sent_at is not None
    # What was sent and may be in the total, or may still come, is not denied.
    if more < 0 or (was_sent and (is_shown or timezone.now() - refund.sent_at < QUIET)):
        return found
    if more <= payment.refundable_amount:
        found.append(Finding.SEND)
    if more <= payment.refundable_amount + refund.amount:
        found.append(Finding.NOT_WANTED)
    return found


def decide_refund(*, actor, refund_id, finding, explanation, proven_at=None):
    """Say what became of a stopped refund; the gateway is read now and has to prove it. Returns the Refund.

    What the total shows beyond it is recorded as `external`. Raises: Forbidden, OwnBooking, ProofNeeded above the
    salon's limit, InvalidTransition, NotProven, GatewayUnavailable. Publishes: RefundSucceeded.
    """
    refund = _refund_for(actor, refund_id, proven_at)
    decided = _decide(actor, refund_id, Finding(finding), explanation, _fetch(refund))
    return send_refund(refund_id=refund_id) if decided.status == Status.APPROVED else decided


@transaction.atomic
def _decide(actor, refund_id, finding, explanation, seen):
    payment, refund = lock_refund(refund_id)
    becomes = {Finding.CARRIED_OUT: Status.SUCCEEDED, Finding.SEND: Status.APPROVED, Finding.NOT_WANTED: Status.FAILED}
    ensure_transition(refund, becomes[finding], allowed={Status.REVIEW: {*becomes.values()}})
    total = sending.take_reading(payment, seen)
    if finding not in proven(payment, refund, total):
        raise NotProven

    said = {"resolution": explanation, "resolved_by": actor}
    if finding == Finding.CARRIED_OUT:
        sending.settle(payment, refund, total=total, actor=actor, **said)
    elif finding == Finding.NOT_WANTED:
        _drop(payment, refund, actor, explanation)
    else:
        sending.change(refund, Status.APPROVED, actor=actor, reason=explanation, failure_reason="", **said)
    if total > payment.refunded_amount:
        sending.record_external(payment, total - payment.refunded_amount)
    return refund


def _drop(payment, refund, actor, explanation):
    problem = reasons.with_detail(reasons.GIVEN_UP, explanation)
    said = {"resolution": explanation, "resolved_by": actor}
    sending.give_up(payment, refund, problem, actor=actor, reason=explanation, **said)
    # What a cancellation owes was held up by it; but what the rules themselves asked for would only come back.
    if refund.approved_by_id is not None:
        transaction.on_commit(lambda: return_what_is_owed(booking_id=payment.booking_id), robust=True)
    return refund


def _refund_for(actor, refund_id, proven_at):
    refund = Refund.objects.select_related("salon", "payment__salon", "payment__booking__customer").get(pk=refund_id)
    ensure_may(actor, "payments.approve_refund", refund.payment)
    ensure_proven_above_limit(refund, proven_at)
    return refund


def _fetch(refund):
    try:
        return gateway().fetch_payment(refund.payment.gateway_payment_id)
    except GatewayError as error:
        raise GatewayUnavailable from error
