"""Cases that break booking systems and have no nearer relative among the other tests; the number is in the name."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings import services
from apps.bookings.errors import BookingRefused, CustomerBlocked, SlotNotOffered, SlotTaken, TooManyBookings
from apps.bookings.explanations import why_not
from apps.bookings.models import Booking
from apps.bookings.selectors import free_slots
from apps.bookings.tests.conftest import NOW, open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.bookings.tests.test_api import BOOKINGS, client_of, codes, post_booking
from apps.bookings.tests.test_listed_is_bookable import succeeds
from apps.bookings.tests.test_slots import book, listed, open_day_and_night
from apps.common.errors import InvalidTransition
from apps.payments.selectors import amount_due
from apps.salons.models import Salon, ScheduleException, StaffService, WeeklyHours
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    PrayerTimeFactory,
    ScheduleExceptionFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)

pytestmark = pytest.mark.django_db
Status = Booking.Status


@pytest.fixture
def sara(house):
    return client_of(house.customer)


def quote(client, house, hours=30, **asked):
    asked = {"service": str(house.service.public_id), "starts_at": house.at(hours).isoformat(), **asked}
    return client.get(f"{BOOKINGS}quote/", asked)


def reprice(service, price):
    service.price_amount = price
    service.save()


def with_no_shows(house, count):
    card = CustomerFactory(salon=house.salon, user=house.customer)
    house.service.refresh_from_db()
    for number in range(count):
        BookingFactory(
            salon=house.salon,
            service=house.service,
            staff=house.staff[0],
            customer=card,
            status=Status.NO_SHOW,
            starts_at=house.at(-24 * (number + 1)),
        )


# --- Free times ---


@pytest.mark.parametrize(
    ("minute", "length"),
    [(59, 30), (-29, 30), (15, 30), (-60, 180), (0, 60)],
    ids=["AV04-tail", "AV04-head", "AV04-inside", "AV04-around", "AV04-equal"],
)
def test_no_visit_shares_a_minute_with_another_not_even_at_the_desk(house, minute, length):
    """From 10:00 to 11:00 somebody is there."""
    anna = house.staff[0]
    BookingFactory(salon=house.salon, staff=anna, starts_at=house.at(25), duration_minutes=60)
    house.service.duration_minutes = length
    house.service.save()
    starts_at = house.at(25) + timedelta(minutes=minute)

    with pytest.raises((SlotNotOffered, SlotTaken)):
        book(house, starts_at, staff_id=anna.pk)
    with pytest.raises(SlotTaken):
        book(house, starts_at, staff_id=anna.pk, source=Booking.Source.DESK, override_reason="She waits at the door")
    assert Booking.objects.count() == 1


def test_av07_a_visit_over_midnight_is_offered_once_and_takes_the_time_of_both_dates(house):
    WeeklyHours.objects.update(opens=time(18), closes=time(2), ends_next_day=True)
    house.service.duration_minutes = 60
    house.service.save()
    anna, late = house.staff[0].pk, house.at(38.5)
    assert [late in listed(house, day, day, staff_id=anna) for day in (0, 1, 2)] == [False, True, False]

    book(house, late, staff_id=anna)

    monday, tuesday = listed(house, 1, 1, staff_id=anna), listed(house, 2, 2, staff_id=anna)
    assert (monday[-1], tuesday[0]) == (house.at(37.5), house.at(39.5))


@pytest.mark.parametrize(("late", "is_free"), [(timedelta(0), True), (timedelta(milliseconds=1), False)])
def test_av17_the_shortest_notice_is_the_same_at_every_door(house, clock, late, is_free):
    """Two hours of notice, asked at ten o'clock for twelve, then a moment later."""
    house.salon.lead_time_minutes = 120
    house.salon.save()
    clock.move_to(house.at(1) + late)
    moment, order = house.at(3), {"service_id": house.service.pk, "starts_at": house.at(3)}
    person = {"person": house.customer}

    doors = {
        "list": moment in listed(house, 0, 0),
        "why not": why_not(house.service, house.staff[0], moment, now=timezone.now()) == [],
        "quote": succeeds(services.quote_appointment, **order, **person),
        "online": succeeds(services.book_appointment, actor=house.customer, **order, **person),
        "desk": succeeds(services.book_appointment, actor=house.manager, source="desk", **order, **person),
    }

    assert doors == dict.fromkeys(doors, is_free)


