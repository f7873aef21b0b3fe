"""A visit that the desk sends twice at once, by a double click or a browser that tries again."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.bookings.services import placing, take_walk_in
from apps.bookings.tests.races.support import noon
from apps.common.testing.race import Halt, beside, race, wait_for_blocked
from apps.salons.tests.factories import CustomerFactory

ADD = reverse("admin:bookings_booking_add")
PHONE = "+966551112233"


def come_in(house, **said):
    return take_walk_in(actor=house.manager, service_id=house.service.pk, **said)


@pytest.fixture
def window(house):
    """The manager's browser; both clicks of a double click come from one session."""
    client = Client()
    client.force_login(house.manager)
    return client


def click(window, house, key):
    """“Save” below a visit with whoever is free."""
    client, moment = Client(), noon(house, 1)
    client.cookies.update(window.cookies)
    said = {"phone": PHONE, "name": "Mona", "service": house.service.pk, "staff": "", "note": "", "key": key}
    return client.post(ADD, {**said, "starts_at_0": f"{moment:%Y-%m-%d}", "starts_at_1": f"{moment:%H:%M}"})


def test_a_walk_in_sent_twice_at_once_is_one_visit(house):
    phone, key = CustomerFactory(salon=house.salon).user.phone, uuid4()

    results = race(4, lambda _number: come_in(house, phone=phone, key=key))

    assert [getattr(one, "pk", one) for one in results] == [key] * 4
    assert Booking.objects.count() == 1


def test_one_name_for_two_phones_at_once_is_one_visit_too(house):
    phones, key = ["+966551112233", "+966551112234"], uuid4()

    results = race(2, lambda number: come_in(house, phone=phones[number], key=key))

    assert [getattr(one, "pk", one) for one in results] == [key] * 2
    assert Booking.objects.count() == 1


def test_control_without_a_name_both_are_served(house):
    phone = CustomerFactory(salon=house.salon).user.phone

    results = race(2, lambda _number: come_in(house, phone=phone))

    assert [type(one) for one in results] == [Booking, Booking]
    assert {one.staff for one in results} == set(house.staff)


def test_a_form_sent_many_times_at_once_is_one_visit_of_one_customer(house, window):
    key = uuid4()

    results = race(4, lambda _number: click(window, house, key))

    assert [getattr(one, "status_code", one) for one in results] == [302] * 4
    visit = Booking.objects.get()
    assert (visit.pk, visit.version, visit.history.count()) == (key, 1, 1)
    assert User.objects.filter(phone=PHONE).count() == 1


def test_the_second_click_waits_for_the_first_and_says_the_same(house, window, monkeypatch):
    key, writing = uuid4(), Halt()
    insert = placing.insert_unless
    monkeypatch.setattr(placing, "insert_unless", lambda *args, **said: (writing.here(), insert(*args, **said))[1])

    with beside(lambda: click(window, house, key)) as first:
        writing.wait()
        with beside(lambda: click(window, house, key)) as second:
            wait_for_blocked(second)
            writing.lift()

    assert [click.result().status_code for click in (first, second)] == [302, 302]
    assert first.result().url == second.result().url
    assert (Booking.objects.count(), Booking.history.count()) == (1, 1)


def test_control_a_form_without_its_key_sent_twice_is_two_visits(house, window):
    results = race(2, lambda _number: click(window, house, ""))

    assert [getattr(one, "status_code", one) for one in results] == [302, 302]
    assert set(Booking.objects.values_list("staff", flat=True)) == {person.pk for person in house.staff}
