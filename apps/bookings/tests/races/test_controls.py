"""Every guard by itself: with it off the race is lost, so the races above are races; and what remains still holds."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.bookings import selectors, services
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.bookings.tests.races.support import HOUR, book, keys_between, noon, overlaps, people_of, take_time_off, tally
from apps.common.history import insert_unless, save_as
from apps.common.testing.race import Halt, beside, race, wait_for_blocked
from apps.salons.tests.factories import CustomerFactory

RACERS = 8


@pytest.fixture(autouse=True)
def _promises(transactional_db):
    """Where a guard is off, nothing is promised but what the test says."""


@pytest.fixture
def blind(monkeypatch):
    """The guards of the code are off: no lock, and everybody believes that the slot is free."""
    monkeypatch.setattr(services.placing, "lock_for_booking", lambda **names: None)
    monkeypatch.setattr(selectors, "free_offers", lambda service, candidates, starts_at, **kwargs: candidates)


def contest(house):
    people = people_of(house, RACERS)
    return race(RACERS, lambda number: book(house, people[number], noon(house, 1)))


def test_the_constraint_alone_refuses_what_a_missing_lock_lets_through(house, blind):
    results = contest(house)

    assert tally(results) == {"Booking": 1, "SlotTaken": RACERS - 1}
    assert Booking.objects.count() == 1


def test_control_without_lock_and_constraint_the_slot_is_sold_many_times(house, blind, monkeypatch):
    monkeypatch.setattr(services.placing, "insert_unless", insert_anyway)
    rule = next(rule for rule in Booking._meta.constraints if rule.name == services.NO_OVERLAP)
    drop(rule)
    try:
        results = contest(house)
        assert tally(results) == {"Booking": RACERS}
        assert overlaps() == RACERS - 1
    finally:
        Booking.objects.update(status=Booking.Status.EXPIRED)
        restore(rule)


def test_control_a_plain_insert_sells_the_slot_once_too_but_everybody_else_crashes(house, blind, monkeypatch):
    """Some of them in a deadlock, which the server ends by an error of another kind."""
    monkeypatch.setattr(services.placing, "insert_unless", insert_anyway)

    kinds = tally(contest(house))

    assert kinds["Booking"] == 1
    assert kinds["IntegrityError"] + kinds["OperationalError"] == RACERS - 1
    assert Booking.objects.count() == 1


def insert_anyway(instance, *, rule, actor, reason):
    """What a statement does that names no rule. True, as far as it knows."""
    return save_as(instance, actor=actor, reason=reason)


def drop(rule):
    how = {"sqlite": "DROP TRIGGER", "postgresql": "ALTER TABLE bookings_booking DROP CONSTRAINT"}[connection.vendor]
    with connection.cursor() as cursor:
        for name in rule.guards(connection.vendor):
            cursor.execute(f'{how} "{name}"')


def restore(rule):
    migrated = MigrationLoader(connection).project_state().apps.get_model("bookings", "booking")
    with connection.schema_editor() as editor:
        if connection.vendor == "sqlite":
            editor.remove_constraint(migrated, rule)
        editor.add_constraint(migrated, rule)


def test_row8_who_enters_time_off_waits_for_who_is_booking_and_sees_the_visit(house, monkeypatch):
    writing, [person] = Halt(), people_of(house, 1)
    monkeypatch.setattr(services.placing, "insert_unless", halting_before(insert_unless, writing))

    with beside(lambda: book(house, person, noon(house, 1))) as booked:
        writing.wait()
        with beside(lambda: take_time_off(house, noon(house, 1))) as absent:
            wait_for_blocked(absent)
            writing.lift()

    assert absent.result() == {booked.result().pk}


def test_control_who_books_past_the_lock_is_missed_by_who_enters_time_off(house, monkeypatch):
    """PostgreSQL without the lock, SQLite with the look before its transaction, which is the lock there."""
    writing, [person] = Halt(), people_of(house, 1)
    book_unguarded = unguarded(monkeypatch, writing)

    with beside(lambda: book_unguarded(house, person, noon(house, 1))) as booked:
        writing.wait()
        seen = take_time_off(house, noon(house, 1))
        writing.lift()

    assert seen == set()
    assert keys_between(house.staff[0], noon(house, 1), noon(house, 1) + HOUR) == {booked.result().pk}


def unguarded(monkeypatch, writing):
    """`book` with `writing` between look and write, and with nothing that keeps the two together."""
    if connection.vendor == "postgresql":
        monkeypatch.setattr(services.placing, "lock_for_booking", lambda **names: None)
        monkeypatch.setattr(services.placing, "insert_unless", halting_before(insert_unless, writing))
        return book

    def look_then_book(house, person, starts_at):
        candidates = selectors.offers(house.service, house.staff[0].pk)
        seen = selectors.free_offers(house.service, candidates, starts_at, now=house.at(0))
        writing.here()
        monkeypatch.setattr(selectors, "free_offers", lambda *args, **kwargs: seen)
        return book(house, person, starts_at)

    return look_then_book


def halting_before(function, halt):
    def halting(*args, **kwargs):
        halt.here()
        return function(*args, **kwargs)

    return halting


def test_the_history_of_a_guarded_insert_is_field_for_field_what_the_signal_writes(house):
    rows = {"customer": CustomerFactory(salon=house.salon), "service": house.service, "staff": house.staff[0]}
    said = {"note": "نافذة, 50 % 'x'", "override_reason": "A guest's wish"}
    booking = BookingFactory.build(salon=house.salon, starts_at=noon(house, 1), booked_by=house.manager, **rows, **said)

    assert insert_unless(booking, rule=services.NO_OVERLAP, actor=house.manager, reason="Why % not")
    guarded = stored(booking)
    Booking.objects.filter(pk=booking.pk).delete()
    Booking.history.all().delete()
    booking._state.adding = True
    save_as(booking, actor=house.manager, reason="Why % not")

    assert guarded == stored(booking)


def stored(booking):
    """Every column of the booking and of its only version, but for the version's own number."""
    row, version = Booking.objects.get(pk=booking.pk), booking.history.get()
    columns = [
        {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields} for one in (row, version)
    ]
    del columns[1]["history_id"]
    return columns