def test_av14_the_buffer_of_one_visit_also_keeps_a_visit_without_buffers_away(house):
    anna = house.staff[0]
    house.service.buffer_after_minutes = 30
    house.service.save()
    plain = ServiceFactory(salon=house.salon)
    StaffServiceFactory(salon=house.salon, staff=anna, service=plain)
    book(house, house.at(30), staff_id=anna.pk)

    with pytest.raises(SlotTaken):
        book(house, house.at(31), staff_id=anna.pk, service_id=plain.pk)
    assert book(house, house.at(31.25), staff_id=anna.pk, service_id=plain.pk).starts_at == house.at(31.25)


@pytest.mark.parametrize("field", ["duration_minutes", "buffer_after_minutes", "ends_at", "price", "status", "salon"])
def test_av15_length_price_and_state_come_from_us_and_not_from_the_request(sara, house, field):
    answer = post_booking(sara, house, **{field: "1"})

    assert (answer.status_code, codes(answer)) == (400, ["unknown_field"])
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("late", [timedelta(milliseconds=500), timedelta(minutes=7)])
def test_av18_without_any_notice_a_minute_that_has_begun_has_passed(house, clock, late):
    house.salon.lead_time_minutes = 0
    house.salon.save()
    clock.move_to(house.at(3) + late)

    with pytest.raises(SlotNotOffered):
        book(house, house.at(3))
    assert Booking.objects.count() == 0


def test_av20_a_horizon_of_open_days_leaves_out_fridays_and_holidays(house):
    salon = house.salon
    WeeklyHours.objects.filter(salon=salon, weekday=WeeklyHours.Weekday.FRIDAY).delete()
    holiday = date(2026, 11, 25)
    ScheduleExceptionFactory(salon=salon, kind=ScheduleException.Kind.CLOSED, starts_on=holiday, ends_on=holiday)
    salon.horizon_days, salon.horizon_counts_open_days = 5, True
    salon.save()

    days = sorted({moment.date() for moment in listed(house, 0, 20)})

    # Sunday is today; Wednesday is the holiday, the 27th a Friday.
    assert [day.day for day in days] == [22, 23, 24, 26, 28, 29]
    with pytest.raises(SlotNotOffered):
        book(house, house.at(24 * 8 + 3))


@pytest.mark.parametrize(
    ("day", "length", "at_two"),
    [(date(2027, 3, 28), 23, []), (date(2027, 10, 31), 25, ["02:00", "02:30", "02:00", "02:30"])],
    ids=["gap", "repeated hour"],
)
def test_av30_a_clock_change_skips_or_repeats_an_hour_and_shifts_nothing_after_it(house, clock, day, length, at_two):
    open_day_and_night(house)
    Salon.objects.update(timezone="Europe/Berlin", slot_step_minutes=30, horizon_days=366)
    house.service.refresh_from_db()
    house.service.duration_minutes = 30

    slots = free_slots(house.service, first=day, last=day, now=timezone.now())

    moments = [slot.starts_at for slot in slots]
    walls = [f"{moment.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" for moment in moments]
    assert (len(moments), len(set(moments))) == (2 * length, 2 * length)
    assert [wall for wall in walls if wall.startswith("02")] == at_two
    assert walls[-30:] == [f"{hour:02}:{minute}" for hour in range(9, 24) for minute in ("00", "30")]


def test_av31_who_is_free_half_an_hour_later_is_listed_alone_then(house):
    anna, basma = house.staff
    house.service.duration_minutes = 30
    house.service.save()
    TimeOffFactory(salon=house.salon, staff=anna, starts_at=house.at(25.5), ends_at=house.at(36))

    taken = [book(house, house.at(25)).staff for _customer in range(2)]

    assert taken == [anna, basma]
    with pytest.raises(SlotTaken):
        book(house, house.at(25))
    slots = free_slots(house.service, first=house.at(24).date(), last=house.at(24).date(), now=timezone.now())
    assert [slot.staff_ids for slot in slots if slot.starts_at == house.at(25.5)] == [(basma.pk,)]


