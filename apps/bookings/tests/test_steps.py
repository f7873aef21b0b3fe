"""What a step of a visit leaves behind: one version that says who and why, and the news of it, once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.bookings import services
from apps.bookings.errors import ReasonRequired, SlotNotOffered, TooEarly
from apps.bookings.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingMoved,
    BookingRepriced,
    BookingResized,
)
from apps.bookings.models import Booking
from apps.bookings.tests.test_services import book
from apps.bookings.tests.test_stale_pages import (
    STEPS,
    arrive,
    cancel,
    complete,
    confirm,
    lengthen,
    move,
    no_show,
    other_service,
    undo,
    visit,
)
from apps.common.errors import InvalidTransition

Status = Booking.Status
WHY = "She asked for it"


TOLD = {
    confirm: lambda key, _actor: [BookingConfirmed(key)],
    arrive: lambda _key, _actor: [],
    complete: lambda key, _actor: [BookingCompleted(key)],
    no_show: lambda _key, _actor: [],
    cancel: lambda key, actor: [BookingCancelled(key, Decimal("0.00"), actor, WHY)],
    move: lambda key, _actor: [BookingMoved(key)],
    other_service: lambda key, actor: [BookingRepriced(key, actor)],
    undo: lambda _key, _actor: [],
    lengthen: lambda key, _actor: [BookingResized(key)],
}


@pytest.mark.parametrize("take", TOLD, ids=[take.__name__ for take in TOLD])
def test_a_step_is_one_version_that_says_who_and_why_and_is_told_once(house, news, take):
    status = STEPS[take]
    booking = visit(house, status, -1 if take in (complete, no_show, undo) else 4)

    take(house, {"actor": house.manager, "booking_id": booking.pk, "reason": WHY})

    booking.refresh_from_db()
    latest = booking.history.latest()
    why = "a slip" if take is undo else WHY
    assert (booking.version, latest.version, booking.history.count()) == (2, 2, 2)
    assert booking.override_reason == ""
    assert (latest.history_user, latest.history_change_reason) == (house.manager, why)
    assert news.of("bookings") == TOLD[take](booking.pk, house.manager.pk)


@pytest.mark.parametrize("take", [confirm, arrive, complete, no_show, cancel, move, other_service])
def test_a_step_that_nobody_explains_or_nobody_takes_is_told_as_such(house, news, take):
    booking = visit(house, STEPS[take], -1 if take in (complete, no_show) else 4)

    take(house, {"actor": None, "booking_id": booking.pk})

    latest = booking.history.latest()
    assert (latest.version, latest.history_user, latest.history_change_reason) == (2, None, "")
    assert [one.actor_id for one in news if hasattr(one, "actor_id")] == [None] * (take in (cancel, other_service))


def test_a_visit_that_has_not_begun_is_not_over_and_the_salons_clock_says_when(house):
    house.salon.timezone = "Asia/Dubai"
    house.salon.save()
    booking = visit(house, Status.ARRIVED, 4)

    with pytest.raises(TooEarly) as refused:
        services.complete_booking(actor=house.manager, booking_id=booking.pk)

    assert str(refused.value) == "This is possible from Sunday 22 November 14:00."
    booking.refresh_from_db()
    assert booking.version == 1


def test_whoever_comes_after_midnight_by_the_salons_clock_is_received(house, clock):
    house.salon.timezone = "Asia/Dubai"
    house.salon.save()
    booking = visit(house, Status.CONFIRMED, 24)
    clock.move_to(house.at(14))

    assert services.mark_arrived(actor=house.manager, booking_id=booking.pk).status == Status.ARRIVED


def test_a_hold_ends_when_the_salon_confirms_and_when_it_is_called_off(prepaid):
    for hours, take in ((3, confirm), (5, cancel)):
        held = book(prepaid, hours)

        take(prepaid, {"actor": prepaid.manager, "booking_id": held.pk})

        held.refresh_from_db()
        assert held.hold_expires_at is None


def test_what_was_never_begun_cannot_be_undone_and_an_undo_says_why(house):
    booking = visit(house, Status.CONFIRMED, 4)

    with pytest.raises(InvalidTransition) as refused:
        undo(house, {"actor": house.manager, "booking_id": booking.pk})
    with pytest.raises(ReasonRequired) as silent:
        services.undo_step(actor=house.manager, booking_id=booking.pk, reason=" ")

    assert (str(refused.value), silent.value.field) == ("There is nothing to undo.", "reason")
    booking.refresh_from_db()
    assert booking.version == 1


def test_a_customer_moves_a_visit_until_the_very_moment_from_which_it_costs(house, clock):
    booking = visit(house, Status.CONFIRMED, 30)
    online = {"actor": house.customer, "booking_id": booking.pk, "source": Booking.Source.ONLINE}
    clock.move_to(booking.starts_at - timedelta(hours=24))

    assert services.reschedule_booking(starts_at=house.at(31), **online).starts_at == house.at(31)


def squeeze_in(house, step, hours=6):
    return book(house, hours, actor=step["actor"], staff_id=house.staff[0].pk, override_reason="In a hurry")


@pytest.mark.parametrize("take", [move, other_service, lengthen, undo, squeeze_in])
def test_a_step_that_needs_time_ends_the_holds_in_that_calendar_only(prepaid, clock, take):
    held, elsewhere = (book(prepaid, 8, staff_id=staff.pk) for staff in prepaid.staff)
    clock.move_to(held.hold_expires_at)
    booking = visit(prepaid, STEPS.get(take, Status.CONFIRMED), -1 if take is undo else 4)

    take(prepaid, {"actor": prepaid.manager, "booking_id": booking.pk})

    held.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (held.status, elsewhere.status) == (Status.EXPIRED, Status.PENDING)


@pytest.mark.parametrize(
    "late",
    [
        timedelta(days=-1, seconds=-60),
        timedelta(seconds=30),
        timedelta(microseconds=5),
        timedelta(days=3 * 365),
    ],
    ids=["a day ago", "half a minute", "a split second", "three years"],
)
def test_no_reason_opens_a_moment_that_no_visit_begins_at(house, late):
    with pytest.raises(SlotNotOffered) as refused:
        squeeze_in(house, {"actor": house.manager}, late / timedelta(hours=1))

    told = "Outside the rules, a visit begins at most a day ago and at most two years ahead."
    assert (str(refused.value), Booking.objects.count()) == (told, 0)


def test_history_names_who_reviewed(house):
    booking = visit(house, Status.COMPLETED, -1)

    services.review_booking(actor=house.customer, booking_id=booking.pk, rating=4, comment="Lovely")

    booking.refresh_from_db()
    review = booking.review
    said = (review.salon, review.customer, review.service, review.staff, review.rating, review.comment)
    assert said == (house.salon, booking.customer, house.service, house.staff[0], 4, "Lovely")
    assert (review.history.get().history_user, booking.history.latest().history_user) == (house.customer,) * 2
