"""Money arrives, late, twice, short or under a wrong name: only what the gateway shows moves anything."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from django.utils import timezone

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.payments import reasons, services
from apps.payments.errors import GatewayUnavailable, PaymentUnderReview
from apps.payments.events import PaymentLinkReady, PaymentReceived
from apps.payments.models import Payment, Refund, TaxDocument
from apps.payments.moyasar import GatewayOutcomeUnknown
from apps.payments.selectors import gateway, kept_amount, most_telling
from apps.payments.services import payments as taking
from apps.payments.services.arrival import apply_fetched
from apps.payments.standin import DECLINED_CARD
from apps.payments.tests.support import amounts, link, paid, reload, states_of, truth
from project.invariants import breaches

pytestmark = pytest.mark.django_db
Status = Payment.Status


def set_metadata(standin, invoice_id, **metadata):
    auth = (standin.secret_key, "")
    answer = requests.put(f"{standin.api_url}/invoices/{invoice_id}", json={"metadata": metadata}, auth=auth, timeout=5)
    assert answer.status_code == 200


def test_money_confirms_the_booking_once_and_tells_why(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    services.refresh_payment(payment_id=payment.pk)
    services.refresh_payment(payment_id=payment.pk)

    payment, booking = reload(payment), reload(booking)
    [theirs] = gateway_standin.control.report()["payments"]
    assert (payment.status, payment.gateway_payment_id) == (Status.PAID, theirs["id"])
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert payment.paid_at == payment.checked_at == timezone.now()
    assert (booking.status, booking.hold_expires_at, booking.version) == (Booking.Status.CONFIRMED, None, 2)
    assert states_of(payment) == [
        (Status.CREATED, prepaid.customer.pk, ""),
        (Status.SUBMITTED, prepaid.customer.pk, ""),
        (Status.INITIATED, None, "read at the gateway (initiated)"),
        (Status.PAID, None, "read at the gateway (paid)"),
    ]
    assert TaxDocument.objects.count() == 1


def test_a_link_and_its_money_are_told_once_each(gateway_standin, prepaid, book, news):
    payment = paid(gateway_standin, book(prepaid))

    services.refresh_payment(payment_id=payment.pk)

    about = (payment.pk, payment.booking_id)
    assert news.of("payments") == [PaymentLinkReady(*about), PaymentReceived(*about)]


def test_a_reading_that_shows_nothing_new_leaves_no_history(gateway_standin, prepaid, book, clock):
    payment = link(book(prepaid))
    clock.shift(60)

    services.refresh_payment(payment_id=payment.pk)

    assert reload(payment).checked_at == reload(payment).updated_at == timezone.now()
    assert payment.history.count() == 3


def test_a_link_that_has_lost_its_payment_tells_nothing_about_the_money_we_saw(gateway_standin, prepaid, book, clock):
    payment = paid(gateway_standin, book(prepaid))
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)
    services.refresh_payment(payment_id=payment.pk)
    gateway_standin.control.inject("fetch_invoice", "patch", patch={"payments": []})
    clock.shift(60)

    services.refresh_payment(payment_id=payment.pk)

    seen = reload(payment)
    assert (seen.gateway_status, seen.gateway_amount, seen.gateway_refunded_amount) == (
        "refunded",
        Decimal("115.00"),
        Decimal("10.00"),
    )
    assert seen.checked_at == timezone.now()
    assert amounts(payment) == ("115.00", "10.00", "0.00")


def test_a_declined_card_changes_nothing_and_the_link_stays_open(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id, DECLINED_CARD)

    services.refresh_payment(payment_id=payment.pk)

    assert reload(payment).status == Status.INITIATED
    assert reload(booking).status == Booking.Status.PENDING


def test_an_abandoned_link_expires(gateway_standin, prepaid, book, clock):
    payment = link(book(prepaid))
    clock.shift(timedelta(minutes=16))

    assert services.resolve_payments() == 1

    assert reload(payment).status == Status.EXPIRED
    assert services.resolve_payments() == 0


def test_pay03_late_money_gets_its_time_again_when_that_is_free(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.switch(allow_late_payment=True)
    clock.shift(timedelta(minutes=16))
    bookings.expire_holds()
    services.resolve_payments()
    assert (reload(payment).status, reload(booking).status) == (Status.EXPIRED, Booking.Status.EXPIRED)

    gateway_standin.control.pay(payment.gateway_invoice_id)
    services.refresh_payment(payment_id=payment.pk)

    assert (reload(payment).status, reload(booking).status) == (Status.PAID, Booking.Status.CONFIRMED)
    assert not Refund.objects.exists()


def test_pay04_late_money_goes_back_when_the_time_is_gone(
    gateway_standin, prepaid, book, clock, django_capture_on_commit_callbacks
):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.switch(allow_late_payment=True)
    clock.shift(timedelta(minutes=16))
    bookings.expire_holds()
    rival = book(prepaid, person=prepaid.manager)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    with django_capture_on_commit_callbacks(execute=True):
        services.refresh_payment(payment_id=payment.pk)

    assert (reload(booking).status, reload(rival).status) == (Booking.Status.EXPIRED, Booking.Status.PENDING)
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    refund = Refund.objects.get()
    assert (refund.status, refund.amount, refund.reason) == (
        Refund.Status.SUCCEEDED,
        Decimal("115.00"),
        reasons.TIME_GONE,
    )
    assert truth(gateway_standin, reload(payment).gateway_payment_id)["status"] == "voided"
    assert kept_amount(booking) == 0


def test_late_money_of_which_the_gateway_gave_back_a_part_goes_back_without_that_part(
    gateway_standin, prepaid, book, clock, django_capture_on_commit_callbacks
):
    payment = link(book(prepaid))
    gateway_standin.control.switch(allow_late_payment=True)
    clock.shift(timedelta(minutes=16))
    bookings.expire_holds()
    book(prepaid, person=prepaid.manager)
    theirs = gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.dashboard("refund", theirs["id"], 1500)

    with django_capture_on_commit_callbacks() as sends:
        services.refresh_payment(payment_id=payment.pk)

    assert amounts(payment) == ("115.00", "15.00", "100.00")
    assert list(breaches()) == []
    for send in sends:
        send()
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    told = Refund.objects.order_by("amount").values_list("status", "amount", "reason")
    assert list(told) == [
        (Refund.Status.EXTERNAL, Decimal("15.00"), reasons.MADE_ELSEWHERE),
        (Refund.Status.SUCCEEDED, Decimal("100.00"), reasons.TIME_GONE),
    ]
    assert truth(gateway_standin, theirs["id"])["refunded"] == 11500


def test_what_the_gateway_gave_back_before_we_looked_makes_the_booking_no_less_firm(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    theirs = gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.dashboard("refund", theirs["id"], 1500)

    services.refresh_payment(payment_id=payment.pk)

    assert reload(booking).status == Booking.Status.CONFIRMED
    assert amounts(payment) == ("115.00", "15.00", "0.00")
    assert [refund.status for refund in Refund.objects.all()] == [Refund.Status.EXTERNAL]


def test_pay05_money_for_a_cancelled_booking_goes_back(
    gateway_standin, prepaid, book, django_capture_on_commit_callbacks
):
    booking = book(prepaid)
    payment = link(booking)
    bookings.cancel_booking(actor=prepaid.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    with django_capture_on_commit_callbacks(execute=True):
        services.refresh_payment(payment_id=payment.pk)

    assert reload(booking).status == Booking.Status.CANCELLED
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert gateway_standin.control.report()["executed"]["void"] == 1


def test_pay06_the_second_of_two_payments_under_one_link_goes_back(
    gateway_standin, prepaid, book, clock, django_capture_on_commit_callbacks
):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.switch(allow_double_payment=True)
    first = gateway_standin.control.pay(payment.gateway_invoice_id)
    clock.shift(1)
    second = gateway_standin.control.pay(payment.gateway_invoice_id)

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            services.refresh_payment(payment_id=payment.pk)

    assert reload(payment).gateway_payment_id == first["id"]
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    surplus = Payment.objects.exclude(pk=payment.pk).get()
    assert (surplus.status, surplus.gateway_payment_id) == (Status.VOIDED, second["id"])
    assert amounts(surplus) == ("115.00", "115.00", "0.00")
    assert Refund.objects.get().payment == surplus
    assert truth(gateway_standin, first["id"])["status"] == "paid"
    assert truth(gateway_standin, second["id"])["status"] == "voided"
    assert most_telling(list(Payment.objects.filter(booking=booking))) == payment
    assert services.refresh_payment(payment_id=surplus.pk).status == Status.VOIDED


def test_a_second_payment_that_is_read_again_before_it_went_back_is_one_row(gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.switch(allow_double_payment=True)
    for _ in range(2):
        gateway_standin.control.pay(payment.gateway_invoice_id)

    for _ in range(2):
        services.refresh_payment(payment_id=payment.pk)

    surplus = Payment.objects.exclude(pk=payment.pk).get()
    assert (surplus.checked_at, amounts(surplus)) == (timezone.now(), ("115.00", "0.00", "115.00"))
    assert states_of(surplus) == [(Status.PAID, None, reasons.PAID_TWICE)] * 2
    assert Refund.objects.get().reason == reasons.PAID_TWICE


@pytest.mark.parametrize("by_hand", ["100.00", "0.01"])
def test_money_beyond_the_price_goes_back_when_cash_and_link_met(
    gateway_standin, house, book, django_capture_on_commit_callbacks, by_hand
):
    booking = book(house)
    payment = link(booking)
    services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal(by_hand), method="terminal")
    gateway_standin.control.pay(payment.gateway_invoice_id)

    with django_capture_on_commit_callbacks(execute=True):
        services.refresh_payment(payment_id=payment.pk)

    assert amounts(payment) == ("115.00", by_hand, "0.00")
    assert Refund.objects.get().reason == reasons.MORE_THAN_DUE
    assert kept_amount(booking) == Decimal("115.00")


# --- What does not match ---


def test_a_smaller_amount_paid_is_for_a_person_and_confirms_nothing(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.switch(coupon_discount=1000)
    theirs = gateway_standin.control.pay(payment.gateway_invoice_id)

    services.refresh_payment(payment_id=payment.pk)

    payment = reload(payment)
    assert (payment.status, payment.failure_reason) == (Status.REVIEW, reasons.OTHER_AMOUNT_PAID)
    assert payment.gateway_payment_id == theirs["id"]
    assert amounts(payment) == ("0.00", "0.00", "0.00")
    assert reload(booking).status == Booking.Status.PENDING
    with pytest.raises(PaymentUnderReview):
        link(booking)


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ({"metadata": {"payment_id": "5f0b6a34-6a5c-4a3d-9f43-0c7f2f0e5a11"}}, reasons.OTHER_OWNER),
        ({"metadata": None}, reasons.OTHER_OWNER),
        ({"amount": 11499}, reasons.OTHER_LINK_AMOUNT),
        ({"currency": "USD"}, reasons.OTHER_LINK_AMOUNT),
    ],
)
def test_a_link_that_is_not_ours_as_we_made_it_proves_nothing(gateway_standin, prepaid, book, patch, problem):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.inject("fetch_invoice", "patch", patch=patch)

    services.refresh_payment(payment_id=payment.pk)

    payment = reload(payment)
    assert (payment.status, payment.failure_reason) == (Status.REVIEW, problem)
    assert amounts(payment) == ("0.00", "0.00", "0.00")
    assert reload(booking).status == Booking.Status.PENDING


ANOTHER_LINK = {"id": "0b8f6b1e-5a0c-4f5e-8d0a-0d2f3a1c9e77", "url": "https://checkout.example/another"}


@pytest.mark.parametrize(
    ("change", "status", "is_taken_over"),
    [({}, Status.PAID, True), ({"amount": 11499}, Status.REVIEW, False)],
    ids=["ours", "for a person"],
)
def test_a_link_that_a_webhook_names_is_taken_over_unless_it_is_for_a_person(
    gateway_standin, prepaid, book, change, status, is_taken_over
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    theirs = gateway().fetch_invoice(payment.gateway_invoice_id)

    apply_fetched(payment.pk, replace(theirs, **ANOTHER_LINK, **change))

    named, payment = ANOTHER_LINK if is_taken_over else {"id": theirs.id, "url": theirs.url}, reload(payment)
    assert payment.status == status
    assert {"id": payment.gateway_invoice_id, "url": payment.payment_url} == named


def test_pay09_one_payment_at_the_gateway_pays_one_booking(gateway_standin, prepaid, book):
    first, second = book(prepaid, hours=27), book(prepaid, hours=30)
    counted = paid(gateway_standin, first)
    payment = link(second)
    stolen = truth(gateway_standin, counted.gateway_payment_id) | {"invoice_id": payment.gateway_invoice_id}
    gateway_standin.control.inject("fetch_invoice", "patch", patch={"status": "paid", "payments": [stolen]})

    services.refresh_payment(payment_id=payment.pk)

    assert (reload(payment).status, reload(payment).failure_reason) == (Status.REVIEW, reasons.PAID_ELSEWHERE)
    assert reload(second).status == Booking.Status.PENDING
    assert reload(counted).status == Status.PAID


def test_a_payment_under_review_is_frozen(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    set_metadata(gateway_standin, payment.gateway_invoice_id, payment_id="another")
    services.refresh_payment(payment_id=payment.pk)
    set_metadata(gateway_standin, payment.gateway_invoice_id, payment_id=str(payment.pk))
    gateway_standin.control.pay(payment.gateway_invoice_id)

    services.refresh_payment(payment_id=payment.pk)

    assert (reload(payment).status, reload(payment).failure_reason) == (Status.REVIEW, reasons.OTHER_OWNER)
    assert reload(booking).status == Booking.Status.PENDING


def test_money_on_a_voided_payment_is_for_a_person(gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    Payment.objects.filter(pk=payment.pk).update(status=Status.VOIDED)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    services.refresh_payment(payment_id=payment.pk)

    assert (reload(payment).status, reload(payment).failure_reason) == (Status.REVIEW, reasons.IMPOSSIBLE_MOVE)


# --- A payer who is at it ---


@pytest.mark.parametrize(
    ("code", "decline"),
    [
        ("111111", "insufficient_funds"),
        ("222222", "daily_limit"),
        ("333333", "transaction_limit"),
        ("444444", "timed_out"),
    ],
)
def test_pay13_a_wallet_that_refuses_says_which_way_and_the_booking_stays_held(
    api, bearer, gateway_standin, prepaid, book, code, decline
):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay_by_stc(payment.gateway_invoice_id, code, "0512345678")

    answer = api.post(f"/api/v1/bookings/{booking.pk}/payment/refresh/", headers=bearer(prepaid.customer))

    assert (answer.json()["status"], answer.json()["failure"]["code"]) == ("initiated", decline)
    assert (reload(booking).status, reload(booking).hold_expires_at) == (
        Booking.Status.PENDING,
        booking.hold_expires_at,
    )
    gateway_standin.control.pay(payment.gateway_invoice_id)
    paid_now = api.post(f"/api/v1/bookings/{booking.pk}/payment/refresh/", headers=bearer(prepaid.customer))
    assert (paid_now.json()["status"], paid_now.json()["failure"]) == ("paid", None)


def test_row6_a_payer_at_the_banks_page_keeps_the_time_ten_minutes_longer(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    begun = gateway_standin.control.begin_payment(payment.gateway_invoice_id)
    clock.shift(timedelta(minutes=13, seconds=40))

    services.resolve_payments()

    assert reload(booking).hold_expires_at == booking.hold_expires_at + timedelta(minutes=10)
    assert booking.history.latest().history_change_reason == reasons.PAYER_AT_IT
    clock.shift(timedelta(minutes=5))
    assert bookings.expire_holds() == 0
    gateway_standin.control.finish_payment(begun["id"], authenticated=True)
    services.refresh_payment(payment_id=payment.pk)
    assert (reload(payment).status, reload(booking).status) == (Status.PAID, Booking.Status.CONFIRMED)


def test_a_payment_is_read_once_more_before_its_hold_ends_however_often_it_was_read(
    gateway_standin, prepaid, book, clock
):
    booking = book(prepaid)
    payment = link(booking)
    for _ in range(3):
        services.refresh_payment(payment_id=payment.pk)
    assert reload(payment).next_check_at == timezone.now() + timedelta(minutes=10)

    clock.shift(timedelta(minutes=10))
    services.resolve_payments()

    assert reload(payment).next_check_at == booking.hold_expires_at - timedelta(seconds=90)


def test_a_link_that_shows_nothing_new_is_read_again_after_growing_times_and_then_every_hour(
    gateway_standin, house, book, clock
):
    payment = link(book(house))
    waits = []

    for _ in range(6):
        waits.append((reload(payment).next_check_at - timezone.now()).total_seconds())
        clock.shift(waits[-1])
        services.resolve_payments()

    assert waits == [10, 30, 120, 600, 3600, 3600]


def test_a_call_that_fails_after_a_webhook_told_better_changes_nothing(
    gateway_standin, prepaid, book, monkeypatch, django_capture_on_commit_callbacks
):
    booking = book(prepaid)

    def overtaken(payment, return_url):
        invoice = make(payment, return_url)
        gateway_standin.control.pay(invoice.id)
        told = {"id": "evt-1", "type": "payment_paid", "data": {"invoice_id": invoice.id}}
        services.receive_webhook(event_id="evt-1", kind="payment_paid", payload=told)
        services.process_webhooks()
        raise GatewayOutcomeUnknown("create_invoice", "ReadTimeout")

    make = taking._ask_for_link
    monkeypatch.setattr(taking, "_ask_for_link", overtaken)

    with pytest.raises(GatewayUnavailable):
        link(booking)

    [payment] = Payment.objects.all()
    assert (payment.status, payment.failure_reason) == (Status.PAID, "")
    assert reload(booking).status == Booking.Status.CONFIRMED


def test_an_answer_that_a_webhook_overtook_is_not_taken_for_news(gateway_standin, prepaid, book, monkeypatch):
    booking = book(prepaid)

    def overtaken(payment, return_url):
        answer = make(payment, return_url)
        gateway_standin.control.pay(answer.id)
        told = {"id": "evt-1", "type": "payment_paid", "data": {"invoice_id": answer.id}}
        services.receive_webhook(event_id="evt-1", kind="payment_paid", payload=told)
        services.process_webhooks()
        return answer

    make = taking._ask_for_link
    monkeypatch.setattr(taking, "_ask_for_link", overtaken)

    payment = link(booking)

    assert (payment.status, payment.failure_reason, payment.gateway_status) == (Status.PAID, "", "paid")


def test_an_old_event_about_a_payment_that_was_undone_reads_what_went_back(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = paid(gateway_standin, booking)
    refund = services.request_refund(
        actor=prepaid.manager, payment_id=payment.pk, amount=Decimal("115.00"), reason="Called off"
    )
    services.send_refund(refund_id=refund.pk)

    services.refresh_payment(payment_id=payment.pk)

    payment = reload(payment)
    assert (payment.status, payment.gateway_status) == (Status.VOIDED, "voided")
    assert payment.gateway_refunded_amount == payment.refunded_amount == Decimal("115.00")


@pytest.mark.django_db(transaction=True)
def test_money_found_after_the_visit_would_have_been_goes_back(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)
    clock.shift(timedelta(hours=30))
    bookings.expire_holds()

    services.resolve_payments()

    assert timezone.now() > booking.starts_at
    assert reload(booking).status == Booking.Status.EXPIRED
    assert amounts(payment) == ("115.00", "115.00", "0.00")


def test_a_link_paid_and_undone_before_we_looked_makes_way_for_another(gateway_standin, house, book):
    booking = book(house)
    payment = link(booking)
    theirs = gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.dashboard("void", theirs["id"])

    services.refresh_payment(payment_id=payment.pk)

    again = link(booking)
    assert reload(payment).status not in Payment.OPEN
    assert again.gateway_invoice_id != payment.gateway_invoice_id
    assert paid(gateway_standin, booking).status == Status.PAID