def test_av39_a_longer_service_is_longer_for_new_visits_only(house):
    anna = house.staff[0].pk
    old = book(house, house.at(27), staff_id=anna)
    house.service.duration_minutes = 60
    house.service.save()

    times = listed(house, 1, 1, staff_id=anna)

    old.refresh_from_db()
    assert (old.ends_at, old.occupied_until) == (house.at(27.75), house.at(27.75))
    assert [house.at(hours) in times for hours in (26, 26.25, 27.5, 27.75)] == [True, False, False, True]
    assert book(house, house.at(27.75), staff_id=anna).ends_at == house.at(28.75)


@pytest.mark.parametrize("gone", ["service", "category"])
def test_av40_what_went_off_sale_after_it_was_listed_is_refused_by_name(house, gone):
    assert house.at(30) in listed(house, 1, 1)
    row = house.service if gone == "service" else house.service.category
    row.is_active = False
    row.save()

    with pytest.raises(SlotNotOffered) as refusal:
        book(house, house.at(30))
    assert str(refusal.value) == f"“{house.service.name_en}” can no longer be booked."
    assert (listed(house, 1, 1), Booking.objects.count()) == ([], 0)


def test_av44_a_season_begins_and_ends_with_its_days_and_moves_when_they_move(house):
    first, last = house.at(48).date(), house.at(96).date()
    season = ScheduleExceptionFactory(
        salon=house.salon, kind=ScheduleException.Kind.SEASON, starts_on=first, ends_on=last
    )
    for weekday in range(7):
        WeeklyHoursFactory(
            salon=house.salon, staff=None, exception=season, weekday=weekday, opens=time(20), closes=time(22)
        )

    def openings():
        return [listed(house, day, day)[0].hour for day in range(1, 6)]

    assert openings() == [9, 20, 20, 20, 9]
    season.starts_on += timedelta(days=1)
    season.save()
    assert openings() == [9, 9, 20, 20, 9]


@pytest.mark.parametrize(
    ("pause", "keeps", "is_free"),
    [("none", True, True), ("staff", True, False), ("staff", False, True), ("salon", False, False)],
)
def test_av45_a_prayer_pause_takes_times_of_those_who_keep_it_and_no_booking(house, pause, keeps, is_free):
    """Maghrib on Monday is at 18:12, and the pause lasts 25 minutes."""
    anna = house.staff[0]
    visit = book(house, house.at(33.25), staff_id=house.staff[1].pk)
    anna.keeps_prayer_pause = keeps
    anna.save()
    house.salon.prayer_pause = pause
    house.salon.save()
    PrayerTimeFactory(salon=house.salon, called_at=time(18, 12), starts_on=house.at(24).date())

    times = listed(house, 1, 1, staff_id=anna.pk)

    assert [house.at(hours) in times for hours in (32.25, 32.5, 33.5, 34)] == [True, is_free, is_free, True]
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == (Status.CONFIRMED, house.at(33.25))


def test_av46_on_friday_nobody_begins_before_the_salon_opens(house):
    anna = house.staff[0]
    friday = house.at(24 * 5).date()
    WeeklyHours.objects.filter(weekday=friday.weekday()).update(opens=time(16))
    for weekday in range(7):
        WeeklyHoursFactory(salon=house.salon, staff=anna, weekday=weekday, opens=time(9), closes=time(18))

    times = listed(house, 4, 5, staff_id=anna.pk)

    assert next(moment.hour for moment in times if moment.date() == friday) == 16
    assert times[0] == house.at(24 * 4)


def test_av28_times_are_the_salons_wherever_the_reader_is(house, client):
    booking = book(house, house.at(30))
    berlin = open_salon(timezone="Europe/Berlin")
    asked = {"service": str(berlin.service.public_id), "from": "2026-11-23", "to": "2026-11-23"}

    slots = client_of(UserFactory()).get(f"/api/v1/salons/{berlin.salon.slug}/slots/", asked).json()
    client.force_login(house.manager)
    page = client.get(reverse("admin:bookings_booking_change", args=[booking.pk])).content.decode()

    assert (slots["timezone"], slots["slots"][0]["starts_at"]) == ("Europe/Berlin", "2026-11-23T09:00:00+01:00")
    assert "3:00" in page


