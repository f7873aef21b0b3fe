from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils.translation import override

from apps.bookings import services
from apps.bookings.errors import (
    BookingRefused,
    NotReviewable,
    ReasonRequired,
    SlotNotOffered,
    SlotTaken,
    TooEarly,
    TooLate,
    TooManyBookings,
)
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import NOW
from apps.bookings.tests.factories import BookingFactory
from apps.common import trace
from apps.common.doors import Door, through
from apps.common.errors import InvalidTransition, Missing
from apps.salons.models import Customer
from apps.salons.tests.factories import CustomerFactory, ServiceFactory, TimeOffFactory

Status = Booking.Status
CUSTOMER, SALON = Booking.CancelledBy.CUSTOMER, Booking.CancelledBy.SALON


def book(house, hours=3, **kwargs):
    arguments = {"actor": house.customer, "person": house.customer, "service_id": house.service.pk, **kwargs}
    return services.book_appointment(starts_at=house.at(hours), **arguments)


def test_a_booking_copies_price_tax_duration_and_terms(house):
    booking = book(house, staff_id=house.staff[0].pk, note="Window seat")

    assert booking.status == Status.CONFIRMED
    assert (booking.price_amount, booking.vat_amount, booking.vat_rate) == (Decimal("115.00"), Decimal("15.00"), 15)
    assert booking.ends_at - booking.starts_at == timedelta(minutes=45)
    assert (booking.free_cancellation_hours, booking.late_cancellation_percent) == (24, 50)
    assert booking.customer == Customer.objects.get(salon=house.salon, user=house.customer)
    assert booking.version == 1

    house.service.price_amount, house.service.duration_minutes = Decimal("230.00"), 90
    house.service.save()
    booking.refresh_from_db()
    assert (booking.price_amount, booking.duration_minutes) == (Decimal("115.00"), 45)


def test_vat14_a_salon_without_a_vat_number_charges_none(house):
    house.salon.vat_number = ""
    house.salon.save()

    assert book(house).vat_amount == Decimal("0.00")


def test_history_says_who_booked(house):
    booking = book(house)

    (row,) = booking.history.all()
    assert (row.history_user, row.history_type) == (house.customer, "+")


def test_a_staff_members_own_price_and_duration_count(house):
    offer = house.service.staff_services.get(staff=house.staff[1])
    offer.price_amount, offer.duration_minutes = Decimal("200.00"), 60
    offer.save()

    booking = book(house, staff_id=house.staff[1].pk)

    assert (booking.price_amount, booking.duration_minutes) == (Decimal("200.00"), 60)


def test_av31_any_staff_takes_both_people_and_then_nobody(house):
    first, second = book(house), book(house)

    assert [first.staff, second.staff] == house.staff
    with pytest.raises(SlotTaken):
        book(house)
    assert Booking.objects.count() == 2


def test_any_staff_goes_to_the_one_with_the_emptier_day(house):
    book(house, hours=3, staff_id=house.staff[0].pk)

    assert book(house, hours=6).staff == house.staff[1]


@pytest.mark.parametrize("hours", [0.5, 11.5, 3.1], ids=["within the notice", "past closing", "off the grid"])
def test_a_time_the_salon_does_not_offer_is_refused(house, hours):
    with pytest.raises(SlotNotOffered):
        book(house, hours=hours)
    assert Booking.objects.count() == 0


def test_av17_the_shortest_notice_is_exact(house):
    assert book(house, hours=1).starts_at == house.at(1)


def test_time_off_is_not_offered(house):
    TimeOffFactory(salon=house.salon, staff=house.staff[0], starts_at=house.at(2), ends_at=house.at(5))

    with pytest.raises(SlotNotOffered):
        book(house, staff_id=house.staff[0].pk)


def test_someone_who_does_not_do_the_service_cannot_be_booked_for_it(house):
    other = ServiceFactory(salon=house.salon)

    with pytest.raises(SlotNotOffered) as refusal:
        book(house, service_id=other.pk)
    with override("en"):
        assert str(refusal.value) == "Nobody there does this service at the moment."
    assert Booking.objects.count() == 0


def test_a_service_that_nobody_knows_or_of_a_closed_salon_is_missing(house):
    with pytest.raises(Missing):
        book(house, service_id=0)
    house.salon.is_active = False
    house.salon.save()
    with pytest.raises(Missing):
        book(house)
    assert Booking.objects.count() == 0


def test_bk15_a_blocked_customer_is_refused_without_a_word_why(house):
    CustomerFactory(salon=house.salon, user=house.customer, is_blocked=True)

    with pytest.raises(BookingRefused) as refusal:
        book(house)
    with override("en"):
        assert str(refusal.value) == "Online booking is not possible. Please call the salon."


