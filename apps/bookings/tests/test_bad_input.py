"""Whatever is sent: a clear refusal that changes nothing and costs a handful of queries."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.test_api import BOOKINGS, client_of, codes

ARABIC_DAY, ARABIC_MOMENT = "٢٠٢٦-١١-٢٣", "٢٠٢٦-١١-٢٣T١٥:٠٠:٠٠+03:00"
NO_DAYS = [
    "",
    "tomorrow",
    "23.11.2026",
    "2026-13-01",
    "2026-02-29",
    "99999-01-01",
    "2026-11-23T09:00:00",
    "2026-11-23\x00",
    "-1",
    "1e9",
    ARABIC_DAY,
]
NO_MOMENTS = [
    ("tomorrow", "invalid"),
    ("2026-11-23", "offset_required"),
    ("2026-11-23T25:00:00+03:00", "invalid"),
    ("2026-11-23T15:00:00+99:00", "invalid"),
    ("2026-11-23T15:00:00", "offset_required"),
    ("2026-11-23 15:00", "offset_required"),
    (ARABIC_MOMENT, "plain_digits"),
    ("9999-12-31T23:59:59-12:00", "overflow"),
    (10**30, "invalid"),
    (-1, "invalid"),
    (True, "invalid"),
    (["2026-11-23T15:00:00+03:00"], "invalid"),
    ({"at": "2026-11-23T15:00:00+03:00"}, "invalid"),
    (None, "null"),
]
TAMPERED = {
    "price": "-1.00",
    "price_amount": "0.01",
    "vat_amount": 0,
    "prepay_amount": 0,
    "duration_minutes": -45,
    "buffer_after_minutes": -480,
    "ends_at": "2026-11-23T15:05:00+03:00",
    "status": "completed",
    "salon": 1,
    "customer": 1,
    "person": 1,
    "source": "desk",
    "override_reason": "because",
    "hold_expires_at": None,
    "version": 10**30,
}


@pytest.fixture
def sara(house):
    return client_of(house.customer)


def refused(call, *, most_queries):
    """The answer of `call`, which is no 500, stores nothing and takes at most so many queries."""
    before = Booking.history.count()
    with CaptureQueriesContext(connection) as captured:
        answer = call()
    assert 400 <= answer.status_code < 500, answer.content
    assert Booking.history.count() == before
    assert len(captured) <= most_queries, [query["sql"] for query in captured.captured_queries]
    return answer


def errors(answer):
    return [(error["code"], error["attr"]) for error in answer.json()["errors"]]


def attrs(answer):
    return [attr for _code, attr in errors(answer)]


# --- Free times ---


def ask_for_slots(house, **changed):
    day = house.at(24).date().isoformat()
    query = {"service": str(house.service.public_id), "from": day, "to": day, **changed}
    return refused(lambda: APIClient().get(f"/api/v1/salons/{house.salon.slug}/slots/", query), most_queries=4)


@pytest.mark.parametrize("end", ["from", "to"])
def test_free_times_of_no_day(house, end):
    answers = [ask_for_slots(house, **{end: day}) for day in NO_DAYS]

    assert [(answer.status_code, attrs(answer)) for answer in answers] == [(400, [end])] * len(NO_DAYS)


@pytest.mark.parametrize("last", ["2027-12-27", "9999-12-31", "2026-12-24", "2026-11-22"])
def test_free_times_of_four_hundred_days_or_none(house, last):
    answer = ask_for_slots(house, to=last)

    assert (answer.status_code, errors(answer)) == (400, [("invalid", "to")])


@pytest.mark.parametrize("field", ["service", "staff"])
def test_free_times_of_nothing_that_is_there(house, field):
    keys = ["", "nonsense", "1", "null", "-1", "9" * 40, "\x00", "' OR 1=1 --"]

    answers = [ask_for_slots(house, **{field: key}) for key in keys]

    assert [(answer.status_code, attrs(answer)) for answer in answers] == [(400, [field])] * len(keys)


@pytest.mark.parametrize("field", ["service", "staff"])
def test_free_times_of_another_salons_service_or_person_look_like_missing_ones(house, field):
    other = open_salon()
    there = {"service": other.service, "staff": other.staff[0]}

    theirs, nobodys = (ask_for_slots(house, **{field: str(key)}) for key in (there[field].public_id, uuid4()))

    assert (theirs.status_code, codes(theirs)) == (404, ["not_found"])
    assert (nobodys.status_code, nobodys.content) == (404, theirs.content)


def test_free_times_by_a_name_nobody_knows(house):
    answer = ask_for_slots(house, **{"duration_minutes": "5", "staff[]": str(house.staff[0].public_id)})

    assert (answer.status_code, errors(answer)) == (
        400,
        [("unknown_field", "duration_minutes"), ("unknown_field", "staff[]")],
    )


# --- Quotes ---


def test_a_quote_for_no_moment(sara, house):
    asked = {"service": str(house.service.public_id)}

    for moment, code in NO_MOMENTS:
        if isinstance(moment, str):
            query = {**asked, "starts_at": moment}
            answer = refused(lambda query=query: sara.get(f"{BOOKINGS}quote/", query), most_queries=4)
            assert (moment, answer.status_code, errors(answer)) == (moment, 400, [(code, "starts_at")])


# --- Booking ---


def try_to_book(sara, house, **changed):
    body = {"service": str(house.service.public_id), "starts_at": house.at(30).isoformat(), **changed}
    return refused(
        lambda: sara.post(BOOKINGS, body, format="json", headers={"Idempotency-Key": str(uuid4())}), most_queries=20
    )


def test_a_booking_at_no_moment(sara, house):
    for moment, code in NO_MOMENTS:
        answer = try_to_book(sara, house, starts_at=moment)
        assert (moment, answer.status_code, errors(answer)) == (moment, 400, [(code, "starts_at")])


def test_a_booking_far_away(sara, house):
    moments = ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2126-11-23T12:00:00Z", "9999-12-31T20:30:00Z"]

    assert [codes(try_to_book(sara, house, starts_at=moment)) for moment in moments] == [["slot_not_offered"]] * 4


@pytest.mark.parametrize("field", ["service", "staff", "note", "guest_name", "quote"])
def test_a_booking_of_something_unreadable(sara, house, field):
    answers = [try_to_book(sara, house, **{field: value}) for value in (["x"], {"id": 1}, "\x00", "x" * 1001)]

    assert [(answer.status_code, set(attrs(answer))) for answer in answers] == [(400, {field})] * 4


@pytest.mark.parametrize("field", ["service", "staff"])
def test_a_booking_of_nothing_that_is_there(sara, house, field):
    keys = [1, -1, 10**30, 1.5, True, "1", "' OR 1=1 --"]

    answers = [try_to_book(sara, house, **{field: key}) for key in keys]

    assert [(answer.status_code, attrs(answer)) for answer in answers] == [(400, [field])] * len(keys)


def test_a_booking_with_somebody_of_another_salon(sara, house):
    answer = try_to_book(sara, house, staff=str(open_salon().staff[0].public_id))

    assert (answer.status_code, codes(answer)) == (400, ["slot_not_offered"])


def test_av15_a_booking_says_what_and_when_and_nothing_else(sara, house):
    for field, value in TAMPERED.items():
        answer = try_to_book(sara, house, **{field: value})
        assert (answer.status_code, errors(answer)) == (400, [("unknown_field", field)])


def test_a_booking_with_a_quote_that_is_none(sara, house):
    for quote in ("x", "a:b:c", "W10:1tabcd:" + "x" * 40):
        assert errors(try_to_book(sara, house, quote=quote)) == [("quote_invalid", "quote")]
    assert errors(try_to_book(sara, house, quote=7)) == [("invalid", "quote")]


BODIES = [
    "[]",
    "null",
    '"x"',
    "7",
    "{",
    "",
    "\x00",
    "[" * 5000 + "]" * 5000,
    '{"starts_at": NaN}',
    '{"note": "half a character: \\ud800"}',
]


def test_a_body_that_is_no_object(sara, house):
    sent = {"content_type": "application/json", "headers": {"Idempotency-Key": "once"}}

    for body in BODIES:
        assert refused(lambda body=body: sara.post(BOOKINGS, body, **sent), most_queries=20).status_code == 400


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_body_of_three_megabytes_is_refused_as_such(house, language):
    client, sent = (
        client_of(house.customer, language),
        {"content_type": "application/json", "headers": {"Idempotency-Key": "once"}},
    )

    answer = refused(lambda: client.post(BOOKINGS, '{"note": "' + "x" * 3_000_000 + '"}', **sent), most_queries=20)

    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])
    assert (
        answer.json()["errors"][0]["detail"]
        == {"ar": "حجم الطلب أكبر من المسموح.", "en": "The request is too large."}[language]
    )


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb"], ids=["none", "too long", "tab"])
def test_an_attempt_without_a_proper_name(sara, house, key):
    body = {"service": str(house.service.public_id), "starts_at": house.at(30).isoformat()}

    answer = refused(lambda: sara.post(BOOKINGS, body, format="json", headers={"Idempotency-Key": key}), most_queries=3)

    assert (answer.status_code, codes(answer)) == (400, ["idempotency_key_required"])


# --- Own bookings ---


@pytest.fixture
def own(sara, house):
    """The address of a booking of Sara's."""
    body = {"service": str(house.service.public_id), "starts_at": house.at(30).isoformat()}
    answer = sara.post(BOOKINGS, body, format="json", headers={"Idempotency-Key": "own"})
    return f"{BOOKINGS}{answer.json()['id']}/"


