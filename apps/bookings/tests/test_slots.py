"""The list of free times and the check a booking passes give one answer, at every edge of the calendar."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.bookings import services
from apps.bookings.errors import SlotNotOffered, SlotTaken
from apps.bookings.models import Booking
from apps.bookings.selectors import Record, free_offers, free_slots, offers, record_of
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import Customer, ScheduleException, Staff, WeeklyHours
from apps.salons.tests.factories import (
    CustomerFactory,
    SalonFactory,
    ScheduleExceptionFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)

RIYADH = ZoneInfo("Asia/Riyadh")


def book(house, starts_at, **kwargs):
    arguments = {"actor": house.customer, "person": house.customer, "service_id": house.service.pk, **kwargs}
    return services.book_appointment(starts_at=starts_at, **arguments)


def listed(house, first, last, **kwargs):
    """Local start times on the days `first` to `last`, counted from the day of the fixture."""
    first, last = house.at(24 * first).date(), house.at(24 * last).date()
    found = free_slots(house.service, first=first, last=last, now=timezone.now(), **kwargs)
    return [slot.starts_at.astimezone(RIYADH) for slot in found]


def open_day_and_night(house):
    WeeklyHours.objects.all().delete()
    for weekday in range(7):
        WeeklyHoursFactory(
            salon=house.salon, staff=None, weekday=weekday, opens=time(0), closes=time(0), ends_next_day=True
        )


def test_av02_a_visit_over_midnight_is_listed_and_booked_whichever_days_are_asked_for(house):
    open_day_and_night(house)
    late = datetime(2026, 11, 23, 23, 30, tzinfo=RIYADH)

    assert late in listed(house, 1, 2)
    assert listed(house, 1, 1)[-1] == datetime(2026, 11, 23, 23, 45, tzinfo=RIYADH)
    assert book(house, late).starts_at == late


def test_the_longest_visit_looks_as_far_ahead_as_its_cleaning_up_reaches(house):
    open_day_and_night(house)
    house.service.duration_minutes, house.service.buffer_after_minutes = 24 * 60, 8 * 60
    house.service.save()
    anna = house.staff[0]
    BookingFactory(salon=house.salon, staff=anna, starts_at=datetime(2026, 11, 25, 7, 0, tzinfo=RIYADH))

    assert listed(house, 1, 1, staff_id=anna.pk)[-1] == datetime(2026, 11, 23, 23, 0, tzinfo=RIYADH)


def test_own_hours_that_ended_leave_those_of_the_salon_however_many_days_are_asked_for(house):
    anna = house.staff[0]
    for weekday in range(7):
        WeeklyHoursFactory(
            salon=house.salon,
            staff=anna,
            weekday=weekday,
            opens=time(10),
            closes=time(12),
            valid_until=house.at(48).date(),
        )

    alone, among_others = listed(house, 5, 5, staff_id=anna.pk), listed(house, 0, 5, staff_id=anna.pk)

    assert (alone[0], alone[-1], len(alone)) == (house.at(120), house.at(131.25), 46)
    assert [moment for moment in among_others if moment.date() == alone[0].date()] == alone


def test_a_persons_season_does_not_depend_on_whose_times_are_asked_for(house):
    anna, basma = house.staff
    day = house.at(24).date()
    span = {"salon": house.salon, "starts_on": day, "ends_on": day, "kind": ScheduleException.Kind.SEASON}
    everybody, own = ScheduleExceptionFactory(**span), ScheduleExceptionFactory(staff=anna, **span)
    hours = {"salon": house.salon, "weekday": day.weekday(), "closes": time(14)}
    WeeklyHoursFactory(staff=basma, exception=everybody, opens=time(12), **hours)
    WeeklyHoursFactory(staff=anna, exception=own, opens=time(13), **hours)

    assert listed(house, 1, 1, staff_id=anna.pk) == [house.at(28), house.at(28.25)]
    assert listed(house, 1, 1)[-2:] == [house.at(28), house.at(28.25)]


def test_bk06_a_hold_that_ran_out_is_listed_as_free_before_any_pass_ended_it(prepaid, clock):
    anna = prepaid.staff[0].pk
    book(prepaid, prepaid.at(3), staff_id=anna)
    clock.shift(15 * 60 - 1)
    assert prepaid.at(3) not in listed(prepaid, 0, 0, staff_id=anna)

    clock.shift(1)

    assert prepaid.at(3) in listed(prepaid, 0, 0, staff_id=anna)


@pytest.mark.parametrize("hours", [-1, 0.5, 30.1], ids=["past", "within the notice", "off the grid"])
def test_a_time_that_is_never_offered_is_not_called_taken_because_somebody_has_it(house, hours):
    for person in house.staff:
        BookingFactory(salon=house.salon, staff=person, starts_at=house.at(hours))

    with pytest.raises(SlotNotOffered):
        book(house, house.at(hours))
    assert Booking.objects.count() == 2


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=RIYADH),
        datetime(9999, 12, 31, 23, 30, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=RIYADH),
    ],
)
def test_the_ends_of_the_calendar_are_not_offered(house, moment):
    with pytest.raises(SlotNotOffered):
        book(house, moment)
    assert Booking.objects.count() == 0


def test_a_move_keeps_the_length_and_the_buffers_that_were_booked(house):
    anna = house.staff[0]
    house.service.buffer_before_minutes = 60
    house.service.save()
    booking = book(house, house.at(30), staff_id=anna.pk)
    house.service.buffer_before_minutes, house.service.duration_minutes = 0, 120
    house.service.save()
    TimeOffFactory(salon=house.salon, staff=anna, starts_at=house.at(31), ends_at=house.at(33))

    times = listed(house, 1, 1, staff_id=anna.pk, moving=booking)
    assert house.at(33) not in times
    assert (house.at(34) in times, times[-1]) == (True, house.at(35.25))
    with pytest.raises(SlotNotOffered):
        services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(33))
    moved = services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(35.25))
    assert (moved.starts_at, moved.ends_at) == (house.at(35.25), house.at(36))


def test_nothing_moves_to_another_time_in_a_salon_that_closed_for_good(house):
    booking = book(house, house.at(30))
    house.salon.is_active = False
    house.salon.save()

    with pytest.raises(SlotNotOffered):
        services.reschedule_booking(actor=house.customer, booking_id=booking.pk, starts_at=house.at(33))
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (house.at(30), 1)


def test_av32_who_stopped_taking_bookings_while_we_waited_for_the_calendar_is_not_chosen(house, monkeypatch):
    anna, basma = house.staff

    def wait_until_anna_left(**names):
        Staff.objects.filter(pk=anna.pk).update(is_active=False)

    monkeypatch.setattr(services.placing, "lock_for_booking", wait_until_anna_left)

    assert book(house, house.at(30)).staff == basma
    Staff.objects.filter(pk=anna.pk).update(is_active=True)
    with pytest.raises(SlotNotOffered):
        book(house, house.at(33), staff_id=anna.pk)
    assert Booking.objects.count() == 1


def test_a_move_ends_the_hold_that_ran_out_in_its_way(prepaid, clock):
    anna = prepaid.staff[0]
    hold = book(prepaid, prepaid.at(30), staff_id=anna.pk)
    booking = BookingFactory(salon=prepaid.salon, staff=anna, service=hold.service, starts_at=prepaid.at(50))
    clock.shift(15 * 60 - 1)
    with pytest.raises(SlotTaken):
        services.reschedule_booking(actor=prepaid.manager, booking_id=booking.pk, starts_at=prepaid.at(30))

    clock.shift(1)
    services.reschedule_booking(actor=prepaid.manager, booking_id=booking.pk, starts_at=prepaid.at(30))

    hold.refresh_from_db()
    booking.refresh_from_db()
    assert (hold.status, booking.starts_at) == (Booking.Status.EXPIRED, prepaid.at(30))


@pytest.mark.parametrize(
    ("of_anna", "of_basma", "first"),
    [
        ([700], [695], 0),
        ([695], [700], 1),
        ([-740], [-745], 1),
        ([-745], [-740], 0),
        ([720, -765], [], 0),
        ([-100], [700], 1),
        ([700, -740], [-100], 0),
    ],
)
def test_anybody_is_who_has_the_fewest_minutes_booked_within_twelve_hours(house, of_anna, of_basma, first):
    """Visits of 45 minutes, given by their minutes from the start that is asked for."""
    start = house.at(51)
    for person, visits in zip(house.staff, (of_anna, of_basma), strict=True):
        for minutes in visits:
            BookingFactory(salon=house.salon, staff=person, starts_at=start + timedelta(minutes=minutes))

    found = free_offers(house.service, offers(house.service), start, now=timezone.now())

    assert [offer.staff for offer in found] == [house.staff[first], house.staff[1 - first]]


@pytest.mark.parametrize("booked", [0, 1])
def test_a_time_is_taken_where_one_of_two_would_be_free_but_for_a_visit(house, booked):
    start, (busy, away) = house.at(51), (house.staff[booked], house.staff[1 - booked])
    BookingFactory(salon=house.salon, staff=busy, starts_at=start)
    TimeOffFactory(salon=house.salon, staff=away, starts_at=house.at(40), ends_at=house.at(60))

    with pytest.raises(SlotTaken):
        free_offers(house.service, offers(house.service), start, now=timezone.now())


def test_the_record_counts_holds_everywhere_and_visits_and_no_shows_of_this_salon(house):
    def visit(salon, **fields):
        card = Customer.objects.filter(salon=salon, user=house.customer).first()
        card = card or CustomerFactory(salon=salon, user=house.customer)
        BookingFactory(salon=salon, customer=card, **fields)

    other, now = SalonFactory(), timezone.now()
    hold = {"status": Booking.Status.PENDING, "hold_expires_at": now + timedelta(minutes=1)}
    visit(house.salon, starts_at=house.at(30), **hold)
    visit(other, starts_at=house.at(30), **hold)
    visit(other, starts_at=house.at(33), **hold | {"hold_expires_at": now})
    for hours in (-9, 0, 54):
        visit(house.salon, starts_at=house.at(hours))
    visit(other, starts_at=house.at(54))
    for salon, days in ((house.salon, 2), (house.salon, 3), (other, 4)):
        visit(salon, starts_at=house.at(-24 * days), status=Booking.Status.NO_SHOW)
    BookingFactory(salon=house.salon, starts_at=house.at(60))

    assert record_of(house.customer, house.salon, now=now) == Record(open_holds=2, active=3, no_shows=2)
    assert record_of(house.manager, house.salon, now=now) == Record(open_holds=0, active=0, no_shows=0)


@pytest.mark.parametrize(("second", "microsecond", "first"), [(0, 0, 0), (0, 1, 15), (1, 0, 15), (59, 999_999, 15)])
def test_a_minute_that_has_begun_has_passed(house, clock, second, microsecond, first):
    """09:00 can be booked at 09:00:00 sharp where no notice is wanted, and not a microsecond later."""
    house.salon.lead_time_minutes = 0
    house.salon.save()
    house.service.refresh_from_db()
    clock.move_to(house.at(0).replace(second=second, microsecond=microsecond))

    assert listed(house, 0, 0)[0] == house.at(0) + timedelta(minutes=first)


def test_the_last_day_of_the_horizon_can_be_booked_and_the_next_one_not(house):
    house.salon.horizon_days = 3
    house.salon.save()
    house.service.refresh_from_db()

    assert {moment.date() for moment in listed(house, 0, 9)} == {house.at(24 * day).date() for day in range(4)}


def test_a_booking_on_the_move_keeps_its_price_with_whoever_takes_it(house):
    booking = BookingFactory(salon=house.salon, staff=house.staff[0], service=house.service, price_amount=Decimal(90))

    assert {offer.price_amount for offer in offers(house.service, moving=booking)} == {Decimal(90)}
