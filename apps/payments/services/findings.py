"""Differences between our books and the gateway's: written once, closed with a reason, sealed with their run."""

from datetime import UTC

from django.db import transaction
from django.utils import timezone

from apps.common.errors import Conflict, Forbidden
from apps.common.history import save_as
from apps.common.secrets import keyed_hash
from apps.payments import reasons
from apps.payments.locks import lock_finding
from apps.payments.models import ReconciliationFinding, ReconciliationRun

# Closed without anybody's word. Should the same difference come back, it is a new one.
CLOSED_BY_ITSELF = (reasons.AGREES_NOW, reasons.OTHER_VALUES)


def note(run, kind, *, gateway_payment_id, payment=None, ours="", theirs=""):
    """The finding of this difference, open or explained; written only if it was not there yet.

    The caller holds a lock under which nobody else notes the same.
    """
    same = {"gateway_payment_id": gateway_payment_id, "kind": kind, "ours": ours[:64], "theirs": theirs[:64]}
    known = ReconciliationFinding.objects.filter(**same).exclude(resolution__in=CLOSED_BY_ITSELF).last()
    salon = payment.salon if payment else None
    return known or ReconciliationFinding.objects.create(run=run, payment=payment, salon=salon, **same)


def close(finding, reason, *, payment=None):
    """The system says why an open finding is none any more; `payment` is the row that was found for it, if any."""
    if finding.resolved_at is not None:
        return
    if payment is not None:
        finding.payment, finding.salon = payment, payment.salon
    finding.resolved_at, finding.resolution = timezone.now(), reason
    fields = ["payment", "salon", "resolved_at", "resolution"]
    save_as(finding, actor=None, reason=reason, update_fields=fields)


@transaction.atomic
def explain_finding(*, actor, finding_id, explanation):
    """A person says what became of a difference. Raises: Forbidden, Conflict (explained already)."""
    finding = lock_finding(finding_id)
    if not actor.has_perm("payments.resolve_reconciliationfinding", finding):
        raise Forbidden
    if finding.resolved_at is not None:
        raise Conflict

    finding.resolved_at, finding.resolution = timezone.now(), explanation
    return save_as(finding, actor=actor, reason=explanation, update_fields=["resolved_at", "resolution"])


def close_what_agrees(run, *, kinds, looked_at, met):
    """Close older open findings of `kinds` about payments the run has `looked_at` (gateway ids) and not `met` again.

    `met` holds keys of findings.
    """
    before = ReconciliationFinding.objects.filter(resolved_at__isnull=True, kind__in=kinds)
    # Two runs may be under way: what the other one has just found is not ours to close.
    before = before.filter(created_at__lt=run.started_at).exclude(gateway_payment_id="")
    gone = [
        (key, kind, about)
        for key, kind, about in before.values_list("pk", "kind", "gateway_payment_id")
        if about in looked_at and key not in met
    ]
    again = set(ReconciliationFinding.objects.filter(pk__in=met).values_list("gateway_payment_id", "kind"))
    for key, kind, about in gone:
        with transaction.atomic():
            close(lock_finding(key), reasons.OTHER_VALUES if (about, kind) in again else reasons.AGREES_NOW)


def seal_of(run: ReconciliationRun) -> str:
    """HMAC over the counts of a finished run and all it found: a report that nobody can rewrite later unseen."""
    moments = [moment for moment in (run.started_at, run.since, run.finished_at) if moment]
    counts = (run.compared_count, run.fetched_count, run.settlement_line_count)
    told = [*(moment.astimezone(UTC).isoformat() for moment in moments), *map(str, counts)]
    for finding in run.findings.order_by("pk").values_list("pk", "kind", "gateway_payment_id", "ours", "theirs"):
        told.append(",".join(map(str, finding)))
    return keyed_hash("reconciliation", "|".join(told))


def is_intact(run: ReconciliationRun) -> bool:
    """Whether a finished run says what it said when it was sealed."""
    return run.digest == seal_of(run)
