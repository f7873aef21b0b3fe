"""Who comes without an appointment."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.bookings import services
from apps.bookings.errors import CustomerBlocked, SlotNotOffered, SlotTaken
from apps.bookings.models import Booking
from apps.common.errors import Missing
from apps.salons.models import Customer
from apps.salons.tests.factories import CustomerFactory, MembershipFactory

PHONE = "+966551112233"


def come_in(house, **said):
    arguments = {"actor": house.manager, "phone": PHONE, "service_id": house.service.pk, **said}
    return services.take_walk_in(**arguments)


def test_who_stands_at_the_desk_is_registered_booked_from_this_minute_on_and_has_arrived(house, clock):
    clock.move_to(house.at(1) + timedelta(minutes=7, seconds=31, microseconds=5))

    booking = come_in(house, name="Mona", may_arrive=True)

    person = User.objects.get(phone=PHONE)
    assert (person.name, booking.customer.user, booking.source) == ("Mona", person, "desk")
    assert (booking.status, booking.starts_at) == (Booking.Status.ARRIVED, house.at(1) + timedelta(minutes=7))
    lines = booking.history.order_by("history_id").values_list("status", "history_user")
    assert list(lines) == [("confirmed", house.manager.pk), ("arrived", house.manager.pk)]


def test_whoever_may_not_receive_people_only_books_them(house):
    booking = come_in(house)

    assert (booking.status, booking.customer.user.name) == (Booking.Status.CONFIRMED, "")


def test_who_comes_later_has_not_arrived(house):
    later = come_in(house, starts_at=house.at(2), may_arrive=True)

    assert (later.status, later.starts_at) == (Booking.Status.CONFIRMED, house.at(2))


def test_whom_the_desk_names_serves_and_a_reason_opens_what_is_closed(house):
    second = house.staff[1].pk

    named = come_in(house, staff_id=second)
    late = come_in(house, staff_id=second, starts_at=house.at(13), override_reason="She flies tonight")

    assert (named.staff_id, late.staff_id) == (second, second)
    assert (late.starts_at, late.override_reason) == (house.at(13), "She flies tonight")
    assert late.price_amount == Decimal("115.00")


def test_who_has_time_now_is_chosen_and_nobody_is_served_twice_at_once(house):
    first, second = come_in(house), come_in(house, phone="+966551112234")

    assert {first.staff, second.staff} == set(house.staff)
    with pytest.raises(SlotTaken):
        come_in(house, phone="+966551112235")
    assert Booking.objects.count() == 2


def test_a_refused_walk_in_leaves_nobody_behind(house):
    with pytest.raises(SlotNotOffered) as passed:
        come_in(house, starts_at=house.at(-1))
    with pytest.raises(SlotTaken) as closed:
        come_in(house, starts_at=house.at(13))

    assert str(passed.value) == "Who comes without an appointment is served within the next day."
    assert str(closed.value) == "Nobody has enough time for this service then."

    assert not User.objects.filter(phone=PHONE).exists()
    assert (Booking.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_time_later_today_needs_no_notice_and_a_day_ahead_the_usual_rules_count(house):
    assert come_in(house, starts_at=house.at(0.2)).status == Booking.Status.CONFIRMED

    with pytest.raises(SlotNotOffered):
        come_in(house, starts_at=house.at(27.2))
    assert come_in(house, starts_at=house.at(27)).starts_at == house.at(27)


def test_a_blocked_customer_is_not_let_in_by_the_back_door(house):
    CustomerFactory(salon=house.salon, user__phone=PHONE, is_blocked=True)

    with pytest.raises(CustomerBlocked):
        come_in(house)
    assert Booking.objects.count() == 0


def test_online_notice_and_grid_count_as_ever(house):
    for hours in (0.25, 2.2):
        with pytest.raises(SlotNotOffered):
            services.book_appointment(
                actor=house.customer, person=house.customer, service_id=house.service.pk, starts_at=house.at(hours)
            )
    assert Booking.objects.count() == 0


def test_a_walk_in_sent_again_under_its_name_is_the_one_of_the_first_time(house):
    key = uuid4()
    first = come_in(house, key=key, may_arrive=True)

    again = come_in(house, key=key, may_arrive=True)

    assert (again.pk, again.version, first.pk) == (first.pk, first.version, key)
    assert Booking.objects.count() == 1
    with pytest.raises(Missing):
        come_in(house, key=key, actor=MembershipFactory(salon=house.salon).user)


def test_a_name_is_free_again_when_its_walk_in_was_refused(house):
    key = uuid4()
    with pytest.raises(SlotTaken):
        come_in(house, key=key, starts_at=house.at(13))

    assert come_in(house, key=key).pk == key


# --- Who calls ---


def type_in(house, **said):
    arguments = {"actor": house.manager, "phone": PHONE, "service_id": house.service.pk, "starts_at": house.at(3)}
    return services.enter_visit(**{**arguments, **said})


def test_who_calls_is_registered_by_the_desk_and_booked_as_typed_in(house):
    booking = type_in(house, name="Mona", note="Window seat", guest_name="Layan", staff_id=house.staff[1].pk)

    person = User.objects.get(phone=PHONE)
    assert (person.name, person.history.get().history_user) == ("Mona", house.manager)
    assert (booking.customer.user, booking.staff, booking.source) == (person, house.staff[1], "desk")
    assert (booking.note, booking.guest_name, booking.override_reason) == ("Window seat", "Layan", "")
    assert (booking.starts_at, booking.status) == (house.at(3), Booking.Status.CONFIRMED)


def test_what_the_desk_leaves_out_is_left_empty(house):
    booking = type_in(house)

    assert (booking.customer.user.name, booking.note, booking.guest_name) == ("", "", "")


def test_a_reason_opens_what_is_closed_to_who_calls(house):
    with pytest.raises(SlotNotOffered):
        type_in(house, starts_at=house.at(13))

    said = {"staff_id": house.staff[0].pk, "override_reason": "She flies tonight"}
    assert type_in(house, starts_at=house.at(13), **said).override_reason == "She flies tonight"


def test_a_visit_typed_in_again_under_its_name_is_the_one_of_the_first_time(house):
    key = uuid4()
    first = type_in(house, key=key)

    again = type_in(house, key=key)

    assert (again.pk, again.version, first.pk) == (key, 1, key)
    assert Booking.objects.count() == 1
    with pytest.raises(Missing):
        type_in(house, key=key, actor=MembershipFactory(salon=house.salon).user)
    assert type_in(house, phone="+966551112234").pk != key