def test_a_customer_holds_at_most_two_unpaid_bookings(prepaid):
    book(prepaid, hours=3)
    book(prepaid, hours=5)

    with pytest.raises(TooManyBookings):
        book(prepaid, hours=7)
    assert Booking.objects.count() == 2


def test_a_prepaid_booking_is_held_and_then_expires(prepaid, clock):
    booking = book(prepaid)
    assert (booking.status, booking.prepay_amount) == (Status.PENDING, Decimal("34.50"))
    assert booking.hold_expires_at == NOW + timedelta(minutes=15)

    clock.shift(15 * 60 - 1)
    assert services.expire_holds() == 0
    clock.shift(1)
    assert services.expire_holds() == 1
    assert services.expire_holds() == 0
    booking.refresh_from_db()
    assert booking.status == Status.EXPIRED


def test_bk06_a_hold_that_ran_out_frees_its_time_without_any_job(prepaid, clock):
    booking = book(prepaid, staff_id=prepaid.staff[0].pk)
    clock.shift(15 * 60 + 1)

    book(prepaid, staff_id=prepaid.staff[0].pk)

    booking.refresh_from_db()
    assert booking.status == Status.EXPIRED


def test_pay03_late_money_gets_the_time_back_when_it_is_free(prepaid, clock):
    booking = book(prepaid)
    clock.shift(16 * 60)
    services.expire_holds()

    assert services.confirm_paid_booking(booking_id=booking.pk) is True
    booking.refresh_from_db()
    assert (booking.status, booking.hold_expires_at) == (Status.CONFIRMED, None)


def test_pay04_late_money_for_a_time_that_is_gone_must_go_back(prepaid, clock):
    booking = book(prepaid, staff_id=prepaid.staff[0].pk)
    clock.shift(16 * 60)
    book(prepaid, staff_id=prepaid.staff[0].pk)

    assert services.confirm_paid_booking(booking_id=booking.pk) is False
    booking.refresh_from_db()
    assert booking.status == Status.EXPIRED


def test_the_salon_confirms_arrival_and_service(by_hand, clock):
    booking = book(by_hand)
    assert booking.status == Status.PENDING
    services.confirm_booking(actor=by_hand.manager, booking_id=booking.pk)
    clock.move_to(booking.starts_at)
    services.mark_arrived(actor=by_hand.manager, booking_id=booking.pk)
    services.complete_booking(actor=by_hand.manager, booking_id=booking.pk)

    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.COMPLETED, 4)
    told = list(booking.history.order_by("history_id").values_list("status", "history_user"))
    manager = by_hand.manager.pk
    assert told == [
        ("pending", by_hand.customer.pk),
        ("confirmed", manager),
        ("arrived", manager),
        ("completed", manager),
    ]


def test_nobody_arrives_before_the_day_of_the_visit(house, clock):
    booking = book(house)
    clock.move_to(booking.starts_at.replace(hour=0, minute=0) - timedelta(seconds=1))

    with pytest.raises(TooEarly) as refusal:
        services.mark_arrived(actor=house.manager, booking_id=booking.pk)

    day = f"{booking.starts_at:%A} {booking.starts_at.day} {booking.starts_at:%B}"
    with override("en"):
        assert str(refusal.value) == f"This is possible from {day} 00:00."
    clock.shift(1)
    assert services.mark_arrived(actor=house.manager, booking_id=booking.pk).status == Status.ARRIVED


def test_a_move_to_where_it_stands_already_changes_and_tells_nothing(house):
    booking = book(house)
    place = {"booking_id": booking.pk, "starts_at": booking.starts_at}

    for staff_id in (None, booking.staff_id):
        services.reschedule_booking(actor=house.manager, staff_id=staff_id, **place)

    booking.refresh_from_db()
    assert (booking.version, booking.history.count()) == (1, 1)


def test_bk30_a_step_the_lifecycle_does_not_have_is_refused(house):
    booking = book(house)

    with pytest.raises(InvalidTransition) as refusal:
        services.complete_booking(actor=house.manager, booking_id=booking.pk)
    with override("en"):
        assert str(refusal.value) == "“confirmed” cannot become “completed”."
    booking.refresh_from_db()
    assert booking.version == 1


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.NO_SHOW, Status.EXPIRED])
def test_confirming_is_no_way_to_undo_a_step_or_to_revive_a_hold(house, status):
    booking = BookingFactory(salon=house.salon, status=status)

    with pytest.raises(InvalidTransition):
        services.confirm_booking(actor=house.manager, booking_id=booking.pk)
    booking.refresh_from_db()
    assert (booking.status, booking.version) == (status, 1)


