"""Each file once: what was agreed to is noted before it is written, and the note says what came of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, DomainError, Rejected
from apps.salons.models import ImportRun, Salon


class AlreadyImported(Conflict):
    """The preview was agreed to before: by another click, in another window."""

    code = "already_imported"
    message = _("This preview was imported already. Nothing was done again.")


class ImportGoesOn(Conflict):
    """The preview was agreed to a moment ago and is being written."""

    code = "import_goes_on"
    message = _("This file is being imported right now. See under “Imported files” what came of it.")


class VisitsNotSeen(Rejected):
    """The import leaves visits without hours, and the operator did not say that this is known."""

    code = "visits_not_seen"
    message = _("Please say that you have seen the visits that no longer fit. Nothing was imported.")


@dataclass(frozen=True)
class Agreed:
    """What the operator agreed to: the `token` of the preview, and whether the visits it strands were seen."""

    token: UUID
    visits_seen: bool = False


def recorded(
    agreed: Agreed,
    carry_out: Callable[[Callable[[Any], None]], Any],
    *,
    salon: Salon,
    model_label: str,
    content: bytes,
    source: str,
    actor: Any,
) -> Any:
    """The report of `carry_out`, which is called with whom to tell its report in the transaction that writes.

    Raises AlreadyImported and ImportGoesOn when the preview was agreed to before, VisitsNotSeen, and what `carry_out`
    raises.
    """
    run = _begun(agreed, salon=salon, model_label=model_label, content=content, source=source, actor=actor)

    def settled(report: Any) -> None:
        if getattr(report, "stranded", ()) and not agreed.visits_seen:
            raise VisitsNotSeen
        _finish(run, report)

    try:
        report = carry_out(settled)
    except DomainError:
        _end(run, ImportRun.State.REFUSED)
        raise
    except Exception:
        _end(run, ImportRun.State.FAILED)
        raise
    if report.problems:
        _end(run, ImportRun.State.REFUSED)
    return report


def _begun(agreed: Agreed, *, salon: Salon, model_label: str, content: bytes, source: str, actor: Any) -> ImportRun:
    try:
        with transaction.atomic():
            return ImportRun.objects.create(
                token=agreed.token,
                salon=salon,
                model_label=model_label,
                file_name=source[-ImportRun._meta.get_field("file_name").max_length :],  # type: ignore[operator]
                sha256=hashlib.sha256(content).hexdigest(),
                actor=actor,
            )
    except IntegrityError as error:
        earlier = ImportRun.objects.filter(token=agreed.token).first()
        goes_on = earlier is not None and earlier.state_now == ImportRun.State.RUNNING
        raise (ImportGoesOn if goes_on else AlreadyImported) from error


def _finish(run: ImportRun, report: Any) -> None:
    counts = report.counts()
    run.rows_new, run.rows_changed, run.rows_same = counts.new, counts.changed, counts.same
    run.rows_left_out = report.rows_skipped
    run.state, run.finished_at = ImportRun.State.DONE, timezone.now()
    run.save(update_fields=["rows_new", "rows_changed", "rows_same", "rows_left_out", "state", "finished_at"])


def _end(run: ImportRun, state: ImportRun.State) -> None:
    """In words of its own transaction, after that of the import is undone."""
    ImportRun.objects.filter(pk=run.pk).update(state=state, finished_at=timezone.now())
