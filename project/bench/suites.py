"""The suites by name, each in a scratch database of its own."""

from django.db import connection

from project.bench import race, sign_in, slots
from project.bench.database import engine, scratch_database
from project.bench.report import Report
from project.bench.scale import (
    RACE_FULL,
    RACE_QUICK,
    SIGN_IN_FULL,
    SIGN_IN_QUICK,
    SLOTS_FULL,
    SLOTS_QUICK,
)

SUITES = ("race", "slots", "sign-in")


def run(suite: str, *, quick: bool = False, with_peer: bool = True) -> Report:
    """Measure `suite` and say what came out."""
    with scratch_database():
        report = Report(suite, engine(), floors=connection.vendor == "postgresql")
        if suite == "race":
            race.run(report, RACE_QUICK if quick else RACE_FULL)
        elif suite == "sign-in":
            sign_in.run(report, SIGN_IN_QUICK if quick else SIGN_IN_FULL)
        else:
            slots.run(report, SLOTS_QUICK if quick else SLOTS_FULL, with_peer=with_peer)
    return report
