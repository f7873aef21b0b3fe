"""What a customer's client sees: bodies, codes, walls. Every rule behind them is tested with the use cases."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from drf_spectacular.generators import SchemaGenerator
from icalendar import Calendar
from rest_framework.test import APIClient

from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import UserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import Salon, Staff
from apps.salons.tests.factories import SalonFactory, ServiceFactory

BOOKINGS = "/api/v1/bookings/"


def client_of(user, language="en"):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user=user).access}", HTTP_ACCEPT_LANGUAGE=language)
    return client


@pytest.fixture
def sara(house):
    return client_of(house.customer)


def post_booking(client, house, hours=30, key=None, **body):
    body = {"service": str(house.service.public_id), "starts_at": house.at(hours).isoformat(), **body}
    return client.post(BOOKINGS, body, format="json", headers={"Idempotency-Key": key or str(uuid4())})


def codes(answer):
    return [error["code"] for error in answer.json()["errors"]]


def test_a_booking_answers_with_its_whole_body(sara, house):
    answer = post_booking(sara, house, staff=str(house.staff[1].public_id), note="Window")

    booking = Booking.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(booking.pk),
        "reference": booking.display_reference,
        "status": "confirmed",
        "salon": {"slug": house.salon.slug, "name": house.salon.name_en},
        "service": {"id": str(house.service.public_id), "name": house.service.name_en},
        "staff": {"id": str(house.staff[1].public_id), "name": house.staff[1].name_en},
        "starts_at": "2026-11-23T15:00:00+03:00",
        "ends_at": "2026-11-23T15:45:00+03:00",
        "price": {"amount": "115.00", "currency": "SAR", "vat": "15.00"},
        "note": "Window",
        "guest_name": "",
        "hold_expires_at": None,
        "can_cancel_until": "2026-11-23T15:00:00+03:00",
        "can_reschedule_until": "2026-11-22T15:00:00+03:00",
        "cancellation_fee": "0.00",
        "review": None,
        "payment": None,
        "amount_due": "115.00",
    }


def test_names_follow_the_language_of_the_caller(house):
    answer = post_booking(client_of(house.customer, "ar"), house)

    assert answer.json()["service"]["name"] == house.service.name_ar


def test_bk09_the_same_key_again_is_the_same_booking(sara, house):
    first, second = (post_booking(sara, house, key="once") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Booking.objects.count() == 1


def test_bk10_the_same_key_for_something_else_is_refused(sara, house):
    post_booking(sara, house, key="once")

    answer = post_booking(sara, house, hours=33, key="once")

    assert (answer.status_code, codes(answer)) == (422, ["idempotency_key_reused"])
    assert Booking.objects.count() == 1


def test_booking_without_a_key_is_refused(sara, house):
    body = {"service": str(house.service.public_id), "starts_at": house.at(30).isoformat()}

    answer = sara.post(BOOKINGS, body, format="json")

    assert (answer.status_code, codes(answer)) == (400, ["idempotency_key_required"])
    assert Booking.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"service": "nonsense"}, "invalid", "service"),
        ({"service": str(uuid4())}, "does_not_exist", "service"),
        ({"starts_at": "tomorrow"}, "invalid", "starts_at"),
        ({"status": "confirmed"}, "unknown_field", "status"),
        ({"price_amount": "1.00"}, "unknown_field", "price_amount"),
        ({"note": "x" * 1001}, "max_length", "note"),
        ({"note": "a\x00b"}, "null_characters_not_allowed", "note"),
        ({"staff": {"id": 1}}, "invalid", "staff"),
        ({"staff": ""}, "invalid", "staff"),
    ],
)
def test_a_bad_body_is_named_by_field_and_changes_nothing(sara, house, body, code, attr):
    answer = post_booking(sara, house, **body)

    assert answer.status_code == 400
    assert answer.json()["type"] == "validation_error"
    assert [(error["code"], error["attr"]) for error in answer.json()["errors"]] == [(code, attr)]
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("field", ["service", "staff"])
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This does not exist, or not any more."), ("ar", "هذا غير موجود، أو لم يعد موجودًا.")],
)
def test_what_went_meanwhile_is_told_in_words_of_customers(house, field, language, words):
    answer = post_booking(client_of(house.customer, language), house, **{field: str(uuid4())})

    assert (answer.status_code, [error["detail"] for error in answer.json()["errors"]]) == (400, [words])
    assert Booking.objects.count() == 0


def test_a_time_not_offered_and_a_time_taken_have_codes_of_their_own(sara, house):
    assert codes(post_booking(sara, house, hours=0.5)) == ["slot_not_offered"]
    for person in house.staff:
        BookingFactory(salon=house.salon, staff=person, starts_at=house.at(30))

    answer = post_booking(sara, house, hours=30)

    assert (answer.status_code, codes(answer)) == (409, ["slot_taken"])
    assert Booking.objects.count() == 2


def test_refusals_are_said_in_arabic_to_who_reads_arabic(house):
    answer = post_booking(client_of(house.customer, "ar"), house, hours=0.5)

    assert answer.json()["errors"][0]["detail"] != "This time is not offered. Please choose another one."


def test_free_times_name_who_is_free(house):
    day = house.at(24).date().isoformat()
    url = f"/api/v1/salons/{house.salon.slug}/slots/"

    body = APIClient().get(url, {"service": str(house.service.public_id), "from": day, "to": day}).json()

    assert body["timezone"] == "Asia/Riyadh"
    assert body["slots"][0] == {
        "starts_at": "2026-11-23T09:00:00+03:00",
        "ends_at": "2026-11-23T09:45:00+03:00",
        "staff": [str(person.public_id) for person in house.staff],
    }
    assert len(body["slots"]) == 46


def test_the_schema_says_that_free_times_come_as_one_object():
    schema = SchemaGenerator().get_schema(request=None, public=True)

    answer = schema["paths"]["/api/v1/salons/{slug}/slots/"]["get"]["responses"]["200"]

    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Slots"}


@pytest.mark.parametrize(
    ("first", "last", "status"), [(0, 30, 200), (0, 31, 400), (1, 0, 400)], ids=["31 days", "32 days", "backwards"]
)
def test_free_times_are_asked_for_31_days_at_most(house, first, last, status):
    query = {
        "service": str(house.service.public_id),
        "from": house.at(24 * first).date().isoformat(),
        "to": house.at(24 * last).date().isoformat(),
    }

    assert APIClient().get(f"/api/v1/salons/{house.salon.slug}/slots/", query).status_code == status


def test_a_service_of_another_salon_has_no_times_here(house):
    other = ServiceFactory(salon=SalonFactory())
    query = {"service": str(other.public_id), "from": "2026-11-23", "to": "2026-11-23"}

    assert APIClient().get(f"/api/v1/salons/{house.salon.slug}/slots/", query).status_code == 404


def test_listing_free_times_costs_the_same_however_many_staff_and_days(house, django_assert_max_num_queries):
    from apps.bookings.selectors import free_slots

    with django_assert_max_num_queries(4):
        free_slots(house.service, first=house.at(0).date(), last=house.at(24 * 30).date(), now=house.at(0))


@pytest.mark.parametrize("moment", ["0001-01-01T12:00:00Z", "0001-01-02T00:00:00Z", "9999-12-31T20:30:00Z"])
def test_a_moment_at_the_end_of_the_calendar_is_just_not_offered(sara, house, moment):
    booking = post_booking(sara, house).json()

    placed = post_booking(sara, house, starts_at=moment)
    moved = sara.post(f"{BOOKINGS}{booking['id']}/reschedule/", {"starts_at": moment}, format="json")

    assert [(answer.status_code, codes(answer)) for answer in (placed, moved)] == [(400, ["slot_not_offered"])] * 2
    assert Booking.objects.get().starts_at == house.at(30)


def test_a_move_to_a_person_without_a_name_is_refused_and_changes_nothing(sara, house):
    booking = post_booking(sara, house).json()

    moved = sara.post(
        f"{BOOKINGS}{booking['id']}/reschedule/", {"starts_at": house.at(33).isoformat(), "staff": ""}, format="json"
    )

    assert (moved.status_code, codes(moved)) == (400, ["invalid"])
    assert Booking.objects.get().starts_at == house.at(30)


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_has_no_free_times(house, day):
    query = {"service": str(house.service.public_id), "from": day, "to": day}

    answer = APIClient().get(f"/api/v1/salons/{house.salon.slug}/slots/", query)

    assert (answer.status_code, answer.json()["slots"]) == (200, [])


def test_own_bookings_are_filtered_by_days_at_the_end_of_the_calendar(sara, house):
    post_booking(sara, house)

    def count(**query):
        answer = sara.get(BOOKINGS, query)
        assert answer.status_code == 200
        return answer.json()["count"]

    assert count(**{"from": "0001-01-01", "to": "9999-12-31"}) == 1
    assert count(**{"from": "9999-12-31"}) == 0
    assert count(to="0001-01-01") == 0


@pytest.mark.parametrize("status", ["arrived", "completed", "no_show", "expired"])
def test_what_can_no_longer_be_cancelled_names_no_fee(sara, house, status):
    booking = BookingFactory(salon=house.salon, customer__user=house.customer, status=status, starts_at=house.at(-3))

    assert sara.get(f"{BOOKINGS}{booking.pk}/").json()["cancellation_fee"] == "0.00"


def test_own_bookings_are_listed_newest_first_and_filtered(sara, house):
    near, far = (post_booking(sara, house, hours=hours).json()["id"] for hours in (30, 54))
    BookingFactory(salon=house.salon)

    def listed(**query):
        return [booking["id"] for booking in sara.get(BOOKINGS, query).json()["results"]]

    assert listed() == [far, near]
    assert listed(to="2026-11-23") == [near]
    assert listed(**{"from": "2026-11-24"}) == [far]
    assert listed(status="cancelled") == []


def test_the_list_costs_the_same_for_three_and_for_thirty(sara, house, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            sara.get(BOOKINGS, {"page_size": 100})
        return len(captured)

    card = BookingFactory(salon=house.salon, customer__user=house.customer).customer
    cost()  # the first call reads whose token it is
    few = cost()
    for number in range(20):
        BookingFactory(salon=house.salon, customer=card, starts_at=house.at(100 + number))
    assert cost() == few


@pytest.mark.parametrize("path", ["", "cancel/", "reschedule/", "review/", "payment/", "payment/refresh/"])
def test_another_persons_booking_looks_like_a_missing_one(house, path):
    booking = BookingFactory(salon=house.salon)
    stranger = client_of(UserFactory())
    body = (
        {"starts_at": house.at(33).isoformat()} if path == "reschedule/" else {"rating": 5} if path == "review/" else {}
    )

    answers = []
    for pk in (booking.pk, uuid4()):
        url = f"{BOOKINGS}{pk}/{path}"
        call = stranger.get if path == "" else stranger.post
        answers.append(call(url, body or None, format="json", headers={"Idempotency-Key": str(uuid4())}))

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    booking.refresh_from_db()
    assert booking.version == 1


def test_cancelling_says_the_fee_and_a_second_time_that_it_is_over(sara, house, clock):
    booking = post_booking(sara, house).json()
    clock.shift(timedelta(hours=10).total_seconds())
    sara = client_of(house.customer)

    first = sara.post(f"{BOOKINGS}{booking['id']}/cancel/", {"reason": "ill"}, format="json")
    second = sara.post(f"{BOOKINGS}{booking['id']}/cancel/", {}, format="json")

    assert (first.status_code, first.json()["status"], first.json()["cancellation_fee"]) == (200, "cancelled", "57.50")
    assert (second.status_code, codes(second)) == (409, ["invalid_transition"])


def test_moving_and_reviewing_follow_the_same_rules(sara, house):
    booking = post_booking(sara, house).json()
    url = f"{BOOKINGS}{booking['id']}/"

    moved = sara.post(f"{url}reschedule/", {"starts_at": house.at(33).isoformat()}, format="json")
    assert (moved.status_code, moved.json()["starts_at"]) == (200, "2026-11-23T18:00:00+03:00")
    review = sara.post(f"{url}review/", {"rating": 5}, format="json")
    assert (review.status_code, codes(review)) == (400, ["not_reviewable"])
    bad = sara.post(f"{url}review/", {"rating": 6}, format="json")
    assert codes(bad) == ["max_value"]


def test_a_booking_shows_what_its_customer_said_of_the_visit(sara, house):
    url = f"{BOOKINGS}{post_booking(sara, house).json()['id']}/"
    Booking.objects.update(status="completed")

    said = sara.post(f"{url}review/", {"rating": 4, "comment": "Lovely"}, format="json")

    assert said.json()["review"] == {"rating": 4, "comment": "Lovely"}
    assert sara.get(url).json()["review"] == {"rating": 4, "comment": "Lovely"}


def test_a_customer_sees_faces_and_marks_of_salon_and_people(sara, house):
    post_booking(sara, house, staff=str(house.staff[1].public_id))
    Booking.objects.update(status="completed")
    sara.post(f"{BOOKINGS}{Booking.objects.get().pk}/review/", {"rating": 4}, format="json")
    Staff.objects.filter(pk=house.staff[1].pk).update(photo="0" * 32 + ".webp")
    Salon.objects.filter(pk=house.salon.pk).update(cover="1" * 32 + ".webp")

    salon = sara.get(f"/api/v1/salons/{house.salon.slug}/").json()
    people = sara.get(f"/api/v1/salons/{house.salon.slug}/staff/").json()["results"]

    assert (salon["logo"], salon["cover"]) == (None, f"http://testserver/media/{'1' * 32}.webp")
    shown = {person["id"]: (person["photo"], person["rating"], person["review_count"]) for person in people}
    assert shown == {
        str(house.staff[0].public_id): (None, None, 0),
        str(house.staff[1].public_id): (f"http://testserver/media/{'0' * 32}.webp", "4.00", 1),
    }


def test_nobody_reads_bookings_without_signing_in(house):
    answer = APIClient().get(BOOKINGS)

    assert (answer.status_code, codes(answer)) == (401, ["not_authenticated"])


@pytest.mark.parametrize(
    "path", ["salons/", "salons/{slug}/", "salons/{slug}/services/", "salons/{slug}/staff/", "salons/{slug}/reviews/"]
)
def test_the_catalogue_is_public_even_with_a_stale_token(house, path):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")

    answer = client.get("/api/v1/" + path.format(slug=house.salon.slug))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", ["page=0", "page=99999999999999999999", "page_size=x", "city=atlantis", "audience=%00", "nonsense=1"]
)
def test_hostile_queries_never_break_the_catalogue(house, query):
    assert APIClient().get(f"/api/v1/salons/?{query}").status_code in (200, 400, 404)


def test_msg22_the_calendar_file_names_one_instant_for_every_zone(sara, house):
    post_booking(sara, house, staff=str(house.staff[1].public_id))
    booking = Booking.objects.select_related("salon", "service", "staff").get()

    answer = sara.get(f"{BOOKINGS}{booking.pk}/calendar/", headers={"Accept": "text/calendar"})

    (event,) = Calendar.from_ical(answer.content).events
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer["Content-Disposition"] == f'attachment; filename="{booking.display_reference}.ics"'
    assert b"DTSTART:20261123T120000Z\r\nDTEND:20261123T124500Z\r\n" in answer.content
    assert event["DTSTART"].dt.astimezone(ZoneInfo("Asia/Riyadh")).hour == 15
    assert event["DTSTART"].dt.astimezone(ZoneInfo("Europe/London")).hour == 12
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (f"{booking.pk}@127.0.0.1", 1, "CONFIRMED")
    assert event["SUMMARY"] == f"{house.service.name_en} · {house.salon.name_en}"


def test_the_calendar_file_of_a_cancelled_booking_takes_it_out_of_calendars(sara, house):
    booking = Booking.objects.get(pk=post_booking(sara, house).json()["id"])
    sara.post(f"{BOOKINGS}{booking.pk}/cancel/", {}, format="json")

    (event,) = Calendar.from_ical(sara.get(f"{BOOKINGS}{booking.pk}/calendar/").content).events

    assert (event["SEQUENCE"], event["STATUS"]) == (2, "CANCELLED")


def test_a_name_cannot_add_lines_to_a_calendar_file(sara, house):
    booking_id = post_booking(sara, house).json()["id"]
    Salon.objects.update(name_en="Reem\r\nATTENDEE:mailto:all@example.com; x, y")

    answer = sara.get(f"{BOOKINGS}{booking_id}/calendar/")

    assert not [line for line in answer.content.split(b"\r\n") if line.startswith(b"ATTENDEE")]


def test_the_calendar_file_of_somebody_else_is_not_there(sara):
    answer = sara.get(f"{BOOKINGS}{BookingFactory().pk}/calendar/", headers={"Accept": "text/calendar"})

    assert (answer.status_code, codes(answer)) == (404, ["not_found"])
