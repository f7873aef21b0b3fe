"""The nightly comparison of our books with the gateway's, and the differences that people explain."""

from datetime import time, timedelta
from typing import Any

from apps.accounts.models import User
from apps.common.money import to_halalas
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun
from project.demo.gateway import SeededGateway
from project.demo.world import World, identity, minutes

Kind = ReconciliationFinding.Kind
NIGHTS = 14
AT_NIGHT = time(3, 15)
WINDOW = timedelta(hours=48)
EXPLAINED = {Kind.AMOUNT: ("230.00", "207.00"), Kind.REFUNDED: ("0.00", "115.00"), Kind.STATUS: ("initiated", "paid")}


def compare_books(world: World, gateway: SeededGateway, support: User) -> None:
    """Two weeks of nightly runs; earlier differences are explained, those of the last run are open."""
    online: list[Any] = [one for one in world.archive.rows(Payment) if one.gateway_payment_id and one.paid_at]
    runs = [run for night in range(-NIGHTS, 1) if (run := _run(world, night, online))]
    if len(runs) > 3:
        runs[3].finished_at = None  # that night the gateway was down
    chance = world.chance("bookkeeping")
    words = world.content.words["findings"]
    for (kind, (ours, theirs)), run in zip(EXPLAINED.items(), runs[4:], strict=False):
        compared = [one for one in online if run.since < one.paid_at <= run.started_at]
        payment = chance.choice(compared or online)
        finding = _finding(world, run, payment, kind, ours, theirs)
        at = run.started_at + minutes(chance.uniform(300, 700))
        explained = {"resolved_at": at, "resolution": words[kind]}
        world.archive.change(finding, at=at, by=support, reason=words[kind], **explained)
    _leave_open(world, gateway, runs[-1], online)


def _run(world: World, night: int, online: list[Any]) -> ReconciliationRun | None:
    started = world.moment(night, AT_NIGHT)
    if started > world.now:
        return None
    since = started - WINDOW
    compared = sum(since < payment.paid_at <= started for payment in online)
    run = ReconciliationRun(
        started_at=started, finished_at=started + timedelta(seconds=9), since=since, compared_count=compared
    )
    return world.archive.add(run)


def _leave_open(world: World, gateway: SeededGateway, run: ReconciliationRun, online: list[Any]) -> None:
    """A payment that only the gateway knows, and a refund that was made there and not here."""
    stranger = str(identity(world.chance("stranger")))
    gateway.knows_alone(stranger, 17_250, run.started_at - minutes(400))
    finding = ReconciliationFinding(
        run=run, gateway_payment_id=stranger, kind=Kind.MISSING_HERE, ours="", theirs="172.50"
    )
    world.archive.add(finding, at=run.started_at)
    untouched = [
        one
        for one in online
        if one.paid_at <= run.started_at and one.refunded_amount == one.refund_reserved_amount == 0
    ]
    if untouched:
        payment = max(untouched, key=lambda one: one.paid_at)
        gateway.refunded_really(payment, to_halalas(payment.amount))
        _finding(world, run, payment, Kind.REFUNDED, "0.00", f"{payment.amount:.2f}")


def _finding(
    world: World, run: ReconciliationRun, payment: Payment, kind: str, ours: str, theirs: str
) -> ReconciliationFinding:
    finding = ReconciliationFinding(
        run=run,
        payment=payment,
        salon=payment.salon,
        gateway_payment_id=payment.gateway_payment_id,
        kind=kind,
        ours=ours,
        theirs=theirs,
    )
    return world.archive.add(finding, at=run.started_at)
