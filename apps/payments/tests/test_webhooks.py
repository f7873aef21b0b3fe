"""What the gateway tells us is kept and answered at once, and believed only after fetching."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.models import Booking
from apps.common.errors import Forbidden
from apps.payments import services
from apps.payments.models import Payment, WebhookEvent
from apps.payments.services import webhooks as inbox
from apps.payments.standin import Standin
from apps.payments.tests.conftest import WEBHOOK_SECRET
from apps.payments.tests.support import amounts, link, paid, reload
from apps.payments.tests.webhooks import URL, Status, event, post, refused, told_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook_secret")]


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


def test_a_crash_of_our_own_is_postponed_as_well(api, gateway_standin, prepaid, book, monkeypatch, caplog):
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
    assert "webhook evt-1 could not be processed" in caplog.messages


def test_a_link_nobody_knows_that_cannot_be_read_is_read_again(api, gateway_standin):
    gateway_standin.control.inject("fetch_invoice", "error_500")
    post(api, event({"invoice_id": "a-link-of-somebody"}))

    assert services.process_webhooks() == 1

    kept = WebhookEvent.objects.get()
    assert (kept.status, kept.error) == (Status.FAILED, "fetch_invoice: HTTP 500, api_error: Something went wrong")


@pytest.mark.parametrize("due_first", [0, 1])
def test_a_short_pass_takes_the_event_that_was_due_first(api, gateway_standin, db, due_first):
    for number in range(2):
        post(api, event(id=f"evt-{number}"))
    WebhookEvent.objects.filter(event_id=f"evt-{due_first}").update(due_at=timezone.now() - timedelta(seconds=1))

    assert services.process_webhooks(limit=1) == 1

    assert WebhookEvent.objects.get(status=Status.IGNORED).event_id == f"evt-{due_first}"


def test_an_event_whose_worker_died_is_taken_again_after_its_lease(api, gateway_standin, prepaid, book, clock):
    payment = link(book(prepaid))
    post(api, event({"invoice_id": payment.gateway_invoice_id}))
    WebhookEvent.objects.update(due_at=timezone.now() + timedelta(minutes=1))

    assert services.process_webhooks() == 0
    clock.shift(60)
    assert services.process_webhooks() == 1


def test_replaying_needs_the_right_and_is_safe(api, gateway_standin, house, book, support, caplog):
    payment = paid(gateway_standin, book(house))
    post(api, event({"invoice_id": payment.gateway_invoice_id}))
    services.process_webhooks()
    kept = WebhookEvent.objects.get()

    with pytest.raises(Forbidden):
        services.replay_webhook(actor=house.manager, event_pk=kept.pk)
    assert reload(kept).status == Status.PROCESSED
    WebhookEvent.objects.update(attempts=4)
    services.replay_webhook(actor=support, event_pk=kept.pk)
    assert (reload(kept).status, reload(kept).attempts) == (Status.NEW, 0)
    assert f"webhook evt-1 was put back in the queue by user {support.pk}" in caplog.messages
    services.process_webhooks()

    assert payment.history.count() == 4


def test_the_control_believing_the_body_is_caught(api, gateway_standin, prepaid, book, clock, monkeypatch):
    def believe(data):
        payment = Payment.objects.get(gateway_invoice_id=data["invoice_id"])
        Payment.objects.filter(pk=payment.pk).update(status=data["status"])
        return [reload(payment)]

    monkeypatch.setattr(inbox, "_read_payments", believe)

    with pytest.raises(AssertionError):
        test_forged_content_under_the_right_secret_proves_nothing(api, gateway_standin, prepaid, book, clock)