def insert_visits(staff, days, *, each, first, prefix):
    """`each` visits an hour apart on `days` days from `first`, for every one of `staff`, in one statement."""
    own = {"id", "reference", "staff_id", "starts_at", "ends_at", "occupied_from", "occupied_until"}
    copied = [field.column for field in Booking._meta.concrete_fields if field.column not in own]
    if connection.vendor == "postgresql":
        key, at = "gen_random_uuid()", "CAST(%s AS timestamptz) + make_interval(mins => {})"
    else:
        key, at = "lower(hex(randomblob(16)))", "datetime(%s, ({}) || ' minutes')"
    start = f"1440 * (n.i / {each}) + 60 * (n.i %% {each})"
    begin, end = at.format(start), at.format(f"{start} + 45")
    keys = ", ".join(str(person.pk) for person in staff)
    with connection.cursor() as cursor:
        cursor.execute(
            # Our own table and columns; only the first moment travels as a parameter.
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {each * days - 1})"  # noqa: S608
            f" INSERT INTO bookings_booking (id, reference, staff_id, starts_at, ends_at, occupied_from,"
            f" occupied_until, {', '.join(copied)})"
            f" SELECT {key}, '{prefix}' || s.id || '-' || n.i, s.id, {begin}, {end}, {begin}, {end},"
            f" {', '.join(f't.{name}' for name in copied)}"
            f" FROM n, salons_staff s, bookings_booking t WHERE s.id IN ({keys}) AND t.reference = 'TEMPLATE'",
            [f"{first:%Y-%m-%d %H:%M:%S}{'+00' if connection.vendor == 'postgresql' else ''}"] * 4,
        )


def test_av42_a_month_of_fourteen_people_among_a_hundred_thousand_bookings_takes_four_queries(
    house, django_assert_max_num_queries
):
    team = [*house.staff, *StaffFactory.create_batch(12, salon=house.salon)]
    for person in team[2:]:
        StaffServiceFactory(salon=house.salon, staff=person, service=house.service)
    house.service.refresh_from_db()
    house.service.salon = house.salon
    past = {"salon": house.salon, "service": house.service, "staff": team[0], "starts_at": house.at(-30)}
    template = BookingFactory(**past, reference="TEMPLATE", status=Status.COMPLETED)
    insert_visits(team, 620, each=11, first=datetime(2025, 3, 1, 7, 0, tzinfo=UTC), prefix="P")
    Booking.objects.filter(pk=template.pk).update(status=Status.CONFIRMED)
    insert_visits(team, 30, each=11, first=datetime(2026, 11, 22, 7, 0, tzinfo=UTC), prefix="F")

    assert Booking.objects.count() == 14 * 650 * 11 + 1
    with django_assert_max_num_queries(4):
        slots = free_slots(house.service, first=date(2026, 11, 22), last=date(2026, 12, 21), now=timezone.now())
    assert {len(slot.staff_ids) for slot in slots} == {14}


# --- Booking and holding ---


def test_bk04_a_held_time_is_hidden_from_others_and_stands_in_its_owners_list(prepaid):
    anna = prepaid.staff[0]
    booked = post_booking(client_of(prepaid.customer), prepaid, staff=str(anna.public_id)).json()

    assert prepaid.at(30) not in listed(prepaid, 1, 1, staff_id=anna.pk)
    own = client_of(prepaid.customer).get(BOOKINGS).json()["results"]
    assert [(row["id"], row["status"], row["hold_expires_at"]) for row in own] == [
        (booked["id"], "pending", "2026-11-22T09:15:00+03:00")
    ]
    assert client_of(UserFactory()).get(BOOKINGS).json()["results"] == []


