"""Suite `slots`: what finding free times costs (G7), and how much faster that is than the peer (G8)."""

from dataclasses import replace
from datetime import timedelta
from statistics import median

from django.db import connection

from apps.bookings import selectors
from apps.bookings.availability import offered_starts
from apps.common.testing.queries import counted_statements
from apps.salons.models import Service, Staff, StaffService
from project.bench.clock import cpu_microseconds, milliseconds
from project.bench.database import WORTH_KEEPING, scalar, seeded_database, using
from project.bench.goals import GOALS, NONE
from project.bench.peer import measure_peer
from project.bench.report import Report, median_ratio
from project.bench.scale import SlotsScale
from project.bench.search import Search
from project.bench.timetable import add_absences, fill, other_salon, tidy, without_indexes
from project.bench.world import World, load_world, make_world

FILLED_DAYS, OTHERS_FILLED_DAYS = 51, 100
A_FEW = 10
NAIVE_FROM, NAIVE_DAYS = 9, 3  # with the closed day among them


def run(report: Report, scale: SlotsScale) -> None:
    """Measure in the present database, which is new and empty."""
    world = make_world(staff=scale.staff, customers=scale.customers)
    add_absences(world)
    with without_indexes():
        fill(world, world.salon, first=-FILLED_DAYS, last=FILLED_DAYS)
    tidy()
    few = world.staff[:A_FEW]
    everybody = _of_everybody(world, scale)
    some = replace(everybody, service=_service_of(few), staff=few)
    one = replace(some, staff=few[:1], days=1, staff_id=few[0].pk)
    for search in (one, some, everybody):
        report.invariant("G7", f"queries, {search}", _queries(search), GOALS["queries"])
    _measure_search(report, everybody, scale)
    _measure_partners(report, some, everybody, scale)
    _measure_large_table(report, world, everybody, scale)
    if scale.with_peer:
        measure_peer(report, world, scale)
    else:
        report.figure("G8", "django-appointment, left out by --without-peer", None)


def _of_everybody(world: World, scale: SlotsScale) -> Search:
    return Search(world.service, world.staff, world.first_day.date(), scale.days, world.made_at)


def _measure_search(report: Report, search: Search, scale: SlotsScale) -> None:
    candidates = selectors.offers(search.service)
    calendars = selectors.load_calendars(
        search.service.salon,
        candidates,
        search.first,
        search.last,
        now=search.now,
    )
    visits = [
        (calendars[offer.staff.pk], selectors.visit_of(offer, search.service, search.service.salon))
        for offer in candidates
    ]
    sweep = cpu_microseconds(lambda: [offered_starts(*visit) for visit in visits], scale) / search.staff_days
    whole = cpu_microseconds(search.ours, scale) / search.staff_days
    warm = milliseconds(search.ours, scale)
    report.figure("G7", f"sweep, {search}, CPU per staff-day", sweep, GOALS["cpu"], " µs")
    report.figure("G7", f"whole search, {search}, CPU per staff-day", whole, unit=" µs")
    report.figure("G7", f"whole search, {search}, warm", warm, GOALS["warm"], " ms")


def _measure_partners(report: Report, some: Search, everybody: Search, scale: SlotsScale) -> None:
    short = replace(some, first=some.first + timedelta(days=NAIVE_FROM), days=NAIVE_DAYS)
    for search, partner, name in ((everybody, everybody.by_sql, "one SQL query"), (short, short.naively, "naive ORM")):
        differences = set(search.pairs()) ^ set(partner())
        report.invariant("G7", f"slots only one of us and {name} finds, {search}", len(differences), NONE)
        rounds = [(milliseconds(partner, scale), milliseconds(search.ours, scale)) for _round in range(scale.rounds)]
        theirs, ours = map(list, zip(*rounds, strict=True))
        report.figure("G7", f"{name} / ours, {search}", median_ratio(theirs, ours))
        report.absolutes[f"{name}, {search}, ms"] = {"theirs": theirs, "ours": ours}
    report.absolutes["slots found"] = len(everybody.pairs())


def _measure_large_table(report: Report, world: World, search: Search, scale: SlotsScale) -> None:
    small: list[float] = []
    large: list[float] = []
    here = str(connection.settings_dict["NAME"])
    rows = scalar("SELECT count(*) FROM bookings_booking")
    more = 7 * (scale.staff * scale.past_days + scale.other_staff * (FILLED_DAYS + OTHERS_FILLED_DAYS + 1))
    keep_as = f"slots_{more}" if more >= WORTH_KEEPING else None
    with seeded_database(lambda: _grow(world, scale), keep_as=keep_as, base=here) as grown:
        with using(grown):
            many = scalar("SELECT count(*) FROM bookings_booking")
            search_there = _of_everybody(load_world(), scale)
        for _round in range(scale.rounds):
            for name, looked_for, times in ((here, search, small), (grown, search_there, large)):
                with using(name):
                    times.append(milliseconds(looked_for.ours, scale))
    what = f"{search} in a table of {many:,} bookings / of {rows:,}"
    report.figure("G7", what, median_ratio(large, small), GOALS["large table"])
    report.absolutes[f"{what}, ms"] = {"large": large, "small": small, "medians": [median(large), median(small)]}


def _grow(world: World, scale: SlotsScale) -> None:
    other = other_salon(scale.other_staff)
    with without_indexes():
        fill(world, world.salon, first=-FILLED_DAYS - scale.past_days, last=-FILLED_DAYS - 1, open_of_five=1)
        fill(world, other, first=-FILLED_DAYS, last=OTHERS_FILLED_DAYS, open_of_five=2)
    tidy()


def _service_of(people: list[Staff]) -> Service:
    """A service that only `people` do, as long as everybody's."""
    usual = StaffService.objects.select_related("service__salon").filter(staff=people[0]).earliest("pk").service
    service = Service.objects.create(
        salon=usual.salon,
        category_id=usual.category_id,
        code="CUT-2",
        name_en="Cut by a few",
        duration_minutes=usual.duration_minutes,
        buffer_after_minutes=usual.buffer_after_minutes,
        price_amount=usual.price_amount,
    )
    StaffService.objects.bulk_create(
        StaffService(salon=service.salon, staff=person, service=service) for person in people
    )
    return service


def _queries(search: Search) -> int:
    with counted_statements() as sent:
        search.ours()
    return len(sent)
