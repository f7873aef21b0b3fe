"""G1 and G2: racers at one slot through every door, the control that shows they race, and what racing costs them."""

from dataclasses import dataclass
from statistics import median
from time import sleep

from django.db import connection

from project.bench import doors, inserts
from project.bench.crew import Crew, Outcome, Task, crew
from project.bench.database import copied_database, scalar, using
from project.bench.goals import GOALS, NONE, SOME
from project.bench.guards import remove_guard
from project.bench.partners.naive import check_then_insert
from project.bench.report import Report, median_ratio, percentile
from project.bench.scale import PROCESSES, RaceScale
from project.bench.world import World, forget_bookings

STATISTICS_SECONDS = 0.6
LAST_DOOR = "guarded insert"
ENTRANCES: dict[str, tuple[doors.Opening, ...]] = {
    "API": (doors.api,),
    "admin form": (doors.admin_form,),
    "reschedule": (doors.reschedule,),
    "walk-in": (doors.walk_in,),
    "these four at once": (doors.api, doors.admin_form, doors.reschedule, doors.walk_in),
    "use case": (doors.use_case,),
    LAST_DOOR: (inserts.with_history,),
}
OVERLAPS = """
    SELECT count(*) FROM (
        SELECT occupied_from, max(occupied_until) OVER (
            PARTITION BY staff_id ORDER BY occupied_from, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS others_until
        FROM bookings_booking WHERE status IN ('pending', 'confirmed', 'arrived')
    ) AS calendar WHERE others_until > occupied_from
"""


@dataclass(frozen=True, slots=True)
class Race:
    """What became of the races through one door."""

    outcome: Outcome
    overlaps: int

    @property
    def slots(self) -> int:
        return len(self.outcome.winners_by_turn())

    @property
    def wrong_slots(self) -> int:
        """Slots that nobody got, or more than one."""
        return sum(winners != 1 for winners in self.outcome.winners_by_turn())


def measure_races(report: Report, world: World, scale: RaceScale) -> None:
    """G1: every door, then all counters. The last door is the fastest and takes what is left. G2: the same racers."""
    doors.unlock()
    with crew(PROCESSES, scale.racing_threads) as racers:
        races = _races(report, racers, world, scale)
        _measure_waiting(report, racers, world, scale, races["use case"].outcome)
    _report_totals(report, list(races.values()))


def measure_control(report: Report, world: World, scale: RaceScale) -> None:
    """Without a guard the same racers must sell slots twice, or they do not race."""
    with copied_database() as unguarded, using(unguarded):
        remove_guard()
        with crew(PROCESSES, scale.racing_threads) as racers:
            race = _race(racers, world, (check_then_insert,), scale.control_slots, scale.door_seconds)
    report.invariant("G1", f"red control: doubles of check-then-insert on {race.slots} slots", race.overlaps, SOME)


def _races(report: Report, racers: Crew, world: World, scale: RaceScale) -> dict[str, Race]:
    races: dict[str, Race] = {}
    for name in (*scale.slots, LAST_DOOR):
        if name == LAST_DOOR:
            done = sum(race.outcome.attempts for race in races.values())
            slots, seconds = max(1, (scale.attempts - done) // racers.size), scale.last_door_seconds
        else:
            slots, seconds = scale.slots[name], scale.door_seconds
        races[name] = race = _race(racers, world, ENTRANCES[name], slots, seconds)
        what = f"{name}: slots without exactly one winner ({race.outcome.attempts:,} attempts at {race.slots:,})"
        report.invariant("G1", what, race.wrong_slots, NONE)
        report.absolutes[f"race {name}"] = _times(race.outcome)
    return races


def _race(racers: Crew, world: World, openings: tuple[doors.Opening, ...], slots: int, seconds: float) -> Race:
    forget_bookings()
    knocking = doors.Knocking(openings, world, doors.AtOneSlot(racers.size))
    outcome = racers.work(Task(knocking, turns=slots, seconds=seconds, in_step=True))
    return Race(outcome, scalar(OVERLAPS))


def _report_totals(report: Report, races: list[Race]) -> None:
    faults = [fault for race in races for fault in race.outcome.faults]
    report.invariant("G1", "overlapping bookings", sum(race.overlaps for race in races), NONE)
    report.invariant("G1", "answers other than yes and a polite no", len(faults), NONE)
    report.invariant("G1", "deadlocks in the server's statistics", _deadlocks(), NONE)
    report.figure("G1", "racing attempts in all", sum(race.outcome.attempts for race in races))
    report.absolutes["faults"] = sorted(set(faults))[:20]


def _measure_waiting(report: Report, racers: Crew, world: World, scale: RaceScale, long_race: Outcome) -> None:
    contested: list[float] = []
    apart: list[float] = []
    worst = max(long_race.seconds)
    for _round in range(scale.rounds):
        for aim, p99s in ((doors.AtOneSlot(racers.size), contested), (doors.Apart(racers.size), apart)):
            forget_bookings()
            task = Task(
                doors.Knocking((doors.use_case,), world, aim),
                turns=scale.waiting_turns,
                seconds=scale.waiting_seconds,
                in_step=True,
            )
            seconds = racers.work(task).seconds
            p99s.append(percentile(seconds, 99))
            worst = max(worst, *seconds)
    lone = _lone_p99(world, scale)
    who = f"use case, {racers.size} racers"
    ratio = median_ratio(contested, apart)
    report.figure("G2", f"{who}: p99 at one slot / p99 at a slot for each", ratio, GOALS["racing p99"])
    report.figure("G2", f"{who}: p99 at one slot / p99 of a lone caller", median(contested) / lone)
    report.figure("G2", f"{who}: worst answer", worst * 1000, GOALS["worst answer"], " ms")
    report.absolutes["waiting, seconds"] = {"one slot p99": contested, "apart p99": apart, "lone p99": lone}


def _lone_p99(world: World, scale: RaceScale) -> float:
    forget_bookings()
    with crew(1, 1) as lone:
        knocking = doors.Knocking((doors.use_case,), world, doors.Apart(1))
        return percentile(lone.work(Task(knocking, turns=scale.lone_turns)).seconds, 99)


def _times(outcome: Outcome) -> dict[str, float]:
    seconds = outcome.seconds
    return {
        "attempts per second": len(seconds) / max(log.elapsed for log in outcome.logs),
        "p50": percentile(seconds, 50),
        "p99": percentile(seconds, 99),
        "worst": max(seconds),
    }


def _deadlocks() -> int:
    """How many the server has counted since this database was made; 0 on SQLite, which has none."""
    if connection.vendor != "postgresql":
        return 0
    sleep(STATISTICS_SECONDS)  # the racers have left, and who leaves hands its counts in
    return int(scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
