"""A visit that was made becomes another: its service, its time, or the person who takes over a day."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.bookings import selectors, services
from apps.bookings.errors import SlotTaken
from apps.bookings.events import BookingExpired, BookingMoved
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.bookings.tests.test_services import book
from apps.bookings.tests.test_stale_pages import move, visit
from apps.common.errors import InvalidTransition
from apps.salons.tests.factories import StaffServiceFactory

Status = Booking.Status
WHY = "She asked for it"


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
    held = book(prepaid, 4)
    other = StaffServiceFactory(salon=prepaid.salon, staff=held.staff).service
    clock.move_to(held.hold_expires_at)

    with pytest.raises(InvalidTransition):
        change(prepaid, held, other)

    held.refresh_from_db()
    assert (held.service, held.version) == (prepaid.service, 1)


def test_what_is_to_be_paid_in_advance_is_never_more_than_the_new_price(prepaid):
    held = book(prepaid, 4)
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
    held = book(prepaid, 4)
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


def ill(house):
    """Anna's day goes to whoever can take it."""
    day = house.at(0).date()
    return services.reassign_day(actor=house.manager, staff_id=house.staff[0].pk, day=day, reason="Ill")


def test_who_takes_over_history_says_why_and_the_news_name_each_visit(house, news):
    first, second = visit(house, Status.CONFIRMED, 4), visit(house, Status.CONFIRMED, 6)

    ill(house)

    assert [one for one in news if isinstance(one, BookingMoved)] == [BookingMoved(first.pk), BookingMoved(second.pk)]
    for booking in (first, second):
        latest = booking.history.latest()
        assert (latest.staff_id, latest.version) == (house.staff[1].pk, 2)
        assert (latest.history_user, latest.history_change_reason) == (house.manager, "Ill")


def test_a_visit_taken_over_lasts_as_long_as_it_was_made_to(house):
    booking = visit(house, Status.CONFIRMED, 4)
    services.change_duration(actor=house.manager, booking_id=booking.pk, minutes=120, reason="Long hair")
    BookingFactory(salon=house.salon, service=house.service, staff=house.staff[1], starts_at=house.at(5.5))

    assert ill(house) == ([], [booking])


def test_a_service_that_is_off_sale_is_still_taken_over(house):
    booking = visit(house, Status.CONFIRMED, 4)
    house.service.is_active = False
    house.service.save()

    assert ill(house) == ([booking], [])


@pytest.mark.parametrize(("late", "goes"), [(timedelta(0), False), (timedelta(seconds=-1), True)])
def test_a_visit_or_hold_that_ends_this_moment_is_over(prepaid, clock, late, goes):
    held = book(prepaid, 4, staff_id=prepaid.staff[0].pk)
    prepaid.service.refresh_from_db()
    ends = BookingFactory(
        salon=prepaid.salon,
        service=prepaid.service,
        staff=prepaid.staff[0],
        starts_at=held.hold_expires_at - timedelta(minutes=45),
        duration_minutes=45,
    )
    clock.move_to(held.hold_expires_at + late)

    moved, left = ill(prepaid)

    # Nobody begins in the past, so what began stays where it is.
    assert (moved, left) == (([held], [ends]) if goes else ([], []))


def test_a_colleagues_hold_that_ran_out_makes_room_and_nobody_elses_is_touched(prepaid, clock, news):
    anna, basma = prepaid.staff
    own = book(prepaid, 8, staff_id=anna.pk)
    theirs = book(prepaid, 4, staff_id=basma.pk, actor=prepaid.manager, person=prepaid.manager)
    booking = visit(prepaid, Status.CONFIRMED, 4)
    clock.move_to(own.hold_expires_at)

    given = ill(prepaid)

    assert given == ([booking], [])
    assert [one for one in news if isinstance(one, BookingExpired)] == [BookingExpired(theirs.pk)]
    own.refresh_from_db()
    assert own.status == Status.PENDING


def test_a_colleague_who_was_booked_meanwhile_leaves_the_visit_where_it_was(house, monkeypatch, news):
    booking = visit(house, Status.CONFIRMED, 4)
    BookingFactory(salon=house.salon, service=house.service, staff=house.staff[1], starts_at=house.at(4))
    monkeypatch.setattr(selectors, "free_as_agreed", lambda _booking, candidates, now: candidates)

    moved, [left] = ill(house)

    assert (moved, left, left.staff) == ([], booking, house.staff[0])
    stayed = Booking.objects.get(pk=booking.pk)
    assert (stayed.staff, stayed.starts_at, stayed.version) == (house.staff[0], house.at(4), 1)
    assert BookingMoved(booking.pk) not in news
