"""AV16 in random salons: a time is listed exactly when it can be booked, and else the desk is told what is in the way.

`worlds` makes the salons, `judge` says what is free in them.
"""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from apps.accounts.tests.factories import UserFactory
from apps.bookings import services
from apps.bookings.availability import Cause, offered_starts
from apps.bookings.errors import SlotNotOffered, SlotTaken
from apps.bookings.explanations import why_not
from apps.bookings.models import Booking
from apps.bookings.selectors import TIMELESS, free_slots, load_calendars, offers, visit_of
from apps.bookings.tests.judge import Judge
from apps.bookings.tests.worlds import build, worlds
from apps.common.testing.queries import counted_statements

MOST_QUERIES = 4


def in_random_worlds(check, *strategies, seeds):
    """Try `check` in ten worlds of each of `seeds`: alone, Hypothesis soon comes back to what it has tried before."""
    few = settings(max_examples=10, deadline=None, derandomize=False, database=None)
    for number in seeds:
        seed(number)(few(given(worlds(), *strategies)(check)))()


picks = st.integers(0, 10**4)


@contextmanager
def in_world(world):
    """Inside, `world` is in the database and its clock stands still; afterwards nothing is left of it."""
    with transaction.atomic(), time_machine.travel(world.now, tick=False):
        yield build(world, UserFactory())
        transaction.set_rollback(True)


def listed(service, world, **arguments):
    """What is listed on the days in question, as `{(staff key, moment)}`."""
    with counted_statements() as sent:
        slots = free_slots(service, first=world.first, last=world.last, now=timezone.now(), **arguments)
    assert len(sent) <= MOST_QUERIES
    return {(pk, slot.starts_at) for slot in slots for pk in slot.staff_ids}


def judged(service, world, staff, **arguments):
    """The same as the judge finds it."""
    judge = Judge(service, first=world.first, last=world.last, now=timezone.now(), **arguments)
    return {(member.pk, moment) for member in staff for moment in judge.starts(member)}


def deciding(service, world):
    """Causes of the blocks that take a start away: without them the engine would list more."""
    candidates = offers(service)
    calendars = load_calendars(service.salon, candidates, world.first, world.last, now=timezone.now())
    for offer in candidates:
        calendar, visit = calendars[offer.staff.pk], visit_of(offer, service, service.salon)
        for cause in {cause for _start, _end, cause in calendar.blocks}:
            others = [block for block in calendar.blocks if block[2] != cause]
            if offered_starts(replace(calendar, blocks=others), visit) != offered_starts(calendar, visit):
                yield cause


def samples(world, staff, free, pick):
    """`(staff member, moment)` of the days in question: some that are free, their neighbours, and any minutes."""
    zone, step = ZoneInfo(world.salon["timezone"]), timedelta(minutes=world.salon["slot_step_minutes"])
    midnight = datetime.combine(world.first, time.min, zone).astimezone(UTC)
    by_key, by_time = {member.pk: member for member in staff}, sorted(free)
    chosen = [(staff[pick % len(staff)], midnight + timedelta(minutes=pick % 1440))]
    if by_time:
        pk, moment = by_time[pick % len(by_time)]
        chosen += [(by_key[pk], moment), (by_key[pk], moment + step), (by_key[pk], moment - step)]
    return [pair for pair in chosen if world.first <= pair[1].astimezone(zone).date() <= world.last]


def succeeds(use_case, **arguments):
    """Whether `use_case` goes through; what it did is undone. Any other refusal than that of the time is an error."""
    try:
        with transaction.atomic():
            use_case(**arguments)
            transaction.set_rollback(True)
    except (SlotNotOffered, SlotTaken):
        return False
    return True


@pytest.mark.django_db
def test_av16_the_engine_lists_what_the_judge_finds():
    decided = set()

    def check(world):
        with in_world(world) as (service, staff):
            assert listed(service, world) == judged(service, world, staff)
            decided.update(deciding(service, world))

    in_random_worlds(check, seeds=range(8))
    # Of a rule that no `worlds` has, engine and judge would agree without having met it.
    assert decided == set(Cause) - TIMELESS - {Cause.OUTSIDE_HOURS}


@pytest.mark.django_db
def test_av16_a_time_is_listed_exactly_when_it_can_be_booked():
    def check(world, pick):
        with in_world(world) as (service, staff):
            free, person = listed(service, world), UserFactory()
            assert listed(service, world, staff_id=staff[0].pk) == {pair for pair in free if pair[0] == staff[0].pk}
            for member, moment in samples(world, staff, free, pick):
                is_free = (member.pk, moment) in free
                when = {"service_id": service.pk, "staff_id": member.pk, "starts_at": moment}
                assert succeeds(services.book_appointment, actor=person, person=person, **when) == is_free
                assert (why_not(service, member, moment, now=timezone.now()) == []) == is_free

    in_random_worlds(check, picks, seeds=range(100, 103))


@pytest.mark.django_db
def test_av16_a_booking_moves_exactly_to_the_times_listed_for_it():
    def check(world, pick):
        with in_world(world) as (service, staff):
            movable = Booking.objects.movable().exclude(hold_expires_at__lte=world.now).order_by("starts_at")
            for booking in movable[:1]:
                free = judged(service, world, staff, moving=booking)
                assert listed(service, world, moving=booking) == free
                for member, moment in samples(world, staff, free, pick):
                    is_free = (member.pk, moment) in free
                    when = {"booking_id": booking.pk, "staff_id": member.pk, "starts_at": moment}
                    assert succeeds(services.reschedule_booking, actor=None, **when) == is_free
                    assert (why_not(service, member, moment, now=timezone.now(), moving=booking) == []) == is_free

    in_random_worlds(check, picks, seeds=range(200, 203))
