"""Reports to the tax authority (phase 2): one row for each document, sent until an answer is there."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.common.errors import Forbidden
from apps.payments import einvoicing, reasons
from apps.payments.einvoicing import Answer, ReportOutcome
from apps.payments.errors import EInvoicingOff, NothingToReport
from apps.payments.models import TaxDocument, TaxSubmission

logger = logging.getLogger(__name__)

Status = TaxSubmission.Status
DEADLINE = timedelta(hours=24)
# Longer than a provider may take: whoever still says nothing then is dead, and another may report.
LEASE = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_TEXT, LONGEST_REFERENCE = 255, 128
FINAL = {Answer.ACCEPTED: Status.ACCEPTED, Answer.WARNED: Status.WARNED, Answer.REJECTED: Status.REJECTED}


def enqueue(document):
    """Note in the transaction of the document that it is to be reported; nothing while reporting is not switched on."""
    if einvoicing.is_on():
        _submission(document, timezone.now()).save(force_insert=True)


def enqueue_documents(*, issued_since):
    """Take up documents issued since that moment that nobody noted, for the day reporting is switched on.

    Returns how many. Raises EInvoicingOff.
    """
    if not einvoicing.is_on():
        raise EInvoicingOff
    now = timezone.now()
    missing = TaxDocument.objects.filter(issued_at__gte=issued_since, submission=None).order_by("issued_at", "pk")
    rows = [_submission(document, now) for document in missing]
    TaxSubmission.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def report_documents(*, limit=200):
    """Report documents whose turn has come; returns how many were tried. Safe beside itself. Raises EInvoicingOff."""
    if not einvoicing.is_on():
        raise EInvoicingOff
    due = TaxSubmission.objects.filter(_is_due(timezone.now())).order_by("deadline_at", "pk")
    tried = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        if submission := _claim(pk, _is_due(timezone.now())):
            _report(submission)
            tried += 1
    return tried


def report_document(*, actor, submission_id):
    """Report one document at once, also one that was rejected. Returns the TaxSubmission with what came of it.

    Raises: Forbidden, EInvoicingOff, NothingToReport.
    """
    if not actor.has_perm("payments.report_taxsubmission", TaxSubmission.objects.get(pk=submission_id)):
        raise Forbidden
    if not einvoicing.is_on():
        raise EInvoicingOff
    now = timezone.now()
    submission = _claim(submission_id, Q(status__in=(Status.WAITING, Status.REJECTED)) | _is_due(now))
    if submission is None:
        raise NothingToReport
    return _report(submission)


def count_unreported():
    """How many documents wait for a report."""
    return TaxSubmission.objects.filter(status__in=(Status.WAITING, Status.SENDING)).count()


def _submission(document, now):
    return TaxSubmission(
        salon_id=document.salon_id, document=document, deadline_at=document.issued_at + DEADLINE, next_try_at=now
    )


def _is_due(now):
    return Q(status__in=(Status.WAITING, Status.SENDING), next_try_at__lte=now)


@transaction.atomic
def _claim(pk, condition):
    """The submission for the one caller who may report it now, else None."""
    values = {"status": Status.SENDING, "next_try_at": timezone.now() + LEASE, "attempts": F("attempts") + 1}
    if TaxSubmission.objects.filter(condition, pk=pk).update(**values) != 1:
        return None
    return TaxSubmission.objects.select_related("document__salon").get(pk=pk)


def _report(submission):
    try:
        outcome = einvoicing.provider().report(submission.document)
        if not isinstance(outcome, ReportOutcome):
            raise TypeError(f"the provider answered with {type(outcome).__name__}")  # noqa: TRY301
    except Exception as error:
        logger.exception("the report of tax document %s failed", submission.document.uuid)
        outcome = ReportOutcome(Answer.UNAVAILABLE, text=reasons.with_detail(reasons.NO_REPORT, type(error).__name__))
    _record(submission, outcome)
    return TaxSubmission.objects.select_related("document").get(pk=submission.pk)


def _record(submission, outcome):
    now = timezone.now()
    rows = TaxSubmission.objects.filter(pk=submission.pk, status=Status.SENDING)
    problem = outcome.text[:LONGEST_TEXT]
    if outcome.answer in FINAL:
        rows.update(
            status=FINAL[outcome.answer],
            provider_reference=outcome.reference[:LONGEST_REFERENCE],
            problem=problem,
            submitted_at=now,
        )
    else:
        # Only the one who holds the lease puts it back: a late one must not take it from whoever reports it now.
        holder = rows.filter(attempts=submission.attempts)
        holder.update(status=Status.WAITING, next_try_at=now + _delay(submission.attempts), problem=problem)


def _delay(attempts):
    """1, 2, 4 … minutes, at most an hour: well before the deadline it is tried often, after it every hour for good."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 6)), LONGEST_DELAY)
