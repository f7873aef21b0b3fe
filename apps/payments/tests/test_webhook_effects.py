"""What is done about an event that was kept: what it may move, in which order, and what wakes the worker."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.bookings.models import Booking
from apps.payments import services
from apps.payments.models import Payment, Refund, WebhookEvent
from apps.payments.services import webhooks as inbox
from apps.payments.standin import Standin
from apps.payments.tests.conftest import WEBHOOK_SECRET
from apps.payments.tests.gateway.kit import Receiver
from apps.payments.tests.support import amounts, ask_refund, link, paid, reload
from apps.payments.tests.webhooks import URL, Status, event, post, told_of, told_of_last

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook_secret")]


def made_there(metadata):
    """A link that somebody made at the gateway with our key."""
    return inbox.gateway().create_invoice(
        amount=11500,
        currency="SAR",
        description="Made there",
        metadata=metadata,
        expires_at=None,
        success_url="http://localhost/",
        back_url="http://localhost/",
    )


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
    twin = made_there({"payment_id": str(payment.pk)})
    # One that has no link yet is not the one that the event is about.
    unsent = Payment.objects.create(salon=prepaid.salon, booking=book(prepaid, hours=30), amount=115)

    post(api, event({"id": "x", "invoice_id": twin.id}, type="payment_failed"))
    services.process_webhooks()

    assert WebhookEvent.objects.get().status == Status.IGNORED
    assert reload(payment).payment_url == url
    assert reload(unsent).gateway_invoice_id == ""


def test_money_taken_by_hand_is_no_link_whatever_an_event_says(api, gateway_standin, house, book):
    cash = services.record_payment(actor=house.manager, booking_id=book(house).pk, amount=Decimal(115), method="cash")
    forged = made_there({"payment_id": str(cash.pk)})

    post(api, event({"id": "x", "invoice_id": forged.id}))
    services.process_webhooks()

    assert WebhookEvent.objects.get().status == Status.IGNORED
    assert (reload(cash).gateway_invoice_id, cash.history.count()) == ("", 1)


@pytest.mark.parametrize("metadata", [{}, {"payment_id": "1"}, {"payment_id": str(uuid4())}])
def test_an_event_of_a_link_that_is_not_ours_is_ignored(api, gateway_standin, house, metadata):
    foreign = made_there(metadata)

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


def test_an_own_refund_without_an_answer_is_known_as_soon_as_the_gateway_shows_it(
    api, gateway_standin, payment, support
):
    gateway_standin.control.inject("refund", "reset_after")
    refund = ask_refund(support, payment, "57.50")

    post(api, event(told_of(gateway_standin, payment), type="payment_refunded"))
    services.process_webhooks()

    assert (reload(refund).status, amounts(payment)) == (Refund.Status.UNKNOWN, ("115.00", "0.00", "57.50"))
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


@pytest.mark.parametrize(
    ("broker", "said"),
    [("", []), ("redis://127.0.0.1:1/0", ["broker not reached, webhooks wait for the next pass"])],
)
def test_without_a_broker_or_when_it_is_away_the_event_waits_for_the_pass(
    api, db, settings, monkeypatch, django_capture_on_commit_callbacks, caplog, broker, said
):
    from kombu.exceptions import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    settings.CELERY_BROKER_URL = broker
    monkeypatch.setattr("celery.app.base.Celery.send_task", away)

    with django_capture_on_commit_callbacks(execute=True):
        assert post(api, event()).status_code == 200

    assert WebhookEvent.objects.get().status == Status.NEW
    assert [one.getMessage() for one in caplog.records if one.name.startswith("apps.payments")] == said