def test_bk05_a_hold_takes_the_person_whatever_the_service(prepaid):
    anna = prepaid.staff[0]
    other = ServiceFactory(salon=prepaid.salon)
    StaffServiceFactory(salon=prepaid.salon, staff=anna, service=other)
    book(prepaid, prepaid.at(30), staff_id=anna.pk)

    with pytest.raises(SlotTaken):
        book(prepaid, prepaid.at(30.25), staff_id=anna.pk, service_id=other.pk, person=UserFactory())
    assert Booking.objects.count() == 1


def test_bk06_who_lost_their_hold_is_told_so_clearly(prepaid, clock):
    anna = prepaid.staff[0].pk
    hold = book(prepaid, prepaid.at(30), staff_id=anna)
    clock.shift(15 * 60 + 1)
    book(prepaid, prepaid.at(30), staff_id=anna, person=UserFactory())

    with pytest.raises(InvalidTransition) as refusal:
        services.confirm_booking(actor=prepaid.manager, booking_id=hold.pk)
    assert str(refusal.value) == "“expired” cannot become “confirmed”."
    assert services.confirm_paid_booking(booking_id=hold.pk) is False
    hold.refresh_from_db()
    assert (hold.status, hold.version) == (Status.EXPIRED, 2)


def test_bk07_a_hold_is_valid_until_its_end_and_not_at_it(prepaid, clock):
    anna = prepaid.staff[0]
    hold = book(prepaid, prepaid.at(30), staff_id=anna.pk)
    clock.move_to(NOW + timedelta(minutes=15) - timedelta(milliseconds=1))
    with pytest.raises(SlotTaken):
        book(prepaid, prepaid.at(30), staff_id=anna.pk, person=UserFactory())

    clock.move_to(NOW + timedelta(minutes=15))
    with pytest.raises(InvalidTransition):
        services.reschedule_booking(actor=None, booking_id=hold.pk, starts_at=prepaid.at(33))
    book(prepaid, prepaid.at(30), staff_id=anna.pk, person=UserFactory())

    hold.refresh_from_db()
    assert (hold.status, hold.starts_at) == (Status.EXPIRED, prepaid.at(30))


def test_bk12_an_open_quote_keeps_its_price(sara, house):
    promised = quote(sara, house).json()
    reprice(house.service, "250.00")

    booked = post_booking(sara, house, quote=promised["quote"], staff=promised["staff"]["id"])

    assert promised["price"] == {"amount": "115.00", "currency": "SAR", "vat": "15.00"}
    assert (promised["expires_at"], promised["prepay"]) == ("2026-11-22T09:10:00+03:00", "0.00")
    assert (promised["free_cancellation_until"], promised["late_cancellation_fee"]) == (
        "2026-11-22T15:00:00+03:00",
        "57.50",
    )
    assert (booked.status_code, booked.json()["price"]["amount"]) == (201, "115.00")


def test_bk12_an_open_quote_is_kept_by_whom_it_showed_though_a_colleague_is_cheaper_by_now(sara, house):
    promised = quote(sara, house).json()
    reprice(house.service, "250.00")
    StaffService.objects.filter(staff=house.staff[1]).update(price_amount="120.00")

    booked = post_booking(sara, house, quote=promised["quote"], staff=None).json()

    assert (booked["price"]["amount"], booked["staff"]["id"]) == ("115.00", promised["staff"]["id"])


def test_bk12_an_expired_quote_never_turns_into_a_dearer_price_silently(sara, house, clock):
    promised = quote(sara, house).json()
    reprice(house.service, "250.00")
    clock.shift(600)

    refused = post_booking(sara, house, quote=promised["quote"], staff=promised["staff"]["id"])

    assert (refused.status_code, codes(refused)) == (409, ["price_changed"])
    assert "250.00 SAR" in refused.json()["errors"][0]["detail"]
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("spoilt", ["tampered", "other service"])
def test_bk12_a_quote_that_is_not_ours_is_refused(sara, house, spoilt):
    other = open_salon()
    said = quote(sara, other).json()["quote"] if spoilt == "other service" else f"{quote(sara, house).json()['quote']}x"

    refused = post_booking(sara, house, quote=said)

    assert (refused.status_code, codes(refused)) == (400, ["quote_invalid"])
    assert Booking.objects.count() == 0


