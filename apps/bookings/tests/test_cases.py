"""Cases that break booking systems and have no nearer relative among the other tests; the number is in the name."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings import services
from apps.bookings.errors import BookingRefused, CustomerBlocked, SlotNotOffered, SlotTaken
from apps.bookings.models import Booking
from apps.bookings.selectors import free_slots
from apps.bookings.tests.conftest import NOW, open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.bookings.tests.test_api import BOOKINGS, client_of, codes, post_booking
from apps.bookings.tests.test_slots import book, listed
from apps.common.errors import InvalidTransition
from apps.payments.selectors import amount_due
from apps.salons.models import Salon, ScheduleException, WeeklyHours
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    ScheduleExceptionFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
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
    start = f"1440 * (n.i / {each}) + 60 * (n.i % {each})"
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


@pytest.mark.parametrize("role", ["manager", "receptionist"])
def test_bk31_a_booking_is_never_deleted_in_the_admin(house, client, role):
    booking = book(house, house.at(30))
    client.force_login(MembershipFactory(salon=house.salon, role=role).user)

    answer = client.post(reverse("admin:bookings_booking_delete", args=[booking.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert Booking.objects.filter(pk=booking.pk).exists()


# --- Moving, cancelling, not coming ---


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
