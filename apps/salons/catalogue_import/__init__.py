"""A salon's price list in and out: the one path behind the admin's pages and `manage.py import_catalog`."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.common.errors import Forbidden
from apps.salons.catalogue_import.catalogue import Catalogue
from apps.salons.catalogue_import.columns import Layout, read_headings
from apps.salons.catalogue_import.errors import CatalogueChanged, Problem
from apps.salons.catalogue_import.plan import Plan, make_plan
from apps.salons.catalogue_import.report import Report
from apps.salons.catalogue_import.rows import Row, RowReader, without_rows
from apps.salons.catalogue_import.sheet import MOST_BYTES, WINDOWS_1256, read_sheet
from apps.salons.catalogue_import.writer import write
from apps.salons.models import Salon, Service

__all__ = ["MOST_BYTES", "WINDOWS_1256", "Options", "Problem", "Report", "import_catalogue"]


@dataclass(frozen=True)
class Options:
    """What the operator decided: minutes for new services without a duration (None: such rows are errors), numbers of
    rows to leave out, and the encoding of a CSV file ("" for UTF-8, or WINDOWS_1256).
    """

    default_duration: int | None = None
    skip_rows: frozenset[int] = frozenset()
    encoding: str = ""


def import_catalogue(
    content: bytes,
    *,
    salon: Salon,
    actor: Any,
    source: str,
    options: Options,
    dry_run: bool = False,
    previewed: str = "",
) -> Report:
    """Import a price list (bytes of a CSV or XLSX file called `source`) into `salon`, all of it or nothing.

    `actor` is a User, or None for the command. Without problems in the report everything is written (with `dry_run`
    nothing is); with one, nothing. `previewed` is the fingerprint of the report the operator agreed to. Raises
    Forbidden, the errors of `catalogue_import.errors` for a file that cannot be read, and CatalogueChanged.
    """
    if actor is not None and not actor.has_perm("salons.import_service", Service(salon=salon)):
        raise Forbidden
    price_list = read_price_list(content, salon, options)
    if dry_run or price_list.problems:
        return plan_for(price_list, salon, options).report
    try:
        with transaction.atomic():
            lock_catalogue(salon)
            plan = plan_for(price_list, salon, options)
            if plan.report.problems:
                return plan.report
            if previewed and plan.report.fingerprint() != previewed:
                raise CatalogueChanged
            write(plan, actor=actor, reason=_("Imported from %(file)s") % {"file": source})
    except IntegrityError as error:
        raise CatalogueChanged from error
    return plan.report


@dataclass(frozen=True)
class PriceList:
    """The good rows of a file and what is wrong with the others; read before any lock is taken."""

    layout: Layout
    rows: list[Row]
    problems: list[Problem]
    skipped: int = 0


def read_price_list(content: bytes, salon: Salon, options: Options) -> PriceList:
    sheet = read_sheet(content, encoding=options.encoding)
    layout, problems = read_headings(sheet.headings, sheet.heading_row)
    if problems:
        return PriceList(layout, [], problems)
    kept, problems = without_rows(sheet, options.skip_rows)
    reader = RowReader(layout, salon, problems)
    return PriceList(layout, reader.read(kept), reader.problems, skipped=len(sheet.rows) - len(kept.rows))


def plan_for(price_list: PriceList, salon: Salon, options: Options) -> Plan:
    plan = make_plan(Catalogue(salon), price_list.rows, price_list.layout, options.default_duration)
    plan.report.rows_skipped = price_list.skipped
    plan.report.problems = sorted([*price_list.problems, *plan.report.problems], key=lambda problem: problem.row)
    return plan


def lock_catalogue(salon: Salon) -> None:
    """One import at a time for a salon. Bookings go on: they only need the salon's key to stay."""
    list(Salon.objects.select_for_update(no_key=True).filter(pk=salon.pk))
