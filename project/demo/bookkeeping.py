"""The hourly comparison of our books with the gateway's, what people explain of it, and the counts of the till."""

from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import User
from apps.common.money import CURRENCY, to_halalas
from apps.payments import reasons
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund, TillCount
from apps.payments.services.findings import seal_of
from apps.payments.services.reconciliation import OVERLAP
from project.demo.gateway import SeededGateway
from project.demo.shops import Shop
from project.demo.world import ZONE, World, identity, minutes

Kind = ReconciliationFinding.Kind
Method = Payment.Method
DAYS = 14
PAST_THE_HOUR = 15
GATEWAY_DOWN_HOURS_AGO = 250
COUNTED_AT = time(0, 40)  # of the next day, when the last visit is paid
SHORT_DAYS_AGO, SHORT_BY = 3, Decimal("20.00")
CORRECTED_DAYS_AGO = -12
NOTHING = Decimal("0.00")


class Comparisons:
    """Two weeks of hourly runs; earlier differences are explained, those of the last ones are open."""

    def __init__(self, world: World, gateway: SeededGateway, support: User) -> None:
        self.world, self.gateway, self.support = world, gateway, support
        self.chance = world.chance("bookkeeping")
        settled = [one for one in world.archive.rows(Payment) if one.gateway_payment_id and one.paid_at]
        self.online: list[Any] = sorted(settled, key=lambda one: (one.paid_at, one.pk))
        self._paid = [one.paid_at for one in self.online]
        last = world.now.replace(minute=PAST_THE_HOUR)
        last -= timedelta(hours=last > world.now)
        self.runs = [self._run(last - timedelta(hours=ago)) for ago in range(24 * DAYS, -1, -1)]

    def compare(self) -> None:
        self.runs[-GATEWAY_DOWN_HOURS_AGO].finished_at = None
        self.runs[-1].settlement_line_count = 2
        self._explain()
        self._leave_open()

    def seal(self) -> None:
        """Once everything is stored: a seal is made of what stands in the tables."""
        for run in self.runs:
            if run.finished_at is not None:
                ReconciliationRun.objects.filter(pk=run.pk).update(digest=seal_of(run))

    def _run(self, started: datetime) -> ReconciliationRun:
        since = started - OVERLAP
        compared = bisect_right(self._paid, started) - bisect_right(self._paid, since)
        finished = started + timedelta(seconds=9)
        run = ReconciliationRun(started_at=started, finished_at=finished, since=since, compared_count=compared)
        return self.world.archive.add(run)

    # --- Explained ---

    def _explain(self) -> None:
        """One of each kind that a person explained in the two weeks, and one that the comparison repaired."""
        paid, back = self.online, [one for one in self.online if one.refunded_amount]
        for kind, payments, ours, theirs in (
            (Kind.AMOUNT, paid, "230.00", "207.00"),
            (Kind.REFUNDED, back, None, "0.00"),
            (Kind.STATUS, paid, Payment.Status.INITIATED.value, "paid"),
            (Kind.MISSING_THERE, paid, None, ""),
            (Kind.CURRENCY, paid, CURRENCY, "USD"),
        ):
            run = self.chance.choice(self.runs[24 : -24 * 3])
            payment = self.chance.choice([one for one in payments if one.paid_at <= run.started_at] or payments)
            amount = payment.refunded_amount if kind == Kind.REFUNDED else payment.captured_amount
            finding = self._note(run, payment, kind, f"{amount:.2f}" if ours is None else ours, theirs)
            at = min(run.started_at + minutes(self.chance.uniform(300, 700)), self.world.now)
            self._close(finding, at, self.world.content.words["findings"][kind], self.support)
        for refund in self.world.archive.rows(Refund):
            if refund.status == Refund.Status.EXTERNAL:
                run = self._run_after(refund.settled_at)
                before, after = refund.gateway_refunded_before, refund.gateway_refunded_after
                finding = self._note(run, refund.payment, Kind.EXTERNAL_REFUND, f"{before:.2f}", f"{after:.2f}")
                self._close(finding, run.started_at + timedelta(seconds=4), reasons.RECORDED_HERE, None)

    def _close(self, finding: ReconciliationFinding, at: datetime, words: str, by: User | None) -> None:
        self.world.archive.change(finding, at=at, by=by, reason=words, resolved_at=at, resolution=words)

    # --- Open ---

    def _leave_open(self) -> None:
        self._leave_stranger()
        for payment in self.world.archive.rows(Payment):
            if payment.status == Payment.Status.REVIEW:
                run = self._run_after(payment.checked_at)
                self._note(run, payment, Kind.STATUS, payment.status, payment.gateway_status)
        for refund in self.world.archive.rows(Refund):
            if refund.status == Refund.Status.REVIEW:
                there = refund.gateway_refunded_after
                payment = refund.payment
                ours = f"{payment.refunded_amount:.2f}"
                self._note(self._run_after(refund.sent_at), payment, Kind.EXTERNAL_REFUND, ours, f"{there:.2f}")
        kept = [one for one in self.online if one.refunded_amount == one.refund_reserved_amount == 0]
        for leave, payment in zip(
            (self._leave_refund, self._leave_payout, self._leave_chargeback), kept[::-1], strict=False
        ):
            leave(payment)

    def _leave_stranger(self) -> None:
        """A payment that only the gateway knows."""
        run, stranger = self.runs[-7], str(identity(self.world.chance("stranger")))
        self.gateway.knows_alone(stranger, 17_250, run.started_at - minutes(40))
        finding = ReconciliationFinding(
            run=run, gateway_payment_id=stranger, kind=Kind.MISSING_HERE, ours="", theirs="172.50"
        )
        self.world.archive.add(finding, at=run.started_at)

    def _leave_refund(self, payment: Payment) -> None:
        """Given back at the gateway just now: the next comparison books it."""
        self.gateway.refunded_really(payment, to_halalas(payment.captured_amount))
        self._note(self.runs[-1], payment, Kind.EXTERNAL_REFUND, "0.00", f"{payment.captured_amount:.2f}")

    def _leave_payout(self, payment: Payment) -> None:
        """Paid out with another amount than was received."""
        told = payment.captured_amount - 10
        self.gateway.paid_out(payment, "payment", to_halalas(told))
        self._note(self.runs[-1], payment, Kind.SETTLEMENT, f"{payment.captured_amount}", f"payment {told:.2f}")

    def _leave_chargeback(self, payment: Payment) -> None:
        """The customer's bank took the money back."""
        ours = f"{payment.captured_amount}"
        self.gateway.paid_out(payment, "chargeback", -to_halalas(payment.captured_amount))
        self._note(self.runs[-1], payment, Kind.CHARGEBACK, ours, f"chargeback -{ours}")

    def _run_after(self, moment: datetime) -> ReconciliationRun:
        return next((run for run in self.runs if run.started_at > moment), self.runs[-1])

    def _note(
        self, run: ReconciliationRun, payment: Payment, kind: str, ours: str, theirs: str
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
        return self.world.archive.add(finding, at=run.started_at)


def count_tills(world: World, shops: list[Shop]) -> None:
    """Two weeks of evenings: the till agrees but for one, and one count was corrected."""
    expected: defaultdict[tuple[object, date, str], Decimal] = defaultdict(lambda: NOTHING)
    first = world.moment(-DAYS, time(0))
    for payment in world.archive.rows(Payment):
        if payment.paid_at and payment.paid_at >= first:
            expected[payment.salon_id, _day(payment.paid_at), payment.method] += payment.captured_amount
    for refund in world.archive.rows(Refund):
        if refund.settled_at and refund.settled_at >= first and refund.status in Refund.DONE:
            expected[refund.salon_id, _day(refund.settled_at), refund.payment.method] -= refund.amount
    for shop in shops:
        till = Evenings(world, shop, expected)
        for days in range(-DAYS, 0):
            till.count(days)


class Evenings:
    """One salon's counts; `expected` is what the books say by salon, day and method."""

    def __init__(self, world: World, shop: Shop, expected: dict[tuple[object, date, str], Decimal]) -> None:
        self.world, self.shop, self._expected = world, shop, expected
        recent = range(SHORT_DAYS_AGO, -CORRECTED_DAYS_AGO)
        self._short = next((-ago for ago in recent if self._books(-ago, Method.CASH) >= SHORT_BY), None)

    def count(self, days: int) -> None:
        at = self.world.moment(days + 1, COUNTED_AT)
        if at > self.world.now:
            return
        cash, terminal = (self._books(days, method) for method in (Method.CASH, Method.TERMINAL))
        chance = self.world.chance("till", self.shop.salon.slug, days)
        words, is_short = self.world.content.words["till_notes"], days == self._short
        found, is_wrong = max(cash, NOTHING), days == CORRECTED_DAYS_AGO
        count = TillCount(
            salon=self.shop.salon,
            day=self._day(days),
            counted_cash=max(found - SHORT_BY, NOTHING) if is_short or is_wrong else found,
            counted_terminal=max(terminal, NOTHING),
            expected_cash=cash,
            expected_terminal=terminal,
            note=words["difference"] if is_short else chance.choice(words["plain"]),
            counted_by=self.shop.desk,
        )
        self.world.archive.add(count, at=at, by=self.shop.desk)
        if is_wrong:
            right, later = {"counted_cash": found}, at + minutes(600)
            self.world.archive.change(count, at=later, by=self.shop.manager, reason=words["corrected"], **right)

    def _books(self, days: int, method: str) -> Decimal:
        return self._expected[self.shop.salon.pk, self._day(days), method]

    def _day(self, days: int) -> date:
        return _day(self.world.moment(days, time(12)))


def _day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()
