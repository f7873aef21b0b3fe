"""The longest races, in a file of their own so that other tests run beside them: slot after slot, all at one moment."""

from copy import copy
from uuid import uuid4

from django.db import connection, transaction

from apps.bookings.models import Booking, new_reference
from apps.bookings.services import NO_OVERLAP
from apps.bookings.tests.factories import BookingFactory
from apps.bookings.tests.races.support import book, noon, people_of, racers, tally
from apps.common.history import insert_unless
from apps.common.testing.race import race_rounds
from apps.salons.tests.factories import CustomerFactory

# Who finds SQLite busy sleeps and looks again, up to ten times a second: rounds of long transactions mostly wait.
ROUNDS = {"postgresql": 50, "sqlite": 10}
ROUNDS_OF_WRITES = 50


def test_bk01_one_slot_has_exactly_one_winner_and_everybody_else_is_told(house):
    people, rounds = people_of(house, racers()), ROUNDS[connection.vendor]

    results = race_rounds(len(people), rounds, lambda day, number: book(house, people[number], noon(house, day)))

    assert [tally(one) for one in results] == [{"Booking": 1, "SlotTaken": len(people) - 1}] * rounds
    assert Booking.objects.count() == rounds


def test_bk01_of_those_who_only_write_one_has_room_and_leaves_the_only_history(house):
    """Nobody looks before writing, so all of them meet where the database decides."""
    n, rounds = racers(), ROUNDS_OF_WRITES
    card, anna = CustomerFactory(salon=house.salon), house.staff[0]
    terms = {"salon": house.salon, "customer": card, "service": house.service, "booked_by": house.manager}
    draft = BookingFactory.build(staff=anna, **terms)

    def write(day, _number):
        booking = copy(draft)
        booking.pk, booking.reference, booking._state = uuid4(), new_reference(), copy(draft._state)
        booking.place(staff=anna, starts_at=noon(house, day))
        with transaction.atomic():
            return insert_unless(booking, rule=NO_OVERLAP, actor=house.manager)

    results = race_rounds(n, rounds, write)

    assert [sorted(one) for one in results] == [[False] * (n - 1) + [True]] * rounds
    assert (Booking.objects.count(), Booking.history.count()) == (rounds, rounds)
