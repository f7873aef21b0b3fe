"""Comparing our books with the gateway's. Money that nobody told us about is taken over as any other that arrives;
every difference that is left is written down for a person.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.common.errors import Conflict, Forbidden
from apps.common.history import save_as
from apps.common.money import from_halalas
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund
from apps.payments.moyasar import GatewayError
from apps.payments.selectors import gateway
from apps.payments.services.payments import refresh_payment
from apps.payments.verdicts import MONEY_ARRIVED

Kind = ReconciliationFinding.Kind
OVERLAP = timedelta(hours=48)
# A refund in these states is being looked after: its total may differ until it is resolved.
UNDER_WAY = (Refund.Status.SENDING, Refund.Status.UNKNOWN)


def reconcile_payments(*, since=None):
    """Compare every gateway payment changed after `since` (aware; default: two days back) with ours.

    Returns the finished ReconciliationRun. A difference that was written down already, explained or not, is not
    written twice. Raises GatewayUnavailable; the run then stays unfinished.
    """
    run = ReconciliationRun.objects.create(since=since or timezone.now() - OVERLAP)
    page: int | None = 1
    while page is not None:
        try:
            listed, page = gateway().list_payments(run.since, page)
        except GatewayError as error:
            raise GatewayUnavailable from error
        _compare(run, listed)
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return run


@transaction.atomic
def explain_finding(*, actor, finding_id, explanation):
    """A person says what became of a difference. Raises: Forbidden, Conflict (explained already)."""
    finding = ReconciliationFinding.objects.select_for_update(of=("self",), no_key=True).get(pk=finding_id)
    if not actor.has_perm("payments.resolve_reconciliationfinding", finding):
        raise Forbidden
    if finding.resolved_at is not None:
        raise Conflict

    finding.resolved_at, finding.resolution = timezone.now(), explanation
    return save_as(finding, actor=actor, reason=explanation, update_fields=["resolved_at", "resolution"])


def _compare(run, listed):
    _catch_up(listed)
    ours = _recorded(listed)
    under_way = set(Refund.objects.filter(status__in=UNDER_WAY).values_list("payment_id", flat=True))
    for theirs in listed:
        payment = ours.get(theirs.id)
        if payment is None:
            if theirs.status in MONEY_ARRIVED:
                _note(run, theirs, None, Kind.MISSING_HERE, "", str(from_halalas(theirs.amount)))
            continue
        for kind, here, there in _differences(payment, theirs, compare_refunds=payment.pk not in under_way):
            _note(run, theirs, payment, kind, str(here), str(there))
    run.compared_count += len(listed)
    run.save(update_fields=["compared_count"])


def _catch_up(listed):
    """Money paid under one of our links of which no webhook told us: read the link, as a webhook would have us do."""
    recorded = _recorded(listed)
    links = {one.invoice_id for one in listed if one.status in MONEY_ARRIVED and one.id not in recorded}
    for payment_id in Payment.objects.filter(gateway_invoice_id__in=links - {None}).values_list("pk", flat=True):
        refresh_payment(payment_id=payment_id)


def _recorded(listed):
    payments = Payment.objects.filter(gateway_payment_id__in=[theirs.id for theirs in listed]).select_related("salon")
    return {payment.gateway_payment_id: payment for payment in payments}


def _differences(payment, theirs, *, compare_refunds):
    settled = payment.status in Payment.SETTLED
    if settled != (theirs.status in MONEY_ARRIVED):
        yield Kind.STATUS, payment.status, theirs.status
    if not settled or theirs.status not in MONEY_ARRIVED:
        return
    if payment.captured_amount != (there := from_halalas(theirs.captured or theirs.amount)):
        yield Kind.AMOUNT, payment.captured_amount, there
    if compare_refunds and payment.refunded_amount != (there := from_halalas(theirs.refunded)):
        yield Kind.REFUNDED, payment.refunded_amount, there


def _note(run, theirs, payment, kind, here, there):
    same = {"gateway_payment_id": theirs.id, "kind": kind, "ours": here, "theirs": there}
    if not ReconciliationFinding.objects.filter(**same).exists():
        salon = payment.salon if payment else None
        ReconciliationFinding.objects.create(run=run, payment=payment, salon=salon, **same)
