"""The suites by name, each in a scratch database of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from project.bench import admin_lists, api, auth, book, imports, over_http, race, scale, slots, webhook
from project.bench.database import engine, scratch_database
from project.bench.report import Report


@dataclass(frozen=True, slots=True)
class Suite:
    """`measure` fills a report at a scale of its own kind."""

    measure: Callable[[Report, Any], None]
    full: Any
    quick: Any


SUITES = {
    "race": Suite(race.run, scale.RACE_FULL, scale.RACE_QUICK),
    "slots": Suite(slots.run, scale.SLOTS_FULL, scale.SLOTS_QUICK),
    "book": Suite(book.run, scale.BOOK_FULL, scale.BOOK_QUICK),
    "http": Suite(over_http.run, scale.HTTP_FULL, scale.HTTP_QUICK),
    "admin": Suite(admin_lists.run, scale.ADMIN_FULL, scale.ADMIN_QUICK),
    "import": Suite(imports.run, scale.IMPORT_FULL, scale.IMPORT_QUICK),
    "api": Suite(api.run, scale.API_FULL, scale.API_QUICK),
    "auth": Suite(auth.run, scale.AUTH_FULL, scale.AUTH_QUICK),
    "webhook": Suite(webhook.run, scale.WEBHOOK_FULL, scale.WEBHOOK_QUICK),
}


def run(name: str, *, quick: bool = False, with_peer: bool = True, bookings: int | None = None) -> Report:
    """Measure the suite `name` and say what came out. `bookings` is the size of the large table of suite `admin`."""
    suite = SUITES[name]
    chosen = suite.quick if quick else suite.full
    if name == "slots":
        chosen = replace(chosen, with_peer=with_peer)
    if name == "admin" and bookings is not None:
        chosen = replace(chosen, bookings=bookings, customers=max(bookings // 10, 1))
    with scratch_database():
        report = Report(name, engine(), floors=connection.vendor == "postgresql")
        suite.measure(report, chosen)
    return report