def test_a_completed_visit_becomes_arrived_again_only_by_an_undo_with_its_reason(house):
    booking = BookingFactory(salon=house.salon, status=Status.COMPLETED)

    with pytest.raises(InvalidTransition):
        services.mark_arrived(actor=house.manager, booking_id=booking.pk)
    undone = services.undo_step(actor=house.manager, booking_id=booking.pk, reason="Not finished yet")
    assert (undone.status, undone.version) == (Status.ARRIVED, 2)


def test_rs16_a_no_show_waits_for_the_grace_time_and_can_be_undone(house, clock):
    booking = book(house)
    for seconds in (-60, 60, 14 * 60):
        clock.move_to(booking.starts_at + timedelta(seconds=seconds))
        with pytest.raises(TooEarly):
            services.mark_no_show(actor=house.manager, booking_id=booking.pk)

    clock.move_to(booking.starts_at + timedelta(minutes=15))
    services.mark_no_show(actor=house.manager, booking_id=booking.pk)
    with pytest.raises(ReasonRequired):
        services.undo_step(actor=house.manager, booking_id=booking.pk, reason=" ")
    undone = services.undo_step(actor=house.manager, booking_id=booking.pk, reason="She was in the wrong room")

    assert undone.status == Status.CONFIRMED
    assert booking.history.latest().history_change_reason == "She was in the wrong room"


def test_undoing_a_no_show_never_lands_on_another_booking(house, clock):
    booking = book(house, staff_id=house.staff[0].pk)
    clock.move_to(booking.starts_at + timedelta(minutes=15))
    services.mark_no_show(actor=house.manager, booking_id=booking.pk)
    BookingFactory(salon=house.salon, staff=house.staff[0], starts_at=booking.starts_at)

    with pytest.raises(SlotTaken):
        services.undo_step(actor=house.manager, booking_id=booking.pk, reason="mistake")
    booking.refresh_from_db()
    assert booking.status == Status.NO_SHOW


def test_rs01_a_booking_may_move_into_its_own_time(house):
    booking = book(house, hours=30)

    moved = services.reschedule_booking(actor=house.customer, booking_id=booking.pk, starts_at=house.at(30.5))

    assert (moved.starts_at, moved.version) == (house.at(30.5), 2)


def test_a_hold_that_ran_out_moves_nowhere(prepaid, clock):
    booking = book(prepaid, hours=30)
    clock.shift(15 * 60)

    with pytest.raises(InvalidTransition):
        services.reschedule_booking(actor=prepaid.customer, booking_id=booking.pk, starts_at=prepaid.at(33))
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (prepaid.at(30), 1)


def test_rs03_the_old_time_is_free_at_once(house):
    booking = book(house, hours=30, staff_id=house.staff[0].pk)
    services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(33))

    assert book(house, hours=30, staff_id=house.staff[0].pk).starts_at == house.at(30)


def test_rs05_inside_the_fee_window_only_the_salon_moves_a_booking(house, clock):
    booking = book(house, hours=27)
    clock.shift(3 * 3600 + 60)

    with pytest.raises(TooLate):
        services.reschedule_booking(
            actor=house.customer, booking_id=booking.pk, starts_at=house.at(30), source=Booking.Source.ONLINE
        )
    moved = services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(30))
    assert moved.starts_at == house.at(30)


def test_moving_onto_another_booking_is_refused_and_changes_nothing(house):
    anna = house.staff[0].pk
    booking = book(house, hours=30, staff_id=anna)
    book(house, hours=33, staff_id=anna)

    with pytest.raises(SlotTaken):
        services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(33))
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (house.at(30), 1)


@pytest.mark.parametrize(
    ("hours_before", "by", "fee"),
    [
        (24, CUSTOMER, "0.00"),
        (23.99, CUSTOMER, "57.50"),
        (0.1, CUSTOMER, "57.50"),
        (1, SALON, "0.00"),
    ],
    ids=["free", "late", "RS12", "RS13"],
)
def test_cancelling_costs_what_was_agreed(house, clock, hours_before, by, fee):
    booking = book(house, hours=48)
    house.salon.late_cancellation_percent = 100
    house.salon.save()
    clock.move_to(booking.starts_at - timedelta(hours=hours_before))

    cancelled = services.cancel_booking(actor=house.customer, booking_id=booking.pk, by=by, reason="ill")

    assert (cancelled.status, cancelled.cancelled_by) == (Status.CANCELLED, by)
    assert cancelled.cancellation_fee_amount == Decimal(fee)


