"""G8: the same search by django-appointment, side by side on the same server."""

from datetime import time, timedelta

from django.utils import timezone

from apps.bookings.models import Booking
from apps.salons.models import Customer
from project.bench.clock import milliseconds
from project.bench.goals import GOALS, NONE
from project.bench.partners.django_appointment import DAYS, NAME, NotInstalled, appointment
from project.bench.report import Report, median_ratio
from project.bench.scale import SlotsScale
from project.bench.search import Search
from project.bench.world import ZONE, World, make_salon

BOOKINGS_A_DAY = [0, 10]
ALL_DAY = [(time(9), time(21))]


def measure_peer(report: Report, world: World, scale: SlotsScale) -> None:
    """Round by round the peer and we look for the same times. Where it cannot run, the report does not hold."""
    searches = {count: _search(world, count) for count in BOOKINGS_A_DAY}
    ours: dict[int, list[float]] = {count: [] for count in searches}
    theirs: dict[int, list[float]] = {count: [] for count in searches}
    differences = 0
    try:
        with appointment(world.first_day.date(), BOOKINGS_A_DAY) as ask:
            for _round in range(scale.rounds):
                for count, search in searches.items():
                    answer = ask(count)
                    theirs[count].append(answer.seconds * 1000)
                    ours[count].append(milliseconds(search.ours, scale))
                    differences += len(set(answer.slots) ^ _local_starts(search))
                    report.absolutes[f"{NAME}, {count} bookings a day, queries"] = answer.queries
    except NotInstalled as reason:
        report.invariant("G8", f"{NAME} could not be measured: {reason}", None, GOALS["peer"])
        return
    for count in searches:
        what = f"{NAME} / ours, 1 staff × {DAYS} days, {count} bookings a day"
        report.figure("G8", what, median_ratio(theirs[count], ours[count]), GOALS["peer"])
    report.invariant("G8", f"times only one of us and {NAME} offers", differences, NONE)
    report.absolutes[f"{NAME}, ms by bookings a day"] = {"theirs": theirs, "ours": ours}


def _search(world: World, bookings_a_day: int) -> Search:
    """One person with the hours and the visits that the peer's has."""
    salon, service, people = make_salon(f"peer-{bookings_a_day}", staff=1, shifts=ALL_DAY, cleaning_up=0)
    card = Customer.objects.create(salon=salon, user=world.manager)
    alike = World(salon, service, people, [(world.manager, card.pk)], world.manager)
    begin = world.first_day + timedelta(hours=9)
    Booking.objects.bulk_create(
        alike.booking(0, people[0], begin + timedelta(days=day, hours=hour))
        for day in range(DAYS)
        for hour in range(bookings_a_day)
    )
    return Search(service, people, world.first_day.date(), DAYS, timezone.now(), people[0].pk)


def _local_starts(search: Search) -> set[str]:
    return {slot.starts_at.astimezone(ZONE).replace(tzinfo=None).isoformat() for slot in search.ours()}
