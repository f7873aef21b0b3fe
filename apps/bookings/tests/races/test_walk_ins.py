"""A walk-in that is sent twice at once, by a double click or a browser that tries again."""

from uuid import uuid4

from apps.bookings.models import Booking
from apps.bookings.services import take_walk_in
from apps.common.testing.race import race
from apps.salons.tests.factories import CustomerFactory


def come_in(house, **said):
    return take_walk_in(actor=house.manager, service_id=house.service.pk, **said)


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
