"""Imports: how fast a list is stored with its history, what a preview costs, and that bookings go on meanwhile."""

import tracemalloc
from collections.abc import Callable
from threading import Event, Thread
from time import perf_counter
from typing import Any

from django.db import connection, connections
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.common.imports.run import Options, run_import
from apps.salons.catalogue_import import CatalogueImporter
from apps.salons.catalogue_import import Options as PriceListOptions
from apps.salons.imports.customers import CustomerImporter
from apps.salons.models import Customer, Salon, Service, ServiceCategory
from project.bench.goals import GOALS
from project.bench.inserts import with_history
from project.bench.partners.import_export import import_naively
from project.bench.report import Report, at_most, exactly, median_ratio
from project.bench.scale import ImportScale
from project.bench.world import World, make_world

HEADINGS = ("code", "category_ar", "category_en", "name_ar", "name_en", "price", "duration")
MEBIBYTE = 1024 * 1024


def run(report: Report, scale: ImportScale) -> None:
    """Fill in `report`."""
    world = make_world(staff=4, customers=32)
    _speed(report, world.salon, scale)
    _queries(report, world.salon, scale)
    _preview(report, world.salon, scale)
    _memory(report, world.salon, scale)
    if connection.vendor == "postgresql":
        _bookings_beside(report, world, scale)


def _speed(report: Report, salon: Salon, scale: ImportScale) -> None:
    ours, partners = [], []
    for number in range(scale.rounds):
        ServiceCategory.objects.get_or_create(salon=salon, name_ar="قسم", defaults={"name_en": "Part"})
        few = _rows(f"N{number}-", scale.partner_rows)
        partners.append(_seconds(lambda few=few: import_naively(salon, few, HEADINGS)) / len(few))  # type: ignore[misc]
        many = _csv(_rows(f"O{number}-", scale.rows))
        ours.append(_seconds(lambda many=many: _import(salon, many)) / scale.rows)  # type: ignore[misc]
        _forget_services(salon)
    what = f"import-export with history / ours, {scale.rows:,} rows"
    report.figure("G10", what, median_ratio(partners, ours), GOALS["import"], "×")
    report.absolutes["import seconds a row"] = {"ours": ours, "partner": partners}


def _queries(report: Report, salon: Salon, scale: ImportScale) -> None:
    few, many = (_statements(salon, _csv(_rows(f"Q{count}-", count))) for count in (scale.rows // 10, scale.rows))
    _forget_services(salon)
    report.invariant("G10", f"statements more for {scale.rows} rows than for a tenth", many - few, exactly(0))


def _preview(report: Report, salon: Salon, scale: ImportScale) -> None:
    content = _csv(_rows("P", scale.rows))
    _import(salon, content)
    changed = content.replace(b",100,45", b",120,45")
    found: list[Any] = []
    taken = _seconds(lambda: found.append(_import(salon, changed, dry_run=True)))
    context = {"report": found[0], "called": "list.csv", "confirm_form": [], "options": Service._meta}
    page = render_to_string("salons/admin/import_preview.html", context, RequestFactory().get("/"))
    what = f"seconds for the preview of {scale.rows} rows, all changed"
    report.figure("G11", what, taken, GOALS["preview"], " s")
    report.invariant("G11", "size of its page in KiB", len(page.encode()) / 1024, at_most(100))
    _forget_services(salon)


def _memory(report: Report, salon: Salon, scale: ImportScale) -> None:
    content = _csv(_rows("M", scale.rows))
    more = _peak(lambda: _import(salon, content))
    report.figure("G10", f"MiB more, price list of {scale.rows} rows", more, GOALS["import memory"])
    _forget_services(salon)
    cards = _cards(0, scale.most_rows)
    more = _peak(lambda: _import_cards(salon, cards))
    report.figure("G10", f"MiB more, {scale.most_rows} customers", more)
    stored = Customer.history.filter(history_change_reason__contains="cards.csv").count()
    report.invariant("G10", f"versions missing after {scale.most_rows} customers", scale.most_rows - stored, exactly(0))


def _bookings_beside(report: Report, world: World, scale: ImportScale) -> None:
    """Book in the salon while customers are imported into it."""
    over, waits = Event(), []
    book = with_history(world)

    def visitors() -> None:
        try:
            number = 0
            while not over.is_set():
                staff, starts_at = world.free(number)
                waits.append(_seconds(lambda n=number, s=staff, t=starts_at: book(n, s, t)))  # type: ignore[misc]
                number += 1
        finally:
            connections.close_all()

    thread = Thread(target=visitors)
    content = _cards(10_000_000, scale.most_rows)
    thread.start()
    try:
        taken = _seconds(lambda: _import_cards(world.salon, content))
    finally:
        over.set()
        thread.join()
    what = f"longest wait of {len(waits)} bookings beside an import, as a share of it"
    report.figure("G10", what, max(waits) / taken, GOALS["booking beside import"])
    report.absolutes["bookings beside an import"] = {
        "seconds": taken,
        "longest wait": max(waits),
        "bookings": len(waits),
    }


def _rows(prefix: str, count: int) -> list[tuple[str, ...]]:
    return [
        (f"{prefix}{number}", "قسم", "Part", f"خدمة {prefix}{number}", f"Service {prefix}{number}", "100", "45")
        for number in range(count)
    ]


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    return "\n".join(",".join(row) for row in [HEADINGS, *rows]).encode()


def _cards(first: int, count: int) -> bytes:
    lines = [
        f"+9665{number:08d},Name {number},a note" for number in range(first + 1_000_000, first + 1_000_000 + count)
    ]
    return "\n".join(["phone,name,notes", *lines]).encode()


def _import(salon: Salon, content: bytes, *, dry_run: bool = False) -> Any:
    importer = CatalogueImporter(salon, PriceListOptions())
    return _good(run_import(importer, content, actor=None, source="list.csv", dry_run=dry_run))


def _import_cards(salon: Salon, content: bytes) -> Any:
    return _good(run_import(CustomerImporter(salon, Options()), content, actor=None, source="cards.csv"))


def _good(report: Any) -> Any:
    if report.problems:
        raise RuntimeError(str(report.findings()[0]))
    return report


def _statements(salon: Salon, content: bytes) -> int:
    with CaptureQueriesContext(connection) as captured:
        _import(salon, content)
    return len(captured)


def _seconds(call: Callable[[], Any]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _peak(call: Callable[[], Any]) -> float:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / MEBIBYTE
    finally:
        tracemalloc.stop()


def _forget_services(salon: Salon) -> None:
    Service.objects.filter(salon=salon, staff_services__isnull=True).delete()
    Service.history.filter(salon_id=salon.pk).delete()