@pytest.mark.parametrize(("wish", "fee"), [(CUSTOMER, "57.50"), (SALON, "0.00")])
def test_rs06_moving_away_first_does_not_make_a_late_cancellation_free(house, clock, wish, fee):
    booking = book(house, hours=27)
    services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(24 * 8), by=wish)
    clock.shift(10 * 3600)

    cancelled = services.cancel_booking(actor=house.customer, booking_id=booking.pk, by=CUSTOMER)

    assert cancelled.cancellation_fee_amount == Decimal(fee)


def test_rs09_cancelling_twice_cancels_once(house):
    booking = book(house, hours=48)
    services.cancel_booking(actor=house.customer, booking_id=booking.pk, by=CUSTOMER)

    with pytest.raises(InvalidTransition):
        services.cancel_booking(actor=house.customer, booking_id=booking.pk, by=CUSTOMER)
    assert booking.history.count() == 2


def test_rs19_a_customer_cannot_cancel_once_the_visit_began(house, clock):
    booking = book(house)
    clock.move_to(booking.starts_at)

    with pytest.raises(TooLate):
        services.cancel_booking(actor=house.customer, booking_id=booking.pk, by=CUSTOMER)


def test_a_visit_is_reviewed_once_and_only_after_it_took_place(house, clock):
    booking = book(house)
    with pytest.raises(NotReviewable):
        services.review_booking(actor=house.customer, booking_id=booking.pk, rating=5)

    clock.move_to(booking.starts_at)
    services.mark_arrived(actor=house.manager, booking_id=booking.pk)
    services.complete_booking(actor=house.manager, booking_id=booking.pk)
    reviewed = services.review_booking(actor=house.customer, booking_id=booking.pk, rating=5, comment="Lovely")
    assert (reviewed.review.rating, reviewed.review.comment) == (5, "Lovely")

    with pytest.raises(NotReviewable):
        services.review_booking(actor=house.customer, booking_id=booking.pk, rating=1)


def test_a_quote_shows_the_visit_that_would_be_booked_and_stores_nothing(prepaid):
    asked = {"person": prepaid.customer, "service_id": prepaid.service.pk, "starts_at": prepaid.at(3)}

    booking, _quote, _until = services.quote_appointment(**asked, staff_id=prepaid.staff[1].pk)
    anybody, _quote, _until = services.quote_appointment(**asked)

    assert (booking.staff, anybody.staff) == (prepaid.staff[1], prepaid.staff[0])
    assert (booking.customer.user, booking.booked_by, booking.source, booking.note) == (
        prepaid.customer,
        prepaid.customer,
        Booking.Source.ONLINE,
        "",
    )
    assert (booking.starts_at, booking.ends_at) == (prepaid.at(3), prepaid.at(3.75))
    assert booking.protected_starts_at == prepaid.at(3)
    assert (booking.price_amount, booking.vat_amount, booking.prepay_amount) == (
        Decimal("115.00"),
        Decimal("15.00"),
        Decimal("34.50"),
    )
    assert (Booking.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_quote_is_refused_to_whom_a_booking_would_be(house):
    CustomerFactory(salon=house.salon, user=house.customer, is_blocked=True)

    with pytest.raises(BookingRefused):
        services.quote_appointment(person=house.customer, service_id=house.service.pk, starts_at=house.at(3))


def test_news_of_a_refused_booking_reach_nobody(house, monkeypatch):
    told = []
    monkeypatch.setattr(services.placing, "publish", told.append)

    with pytest.raises(SlotNotOffered), transaction.atomic():
        book(house, hours=0.5)
    assert told == []


def test_a_day_goes_to_colleagues_and_what_is_over_or_nobody_can_take_stays(house, clock):
    anna, basma = house.staff
    over, moved, left = (book(house, hours=hours, staff_id=anna.pk) for hours in (3, 7, 9))
    book(house, hours=9, staff_id=basma.pk)
    clock.shift(4 * 3600)

    given = services.reassign_day(actor=house.manager, staff_id=anna.pk, day=house.at(0).date(), reason="Ill")

    assert given == ([moved], [left])
    places = {row.pk: (row.staff, row.starts_at, row.version) for row in Booking.objects.select_related("staff")}
    assert places[over.pk] == (anna, house.at(3), 1)
    assert places[moved.pk] == (basma, house.at(7), 2)
    assert places[left.pk] == (anna, house.at(9), 1)


def test_adm07_a_booking_keeps_the_door_and_the_request_it_came_through(house):
    with through(Door.API), trace.running("request"):
        number, booking = trace.current_request_id(), book(house)

    line = booking.history.get()
    assert (line.history_door, line.history_request) == (Door.API, number)