def test_bk13_a_hold_is_paid_at_the_price_it_was_made_at(prepaid):
    hold = book(prepaid, prepaid.at(30))
    reprice(prepaid.service, "300.00")

    hold.refresh_from_db()
    assert (hold.price_amount, amount_due(hold)) == (Decimal("115.00"), Decimal("34.50"))


def test_bk15_the_desk_books_a_blocked_customer_only_with_a_reason(house):
    CustomerFactory(salon=house.salon, user=house.customer, is_blocked=True)
    desk = {"actor": house.manager, "source": Booking.Source.DESK, "staff_id": house.staff[0].pk}
    for refusal, given in ((BookingRefused, {}), (CustomerBlocked, desk)):
        with pytest.raises(refusal):
            book(house, house.at(30), **given)
    assert Booking.objects.count() == 0

    booking = book(house, house.at(30), **desk, override_reason="Paid her debt")

    assert (booking.status, booking.override_reason) == (Status.CONFIRMED, "Paid her debt")
    assert booking.history.get().history_change_reason == "Paid her debt"


@pytest.mark.parametrize(("no_shows", "limit", "prepay"), [(2, 3, "0.00"), (3, 3, "34.50"), (3, 0, "0.00")])
def test_bk17_who_did_not_come_too_often_pays_in_advance_and_sees_it_before(house, no_shows, limit, prepay):
    Salon.objects.filter(pk=house.salon.pk).update(prepay_after_no_shows=limit, deposit_percent=30)
    with_no_shows(house, no_shows)
    client = client_of(house.customer)

    shown, booked = quote(client, house).json(), post_booking(client, house).json()

    assert shown["prepay"] == prepay
    assert booked["status"] == ("pending" if prepay != "0.00" else "confirmed")
    assert Booking.objects.get(pk=booked["id"]).prepay_amount == Decimal(prepay)


def test_bk16_one_customer_books_two_people_at_one_time_for_a_guest(house):
    first, second = (book(house, house.at(30), staff_id=person.pk) for person in house.staff)

    assert (first.customer, first.status) == (second.customer, second.status)


def test_bk18_so_many_visits_ahead_and_no_more_in_one_salon(house, clock):
    Salon.objects.filter(pk=house.salon.pk).update(max_active_bookings=2)
    first, _second = book(house, house.at(3)), book(house, house.at(30))

    with pytest.raises(TooManyBookings):
        book(house, house.at(33))
    assert Booking.objects.count() == 2
    assert book(house, house.at(33), source=Booking.Source.DESK, actor=house.manager).status == Status.CONFIRMED
    for booking in Booking.objects.exclude(pk=first.pk):
        services.cancel_booking(actor=house.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)
    assert book(house, house.at(35)).status == Status.CONFIRMED


def test_bk19_what_the_desk_booked_outside_the_hours_is_not_offered_to_customers(house):
    anna, early = house.staff[0].pk, house.at(23)
    with pytest.raises(SlotNotOffered):
        book(house, early, staff_id=anna, source=Booking.Source.DESK, actor=house.manager)
    reason = "The bride has to leave at eight"

    booking = book(house, early, staff_id=anna, source=Booking.Source.DESK, actor=house.manager, override_reason=reason)

    row = booking.history.get()
    assert (row.history_user, row.history_change_reason, booking.override_reason) == (house.manager, reason, reason)
    with pytest.raises(SlotNotOffered):
        book(house, early, staff_id=house.staff[1].pk)
    assert listed(house, 1, 1)[0] == house.at(24)


