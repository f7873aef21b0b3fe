"""The one way through: a file is planned against what is stored, and the plan is written as a whole or not at all."""

import gc
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.common.doors import Door, through
from apps.common.errors import Forbidden
from apps.common.imports.columns import Columns, Layout
from apps.common.imports.errors import ImportOutdated, Problem
from apps.common.imports.rows import Row, RowReader, without_rows
from apps.common.imports.sheet import read_sheet
from apps.common.transactions import use_case

PlanT = TypeVar("PlanT")


@dataclass(frozen=True)
class Options:
    """What the operator decided: numbers of rows to leave out, and the encoding of a CSV file ("" for UTF-8)."""

    skip_rows: frozenset[int] = frozenset()
    encoding: str = ""


class Importer(ABC, Generic[PlanT]):
    """The steps of an import, of which kinds replace some. A plan has a `report` with `problems` and a fingerprint."""

    columns: ClassVar[Columns]
    outdated: ClassVar[type[ImportOutdated]] = ImportOutdated

    def __init__(self, salon: Any, options: Options) -> None:
        self.salon = salon
        self.options = options
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.skipped = 0

    @abstractmethod
    def is_allowed(self, actor: Any) -> bool:
        """Whether `actor` (a User) may import into the salon."""

    @abstractmethod
    def reader(self, layout: Layout, problems: list[Problem]) -> RowReader:
        """Who makes values of the cells."""

    @abstractmethod
    def plan(self) -> PlanT:
        """Compare the rows with what is stored."""

    @abstractmethod
    def write(self, plan: PlanT, *, actor: Any, reason: str) -> None:
        """Store the plan inside the caller's transaction."""

    def lock(self) -> None:
        """Whatever else writes these rows comes before or after."""

    def preview(self) -> PlanT:
        """The plan as it is shown: nothing of it is stored."""
        return self.plan()

    def read(self, content: bytes) -> None:
        """Keep the rows of the file and what is wrong with them, before any lock is taken. Raises Rejected."""
        sheet = read_sheet(content, known=self.columns.known, encoding=self.options.encoding)
        self.layout, problems = self.columns.read(sheet.headings, sheet.heading_row)
        if not problems:
            kept, problems = without_rows(sheet, self.options.skip_rows)
            self.skipped = len(sheet.rows) - len(kept.rows)
            reader = self.reader(self.layout, problems)
            self.rows = reader.read(kept)
        self.problems = problems

    def complete(self, report: Any) -> None:
        """Add to the report of a plan what was known before it was made."""
        report.rows_skipped = self.skipped
        report.problems = sorted([*self.problems, *report.problems], key=lambda problem: problem.row)


def run_import(
    importer: Importer[Any],
    content: bytes,
    *,
    actor: Any,
    source: str,
    dry_run: bool = False,
    previewed: str = "",
    settled: Callable[[Any], None] | None = None,
) -> Any:
    """Import `content` (bytes of a CSV or XLSX file called `source`), all of it or nothing; the report.

    `actor` is a User, or None for a command. Without problems in the report everything is written (with `dry_run`
    nothing is); with one, nothing. `previewed` is the fingerprint of the report the operator agreed to. `settled` is
    told the report inside the transaction that wrote. Raises Forbidden, the errors of `imports.errors` for a file that
    cannot be read, and the importer's `outdated`.
    """
    if actor is not None and not importer.is_allowed(actor):
        raise Forbidden
    with _gc_paused():
        importer.read(content)
        try:
            if dry_run or importer.problems:
                return importer.preview().report
            return _write(importer, actor=actor, source=source, previewed=previewed, settled=settled)
        except IntegrityError as error:
            raise importer.outdated from error


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Without the search for cycles. An import makes hundreds of thousands of objects that live to its end and hold no
    cycle; looking through them again and again took a quarter of its time. A file's size bounds what piles up.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@use_case
def _write(
    importer: Importer[Any], *, actor: Any, source: str, previewed: str, settled: Callable[[Any], None] | None
) -> Any:
    importer.lock()
    plan = importer.plan()
    if not plan.report.problems:
        with transaction.atomic(), through(Door.IMPORT):
            importer.write(plan, actor=actor, reason=_("Imported from %(file)s") % {"file": source})
        if previewed and plan.report.fingerprint() != previewed:
            raise importer.outdated
        if settled is not None:
            settled(plan.report)
    return plan.report
