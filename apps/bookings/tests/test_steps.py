"""What a step of a visit leaves behind: one version that says who and why, and the news of it, once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.bookings import selectors, services
from apps.bookings.errors import ReasonRequired, SlotNotOffered, SlotTaken, TooEarly
from apps.bookings.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingExpired,
    BookingMoved,
    BookingRepriced,
    BookingResized,
)
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
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
from apps.common import events
from apps.common.errors import InvalidTransition
from apps.salons.tests.factories import StaffServiceFactory

Status = Booking.Status
WHY = "She asked for it"


@pytest.fixture
def news(monkeypatch):
    """Every event that is published, in order."""
    told = []
    monkeypatch.setattr(events, "_watches", [told.append])
    return told


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
    assert [one for one in news if type(one).__module__ == "apps.bookings.events"] == TOLD[take](
        booking.pk, house.manager.pk
    )


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
        held = services.book_appointment(
            actor=prepaid.customer, person=prepaid.customer, service_id=prepaid.service.pk, starts_at=prepaid.at(hours)
        )

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


def squeeze_in(house, step):
    return services.book_appointment(
        actor=step["actor"],
        person=house.customer,
        service_id=house.service.pk,
        starts_at=house.at(6),
        staff_id=house.staff[0].pk,
        override_reason="In a hurry",
    )


@pytest.mark.parametrize("take", [move, other_service, lengthen, undo, squeeze_in])
def test_a_step_that_needs_time_ends_the_holds_in_that_calendar_only(prepaid, clock, take):
    def hold(staff):
        return services.book_appointment(
            actor=prepaid.customer,
            person=prepaid.customer,
            service_id=prepaid.service.pk,
            starts_at=prepaid.at(8),
            staff_id=prepaid.staff[staff].pk,
        )

    held, elsewhere = hold(0), hold(1)
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
        services.book_appointment(
            actor=house.manager,
            person=house.customer,
            service_id=house.service.pk,
            starts_at=house.at(0) + late,
            staff_id=house.staff[0].pk,
            override_reason="In a hurry",
        )

    told = "Outside the rules, a visit begins at most a day ago and at most two years ahead."
    assert (str(refused.value), Booking.objects.count()) == (told, 0)


# --- Another service ---


@pytest.fixture
def longer(house):
    """A service of 90 minutes and 200.00 SAR with its own buffers, done by both."""
    offer = StaffServiceFactory(
        salon=house.salon,
        staff=house.staff[0],
        service__price_amount="200.00",
        service__duration_minutes=90,
        service__buffer_before_minutes=5,
        service__buffer_after_minutes=10,
    )
    StaffServiceFactory(salon=house.salon, staff=house.staff[1], service=offer.service)
    return offer.service


def change(house, booking, service):
    return services.change_service(actor=house.manager, booking_id=booking.pk, service_id=service.pk)


@pytest.mark.parametrize("status", [Status.PENDING, Status.CONFIRMED, Status.ARRIVED])
def test_another_service_brings_its_terms_and_keeps_time_and_person(house, longer, status):
    booking = visit(house, status, 4)

    change(house, booking, longer)

    booking.refresh_from_db()
    assert (booking.service, booking.service_name_en, booking.staff) == (longer, longer.name_en, house.staff[0])
    assert (booking.starts_at, booking.ends_at) == (house.at(4), house.at(5.5))
    assert booking.occupied_from == house.at(4) - timedelta(minutes=5)
    assert booking.occupied_until == house.at(5.5) + timedelta(minutes=10)
    assert (booking.price_amount, booking.vat_amount, booking.vat_rate) == (Decimal("200.00"), Decimal("26.09"), 15)
    assert (booking.status, booking.version) == (status, 2)


def test_a_service_or_length_that_does_not_fit_is_refused_and_changes_nothing(house, longer):
    booking = visit(house, Status.CONFIRMED, 4)
    BookingFactory(salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(5))

    for attempt in (
        lambda: change(house, booking, longer),
        lambda: services.change_duration(actor=house.manager, booking_id=booking.pk, minutes=90, reason=WHY),
    ):
        with pytest.raises(SlotTaken) as refused:
            attempt()
        assert str(refused.value) == f"{house.staff[0]} has not enough time for this service then."

    booking.refresh_from_db()
    assert (booking.service, booking.duration_minutes, booking.version) == (house.service, 45, 1)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED, Status.EXPIRED])
def test_a_visit_that_is_over_or_off_gets_no_other_service(house, longer, status):
    booking = visit(house, status, 4)

    with pytest.raises(InvalidTransition):
        change(house, booking, longer)

    booking.refresh_from_db()
    assert (booking.service, booking.version) == (house.service, 1)


def test_a_hold_that_ran_out_gets_no_other_service(prepaid, clock):
    held = services.book_appointment(
        actor=prepaid.customer, person=prepaid.customer, service_id=prepaid.service.pk, starts_at=prepaid.at(4)
    )
    other = StaffServiceFactory(salon=prepaid.salon, staff=held.staff).service
    clock.move_to(held.hold_expires_at)

    with pytest.raises(InvalidTransition):
        change(prepaid, held, other)

    held.refresh_from_db()
    assert (held.service, held.version) == (prepaid.service, 1)


def test_what_is_to_be_paid_in_advance_is_never_more_than_the_new_price(prepaid):
    held = services.book_appointment(
        actor=prepaid.customer, person=prepaid.customer, service_id=prepaid.service.pk, starts_at=prepaid.at(4)
    )
    cheap = StaffServiceFactory(salon=prepaid.salon, staff=held.staff, service__price_amount="20.00").service

    assert held.prepay_amount == Decimal("34.50")
    assert change(prepaid, held, cheap).prepay_amount == Decimal("20.00")


# --- Another time ---


def test_a_visit_that_is_moved_keeps_its_length_and_price_though_its_service_is_off_sale(house):
    booking = visit(house, Status.CONFIRMED, 4)
    services.change_duration(actor=house.manager, booking_id=booking.pk, minutes=120, reason=WHY)
    house.service.price_amount, house.service.is_active = Decimal("300.00"), False
    house.service.save()
    BookingFactory(salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(32))

    with pytest.raises(SlotTaken):
        services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(30.5))
    moved = services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(30))

    assert (moved.starts_at, moved.ends_at, moved.price_amount) == (house.at(30), house.at(32), Decimal("115.00"))


def test_what_is_over_or_ran_out_is_named_where_it_cannot_be_moved(prepaid, clock):
    held = services.book_appointment(
        actor=prepaid.customer, person=prepaid.customer, service_id=prepaid.service.pk, starts_at=prepaid.at(4)
    )
    over = visit(prepaid, Status.COMPLETED, -1)
    clock.move_to(held.hold_expires_at)

    for booking, called in ((held, "expired"), (over, "completed")):
        with pytest.raises(InvalidTransition) as refused:
            move(prepaid, {"actor": prepaid.manager, "booking_id": booking.pk})
        assert str(refused.value) == f"A booking that is “{called}” cannot be moved."


def test_with_a_reason_a_visit_moves_into_a_buffer_and_both_histories_say_why(house):
    house.service.buffer_before_minutes = 15
    house.service.save()
    booking, neighbour = visit(house, Status.CONFIRMED, 4), visit(house, Status.CONFIRMED, 8)

    with pytest.raises(SlotTaken):
        services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(7.25))
    services.reschedule_booking(
        actor=house.manager, booking_id=booking.pk, starts_at=house.at(7.25), override_reason="She flies tonight"
    )

    booking.refresh_from_db()
    neighbour.refresh_from_db()
    assert (booking.ends_at, booking.occupied_until, booking.override_reason) == (
        house.at(8),
        house.at(8),
        "She flies tonight",
    )
    assert (neighbour.occupied_from, neighbour.version) == (house.at(8), 1)
    told = f"Buffer given up for booking {booking.display_reference}: She flies tonight"
    lines = [
        (row.history_user, row.history_change_reason) for row in (booking.history.latest(), neighbour.history.latest())
    ]
    assert lines == [(house.manager, "She flies tonight"), (house.manager, told)]


# --- A day that goes to colleagues ---


@pytest.fixture
def ill(house):
    """`ill()`: Anna's day goes to whoever can take it."""

    def hand_over():
        day = house.at(0).date()
        return services.reassign_day(actor=house.manager, staff_id=house.staff[0].pk, day=day, reason="Ill")

    return hand_over


