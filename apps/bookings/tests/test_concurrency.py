"""Races over real connections, each with a control in which the guard is off."""

import pytest
from django.db import connection

from apps.accounts.tests.factories import UserFactory
from apps.bookings import selectors, services
from apps.bookings.errors import SlotTaken, TooManyBookings
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.common.history import save_as
from apps.common.testing.race import race
from apps.salons.models import Salon
from apps.salons.tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 12


def overlapping_pairs():
    """Pairs of active bookings of one staff member that share time."""
    active = list(Booking.objects.active())
    return [
        (a.pk, b.pk)
        for i, a in enumerate(active)
        for b in active[i + 1 :]
        if a.staff_id == b.staff_id and a.occupied_from < b.occupied_until and b.occupied_from < a.occupied_until
    ]


def contest(house, people):
    anna = house.staff[0].pk

    def book(number):
        person = people[number]
        return services.book_appointment(
            actor=person, person=person, service_id=house.service.pk, staff_id=anna, starts_at=house.at(3)
        )

    return race(RACERS, book)


def test_bk01_one_slot_has_exactly_one_winner_and_everybody_else_is_told():
    house, people = open_salon(), UserFactory.create_batch(RACERS)

    results = contest(house, people)

    assert sum(isinstance(result, Booking) for result in results) == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == RACERS - 1
    assert Booking.objects.count() == 1


def test_the_constraint_alone_refuses_what_a_missing_lock_lets_through(monkeypatch):
    house, people = open_salon(), UserFactory.create_batch(RACERS)
    blind_to_rivals(monkeypatch, house)

    results = contest(house, people)

    assert sum(isinstance(result, Booking) for result in results) == 1
    assert overlapping_pairs() == []


def test_control_without_lock_and_constraint_the_slot_is_sold_many_times(monkeypatch):
    house, people = open_salon(), UserFactory.create_batch(RACERS)
    blind_to_rivals(monkeypatch, house)
    monkeypatch.setattr(services, "insert_unless", insert_anyway)
    rule = next(c for c in Booking._meta.constraints if c.name == services.NO_OVERLAP)
    with connection.cursor() as cursor:
        for sql in drop_statements(rule):
            cursor.execute(sql)
    try:
        results = contest(house, people)
        assert sum(isinstance(result, Booking) for result in results) == RACERS
        assert len(overlapping_pairs()) == RACERS * (RACERS - 1) // 2
    finally:
        Booking.objects.update(status=Booking.Status.EXPIRED)
        restore(rule)


def test_bk18_a_customers_holds_are_counted_safely():
    house = open_salon(confirmation=Salon.Confirmation.PAYMENT)
    person = UserFactory()

    def hold(number):
        return services.book_appointment(
            actor=person, person=person, service_id=house.service.pk, starts_at=house.at(2 + number)
        )

    results = race(6, hold)

    assert sum(isinstance(result, Booking) for result in results) == 2
    assert sum(isinstance(result, TooManyBookings) for result in results) == 4


def test_a_persons_holds_are_counted_safely_over_several_salons():
    houses = [open_salon(confirmation=Salon.Confirmation.PAYMENT) for _number in range(6)]
    person = UserFactory()
    for house in houses:
        CustomerFactory(salon=house.salon, user=person)

    def hold(number):
        house = houses[number]
        return services.book_appointment(
            actor=person, person=person, service_id=house.service.pk, starts_at=house.at(3)
        )

    results = race(6, hold)

    assert sum(isinstance(result, Booking) for result in results) == 2
    assert sum(isinstance(result, TooManyBookings) for result in results) == 4


def test_rs10_cancelling_and_arriving_at_once_has_one_winner():
    house, person = open_salon(), UserFactory()
    booking = services.book_appointment(actor=person, person=person, service_id=house.service.pk, starts_at=house.at(3))

    def step(number):
        if number % 2:
            return services.cancel_booking(actor=person, booking_id=booking.pk, by=Booking.CancelledBy.CUSTOMER)
        return services.mark_arrived(actor=house.manager, booking_id=booking.pk)

    results = race(8, step)

    assert sum(isinstance(result, Booking) for result in results) == 1
    booking.refresh_from_db()
    assert booking.version == 2


def blind_to_rivals(monkeypatch, house):
    """The guard of the code off: no lock, and everybody believes the slot is free."""
    monkeypatch.setattr(services, "lock_for_booking", lambda **names: None)
    monkeypatch.setattr(selectors, "free_offers", lambda service, candidates, starts_at, **kwargs: candidates)


def insert_anyway(instance, *, rule, actor, reason):
    """What a statement does that names no rule."""
    return save_as(instance, actor=actor, reason=reason)


def drop_statements(rule):
    names = rule.guards(connection.vendor)
    if connection.vendor == "sqlite":
        return [f'DROP TRIGGER "{name}"' for name in names]
    return [f'ALTER TABLE bookings_booking DROP CONSTRAINT "{name}"' for name in names]


def restore(rule):
    from django.db.migrations.loader import MigrationLoader

    migrated = MigrationLoader(connection).project_state().apps.get_model("bookings", "booking")
    with connection.schema_editor() as editor:
        if connection.vendor == "sqlite":
            editor.remove_constraint(migrated, rule)
        editor.add_constraint(migrated, rule)
