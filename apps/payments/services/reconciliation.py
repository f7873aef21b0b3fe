"""Comparing our books with the gateway's. Differences are written down for a person; nothing is repaired in silence."""

from datetime import timedelta

from django.utils import timezone

from apps.common.money import from_halalas
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun
from apps.payments.moyasar import GatewayError
from apps.payments.selectors import gateway
from apps.payments.verdicts import MONEY_ARRIVED

Kind = ReconciliationFinding.Kind
OVERLAP = timedelta(hours=48)


def reconcile_payments(*, since=None):
    """Compare every gateway payment changed after `since` (aware; default: two days back) with ours.

    Returns the finished ReconciliationRun. A difference that is already open is not written twice.
    Raises GatewayUnavailable; the run then stays unfinished.
    """
    run = ReconciliationRun.objects.create(since=since or timezone.now() - OVERLAP)
    page = 1
    while page is not None:
        try:
            listed, page = gateway().list_payments(run.since, page)
        except GatewayError as error:
            raise GatewayUnavailable from error
        _compare(run, [payment for payment in listed if payment.status in MONEY_ARRIVED])
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return run


def _compare(run, listed):
    ours = Payment.objects.in_bulk([theirs.id for theirs in listed], field_name="gateway_payment_id")
    run.compared_count += len(listed)
    run.save(update_fields=["compared_count"])
    for theirs in listed:
        payment = ours.get(theirs.id)
        if payment is None:
            _note(run, theirs, None, Kind.MISSING_HERE, "", str(from_halalas(theirs.amount)))
            continue
        for kind, here, there in (
            (Kind.AMOUNT, payment.captured_amount, from_halalas(theirs.amount)),
            (Kind.REFUNDED, payment.refunded_amount, from_halalas(theirs.refunded)),
        ):
            if here != there:
                _note(run, theirs, payment, kind, str(here), str(there))


def _note(run, theirs, payment, kind, here, there):
    same = {"gateway_payment_id": theirs.id, "kind": kind, "ours": here, "theirs": there, "resolved_at": None}
    if not ReconciliationFinding.objects.filter(**same).exists():
        salon = payment.salon if payment else None
        ReconciliationFinding.objects.create(run=run, payment=payment, salon=salon, **same)
