"""What the gateway tells us is kept and answered at once, and believed only after fetching."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.models import Booking
from apps.common.errors import Forbidden
from apps.payments import reasons, services
from apps.payments.api import webhooks as endpoint
from apps.payments.models import Payment, WebhookEvent, WebhookRefusal
from apps.payments.services import refusals
from apps.payments.services import webhooks as inbox
from apps.payments.standin import Standin
from apps.payments.tests.conftest import WEBHOOK_SECRET
from apps.payments.tests.gateway.kit import Receiver
from apps.payments.tests.pages import browser, changelist, url
from apps.payments.tests.support import amounts, ask_refund, link, paid, reload

pytestmark = pytest.mark.django_db
URL = "/api/v1/webhooks/moyasar/"
Status = WebhookEvent.Status
Reason = WebhookRefusal.Reason


@pytest.fixture(autouse=True)
def _secret(settings, monkeypatch):
    settings.MOYASAR_WEBHOOK_SECRET = WEBHOOK_SECRET
    monkeypatch.setattr(refusals, "tally", refusals.Tally())


def event(data=None, **fields):
    told = {"id": "evt-1", "type": "payment_paid", "secret_token": WEBHOOK_SECRET, "live": False, "data": data or {}}
    return told | fields


def post(api, body):
    return raw(api, json.dumps(body).encode())


def raw(api, body, content_type="application/json"):
    return api.generic("POST", URL, body, content_type=content_type)


def refused():
    """(reason, calls) of today."""
    return list(WebhookRefusal.objects.order_by("reason").values_list("reason", "count"))


def told_of(standin, payment):
    """The gateway's event about the last payment under our link."""
    [theirs] = [p for p in standin.control.report()["payments"] if p["invoice_id"] == payment.gateway_invoice_id]
    return theirs


def test_the_main_story_over_http(live_server, transactional_db, tmp_path, aimed, clock, prepaid, book):
    address = f"{live_server.url}{URL}"
    with Standin(tmp_path / "ledger.sqlite3", webhook_url=address, webhook_secret=WEBHOOK_SECRET) as standin:
        aimed(standin)
        booking = book(prepaid)
        payment = link(booking)
        standin.control.pay(payment.gateway_invoice_id)
        standin.control.deliver_webhooks()
        assert reload(payment).status == Payment.Status.INITIATED

        assert services.process_webhooks() == 1

        assert standin.control.report()["deliveries"]["delivered"] == 1
    assert reload(payment).status == Payment.Status.PAID
    assert reload(booking).status == Booking.Status.CONFIRMED
    kept = WebhookEvent.objects.get()
    assert (kept.status, kept.kind, kept.attempts) == (Status.PROCESSED, "payment_paid", 0)
    assert WEBHOOK_SECRET not in json.dumps(kept.payload)


