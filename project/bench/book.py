"""Suite `book`: what a booking costs as a share of the raw INSERT (G3), on one busy calendar (G5) and for its history
(G6).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from apps.accounts.models import IdempotencyKey
from apps.bookings.models import Booking
from apps.notifications.models import Notification
from project.bench import doors, inserts
from project.bench.crew import Crew, Outcome, Task, crew
from project.bench.database import copied_database, using
from project.bench.goals import GOALS, NONE
from project.bench.guards import remove_guard
from project.bench.partners.naive import check_then_insert
from project.bench.partners.raw import Raw, find_pgbench
from project.bench.report import Bound, Report, at_least, median_ratio, percentile
from project.bench.scale import PROCESSES, BookScale
from project.bench.world import World, forget_bookings, make_world

RAW, NAIVE, BARE, INSERT, INSERT_ONE, WRITTEN, WHOLE, WHOLE_ONE = (
    "raw INSERT",
    "naive",
    "guarded insert",
    "guarded insert with history",
    "guarded insert with history, one calendar",
    "all that the use case writes",
    "use case",
    "use case, one calendar",
)
VARIANTS: dict[str, tuple[doors.Opening, bool]] = {
    BARE: (inserts.without_history, False),
    INSERT: (inserts.with_history, False),
    INSERT_ONE: (inserts.with_history, True),
    WRITTEN: (inserts.everything_written, False),
    WHOLE: (doors.keyed_use_case, False),
    WHOLE_ONE: (doors.keyed_use_case, True),
}


@dataclass
class Rounds:
    """Bookings per second of each variant, round by round, and what went wrong meanwhile."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    failed: int = 0
    faults: set[str] = field(default_factory=set)
    incomplete: int = 0

    def add(self, name: str, outcome: Outcome) -> None:
        """One round of `name`, in which everybody should have won."""
        self.rates.setdefault(name, []).append(outcome.per_second)
        self.times.setdefault(name, []).extend(outcome.seconds)
        self.failed += outcome.attempts - outcome.wins
        self.faults.update(outcome.faults)

    def ratio(self, name: str, partner: str) -> float:
        return median_ratio(self.rates[name], self.rates[partner])


def run(report: Report, scale: BookScale) -> None:
    """Measure in the present database, which is new and empty. Writers take turns: foreign load meets all alike."""
    world = make_world(staff=scale.staff, customers=scale.customers)
    with ExitStack() as stack:
        writers = stack.enter_context(crew(PROCESSES, scale.threads))
        unguarded = stack.enter_context(_unguarded_writers(scale))
        raw = Raw(world, writers, find_pgbench())
        rounds = Rounds()
        for _round in range(scale.rounds):
            forget_bookings()
            rounds.rates.setdefault(RAW, []).append(raw.per_second(scale.seconds))
            rounds.add(NAIVE, unguarded(world, scale.seconds))
            for name in VARIANTS:
                rounds.add(name, _write(writers, world, name, scale.seconds))
                if name in (WRITTEN, WHOLE, WHOLE_ONE):
                    rounds.incomplete += _incomplete()
    _report_costs(report, rounds, raw)


def _write(writers: Crew, world: World, name: str, seconds: float) -> Outcome:
    opening, of_one = VARIANTS[name]
    forget_bookings()
    return writers.work(Task(doors.Knocking((opening,), world, doors.Apart(writers.size, of_one)), seconds=seconds))


@contextmanager
def _unguarded_writers(scale: BookScale) -> Iterator[Callable[[World, float], Outcome]]:
    with copied_database() as name:
        with using(name):
            remove_guard()
            writers = Crew(PROCESSES, scale.threads)

        def write(world: World, seconds: float) -> Outcome:
            with using(name):
                forget_bookings()
            return writers.work(
                Task(doors.Knocking((check_then_insert,), world, doors.Apart(writers.size)), seconds=seconds)
            )

        try:
            yield write
        finally:
            writers.close()


def _incomplete() -> int:
    """Bookings that lack their history, their message or the answer kept under their key, counted as rows."""
    bookings = Booking.objects.count()
    answered = IdempotencyKey.objects.filter(response_status=doors.CREATED)
    companions = (Booking.history, Notification.objects, answered)
    return sum(abs(bookings - rows.count()) for rows in companions)


def _report_costs(report: Report, rounds: Rounds, raw: Raw) -> None:
    def compare(goal: str, name: str, partner: str, bound: Bound | None = None) -> None:
        report.figure(goal, f"{name} / {partner}", rounds.ratio(name, partner), bound)

    compare("G3", WHOLE, RAW, bound_against(raw, GOALS["use case"]))
    compare("G3", WRITTEN, RAW)
    compare("G3", INSERT, RAW, bound_against(raw, GOALS["guarded insert"]))
    compare("G3", NAIVE, RAW)
    compare("G3", WHOLE, NAIVE)
    compare("G5", INSERT_ONE, INSERT, GOALS["one busy calendar"])
    compare("G5", WHOLE_ONE, WHOLE, GOALS["one busy calendar"])
    compare("G6", BARE, INSERT, GOALS["history"])
    report.invariant("G3", "attempts of these that did not end in a booking", rounds.failed, NONE)
    report.invariant("G3", "history, messages and kept answers that lack", rounds.incomplete, NONE)
    report.absolutes["raw partner"] = raw.name
    report.absolutes["bookings per second"] = rounds.rates
    report.absolutes["seconds"] = {
        name: {"p50": percentile(times, 50), "p99": percentile(times, 99)} for name, times in rounds.times.items()
    }
    report.absolutes["faults of writers"] = sorted(rounds.faults)[:20]


def bound_against(raw: Raw, bound: Bound) -> Bound:
    """Floors are meant against pgbench; a slower raw partner is easier to reach."""
    return at_least((bound.least or 0) / raw.share)