def test_who_takes_over_history_says_why_and_the_news_name_each_visit(house, ill, news):
    first, second = visit(house, Status.CONFIRMED, 4), visit(house, Status.CONFIRMED, 6)

    ill()

    assert [one for one in news if isinstance(one, BookingMoved)] == [BookingMoved(first.pk), BookingMoved(second.pk)]
    for booking in (first, second):
        latest = booking.history.latest()
        assert (latest.staff_id, latest.version) == (house.staff[1].pk, 2)
        assert (latest.history_user, latest.history_change_reason) == (house.manager, "Ill")


def test_a_visit_taken_over_lasts_as_long_as_it_was_made_to(house, ill):
    booking = visit(house, Status.CONFIRMED, 4)
    services.change_duration(actor=house.manager, booking_id=booking.pk, minutes=120, reason="Long hair")
    BookingFactory(salon=house.salon, service=house.service, staff=house.staff[1], starts_at=house.at(5.5))

    assert ill() == ([], [booking])


def test_a_service_that_is_off_sale_is_still_taken_over(house, ill):
    booking = visit(house, Status.CONFIRMED, 4)
    house.service.is_active = False
    house.service.save()

    assert ill() == ([booking], [])


@pytest.mark.parametrize(("late", "goes"), [(timedelta(0), False), (timedelta(seconds=-1), True)])
def test_a_visit_or_hold_that_ends_this_moment_is_over(prepaid, clock, late, goes):
    held = services.book_appointment(
        actor=prepaid.customer,
        person=prepaid.customer,
        service_id=prepaid.service.pk,
        starts_at=prepaid.at(4),
        staff_id=prepaid.staff[0].pk,
    )
    prepaid.service.refresh_from_db()
    ends = BookingFactory(
        salon=prepaid.salon,
        service=prepaid.service,
        staff=prepaid.staff[0],
        starts_at=held.hold_expires_at - timedelta(minutes=45),
        duration_minutes=45,
    )
    clock.move_to(held.hold_expires_at + late)

    moved, left = services.reassign_day(
        actor=prepaid.manager, staff_id=prepaid.staff[0].pk, day=prepaid.at(0).date(), reason="Ill"
    )

    # Nobody begins in the past, so what began stays where it is.
    assert (moved, left) == (([held], [ends]) if goes else ([], []))