def test_an_event_is_kept_without_its_secret_and_acted_on_later(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    calls = gateway_standin.control.report()["calls"]

    answer = post(api, event(told_of(gateway_standin, payment)))

    assert (answer.status_code, answer.content) == (200, b"")
    kept = WebhookEvent.objects.get()
    assert (kept.provider, kept.event_id, kept.kind, kept.status) == ("moyasar", "evt-1", "payment_paid", Status.NEW)
    assert set(kept.payload) == {"id", "type", "live", "data"}
    assert gateway_standin.control.report()["calls"] == calls
    assert reload(payment).status == Payment.Status.INITIATED

    call_command("process_webhooks")

    assert reload(payment).status == Payment.Status.PAID
    assert reload(kept).processed_at == timezone.now()


@pytest.mark.parametrize("secret", ["wrong", "", None, 5, ["x"], {"a": 1}, "\ud800", "s" * 300, WEBHOOK_SECRET + "\n"])
def test_wh07_a_forged_event_is_refused_and_leaves_nothing(api, db, secret):
    answer = post(api, event(secret_token=secret))

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "not_authenticated"
    assert not WebhookEvent.objects.exists()
    assert refused() == [("secret", 1)]


def test_an_unset_secret_lets_nobody_in(api, db, settings):
    settings.MOYASAR_WEBHOOK_SECRET = ""

    assert post(api, event(secret_token="")).status_code == 401
    body = event()
    del body["secret_token"]
    assert post(api, body).status_code == 401
    assert not WebhookEvent.objects.exists()


def test_forged_content_under_the_right_secret_proves_nothing(api, gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    forged = {"id": "made-up", "status": "paid", "amount": 11500, "invoice_id": payment.gateway_invoice_id}

    assert post(api, event(forged)).status_code == 200
    services.process_webhooks()
    clock.shift(60)
    services.process_webhooks()

    assert reload(payment).status == Payment.Status.INITIATED
    assert reload(booking).status == Booking.Status.PENDING
    assert WebhookEvent.objects.get().status == Status.PROCESSED


def test_wh01_the_same_event_again_is_the_same_row_and_one_effect(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    body = event(told_of(gateway_standin, payment))

    assert [post(api, body).status_code for _ in range(3)] == [200, 200, 200]
    services.process_webhooks()
    assert post(api, body).status_code == 200
    assert services.process_webhooks() == 0

    assert WebhookEvent.objects.count() == 1
    assert payment.history.count() == 4


def test_wh02_a_refund_told_before_its_payment_ends_in_the_same_state(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    data = told_of(gateway_standin, payment)

    post(api, event(data | {"status": "refunded"}, id="evt-2", type="payment_refunded"))
    services.process_webhooks()
    post(api, event(data))
    services.process_webhooks()

    assert reload(payment).status == Payment.Status.PAID
    assert amounts(payment) == ("115.00", "0.00", "0.00")


@pytest.mark.parametrize("kind", ["payment_failed", "payment_faild", "payout_paid", "something_new"])
def test_wh10_events_that_mean_nothing_to_us_are_kept_and_answered(api, gateway_standin, kind):
    assert post(api, event({"id": "x", "amount": 1234, "iban": "SA03"}, type=kind)).status_code == 200

    services.process_webhooks()

    kept = WebhookEvent.objects.get()
    assert (kept.kind, kept.status) == (kind, Status.IGNORED)
    assert kept.payload["data"] == {"id": "x", "amount": 1234}


def test_an_event_of_somebody_elses_payment_is_ignored(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    theirs = gateway_standin.control.add_payment(11500, metadata={"payment_id": str(payment.pk)})

    post(api, event(theirs))
    services.process_webhooks()

    assert WebhookEvent.objects.get().status == Status.IGNORED
    assert reload(payment).status == Payment.Status.INITIATED


def test_wh14_a_poisonous_event_is_given_up_after_five_tries_and_can_be_replayed(
    api, gateway_standin, prepaid, book, clock
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    post(api, event(told_of(gateway_standin, payment)))
    gateway_standin.control.inject("fetch_invoice", "error_500", times=5)
    waits = []

    for _ in range(5):
        assert services.process_webhooks() == 1
        assert services.process_webhooks() == 0
        waits.append(WebhookEvent.objects.get().due_at - timezone.now())
        clock.shift(waits[-1])

    kept = WebhookEvent.objects.get()
    assert (kept.status, kept.attempts) == (Status.DEAD, 5)
    assert kept.error == "fetch_invoice: HTTP 500, api_error: Something went wrong"
    assert waits == [timedelta(minutes=minutes) for minutes in (2, 4, 8, 16, 32)]
    assert services.process_webhooks() == 0
    services.replay_webhook(actor=PlatformUserFactory(), event_pk=kept.pk)
    assert services.process_webhooks() == 1
    assert reload(kept).status == Status.PROCESSED
    assert reload(payment).status == Payment.Status.PAID


def test_a_crash_of_our_own_is_postponed_as_well(api, gateway_standin, prepaid, book, monkeypatch):
    payment = link(book(prepaid))
    post(api, event({"invoice_id": payment.gateway_invoice_id}))
    post(api, event({"id": "unknown"}, id="evt-2"))

    def crash(**kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("apps.payments.services.webhooks.refresh_payment", crash)

    assert services.process_webhooks() == 2

    states = dict(WebhookEvent.objects.values_list("event_id", "status"))
    assert states == {"evt-1": Status.FAILED, "evt-2": Status.IGNORED}
    assert WebhookEvent.objects.get(event_id="evt-1").error == "ZeroDivisionError"


def test_an_event_whose_worker_died_is_taken_again_after_its_lease(api, gateway_standin, prepaid, book, clock):
    payment = link(book(prepaid))
    post(api, event({"invoice_id": payment.gateway_invoice_id}))
    WebhookEvent.objects.update(due_at=timezone.now() + timedelta(minutes=1))

    assert services.process_webhooks() == 0
    clock.shift(60)
    assert services.process_webhooks() == 1


def test_replaying_needs_the_right_and_is_safe(api, gateway_standin, house, book):
    payment = paid(gateway_standin, book(house))
    post(api, event({"invoice_id": payment.gateway_invoice_id}))
    services.process_webhooks()
    kept = WebhookEvent.objects.get()

    with pytest.raises(Forbidden):
        services.replay_webhook(actor=house.manager, event_pk=kept.pk)
    assert reload(kept).status == Status.PROCESSED
    services.replay_webhook(actor=PlatformUserFactory(), event_pk=kept.pk)
    services.process_webhooks()

    assert payment.history.count() == 4


# --- Who may tell us anything ---


def test_wh07_fifty_forgeries_leave_one_number_that_is_written_once_a_second(api, db, clock, django_assert_num_queries):
    forged = [event(secret_token=f"guess-{number}", id=f"evt-{number}") for number in range(50)]

    assert [post(api, body).status_code for body in forged] == [401] * 50
    with django_assert_num_queries(0):
        post(api, forged[0])
    at_once = refused()
    clock.shift(1)
    post(api, forged[0])

    assert at_once == [("secret", 1)]
    assert refused() == [("secret", 52)]
    assert WebhookRefusal.objects.get().last_at == timezone.now()
    assert not WebhookEvent.objects.exists()


def test_refusals_are_counted_by_day_and_reason(api, db, clock):
    post(api, event(secret_token="wrong"))
    clock.shift(1)
    raw(api, b"{")
    clock.shift(24 * 60 * 60)
    post(api, event(secret_token="wrong"))

    today = timezone.localdate()
    kept = list(WebhookRefusal.objects.order_by("day", "reason").values_list("day", "reason", "count"))
    yesterday = today - timedelta(days=1)
    assert kept == [(yesterday, "body", 1), (yesterday, "secret", 1), (today, "secret", 1)]


def test_a_count_that_cannot_be_written_waits_and_the_answer_stays_401(api, db, clock, monkeypatch):
    def busy(*args):
        raise DatabaseError("database is locked")

    write = refusals._write
    monkeypatch.setattr(refusals, "_write", busy)
    assert post(api, event(secret_token="wrong")).status_code == 401
    monkeypatch.setattr(refusals, "_write", write)
    clock.shift(1)
    assert post(api, event(secret_token="wrong")).status_code == 401

    assert refused() == [("secret", 2)]


def test_two_secrets_are_accepted_while_one_replaces_the_other(api, db, settings):
    settings.MOYASAR_WEBHOOK_SECRET_PREVIOUS = "the-one-before-this-one"

    answers = [
        post(api, event(id=secret or "none", secret_token=secret)).status_code
        for secret in (WEBHOOK_SECRET, "the-one-before-this-one", "another", "")
    ]

    assert answers == [200, 200, 401, 401]
    settings.MOYASAR_WEBHOOK_SECRET_PREVIOUS = ""
    assert post(api, event(secret_token="the-one-before-this-one")).status_code == 401
    assert WebhookEvent.objects.count() == 2


@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, "the-one-before-this-one", "wrong", None])
def test_wh07_both_secrets_are_compared_whatever_the_first_says(api, db, settings, monkeypatch, secret):
    settings.MOYASAR_WEBHOOK_SECRET_PREVIOUS = "the-one-before-this-one"
    compared = []
    compare = endpoint.constant_time_compare
    monkeypatch.setattr(endpoint, "constant_time_compare", lambda *pair: compared.append(pair[1]) or compare(*pair))

    post(api, event(secret_token=secret))

    assert compared == [WEBHOOK_SECRET, "the-one-before-this-one"]


@pytest.mark.parametrize("live", [True, "false", None, 0])
def test_pay18_an_event_of_the_other_mode_is_kept_ignored_and_alarming(
    api, gateway_standin, prepaid, book, clock, caplog, live
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    calls = gateway_standin.control.report()["calls"]

    assert post(api, event(told_of(gateway_standin, payment), live=live)).status_code == 200
    services.process_webhooks()
    kept = WebhookEvent.objects.get()
    services.replay_webhook(actor=PlatformUserFactory(), event_pk=kept.pk)
    services.process_webhooks()

    kept = reload(kept)
    assert (kept.status, kept.error) == (Status.IGNORED, reasons.OTHER_MODE)
    assert [record.levelname for record in caplog.records if "other mode" in record.message] == ["ERROR"]
    assert refused() == [("mode", 1)]
    assert gateway_standin.control.report()["calls"] == calls
    assert reload(payment).status == Payment.Status.INITIATED


def test_pay18_in_production_a_test_event_is_the_other_mode(api, db, settings):
    settings.MOYASAR_SECRET_KEY, settings.MOYASAR_BASE_URL = "sk_live_" + "made", "https://api.moyasar.com/v1"

    post(api, event(live=False))
    post(api, event(live=True, id="evt-2"))

    assert dict(WebhookEvent.objects.values_list("event_id", "status")) == {"evt-1": "ignored", "evt-2": "new"}


def test_wh16_neither_secret_nor_card_nor_holder_is_stored(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    told = told_of(gateway_standin, payment)
    told["source"] |= {
        "number": "4201320111111010",
        "dpan": "4201320111111010",
        "token": "token_Ae1",
        "message": "DECLINED 4201 3201 1111 1010, 4201-3201-1111-1010",
        "nested": {"number": "4201320111111010"},
    }
    told |= {"number": "4201320111111010", "ip": "203.0.113.9", "description": "Sara Ali", "metadata": {"card": "4201"}}

    post(api, event(told, card={"number": "4201320111111010"}, account_name="Salon"))

    kept = WebhookEvent.objects.get().payload
    assert set(kept) == {"id", "type", "live", "account_name", "data"}
    assert kept["data"]["source"] == {
        "type": "creditcard",
        "company": "mada",
        "message": "DECLINED …, …",
        "response_code": "00",
        "reference_number": None,
    }
    text = json.dumps(kept)
    for secret in (WEBHOOK_SECRET, "4201", "1010", "Test Payer", "Sara", "token_Ae1", "203.0.113.9"):
        assert secret not in text
    assert kept["data"]["invoice_id"] == payment.gateway_invoice_id
    services.process_webhooks()
    assert reload(payment).status == Payment.Status.PAID


# --- What is done about it ---


def test_wh04_an_event_that_overtakes_the_answer_of_the_call_confirms_the_booking(
    live_server, transactional_db, tmp_path, aimed, clock, prepaid, book
):
    def ask():
        try:
            link(booking)
        finally:
            connection.close()

    address = f"{live_server.url}{URL}"
    with Standin(tmp_path / "ledger.sqlite3", webhook_url=address, webhook_secret=WEBHOOK_SECRET) as standin:
        aimed(standin)
        booking = book(prepaid)
        standin.control.inject("create_invoice", "hold_after")
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask)
            standin.control.await_standing()
            (invoice,) = standin.control.report()["invoices"]
            theirs = standin.control.pay(invoice["id"])
            standin.control.deliver_webhooks()
            payment = Payment.objects.get()
            before = payment.status, payment.gateway_invoice_id

            assert services.process_webhooks() == 1
            after = reload(payment)
            standin.control.release_held()
            asking.result()

    assert before == (Payment.Status.SUBMITTED, "")
    assert (after.status, after.gateway_invoice_id) == (Payment.Status.PAID, invoice["id"])
    assert (reload(payment).status, reload(payment).gateway_payment_id) == (Payment.Status.PAID, theirs["id"])
    assert reload(booking).status == Booking.Status.CONFIRMED
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert payment.tax_documents.count() == 1
    assert WebhookEvent.objects.get().status == Status.PROCESSED


def test_a_second_link_with_our_key_does_not_replace_the_one_that_was_given_out(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    url = payment.payment_url
    client = inbox.gateway()
    twin = client.create_invoice(
        amount=11500,
        currency="SAR",
        description="Twin",
        metadata={"payment_id": str(payment.pk)},
        expires_at=None,
        success_url="http://localhost/",
        back_url="http://localhost/",
    )

    post(api, event({"id": "x", "invoice_id": twin.id}, type="payment_failed"))
    services.process_webhooks()

    assert WebhookEvent.objects.get().status == Status.IGNORED
    assert reload(payment).payment_url == url


@pytest.mark.parametrize("metadata", [{}, {"payment_id": "1"}, {"payment_id": str(uuid4())}])
def test_an_event_of_a_link_that_is_not_ours_is_ignored(api, gateway_standin, house, metadata):
    client = inbox.gateway()
    foreign = client.create_invoice(
        amount=11500,
        currency="SAR",
        description="Foreign",
        metadata=metadata,
        expires_at=None,
        success_url="http://localhost/",
        back_url="http://localhost/",
    )

    post(api, event({"id": "x", "invoice_id": foreign.id}))
    services.process_webhooks()

    assert WebhookEvent.objects.get().status == Status.IGNORED
    assert not Payment.objects.exists()


@pytest.mark.parametrize("named_by", ["gateway_payment_id", "pk"])
def test_a_payment_is_found_by_its_number_too(api, gateway_standin, house, book, monkeypatch, named_by):
    payment = paid(gateway_standin, book(house))
    read = []
    refresh = services.refresh_payment
    monkeypatch.setattr(
        inbox, "refresh_payment", lambda *, payment_id: read.append(payment_id) or refresh(payment_id=payment_id)
    )

    post(api, event({"id": str(getattr(payment, named_by))}, type="payment_captured"))
    services.process_webhooks()

    assert read == [payment.pk]
    assert WebhookEvent.objects.get().status == Status.PROCESSED


def test_a_reading_that_is_still_old_is_repeated_until_it_shows_what_the_event_told(
    api, gateway_standin, prepaid, book, clock
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.inject("fetch_invoice", "stale", times=2)
    post(api, event(told_of(gateway_standin, payment)))
    seen = []

    for _ in range(3):
        assert services.process_webhooks() == 1
        assert services.process_webhooks() == 0
        kept = WebhookEvent.objects.get()
        seen.append((kept.status, kept.attempts, reload(payment).status))
        clock.shift(15)

    assert seen == [
        (Status.NEW, 0, Payment.Status.INITIATED),
        (Status.NEW, 0, Payment.Status.INITIATED),
        (Status.PROCESSED, 0, Payment.Status.PAID),
    ]
    assert services.process_webhooks() == 0


def test_an_event_that_promises_what_never_comes_is_done_within_a_minute(api, gateway_standin, house, book, clock):
    payment = paid(gateway_standin, book(house))
    promised = {"id": payment.gateway_payment_id, "invoice_id": payment.gateway_invoice_id, "refunded": 5000}
    post(api, event(promised, type="payment_refunded"))
    taken = 0

    for _ in range(10):
        taken += services.process_webhooks()
        clock.shift(15)

    assert taken == 5
    assert WebhookEvent.objects.get().status == Status.PROCESSED
    assert amounts(payment) == ("115.00", "0.00", "0.00")


def test_an_own_refund_that_is_told_afterwards_is_known_already(api, gateway_standin, payment, support):
    ask_refund(support, payment, "57.50")
    told = told_of(gateway_standin, payment)

    post(api, event(told, type="payment_refunded"))

    assert told["refunded"] == 5750
    assert services.process_webhooks() == 1
    assert WebhookEvent.objects.get().status == Status.PROCESSED


def test_wh06_a_payment_in_another_currency_confirms_nothing(api, gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    theirs = gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.edit_payment(theirs["id"], currency="USD")

    post(api, event(told_of(gateway_standin, payment)))
    services.process_webhooks()

    assert (reload(payment).status, amounts(payment)) == (Payment.Status.REVIEW, ("0.00", "0.00", "0.00"))
    assert reload(booking).status == Booking.Status.PENDING
    assert WebhookEvent.objects.get().status == Status.PROCESSED


def test_pay13_the_four_failures_of_a_wallet_reach_us_in_the_gateways_words(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    codes = ("111111", "222222", "333333", "444444")
    for code in codes:
        gateway_standin.control.pay_by_stc(payment.gateway_invoice_id, code)
        post(api, event(told_of_last(gateway_standin), id=code, type="payment_failed"))

    services.process_webhooks()

    fetched = inbox.gateway().fetch_invoice(payment.gateway_invoice_id)
    assert [(attempt.source_type, attempt.status, attempt.message) for attempt in fetched.payments] == [
        ("stcpay", "failed", "Insufficient Balance."),
        ("stcpay", "failed", "You have exceeded the allowed daily transaction limit for your STC Pay account."),
        ("stcpay", "failed", "You have exceeded the maximum allowed transaction amount."),
        ("stcpay", "failed", "Connection timed out while waiting for response from STC Pay service."),
    ]
    assert {kept.status for kept in WebhookEvent.objects.all()} == {Status.PROCESSED}
    assert reload(payment).status == Payment.Status.INITIATED
    assert reload(payment.booking).status == Booking.Status.PENDING


def told_of_last(standin):
    return standin.control.report()["payments"][-1]


def test_wh11_the_code_of_a_registration_is_kept_for_half_an_hour_and_makes_no_payment(api, gateway_standin, clock):
    told = event({"webhook_id": "w-1", "verification_code": "482913"}, type="webhook_verification")
    del told["live"]

    assert post(api, told).status_code == 200
    assert services.process_webhooks() == 1
    kept = WebhookEvent.objects.get()
    at_first = kept.status, kept.verification_code, kept.due_at - timezone.now()
    clock.shift(30 * 60 - 1)
    assert (services.process_webhooks(), reload(kept).verification_code) == (0, "482913")
    clock.shift(1)
    shown_then = reload(kept).verification_code
    assert services.process_webhooks() == 1

    assert at_first == (Status.NEW, "482913", timedelta(minutes=30))
    assert shown_then == ""
    assert reload(kept).status == Status.PROCESSED
    assert reload(kept).payload["data"] == {"webhook_id": "w-1"}
    assert not Payment.objects.exists()


@pytest.fixture
def out_of_order():
    """A server of ours that answers 500."""
    server = Receiver()
    for _ in range(20):
        server.codes.put(500)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_wh12_what_six_deliveries_did_not_bring_the_comparison_of_books_finds(
    tmp_path, aimed, clock, prepaid, book, out_of_order
):
    options = {"webhook_url": out_of_order.url, "webhook_secret": WEBHOOK_SECRET}
    with Standin(tmp_path / "ledger.sqlite3", **options) as standin:
        aimed(standin)
        booking = book(prepaid)
        payment = link(booking)
        standin.control.pay(payment.gateway_invoice_id)
        for _ in range(8):
            standin.control.deliver_webhooks()
            clock.shift(120)
        lost = standin.control.report()["deliveries"]

        call_command("reconcile_payments")

    assert len(out_of_order.drain()) == 6
    assert (lost["dropped"], lost["delivered"], lost["pending"]) == (1, 0, 0)
    assert not WebhookEvent.objects.exists()
    assert reload(payment).status == Payment.Status.PAID


def test_wh13_the_answer_does_not_wait_for_the_gateway(api, gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.inject("*", "timeout_before")
    calls = gateway_standin.control.report()["calls"]

    assert post(api, event(told_of(gateway_standin, payment))).status_code == 200

    assert gateway_standin.control.report()["calls"] == calls
    assert WebhookEvent.objects.get().status == Status.NEW


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_wh17_paid_and_voided_in_any_order_end_as_the_gateway_shows(api, gateway_standin, prepaid, book, clock, order):
    payment, read = link(book(prepaid)), link(book(prepaid, hours=30))
    for ours in (payment, read):
        theirs = gateway_standin.control.pay(ours.gateway_invoice_id)
        gateway_standin.control.dashboard("void", theirs["id"])
    told = told_of(gateway_standin, payment)
    events = [
        event(told | {"status": "paid"}, id="evt-paid"),
        event(told, id="evt-voided", type="payment_voided"),
    ]

    for place in order:
        post(api, events[place])
        services.process_webhooks()
    clock.shift(60)
    services.process_webhooks()
    services.refresh_payment(payment_id=read.pk)

    assert {kept.status for kept in WebhookEvent.objects.all()} == {Status.PROCESSED}
    assert (reload(payment).status, amounts(payment)) == (reload(read).status, amounts(read))
    assert amounts(payment) == ("0.00", "0.00", "0.00")


def test_a_worker_that_dies_between_taking_and_ending_an_event_leaves_it_to_the_next(
    api, gateway_standin, prepaid, book, clock, monkeypatch
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    post(api, event(told_of(gateway_standin, payment)))

    class Killed(BaseException):
        pass

    def die(**kwargs):
        raise Killed

    refresh = inbox.refresh_payment
    monkeypatch.setattr(inbox, "refresh_payment", die)
    with pytest.raises(Killed):
        services.process_webhooks()
    monkeypatch.setattr(inbox, "refresh_payment", refresh)

    kept = WebhookEvent.objects.get()
    assert (kept.status, kept.attempts, kept.due_at) == (Status.NEW, 0, timezone.now() + timedelta(minutes=1))
    assert services.process_webhooks() == 0
    clock.shift(60)
    assert services.process_webhooks() == 1
    assert (reload(kept).status, reload(payment).status) == (Status.PROCESSED, Payment.Status.PAID)


def test_with_a_broker_the_worker_is_woken_once_for_each_new_event(
    api, db, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    sent = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda app, *args, **kwargs: sent.append((args, kwargs)))

    with django_capture_on_commit_callbacks(execute=True):
        post(api, event())
        post(api, event())
        post(api, event(secret_token="wrong"))
        post(api, event(id="evt-2", live=True))

    assert sent == [(("project.tasks.run_pass",), {"args": ["process_webhooks"], "retry": False})]


@pytest.mark.parametrize("broker", ["", "redis://127.0.0.1:1/0"])
def test_without_a_broker_or_when_it_is_away_the_event_waits_for_the_pass(
    api, db, settings, monkeypatch, django_capture_on_commit_callbacks, broker
):
    from kombu.exceptions import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    settings.CELERY_BROKER_URL = broker
    monkeypatch.setattr("celery.app.base.Celery.send_task", away)

    with django_capture_on_commit_callbacks(execute=True):
        assert post(api, event()).status_code == 200

    assert WebhookEvent.objects.get().status == Status.NEW


# --- What people see of it ---


def page_of(support, kept=None, language="en"):
    support.locale = language
    support.save(update_fields=["locale"])
    page = browser(support).get(changelist(WebhookEvent) if kept is None else url(kept)).content.decode()
    return page.replace("\xa0", " ")  # the space of a time of day


def test_the_list_tells_how_many_calls_were_refused_today(api, db, clock, support):
    assert "Refused today" not in page_of(support)
    for _ in range(3):
        post(api, event(secret_token="wrong"))
        clock.shift(1)
    raw(api, b"{")

    page = page_of(support)

    assert "Refused today, wrong or missing secret: at least 3, last at 9:00 AM." in page
    assert "Refused today, not an event: at least 1, last at 9:00 AM." in page
    assert "رُفض اليوم" in page_of(support, language="ar")
    clock.shift(24 * 60 * 60)
    assert "Refused today" not in page_of(support)


def test_wh11_the_page_of_the_event_shows_the_code_and_its_end(api, db, clock, support):
    post(api, event({"verification_code": "482913"}, type="webhook_verification"))
    kept = WebhookEvent.objects.get()

    page = page_of(support, kept)
    clock.shift(30 * 60)
    later = page_of(support, kept)

    assert "Code of this registration: 482913. Give it back to the gateway by 9:30 AM;" in page
    assert "Code of this registration" not in later


def test_why_an_event_was_ignored_is_said_in_the_readers_language(api, db, support):
    post(api, event(live=True))
    kept = WebhookEvent.objects.get()

    assert "a test event in live operation, or the reverse" in page_of(support, kept)
    assert "إشعار تجريبي أثناء العمل الفعلي، أو العكس" in page_of(support, kept, "ar")


# --- The control: who believes what an event says is caught by the tests above ---


def test_the_control_believing_the_body_is_caught(api, gateway_standin, prepaid, book, clock, monkeypatch):
    def believe(data):
        payment = Payment.objects.get(gateway_invoice_id=data["invoice_id"])
        Payment.objects.filter(pk=payment.pk).update(status=data["status"])
        return [reload(payment)]

    monkeypatch.setattr(inbox, "_read_payments", believe)

    with pytest.raises(AssertionError):
        test_forged_content_under_the_right_secret_proves_nothing(api, gateway_standin, prepaid, book, clock)


# --- Hostile bodies ---


def nested(depth, opening="[", closing="]"):
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 401),
        ("[1, 2]", 401),
        ("null", 401),
        ('"text"', 401),
        ("5", 401),
        ("", 401),
        ("{", 400),
        ("\xff\xfe", 400),
        ('{"secret_token": NaN}', 400),
        ('{"secret_token": Infinity}', 400),
        (nested(40), 400),
        (nested(200_000), 400),
        (nested(100_000, '{"a":', "}"), 400),
        ("9" * 5000, 400),
        ("[" + "1," * 500_000 + "1]", 401),
        ('{"x": "' + "a" * (3 * 1024 * 1024) + '"}', 413),
    ],
)
def test_what_is_not_an_event_is_refused_fast_and_leaves_a_number(api, db, body, status):
    answer = raw(api, body.encode("latin-1"))

    assert answer.status_code == status
    assert not WebhookEvent.objects.exists()
    assert refused() == [("secret" if status == 401 else "body", 1)]


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": ""},
        {"id": []},
        {"id": {"a": 1}},
        {"id": True},
        {"id": "x" * 65},
        {"id": "\x00"},
        {"type": None},
        {"type": False},
        {"type": ["payment_paid"]},
        {"type": "x" * 65},
    ],
)
def test_an_envelope_of_the_wrong_shape_is_refused_even_with_the_right_secret(api, db, fields):
    answer = post(api, event(**fields))

    assert answer.status_code == 400
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        '"text"',
        "null",
        "[1]",
        '{"invoice_id": 5}',
        '{"invoice_id": null}',
        '{"invoice_id": ["a"]}',
        '{"invoice_id": "\\u0000"}',
        '{"invoice_id": "a\\u0000b"}',
        '{"\\u0000": "\\ud800"}',
        '{"amount": 1e999}',
        '{"amount": 123456789012345678901234567890}',
        '{"invoice_id": "' + "x" * 10_000 + '"}',
        nested(20),
    ],
)
def test_strange_content_under_the_right_secret_is_kept_and_ignored(api, gateway_standin, data):
    body = f'{{"id": "evt-1", "type": "payment_paid", "secret_token": "{WEBHOOK_SECRET}", "data": {data}}}'

    assert raw(api, body.encode()).status_code == 200
    services.process_webhooks()

    assert WebhookEvent.objects.get().status == Status.IGNORED


@pytest.mark.parametrize(
    ("method", "content_type", "status"),
    [
        ("GET", "application/json", 405),
        ("PUT", "application/json", 405),
        ("DELETE", "application/json", 405),
        ("POST", "text/plain", 415),
        ("POST", "application/x-www-form-urlencoded", 415),
        ("POST", "multipart/form-data; boundary=x", 415),
        ("POST", "", 415),
        ("POST", "application/json; charset=rot13", 200),
    ],
)
def test_other_methods_and_types_are_refused(api, db, method, content_type, status):
    body = json.dumps(event()).encode()

    answer = api.generic(method, URL, body, content_type=content_type)

    assert answer.status_code == status


def test_fifty_megabytes_are_refused_before_they_are_sent(live_server, transactional_db):
    address = urlsplit(live_server.url)
    head = f"POST {URL} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    started = time.perf_counter()

    with socket.create_connection((address.hostname, address.port), timeout=10) as sender:
        sender.sendall(f"{head}Content-Length: {50 * 1024 * 1024}\r\n\r\n".encode())
        answer = sender.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert time.perf_counter() - started < 3
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(("length", "status"), [("-1", 400), ("abc", 401), ("1e9", 401), ("", 401)])
def test_a_length_that_is_none_is_no_event(api, db, length, status):
    body = json.dumps(event()).encode()

    answer = api.generic("POST", URL, body, content_type="application/json", CONTENT_LENGTH=length)

    assert answer.status_code == status
    assert not WebhookEvent.objects.exists()


def test_hostile_bodies_are_answered_within_300_milliseconds(api, db):
    bodies = [
        nested(200_000).encode(),
        nested(100_000, '{"a":', "}").encode(),
        ("[" + "1," * 500_000 + "1]").encode(),
        ('{"x": "' + "a" * (1024 * 1024 - 20) + '"}').encode(),
        ('{"x": "' + "a" * (50 * 1024 * 1024) + '"}').encode(),
        ("9" * 1_000_000).encode(),
    ]

    def milliseconds(body):
        # Of the processor: what other processes do with it in the meantime is not ours.
        started = time.process_time()
        raw(api, body)
        return (time.process_time() - started) * 1000

    assert [spent for spent in map(milliseconds, bodies) if spent > 300] == []
    assert not WebhookEvent.objects.exists()
