"""Price lists for the tests of import and export: the real one, and small ones made in place."""

import io
from pathlib import Path

from openpyxl import Workbook

from apps.salons.catalogue_import import Options, import_catalogue
from apps.salons.models import Service, ServiceCategory

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
REAL = FIXTURES / "riyadh_price_list.csv"
CORRECTED = FIXTURES / "riyadh_price_list_corrected.csv"
HEADINGS = "code;category_ar;category_en;name_ar;name_en;price;duration"


def csv_of(*lines, headings=HEADINGS):
    """A CSV file in UTF-8 with semicolons."""
    return "\n".join([headings, *lines]).encode()


def xlsx_of(*rows):
    """A workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def run(content, salon, *, actor=None, dry_run=False, previewed="", **options):
    """Import `content`; options as in `Options`, `skip_rows` as any collection of numbers."""
    options["skip_rows"] = frozenset(options.get("skip_rows", ()))
    return import_catalogue(
        content,
        salon=salon,
        actor=actor,
        source="list.csv",
        options=Options(**options),
        dry_run=dry_run,
        previewed=previewed,
    )


def codes(report):
    """`[(row, column, code), …]` of what is wrong."""
    return [(problem.row, problem.column, problem.code) for problem in report.problems]


def stored():
    """Everything an import may write, history included, to compare before and after."""
    tables = (ServiceCategory, Service, ServiceCategory.history.model, Service.history.model)
    return [list(table.objects.order_by("pk").values()) for table in tables]
