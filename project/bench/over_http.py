"""Suite `http`: what a booking costs through the whole server, as a share of the raw INSERT (G4)."""

import time
from uuid import uuid4

from django.urls import reverse

from apps.accounts.services.tokens import issue_tokens
from apps.bookings.models import Booking
from project.bench.book import bound_against
from project.bench.crew import crew
from project.bench.goals import GOALS, NONE
from project.bench.load import Answers, load, written
from project.bench.partners.raw import Raw, find_pgbench
from project.bench.report import Report, median_ratio
from project.bench.scale import PROCESSES, HttpScale
from project.bench.served import BARE, served, settle
from project.bench.world import World, forget_bookings, make_world

RAW, NOTHING, NAIVE, OURS = "raw INSERT", "bare view", "plain REST framework", "booking over HTTP"
# More than two processors answer.
REQUESTS_A_SECOND = 2000
LOOK_AGAIN_SECONDS = 0.2


def run(report: Report, scale: HttpScale) -> None:
    """Measure in the present database, which is new and empty; raw INSERT, bare view, partner and we take turns."""
    world = make_world(staff=scale.staff, customers=scale.customers)
    bookings = scale.seconds * REQUESTS_A_SECOND
    requests = {
        NOTHING: [written("GET", BARE)],
        NAIVE: _bookings(world, "/api/plain/bookings/", bookings),
        OURS: _bookings(world, reverse("booking-list"), bookings),
    }
    rates: dict[str, list[float]] = {name: [] for name in (RAW, *requests)}
    every: dict[str, list[Answers]] = {name: [] for name in requests}
    lost = 0
    with crew(PROCESSES, scale.threads) as writers, served() as port, load() as call:
        raw = Raw(world, writers, find_pgbench())
        for _round in range(scale.rounds):
            forget_bookings()
            rates[RAW].append(raw.per_second(scale.seconds))
            for name, sent in requests.items():
                forget_bookings()
                answers = call(port, sent, scale.seconds)
                settle(port)
                rates[name].append(answers.per_second)
                every[name].append(answers)
                if name != NOTHING:
                    lost += max(0, answers.count - answers.refused - _kept())
    _report(report, rates, every, lost, raw)


def _bookings(world: World, address: str, count: int) -> list[bytes]:
    """So many different bookings, by all customers in turn, each with a token and a key."""
    tokens = [issue_tokens(user=person).access for person, _card in world.customers]
    requests = []
    for number in range(count):
        staff, starts_at = world.free(number)
        token = tokens[number % len(tokens)]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        asked = {"service": str(world.service.public_id), "staff": str(staff.public_id)}
        requests.append(written("POST", address, headers, {**asked, "starts_at": starts_at.isoformat()}))
    return requests


def _kept() -> int:
    """Bookings in the database, when no more come."""
    count, before = Booking.objects.count(), -1
    while count != before:
        time.sleep(LOOK_AGAIN_SECONDS)
        count, before = Booking.objects.count(), count
    return count


def _report(
    report: Report, rates: dict[str, list[float]], every: dict[str, list[Answers]], lost: int, raw: Raw
) -> None:
    report.figure("G4", f"{OURS} / {RAW}", median_ratio(rates[OURS], rates[RAW]), bound_against(raw, GOALS["http"]))
    for name in (NAIVE, NOTHING):
        report.figure("G4", f"{name} / {RAW}", median_ratio(rates[name], rates[RAW]))
        report.figure("G4", f"{OURS} / {name}", median_ratio(rates[OURS], rates[name]))
    for percent in ("p50", "p99"):
        ours, bare = ([getattr(answers, percent) for answers in every[name]] for name in (OURS, NOTHING))
        report.figure("G4", f"{OURS} / {NOTHING}, {percent}", median_ratio(ours, bare))
    report.invariant("G4", "calls that were refused", sum(a.refused for found in every.values() for a in found), NONE)
    report.invariant("G4", "answered bookings that are not kept", lost, NONE)
    report.absolutes["per second"] = rates
    report.absolutes["milliseconds"] = {
        name: {"p50": [answers.p50 for answers in found], "p99": [answers.p99 for answers in found]}
        for name, found in every.items()
    }
