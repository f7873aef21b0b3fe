"""Many want the same time: one gets it, everybody else is told so politely, through whichever door they come."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.tests.factories import UserFactory
from apps.bookings import selectors, services
from apps.bookings.errors import SlotTaken
from apps.bookings.events import BookingPlaced
from apps.bookings.models import Booking
from apps.bookings.tests.races.support import (
    HOUR,
    arena,
    book,
    keys_between,
    move,
    noon,
    offered_cheaper_by,
    on,
    people_of,
    racers,
    take_time_off,
    tally,
    visit,
)
from apps.bookings.tests.test_api import client_of, codes, post_booking
from apps.common.testing.race import Halt, beside, race, race_rounds, wait_for_blocked
from apps.salons.errors import CustomerCardExists
from apps.salons.models import Customer, Salon
from apps.salons.services import open_customer_card
from apps.salons.tests.factories import ServiceFactory, StaffServiceFactory


def test_av31_without_a_wish_for_somebody_as_many_win_as_are_free(house):
    people = people_of(house, 8)

    rounds = race_rounds(8, 5, lambda day, number: book(house, people[number], noon(house, day), staff=None))

    for results in rounds:
        assert tally(results) == {"Booking": 2, "SlotTaken": 6}
        assert {result.staff for result in results if isinstance(result, Booking)} == set(house.staff)


def test_av31_who_prefers_one_and_who_prefers_the_other_never_wait_for_each_other(house):
    """Everybody finds a dead hold first and tries both staff members, half of them in the other order."""
    people, rounds = people_of(house, 8), 5
    cheaper = [offered_cheaper_by(house, staff) for staff in house.staff]
    for day in range(rounds):
        for staff in (0, 1):
            visit(house, noon(house, day), staff=staff, status=Booking.Status.PENDING, hold_expires_at=house.at(0))

    def step(day, number):
        person, service = people[number], cheaper[number % 2]
        call = {"service_id": service.pk, "starts_at": noon(house, day)}
        return services.book_appointment(actor=person, person=person, **call)

    results = race_rounds(8, rounds, step)

    assert [tally(one) for one in results] == [{"Booking": 2, "SlotTaken": 6}] * rounds


@pytest.mark.parametrize("seed", range(3))
def test_row2_of_unequal_times_that_overlap_nobody_is_refused_without_a_winner_in_the_way(house, seed):
    chance, services_of_anna = random.Random(seed), unequal_services(house)
    people = people_of(house, racers() // 4)
    quarters = [noon(house, 1) + timedelta(minutes=15 * number) for number in range(-12, 20)]
    wishes = [(chance.choice(services_of_anna), chance.choice(quarters)) for _person in people]

    def fulfil(number):
        person, (service, starts_at) = people[number], wishes[number]
        call = {"service_id": service.pk, "staff_id": house.staff[0].pk, "starts_at": starts_at}
        return services.book_appointment(actor=person, person=person, **call)

    results = race(len(people), fulfil)

    won = [(result.occupied_from, result.occupied_until) for result in results if isinstance(result, Booking)]
    lost = [occupied(*wish) for wish, result in zip(wishes, results, strict=True) if isinstance(result, SlotTaken)]
    assert len(won) > 1
    assert len(won) + len(lost) == len(people)
    assert [wish for wish in lost if not any(share_time(wish, winner) for winner in won)] == []


def unequal_services(house):
    """Services of the first staff member that differ in length and buffers: minutes of (visit, before, after)."""
    offered = []
    for length, before, after in [(30, 0, 0), (45, 0, 15), (60, 10, 0), (75, 15, 30), (120, 0, 5)]:
        buffers = {"buffer_before_minutes": before, "buffer_after_minutes": after}
        offered.append(ServiceFactory(salon=house.salon, duration_minutes=length, **buffers))
        StaffServiceFactory(salon=house.salon, staff=house.staff[0], service=offered[-1])
    return offered


def occupied(service, starts_at):
    """The time a visit for `service` would take, buffers included: (from, until)."""
    until = starts_at + timedelta(minutes=service.duration_minutes + service.buffer_after_minutes)
    return starts_at - timedelta(minutes=service.buffer_before_minutes), until


def share_time(one, other):
    return one[0] < other[1] and other[0] < one[1]


def test_who_moves_and_who_books_fight_for_one_slot_and_one_of_them_gets_it(house):
    people, rounds = people_of(house, 5), 5
    seats = [(number, noon(house, day) + (2 + number) * HOUR) for day in range(rounds) for number in range(5)]
    visits = [visit(house, at, staff=number % 2) for number, at in seats]

    def step(day, number):
        if number < 5:
            return book(house, people[number], noon(house, day))
        return move(house, visits[5 * day + number - 5], noon(house, day))

    results = race_rounds(10, rounds, step)

    assert [tally(one) for one in results] == [{"Booking": 1, "SlotTaken": 9}] * rounds


def test_row8_who_books_moves_and_goes_on_leave_at_once_never_miss_each_other(house):
    """Two visits swap calendars, four people want their new and old times, and both staff members ask for an hour."""
    people, rounds = people_of(house, 4), 8
    visits = [[visit(house, noon(house, day) - 2 * HOUR, staff=staff) for staff in (0, 1)] for day in range(rounds)]

    def step(day, number):
        late, early = noon(house, day), noon(house, day) - 2 * HOUR
        if number < 2:
            return move(house, visits[day][number], late, staff=1 - number)
        if number < 6:
            return book(house, people[number - 2], late if number < 4 else early, staff=number % 2)
        return take_time_off(house, [late, early][number - 6], staff=number - 6)

    results = race_rounds(8, rounds, step)

    assert {name for one in results for name in tally(one)} <= {"Booking", "SlotTaken", "SlotNotOffered", "set"}
    for day, (*_others, hit_late, hit_early) in enumerate(results):
        late, early = noon(house, day), noon(house, day) - 2 * HOUR
        assert keys_between(house.staff[0], late, late + HOUR) <= hit_late
        assert keys_between(house.staff[1], early, early + HOUR) <= hit_early


def test_bk02_api_admin_and_desk_at_one_slot_have_one_winner_and_no_crash(house):
    people, rounds = people_of(house, 9), 4
    doors = [at_the_api, in_the_admin, at_the_desk] * 3
    entrances = [door(house, person) for door, person in zip(doors, people, strict=True)]

    results = race_rounds(9, rounds, lambda day, number: entrances[number](noon(house, day + 1)))

    assert [sorted(one) for one in results] == [[False] * 8 + [True]] * rounds
    assert Booking.objects.filter(salon=house.salon).count() == rounds


def at_the_api(house, person):
    """Knocks at the API: whether there was room. Anything but 201 and `slot_taken` is a fault."""
    client, staff = client_of(person), str(house.staff[0].public_id)

    def knock(starts_at):
        hours = (starts_at - house.at(0)) / HOUR
        answer = post_booking(client, house, hours=hours, staff=staff)
        assert answer.status_code == 201 or codes(answer) == ["slot_taken"], answer.content
        return answer.status_code == 201

    return knock


def in_the_admin(house, person):
    """The same on the page where the desk types a visit in, which stores it or says at the time why not."""
    client, page = Client(headers={"accept-language": "en"}), reverse("admin:bookings_booking_add")
    client.force_login(house.manager)
    said = {"phone": person.phone, "name": "", "note": "", "service": house.service.pk, "staff": house.staff[0].pk}

    def knock(starts_at):
        when = {"starts_at_0": f"{starts_at:%Y-%m-%d}", "starts_at_1": f"{starts_at:%H:%M}"}
        answer = client.post(page, {**said, **when})
        if answer.status_code == 302:
            return True
        assert answer.context["adminform"].form.errors.keys() == {"starts_at"}
        return False

    return knock


def at_the_desk(house, person):
    """The same by the use case itself, as an import or a job would."""

    def knock(starts_at):
        try:
            return bool(book(house, person, starts_at, source=Booking.Source.DESK))
        except SlotTaken:
            return False

    return knock


def test_bk18_a_customers_holds_are_counted_safely_over_several_salons():
    houses = [arena(confirmation=Salon.Confirmation.PAYMENT) for _number in range(5)]
    person = UserFactory()

    results = race(20, lambda number: book(houses[number % 5], person, noon(houses[0], number // 5)))

    assert tally(results) == {"Booking": 2, "TooManyBookings": 18}
    assert Booking.objects.of_customer(person).count() == 2


def test_bk18_the_visits_a_customer_has_ahead_are_counted_safely_in_each_salon():
    houses = [arena(), arena()]
    Salon.objects.filter(pk__in=[house.salon.pk for house in houses]).update(max_active_bookings=3)
    person = UserFactory()

    results = race(20, lambda number: book(houses[number % 2], person, noon(houses[0], number)))

    assert tally(results) == {"Booking": 6, "TooManyBookings": 14}
    assert [Booking.objects.filter(salon=house.salon).count() for house in houses] == [3, 3]


def test_row4_of_twenty_requests_with_one_key_one_books_and_all_hear_of_the_same_visit(house):
    [person] = people_of(house, 1)
    clients, key = [client_of(person) for _number in range(20)], str(uuid4())

    answers = race(20, lambda number: post_booking(clients[number], house, key=key))

    booked = [answer.content for answer in answers if answer.status_code == 201]
    waiting = [(answer.status_code, codes(answer)) for answer in answers if answer.status_code != 201]
    assert len(set(booked)) == 1
    assert [one for one in waiting if one != (409, ["request_in_progress"])] == []
    assert Booking.objects.filter(salon=house.salon).count() == 1
    assert post_booking(clients[0], house, key=key).content == booked[0]


def test_row4_a_twin_of_a_running_request_is_told_so_or_waits_for_its_answer(house, monkeypatch):
    """PostgreSQL answers at once; SQLite lets the twin in when the first one has finished."""
    [person], running, key = people_of(house, 1), Halt(), str(uuid4())
    on(monkeypatch, BookingPlaced, running.here)

    def post():
        answer = post_booking(client_of(person), house, key=key)
        return answer.status_code, answer.content if answer.status_code == 201 else codes(answer)

    with beside(post) as first:
        running.wait()
        with beside(post) as twin:
            wait_for_blocked(twin)
            running.lift()

    assert first.result()[0] == 201
    in_progress = (409, ["request_in_progress"])
    assert twin.result() == {"postgresql": in_progress, "sqlite": first.result()}[connection.vendor]
    assert Booking.objects.count() == 1


def test_who_opens_the_card_of_a_person_who_is_booking_waits_and_finds_it_opened(house, monkeypatch):
    """Or the desk could block a person on a card that the booking has looked at no more."""
    person, looking = UserFactory(), Halt()
    free_offers = selectors.free_offers
    monkeypatch.setattr(
        selectors, "free_offers", lambda *args, **kwargs: looking.here() or free_offers(*args, **kwargs)
    )
    card = {"actor": house.manager, "salon": house.salon, "phone": person.phone, "is_blocked": True}

    with beside(lambda: book(house, person, noon(house, 1))) as booked:
        looking.wait()
        with beside(lambda: open_customer_card(**card)) as opened:
            wait_for_blocked(opened)
            looking.lift()

    assert isinstance(opened.result(), CustomerCardExists)
    assert booked.result().customer == Customer.objects.get(user=person, is_blocked=False)
