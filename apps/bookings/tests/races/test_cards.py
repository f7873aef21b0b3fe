"""A card that others open in the same moment: by an import, at the desk, by booking."""

import pytest
from django.db import IntegrityError

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.bookings.errors import BookingRefused
from apps.bookings.models import Booking
from apps.bookings.services import placing, take_walk_in
from apps.bookings.tests.races.support import book, noon
from apps.common.history import save_as
from apps.common.imports import kinds
from apps.common.imports.run import Options, run_import
from apps.common.testing.race import Halt, beside, race, wait_for_blocked
from apps.salons.imports.customers import CustomerImporter
from apps.salons.models import Customer
from apps.salons.tests.factories import CustomerFactory

NEW = "+966551112233"


def import_cards(house, phone):
    content = f"Phone,Notes\n{phone},tea\n".encode()
    return run_import(CustomerImporter(house.salon, Options()), content, actor=house.manager, source="a.csv")


def test_who_books_while_an_import_opens_their_card_gets_the_visit(house, monkeypatch):
    person, halt = UserFactory(name="Mona"), Halt()
    insert = kinds.insert_rows

    def insert_and_stop(*args, **kwargs):
        insert(*args, **kwargs)
        halt.here()

    monkeypatch.setattr(kinds, "insert_rows", insert_and_stop)
    with beside(lambda: import_cards(house, person.phone)) as importing:
        halt.wait()
        with beside(lambda: book(house, person, noon(house, 1))) as booking:
            wait_for_blocked(booking)
            halt.lift()
            visit = booking.result()
        report = importing.result()

    assert isinstance(visit, Booking), visit
    assert report.counts().new == 1
    [card] = Customer.objects.filter(user=person)
    assert (visit.customer, card.notes) == (card, "tea")


def test_who_was_blocked_by_that_import_gets_none(house, monkeypatch):
    person = UserFactory(name="Mona")
    theirs = placing.keep_customer_card

    def keep_late(card, *, actor):
        CustomerFactory(salon=house.salon, user=person, is_blocked=True)
        return theirs(card, actor=actor)

    monkeypatch.setattr(placing, "keep_customer_card", keep_late)
    with pytest.raises(BookingRefused):
        book(house, person, noon(house, 1))

    assert Booking.objects.count() == 0


def test_control_a_plain_insert_of_a_card_crashes_who_books(house, monkeypatch):
    person = UserFactory(name="Mona")

    def insert_late(card, *, actor):
        CustomerFactory(salon=house.salon, user=person)
        return save_as(card, actor=actor)

    monkeypatch.setattr(placing, "keep_customer_card", insert_late)
    with pytest.raises(IntegrityError):
        book(house, person, noon(house, 1))


def test_two_desks_that_serve_one_new_phone_at_once_make_one_person(house):
    def come_in(number):
        return take_walk_in(
            actor=house.manager,
            phone=NEW,
            name=f"Mona {number}",
            service_id=house.service.pk,
            staff_id=house.staff[number].pk,
        )

    results = race(2, come_in)

    assert [type(one) for one in results] == [Booking, Booking], results
    assert User.objects.filter(phone=NEW).count() == Customer.objects.filter(user__phone=NEW).count() == 1