def test_a_colleagues_hold_that_ran_out_makes_room_and_nobody_elses_is_touched(prepaid, clock, news):
    def hold(hours, person, staff):
        who = {"actor": person, "person": person, "staff_id": prepaid.staff[staff].pk}
        return services.book_appointment(service_id=prepaid.service.pk, starts_at=prepaid.at(hours), **who)

    own, theirs = hold(8, prepaid.customer, 0), hold(4, prepaid.manager, 1)
    booking = visit(prepaid, Status.CONFIRMED, 4)
    clock.move_to(own.hold_expires_at)

    given = services.reassign_day(
        actor=prepaid.manager, staff_id=prepaid.staff[0].pk, day=prepaid.at(0).date(), reason="Ill"
    )

    assert given == ([booking], [])
    assert [one for one in news if isinstance(one, BookingExpired)] == [BookingExpired(theirs.pk)]
    own.refresh_from_db()
    assert own.status == Status.PENDING


def test_a_colleague_who_was_booked_meanwhile_leaves_the_visit_where_it_was(house, ill, monkeypatch, news):
    booking = visit(house, Status.CONFIRMED, 4)
    BookingFactory(salon=house.salon, service=house.service, staff=house.staff[1], starts_at=house.at(4))
    monkeypatch.setattr(selectors, "free_as_agreed", lambda _booking, candidates, now: candidates)

    moved, [left] = ill()

    assert (moved, left, left.staff) == ([], booking, house.staff[0])
    stayed = Booking.objects.get(pk=booking.pk)
    assert (stayed.staff, stayed.starts_at, stayed.version) == (house.staff[0], house.at(4), 1)
    assert BookingMoved(booking.pk) not in news


# --- The customer's word ---


def test_history_names_who_reviewed(house):
    booking = visit(house, Status.COMPLETED, -1)

    services.review_booking(actor=house.customer, booking_id=booking.pk, rating=4, comment="Lovely")

    booking.refresh_from_db()
    review = booking.review
    said = (review.salon, review.customer, review.service, review.staff, review.rating, review.comment)
    assert said == (house.salon, booking.customer, house.service, house.staff[0], 4, "Lovely")
    assert (review.history.get().history_user, booking.history.latest().history_user) == (house.customer,) * 2
