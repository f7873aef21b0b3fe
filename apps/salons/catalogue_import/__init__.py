"""A salon's price list in and out: the one path behind the admin's pages and `manage.py import_catalog`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.common.imports import run
from apps.common.imports.columns import Layout
from apps.common.imports.errors import Problem
from apps.common.imports.rows import RowReader
from apps.common.imports.run import Importer, run_import
from apps.common.imports.sheet import MOST_BYTES, WINDOWS_1256
from apps.salons.catalogue_import.catalogue import Catalogue
from apps.salons.catalogue_import.columns import COLUMNS
from apps.salons.catalogue_import.errors import CatalogueChanged
from apps.salons.catalogue_import.parsers import EMPTY, ONE_OF, PARSERS
from apps.salons.catalogue_import.plan import Plan, make_plan
from apps.salons.catalogue_import.report import Report
from apps.salons.catalogue_import.writer import write
from apps.salons.models import Salon, Service

__all__ = ["MOST_BYTES", "WINDOWS_1256", "CatalogueImporter", "Options", "Problem", "Report", "import_catalogue"]


@dataclass(frozen=True)
class Options(run.Options):
    """`default_duration` is in minutes, for new services without one (None: such rows are errors)."""

    default_duration: int | None = None


class CatalogueImporter(Importer[Plan]):
    """Services and their categories are one list: a row names both."""

    columns = COLUMNS
    outdated = CatalogueChanged

    def is_allowed(self, actor: Any) -> bool:
        return bool(actor.has_perm("salons.import_service", Service(salon=self.salon)))

    def reader(self, layout: Layout, problems: list[Problem]) -> RowReader:
        return RowReader(layout, self.salon.slug, PARSERS, EMPTY, ONE_OF, problems)

    def plan(self) -> Plan:
        default_duration = getattr(self.options, "default_duration", None)
        plan = make_plan(Catalogue(self.salon), self.rows, self.layout, default_duration)
        self.complete(plan.report)
        return plan

    def lock(self) -> None:
        """One import at a time for a salon. Bookings go on: they only need the salon's key to stay."""
        list(Salon.objects.select_for_update(no_key=True).filter(pk=self.salon.pk))

    def write(self, plan: Plan, *, actor: Any, reason: str) -> None:
        write(plan, actor=actor, reason=reason)


def import_catalogue(
    content: bytes,
    *,
    salon: Salon,
    actor: Any,
    source: str,
    options: Options,
    dry_run: bool = False,
    previewed: str = "",
    settled: Callable[[Report], None] | None = None,
) -> Report:
    """Import a price list into `salon`; see `run_import`. Raises CatalogueChanged when it is not as `previewed`."""
    importer = CatalogueImporter(salon, options)
    report: Report = run_import(
        importer,
        content,
        actor=actor,
        source=source,
        dry_run=dry_run,
        previewed=previewed,
        settled=settled,
    )
    return report
