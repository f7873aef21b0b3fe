"""Paying through the API: exact shapes, own bookings only, repeats change nothing, nothing answers 500."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.payments import services
from apps.payments.models import Payment
from apps.payments.selectors import most_telling
from apps.payments.tests.support import link, paid, reload
from apps.payments.tests.test_wallets import charge

pytestmark = pytest.mark.django_db


def url(booking, tail=""):
    return f"/api/v1/bookings/{booking.pk}/payment/{tail}"


def error_of(answer):
    """(HTTP status, code, the input it is about) of a refusal in the one error shape."""
    body = answer.json()
    assert set(body) == {"type", "errors"}
    [error] = body["errors"]
    return answer.status_code, error["code"], error["attr"]


def test_a_link_in_the_contracts_shape(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)

    answer = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1"))

    assert answer.status_code == 201
    payment = Payment.objects.get()
    assert answer.json() == {
        "id": str(payment.pk),
        "status": "initiated",
        "amount": "115.00",
        "currency": "SAR",
        "payment_url": payment.payment_url,
        "expires_at": "2026-11-22T09:15:00+03:00",
        "failure": None,
    }
    assert payment.payment_url.startswith(gateway_standin.url)


def test_times_carry_the_salons_offset(api, bearer, gateway_standin, prepaid, book):
    prepaid.salon.timezone = "Asia/Dubai"
    prepaid.salon.save()
    booking = book(prepaid)

    answer = api.post(url(booking), headers=bearer(prepaid.customer, "key-1"))

    assert answer.json()["expires_at"] == "2026-11-22T10:15:00+04:00"


def test_the_booking_shows_its_payment(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    before = api.get(f"/api/v1/bookings/{booking.pk}/", headers=bearer(prepaid.customer)).json()
    payment = paid(gateway_standin, booking)

    after = api.get(f"/api/v1/bookings/{booking.pk}/", headers=bearer(prepaid.customer)).json()

    assert before["payment"] is None
    assert after["status"] == "confirmed"
    assert after["payment"] == {
        "id": str(payment.pk),
        "status": "paid",
        "amount": "115.00",
        "currency": "SAR",
        "payment_url": None,
        "expires_at": "2026-11-22T09:15:00+03:00",
        "failure": None,
    }


def test_a_repeat_of_the_same_key_gives_the_same_answer(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    first = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1"))

    second = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1"))

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["Idempotent-Replayed"] == "true"
    assert gateway_standin.control.report()["executed"] == {"create_invoice": 1}


def test_a_key_is_asked_for(api, bearer, gateway_standin, prepaid, book):
    answer = api.post(url(book(prepaid)), {}, headers=bearer(prepaid.customer))

    assert error_of(answer) == (400, "idempotency_key_required", "non_field_errors")
    assert not Payment.objects.exists()


def test_another_key_gets_the_open_link(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    first = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1"))

    second = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-2"))

    assert second.json() == first.json()
    assert Payment.objects.count() == 1


def test_a_gateway_that_is_away_is_503_and_the_same_key_may_try_again(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    gateway_standin.control.inject("create_invoice", "error_503")

    answer = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1"))

    assert error_of(answer) == (503, "unavailable", None)
    assert answer.headers["Retry-After"] == "30"
    assert reload(booking).status == Booking.Status.PENDING
    assert api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1")).status_code == 201


def test_while_another_request_makes_the_link_it_is_409(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    Payment.objects.create(salon=prepaid.salon, booking=booking, amount=115, status="submitted")

    answer = api.post(url(booking), {}, headers=bearer(prepaid.customer, "key-1"))

    assert error_of(answer) == (409, "request_in_progress", None)
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize(("method", "tail"), [("get", ""), ("post", ""), ("post", "refresh/")])
def test_another_customers_booking_looks_like_a_missing_one(api, bearer, gateway_standin, prepaid, book, method, tail):
    booking = book(prepaid)
    link(booking)
    headers = bearer(UserFactory(), "key-1")
    missing = getattr(api, method)(f"/api/v1/bookings/{uuid4()}/payment/{tail}", headers=headers)

    answer = getattr(api, method)(url(booking, tail), headers=bearer(UserFactory(), "key-2"))

    assert error_of(answer) == (404, "not_found", None)
    assert answer.json() == missing.json()


@pytest.mark.parametrize(("method", "tail"), [("get", ""), ("post", ""), ("post", "refresh/")])
def test_nobody_pays_without_signing_in(api, gateway_standin, prepaid, book, method, tail):
    assert getattr(api, method)(url(book(prepaid), tail)).status_code == 401
    assert not Payment.objects.exists()


def test_before_the_first_link_there_is_nothing_to_show(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)

    assert error_of(api.get(url(booking), headers=bearer(prepaid.customer))) == (404, "not_found", None)
    assert error_of(api.post(url(booking, "refresh/"), headers=bearer(prepaid.customer)))[0] == 404


def test_pay07_coming_back_from_the_checkout_asks_the_gateway(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)
    shown = api.get(url(booking), {"status": "paid"}, headers=bearer(prepaid.customer))
    assert shown.json()["status"] == "initiated"

    answer = api.post(url(booking, "refresh/") + "?status=failed&id=other", headers=bearer(prepaid.customer))

    assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert reload(booking).status == Booking.Status.CONFIRMED


def test_after_a_deposit_it_is_the_rest_that_is_read_again(api, bearer, gateway_standin, prepaid, book, clock):
    prepaid.salon.deposit_percent = 30
    prepaid.salon.save()
    booking = book(prepaid)
    paid(gateway_standin, booking)
    clock.shift(1)
    rest = link(booking)
    gateway_standin.control.pay(rest.gateway_invoice_id)

    answer = api.post(url(booking, "refresh/"), headers=bearer(prepaid.customer))

    assert (answer.json()["id"], answer.json()["status"], answer.json()["amount"]) == (str(rest.pk), "paid", "80.50")


@pytest.mark.parametrize("status", ["failed", "expired", "voided", "review", "created", "submitted"])
def test_reading_again_what_is_closed_or_unsent_changes_nothing(api, bearer, gateway_standin, prepaid, book, status):
    booking = book(prepaid)
    Payment.objects.create(salon=prepaid.salon, booking=booking, amount=115, status=status)

    answer = api.post(url(booking, "refresh/"), headers=bearer(prepaid.customer))

    assert (answer.status_code, answer.json()["status"], answer.json()["payment_url"]) == (200, status, None)
    assert gateway_standin.control.report()["calls"] == {}


def test_reading_again_while_the_gateway_is_away_is_503(api, bearer, gateway_standin, prepaid, book):
    booking = book(prepaid)
    link(booking)
    gateway_standin.control.inject("fetch_invoice", "html_403")

    answer = api.post(url(booking, "refresh/"), headers=bearer(prepaid.customer))

    assert error_of(answer) == (503, "unavailable", None)


def test_what_is_over_or_paid_or_under_review_says_so(api, bearer, gateway_standin, prepaid, book):
    over, settled = book(prepaid, hours=27), book(prepaid, hours=28)
    odd = book(prepaid, hours=29, person=prepaid.manager)
    bookings.cancel_booking(actor=prepaid.customer, booking_id=over.pk, by=Booking.CancelledBy.CUSTOMER)
    services.record_payment(actor=prepaid.manager, booking_id=settled.pk, amount=Decimal(115), method="cash")
    Payment.objects.create(salon=prepaid.salon, booking=odd, amount=115, status="review")

    answers = [
        error_of(api.post(url(booking), {}, headers=bearer(booking.customer.user, f"key-{booking.pk}")))
        for booking in (over, settled, odd)
    ]

    assert answers == [
        (400, "nothing_to_pay", "non_field_errors"),
        (400, "nothing_to_pay", "non_field_errors"),
        (409, "payment_under_review", None),
    ]


@pytest.mark.parametrize("tail", ["", "refresh/"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": "1.00"}, "unknown_field"),
        ({"currency": "USD"}, "unknown_field"),
        ([], "invalid"),
        ([{}], "invalid"),
        ("text", "invalid"),
        (5, "invalid"),
    ],
)
def test_a_customer_never_says_what_to_pay(api, bearer, gateway_standin, prepaid, book, tail, body, code):
    booking = book(prepaid)
    link(booking)
    calls = gateway_standin.control.report()["calls"]

    answer = api.post(url(booking, tail), body, headers=bearer(prepaid.customer, "key-9"))

    assert error_of(answer)[:2] == (400, code)
    assert gateway_standin.control.report()["calls"] == calls


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b"[" * 20 + b"]" * 20])
def test_a_broken_body_is_400(api, bearer, gateway_standin, prepaid, book, body):
    booking = book(prepaid)

    answer = api.generic(
        "POST", url(booking), body, content_type="application/json", headers=bearer(prepaid.customer, "key-1")
    )

    assert answer.status_code == 400
    assert not Payment.objects.exists()


def test_a_list_of_bookings_reads_all_payments_in_one_query(
    api, bearer, gateway_standin, house, book, django_assert_max_num_queries
):
    for hours in (27, 28, 29):
        link(book(house, hours=hours))
    headers = bearer(house.customer)

    with django_assert_max_num_queries(6):
        answer = api.get("/api/v1/bookings/", headers=headers)

    assert [one["payment"]["status"] for one in answer.json()["results"]] == ["initiated"] * 3


def shown_due(api, bearer, booking):
    return api.get(f"/api/v1/bookings/{booking.pk}/", headers=bearer(booking.customer.user)).json()["amount_due"]


def test_a_booking_shows_what_can_be_paid_now_and_a_payment_asks_for_just_that(
    api, bearer, gateway_standin, prepaid, book
):
    prepaid.salon.deposit_percent = 40
    prepaid.salon.save()
    booking = book(prepaid)

    assert shown_due(api, bearer, booking) == "46.00"
    assert paid(gateway_standin, booking).captured_amount == Decimal("46.00")
    assert shown_due(api, bearer, booking) == "69.00"
    assert api.post(url(booking), headers=bearer(prepaid.customer, "rest")).json()["amount"] == "69.00"


@pytest.mark.parametrize(("price", "due"), [("0.99", "0.00"), ("1.00", "1.00")])
def test_what_is_too_little_for_the_gateway_is_not_offered(api, bearer, house, book, price, due):
    house.service.price_amount = Decimal(price)
    house.service.save()

    assert shown_due(api, bearer, book(house)) == due


def test_nothing_is_due_from_the_moment_a_hold_ends(api, bearer, prepaid, book, clock):
    booking = book(prepaid)
    clock.shift((booking.hold_expires_at - timezone.now()).total_seconds() - 1)
    assert shown_due(api, bearer, booking) == "115.00"

    clock.shift(1)

    assert shown_due(api, bearer, booking) == "0.00"


def test_nothing_is_due_of_a_cancelled_visit_and_of_one_whose_price_is_reserved(
    api, bearer, gateway_standin, house, book
):
    cancelled, reserved = (book(house, hours=hours) for hours in (27, 28))
    charge(reserved)
    Booking.objects.filter(pk=cancelled.pk).update(
        status=Booking.Status.CANCELLED, cancelled_by="customer", cancellation_fee_amount=Decimal("57.50")
    )

    assert [shown_due(api, bearer, booking) for booking in (cancelled, reserved)] == ["0.00", "0.00"]


NEVER, OPEN, KEPT, RETURNED = (
    {"status": "failed"},
    {"status": "initiated"},
    {"status": "paid", "captured_amount": Decimal(1)},
    {"status": "paid", "captured_amount": Decimal(1), "refunded_amount": Decimal(1)},
)


@pytest.mark.parametrize(
    ("newest_first", "shown"),
    [
        ([], None),
        ([NEVER, NEVER], 0),
        ([NEVER, KEPT, OPEN], 1),
        ([OPEN, KEPT], 0),
        ([RETURNED, KEPT], 1),
        ([RETURNED, KEPT, RETURNED], 1),
        ([NEVER, RETURNED, RETURNED, NEVER], 2),
    ],
)
def test_of_several_payments_the_most_telling_is_shown(newest_first, shown):
    payments = [Payment(**fields) for fields in newest_first]

    assert most_telling(payments) is (None if shown is None else payments[shown])


@pytest.mark.parametrize("status", [Booking.Status.NO_SHOW, Booking.Status.EXPIRED])
def test_nothing_is_due_where_a_payment_is_refused(api, bearer, gateway_standin, prepaid, book, status):
    booking = book(prepaid)
    Booking.objects.update(status=status, hold_expires_at=None)

    answer = api.post(url(booking), headers=bearer(prepaid.customer, "key-1"))

    assert error_of(answer) == (400, "nothing_to_pay", "non_field_errors")
    assert shown_due(api, bearer, booking) == "0.00"
    assert Payment.objects.count() == 0
