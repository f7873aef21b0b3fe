"""The suites by name, each in a scratch database of its own."""

from dataclasses import replace

from django.db import connection

from project.bench import admin_lists, imports, race, sign_in, slots, webhook
from project.bench.database import engine, scratch_database
from project.bench.report import Report
from project.bench.scale import (
    ADMIN_FULL,
    ADMIN_QUICK,
    IMPORT_FULL,
    IMPORT_QUICK,
    RACE_FULL,
    RACE_QUICK,
    SIGN_IN_FULL,
    SIGN_IN_QUICK,
    SLOTS_FULL,
    SLOTS_QUICK,
    WEBHOOK_FULL,
    WEBHOOK_QUICK,
)

SUITES = ("race", "slots", "sign-in", "webhook", "admin", "import")


def run(suite: str, *, quick: bool = False, with_peer: bool = True, bookings: int | None = None) -> Report:
    """Measure `suite` and say what came out. `bookings` is the size of the large table of suite `admin`."""
    with scratch_database():
        report = Report(suite, engine(), floors=connection.vendor == "postgresql")
        if suite == "race":
            race.run(report, RACE_QUICK if quick else RACE_FULL)
        elif suite == "sign-in":
            sign_in.run(report, SIGN_IN_QUICK if quick else SIGN_IN_FULL)
        elif suite == "import":
            imports.run(report, IMPORT_QUICK if quick else IMPORT_FULL)
        elif suite == "webhook":
            webhook.run(report, WEBHOOK_QUICK if quick else WEBHOOK_FULL)
        elif suite == "admin":
            scale = ADMIN_QUICK if quick else ADMIN_FULL
            if bookings is not None:
                scale = replace(scale, bookings=bookings, customers=max(bookings // 10, 1))
            admin_lists.run(report, scale)
        else:
            slots.run(report, SLOTS_QUICK if quick else SLOTS_FULL, with_peer=with_peer)
    return report
