"""Two people change one booking at the same moment: one of them wins or both do in turn, and nothing happens twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from apps.bookings import services
from apps.bookings.events import BookingCancelled, BookingExpired, BookingMoved, BookingPlaced
from apps.bookings.models import Booking
from apps.bookings.tests.races.support import (
    HOUR,
    arena,
    book,
    move,
    noon,
    offered_cheaper_by,
    on,
    people_of,
    states,
    tally,
    visit,
)
from apps.common.testing.race import Halt, beside, race, race_rounds, wait_for_blocked
from apps.notifications.models import Kind, Notification
from apps.payments.models import Payment, Refund
from apps.payments.services import record_payment
from apps.salons.models import Salon, Service
from apps.salons.services import lock_schedule
from apps.salons.tests.factories import ServiceFactory, StaffServiceFactory

Status = Booking.Status
CUSTOMER, SALON = Booking.CancelledBy.CUSTOMER, Booking.CancelledBy.SALON


def messages(booking, kind):
    return Notification.objects.filter(booking=booking, kind=kind).count()


def test_rs10_cancelling_and_arriving_at_once_has_one_winner(house):
    bookings = [visit(house, noon(house, 0) + hours * HOUR) for hours in range(5)]

    def step(turn, number):
        if number % 2:
            return services.cancel_booking(actor=house.manager, booking_id=bookings[turn].pk, by=SALON)
        return services.mark_arrived(actor=house.manager, booking_id=bookings[turn].pk)

    results = race_rounds(6, 5, step)

    assert [tally(one) for one in results] == [{"Booking": 1, "InvalidTransition": 5}] * 5
    assert [len(states(booking)) for booking in bookings] == [2] * 5


def test_rs10_cancelling_beside_arriving_and_completing_leaves_one_story(house, clock):
    """Completing follows arriving, so one story has two steps and the other one."""
    bookings = [visit(house, house.at(hour)) for hour in range(1, 6)]
    clock.move_to(house.at(7))

    def step(day, number):
        if number % 3 == 0:
            return services.cancel_booking(actor=house.manager, booking_id=bookings[day].pk, by=SALON)
        follow = services.mark_arrived if number % 3 == 1 else services.complete_booking
        return follow(actor=house.manager, booking_id=bookings[day].pk)

    results = race_rounds(9, 5, step)

    stories = (["confirmed", "cancelled"], ["confirmed", "arrived"], ["confirmed", "arrived", "completed"])
    for booking, one in zip(bookings, results, strict=True):
        story = [status for status, _version in states(booking)]
        assert story in stories
        assert tally(one) == {"Booking": len(story) - 1, "InvalidTransition": 10 - len(story)}


def test_rs09_cancelled_by_two_people_at_once_is_one_cancellation_one_refund_and_one_message(house):
    booking = visit(house, noon(house, 3))
    record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("115.00"), method=Payment.Method.CASH)

    def cancel(number):
        actor, by = [(house.manager, SALON), (booking.customer.user, CUSTOMER)][number % 2]
        return services.cancel_booking(actor=actor, booking_id=booking.pk, by=by)

    results = race(6, cancel)

    assert tally(results) == {"Booking": 1, "InvalidTransition": 5}
    assert states(booking) == [("confirmed", 1), ("cancelled", 2)]
    assert Refund.objects.filter(payment__booking=booking).count() == 1
    assert messages(booking, Kind.BOOKING_CANCELLED) == 1


def test_bk08_confirmed_twice_in_parallel_is_confirmed_once():
    house = arena(confirmation=Salon.Confirmation.BY_HAND)
    booking = book(house, house.customer, noon(house, 1))

    results = race(6, lambda number: services.confirm_booking(actor=house.manager, booking_id=booking.pk))

    assert tally(results) == {"Booking": 1, "InvalidTransition": 5}
    assert states(booking) == [("pending", 1), ("confirmed", 2)]
    assert messages(booking, Kind.BOOKING_CONFIRMED) == 1


def test_row5_two_moves_of_one_booking_leave_it_in_one_place_and_every_other_place_free(house):
    booking, people = visit(house, noon(house, 1)), people_of(house, 4)
    places = [(noon(house, 1) + hours * HOUR, staff) for hours, staff in [(1, 0), (4, 0), (2, 1), (3, 1)]]

    results = race(4, lambda number: move(house, booking, places[number][0], staff=places[number][1]))

    assert tally(results).keys() <= {"Booking", "BookingChanged"}
    moves = tally(results)["Booking"]
    assert [version for _status, version in states(booking)] == list(range(1, moves + 2))
    booking.refresh_from_db()
    kept = [(booking.starts_at, house.staff.index(booking.staff))]
    others = [
        book(house, person, at, staff=staff)
        for person, (at, staff) in zip(people, places, strict=True)
        if (at, staff) not in kept
    ]
    assert len(others) == 3


@pytest.mark.parametrize("staff", [0, 1], ids=["same-calendar", "other-calendar"])
def test_row5_cancelling_while_the_booking_moves_cancels_it_where_it_went(house, monkeypatch, staff):
    booking, moving = visit(house, noon(house, 1)), Halt()
    on(monkeypatch, BookingMoved, moving.here)

    with beside(lambda: move(house, booking, noon(house, 2), staff=staff)) as moved:
        moving.wait()
        with beside(lambda: services.cancel_booking(actor=None, booking_id=booking.pk, by=SALON)) as cancelled:
            wait_for_blocked(cancelled)
            moving.lift()

    assert tally([moved.result(), cancelled.result()]) == {"Booking": 2}
    assert states(booking) == [("confirmed", 1), ("confirmed", 2), ("cancelled", 3)]


def test_b4_the_end_of_a_hold_and_its_money_meet_in_one_of_two_good_ends(clock):
    house = arena(confirmation=Salon.Confirmation.PAYMENT)
    holds = [book(house, person, noon(house, day)) for day, person in enumerate(people_of(house, 5))]
    clock.shift(15 * 60)

    def step(day, number):
        return services.expire_holds() if number % 2 else services.confirm_paid_booking(booking_id=holds[day].pk)

    results = race_rounds(6, 5, step)

    assert [tally(one).keys() for one in results] == [{"int", "bool"}] * 5
    assert all(result is True for one in results for result in one[::2])
    for hold in holds:
        assert states(hold) in (
            [("pending", 1), ("confirmed", 2)],
            [("pending", 1), ("expired", 2), ("confirmed", 3)],
        )
        assert messages(hold, Kind.BOOKING_CONFIRMED) == 1


def test_five_sweepers_end_every_hold_once_and_tell_it_once(clock, monkeypatch):
    house, told = arena(confirmation=Salon.Confirmation.PAYMENT), []
    holds = [book(house, person, noon(house, day)) for day, person in enumerate(people_of(house, 12))]
    on(monkeypatch, BookingExpired, lambda event: told.append(event.booking_id))
    clock.shift(15 * 60)

    results = race(5, lambda number: services.expire_holds())

    assert sum(results) == 12
    assert sorted(told) == sorted(hold.pk for hold in holds)
    assert [states(hold) for hold in holds] == [[("pending", 1), ("expired", 2)]] * 12


# --- What a race finds only by luck, in the order that hurts ---


def ran_out(house, starts_at, *, staff=0):
    """A hold whose time is up and which no pass has ended yet."""
    return visit(house, starts_at, staff=staff, status=Status.PENDING, hold_expires_at=house.at(0))


@pytest.mark.parametrize("ended_by", ["a-rival", "a-pass"])
def test_bk06_a_dead_hold_that_somebody_is_ending_this_moment_stands_in_nobodys_way(house, monkeypatch, ended_by):
    """Whoever ends one of two dead holds has a grip on both; who wants the time of the other must not be sent away."""
    ended_first, ended_last = sorted((ran_out(house, noon(house, day)) for day in (1, 2)), key=lambda hold: hold.pk)
    ending, people = Halt(), people_of(house, 2)
    on(monkeypatch, BookingExpired, ending.here)
    end = {"a-pass": services.expire_holds, "a-rival": lambda: book(house, people[0], ended_first.starts_at)}[ended_by]

    with beside(end):
        ending.wait()
        with beside(lambda: book(house, people[1], ended_last.starts_at)) as booked:
            wait_for_blocked(booked)
            ending.lift()

    assert tally([booked.result()]) == {"Booking": 1}


def lengthen(house, booking, *, to=90):
    longer = ServiceFactory(salon=house.salon, duration_minutes=to)
    StaffServiceFactory(salon=house.salon, staff=booking.staff, service=longer)
    return services.change_service(actor=house.manager, booking_id=booking.pk, service_id=longer.pk)


@pytest.mark.parametrize("how", ["moved", "lengthened"])
def test_bk06_who_books_and_who_reaches_into_the_time_of_a_dead_hold_never_wait_for_each_other(house, monkeypatch, how):
    """Ending the hold makes the other one wait; so who ended it must not come to wait for the other one in turn."""
    hold, ending, [person] = ran_out(house, noon(house, 1)), Halt(), people_of(house, 1)
    before = visit(house, hold.starts_at - timedelta(minutes=45))
    reach = {"moved": lambda: move(house, before, hold.starts_at), "lengthened": lambda: lengthen(house, before)}[how]
    on(monkeypatch, BookingExpired, ending.here)

    with beside(lambda: book(house, person, hold.starts_at)) as booked:
        ending.wait()
        with beside(reach) as reached:
            wait_for_blocked(reached)
            ending.lift()

    assert tally([booked.result(), reached.result()]) == {"Booking": 1, "SlotTaken": 1}


def test_bk06_two_who_end_the_dead_holds_of_each_others_second_choice_never_wait_for_each_other(house, monkeypatch):
    """Each ends the hold of the favourite, is crowded out there all the same, and goes on to the other one."""
    holds = [ran_out(house, noon(house, 1), staff=staff) for staff in (0, 1)]
    ending, people = {hold.pk: Halt() for hold in holds}, people_of(house, 2)
    wishes = [offered_cheaper_by(house, staff, duration_minutes=90) for staff in house.staff]

    def crowd_out(event):
        staff = [hold.pk for hold in holds].index(event.booking_id)
        visit(house, noon(house, 1) + HOUR, staff=staff)
        ending[event.booking_id].here()

    def book_anybody(number):
        call = {"person": people[number], "service_id": wishes[number].pk, "starts_at": noon(house, 1)}
        return services.book_appointment(actor=people[number], **call)

    on(monkeypatch, BookingExpired, crowd_out)
    with beside(lambda: book_anybody(0)) as first:
        ending[holds[0].pk].wait()
        with beside(lambda: book_anybody(1)) as second:
            wait_for_blocked(second, ending[holds[1].pk])
            for halt in ending.values():
                halt.lift()

    assert tally([first.result(), second.result()]) == {"SlotTaken": 2}


@pytest.mark.parametrize(
    ("change", "outcome"),
    [({"is_active": False}, "SlotNotOffered"), ({"duration_minutes": 90}, 90)],
    ids=["av40-withdrawn", "av39-longer"],
)
def test_a_service_that_changes_while_somebody_waits_to_book_it_is_booked_as_it_is_then(house, change, outcome):
    changing, [person] = Halt(), people_of(house, 1)

    def edit():
        with transaction.atomic():
            lock_schedule(house.salon.pk)
            changing.here()
            Service.objects.filter(pk=house.service.pk).update(**change)

    with beside(edit):
        changing.wait()
        with beside(lambda: book(house, person, noon(house, 1))) as booked:
            wait_for_blocked(booked)
            changing.lift()

    result = booked.result()
    assert outcome == (result.duration_minutes if isinstance(result, Booking) else type(result).__name__)


def test_a_neighbour_who_is_called_off_while_its_buffer_is_given_away_stays_called_off_in_its_history(
    house, monkeypatch
):
    neighbour, cancelling = visit(house, noon(house, 1), buffer_after_minutes=30), Halt()
    on(monkeypatch, BookingCancelled, cancelling.here)
    person, told = people_of(house, 1)[0], {"source": Booking.Source.DESK, "override_reason": "A guest of the house"}

    with beside(lambda: services.cancel_booking(actor=None, booking_id=neighbour.pk, by=SALON)) as cancelled:
        cancelling.wait()
        with beside(lambda: book(house, person, neighbour.ends_at, **told)) as booked:
            wait_for_blocked(booked)
            cancelling.lift()

    assert tally([cancelled.result(), booked.result()]) == {"Booking": 2}
    assert states(neighbour)[-1] == ("cancelled", 2)


def test_a_longer_service_reaches_into_the_time_of_a_dead_hold(house):
    hold = ran_out(house, noon(house, 1))
    before = visit(house, hold.starts_at - timedelta(minutes=45))

    assert lengthen(house, before).duration_minutes == 90
    assert states(hold) == [("pending", 1), ("expired", 2)]


def test_late_money_gets_its_time_again_although_a_dead_hold_lies_on_it(house):
    late = visit(house, noon(house, 1), status=Status.EXPIRED)
    ran_out(house, noon(house, 1))

    assert services.confirm_paid_booking(booking_id=late.pk) is True


def test_a_day_given_to_colleagues_leaves_those_visits_whose_time_is_taken_meanwhile(house, monkeypatch):
    visits, placing, [person] = (
        [visit(house, noon(house, 1) + hours * HOUR) for hours in (0, 1)],
        Halt(),
        people_of(house, 1),
    )
    on(monkeypatch, BookingPlaced, placing.here)
    day = {"staff_id": house.staff[0].pk, "day": noon(house, 1).date(), "reason": "Ill"}

    with beside(lambda: book(house, person, noon(house, 1), staff=1)):
        placing.wait()
        with beside(lambda: services.reassign_day(actor=house.manager, **day)) as reassigned:
            wait_for_blocked(reassigned)
            placing.lift()

    assert reassigned.result() == ([visits[1]], [visits[0]])