def step(sara, address, body, *, most_queries=5):
    return refused(lambda: sara.post(address, body, format="json"), most_queries=most_queries)


def test_a_move_to_no_moment(sara, own):
    for moment, code in NO_MOMENTS:
        answer = step(sara, f"{own}reschedule/", {"starts_at": moment})
        assert (moment, answer.status_code, errors(answer)) == (moment, 400, [(code, "starts_at")])


def test_a_move_to_somebody_of_another_salon(sara, own, house):
    body = {"starts_at": house.at(33).isoformat(), "staff": str(open_salon().staff[0].public_id)}

    # On SQLite the transaction is the lock; on PostgreSQL schedule and calendars are locked by a statement each.
    locks = {"sqlite": 0, "postgresql": 2}[connection.vendor]
    answer = step(sara, f"{own}reschedule/", body, most_queries=11 + locks)

    assert (answer.status_code, codes(answer)) == (400, ["slot_not_offered"])


@pytest.mark.parametrize("name", ["reschedule", "cancel", "review"])
def test_a_step_of_a_booking_takes_its_own_fields_only(sara, own, house, name):
    needed = {"reschedule": {"starts_at": house.at(33).isoformat()}, "cancel": {}, "review": {"rating": 5}}[name]

    for field in ("status", "price", "salon", "override_reason", "by"):
        answer = step(sara, f"{own}{name}/", {**needed, field: "x"})
        assert (answer.status_code, errors(answer)) == (400, [("unknown_field", field)])


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_bk30_a_booking_is_not_edited_by_hand(sara, own, method):
    answer = refused(lambda: getattr(sara, method)(own, {"status": "pending"}, format="json"), most_queries=3)

    assert answer.status_code == 405


@pytest.mark.parametrize("query", [{"status": "x"}, {"from": ARABIC_DAY}, {"to": "2026-13-01"}, {"salon": "1"}])
def test_own_bookings_by_nonsense(sara, own, query):
    answer = refused(lambda: sara.get(BOOKINGS, query), most_queries=3)

    assert (answer.status_code, attrs(answer)) == (400, list(query))