def test_bk22_a_walk_in_is_kept_from_the_next_visit_and_takes_its_buffer_at_most(house, clock):
    """At 10:07, before a visit at 10:30 that is prepared from 10:15 on."""
    anna = house.staff[0]
    visit = BookingFactory(
        salon=house.salon, staff=anna, starts_at=house.at(25.5), reference="K7Q3MX9TP", buffer_before_minutes=15
    )
    clock.move_to(house.at(25) + timedelta(minutes=7))
    now = {"source": Booking.Source.DESK, "actor": house.manager, "override_reason": "She just came in"}

    with pytest.raises(SlotTaken) as refusal:
        book(house, timezone.now(), staff_id=anna.pk, **now)
    assert str(refusal.value) == "Booking K7Q-3MX-9TP takes this time from 10:30 to 11:15."
    house.service.duration_minutes = 20
    house.service.save()
    walk_in = book(house, timezone.now(), staff_id=anna.pk, **now)

    visit.refresh_from_db()
    told = f"Buffer given up for booking {walk_in.display_reference}: She just came in"
    assert (walk_in.ends_at, visit.occupied_from, visit.starts_at) == (walk_in.ends_at, walk_in.ends_at, house.at(25.5))
    assert visit.history.latest().history_change_reason == told


def test_bk30_no_form_of_the_admin_sets_a_state(house, client):
    booking = BookingFactory(salon=house.salon, status=Status.COMPLETED)
    client.force_login(house.manager)

    client.post(reverse("admin:bookings_booking_change", args=[booking.pk]), {"status": "pending", "note": "x"})

    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.COMPLETED, 1)


@pytest.mark.parametrize("role", ["manager", "receptionist"])
def test_bk31_a_booking_is_never_deleted_in_the_admin(house, client, role):
    booking = book(house, house.at(30))
    client.force_login(MembershipFactory(salon=house.salon, role=role).user)

    answer = client.post(reverse("admin:bookings_booking_delete", args=[booking.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert Booking.objects.filter(pk=booking.pk).exists()


# --- Moving, cancelling, not coming ---


def test_rs05_a_minute_after_the_window_closed_a_customer_moves_nothing(house, clock):
    booking = book(house, house.at(30))
    address, body = f"{BOOKINGS}{booking.pk}/reschedule/", {"starts_at": house.at(33).isoformat()}
    clock.move_to(house.at(6) + timedelta(minutes=1))

    answer = client_of(house.customer).post(address, body, format="json")

    assert (answer.status_code, codes(answer)) == (400, ["too_late"])
    moved = services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(33))
    assert (moved.starts_at, moved.version) == (house.at(33), 2)


def test_rs06_moved_by_a_customer_a_visit_stays_protected_from_its_earliest_time(house):
    booking = book(house, house.at(30))
    for hours, by in ((54, "customer"), (48, "customer"), (72, "salon"), (96, "customer")):
        services.reschedule_booking(actor=house.manager, booking_id=booking.pk, starts_at=house.at(hours), by=by)

    earliest = list(booking.history.order_by("history_id").values_list("protected_starts_at", flat=True))
    assert earliest == [house.at(hours) for hours in (30, 30, 30, 72, 72)]


def test_rs17_who_came_after_all_is_received_and_history_tells_it(house, clock):
    booking = book(house, house.at(3))
    actor = {"actor": house.manager, "booking_id": booking.pk}
    clock.move_to(house.at(3.25))
    services.mark_no_show(**actor, reason="Nobody answered the phone")
    services.undo_step(**actor, reason="She was stuck at the lights")
    services.mark_arrived(**actor)
    services.complete_booking(**actor)

    steps = [(row.status, row.history_change_reason) for row in booking.history.order_by("history_id")]
    assert steps == [
        (Status.CONFIRMED, ""),
        (Status.NO_SHOW, "Nobody answered the phone"),
        (Status.CONFIRMED, "She was stuck at the lights"),
        (Status.ARRIVED, ""),
        (Status.COMPLETED, ""),
    ]


def test_rs16_an_undone_no_show_no_longer_counts_against_the_customer(house, clock):
    Salon.objects.filter(pk=house.salon.pk).update(prepay_after_no_shows=1)
    booking = book(house, house.at(3))
    clock.move_to(house.at(3.25))
    services.mark_no_show(actor=house.manager, booking_id=booking.pk, reason="")
    assert book(house, house.at(30)).status == Status.PENDING

    services.undo_step(actor=house.manager, booking_id=booking.pk, reason="Mixed up with her sister")

    assert book(house, house.at(33)).status == Status.CONFIRMED
