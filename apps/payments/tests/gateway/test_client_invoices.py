"""The client and hosted payment links."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.payments.moyasar import GatewayOutcomeUnknown, GatewayRejected
from apps.payments.standin import DECLINED_CARD
from apps.payments.tests.gateway.kit import ask_invoice


def test_an_invoice_is_created_as_asked(client, standin):
    expires_at = datetime.now(timezone(timedelta(hours=3))).replace(microsecond=0) + timedelta(minutes=10)

    invoice = ask_invoice(client, expires_at=expires_at, callback_url="http://localhost/hook")

    (told,) = standin.control.report()["invoices"]
    assert invoice.id == told["id"]
    assert (invoice.status, invoice.amount, invoice.currency) == ("initiated", 34550, "SAR")
    assert invoice.url == f"{standin.url}/invoices/{invoice.id}"
    assert invoice.expires_at == expires_at
    assert invoice.metadata == {"attempt": "attempt-1"}
    assert invoice.payments == ()
    assert told["description"] == "Booking B-1001"
    assert told["expired_at"] == expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert told["success_url"] == "http://localhost/done"
    assert told["back_url"] == "http://localhost/back"
    assert told["callback_url"] == "http://localhost/hook"


def test_an_invoice_without_expiry_never_expires(client):
    assert ask_invoice(client).expires_at is None


def test_a_moment_without_zone_never_reaches_the_gateway(client, standin):
    with pytest.raises(ValueError, match="time zone"):
        ask_invoice(client, expires_at=datetime(2030, 1, 1))  # noqa: DTZ001 - the point of the test

    assert standin.control.report()["calls"] == {}


def test_an_invoice_shows_the_failed_attempt_and_the_paid_one(client, standin):
    invoice = ask_invoice(client)
    standin.control.pay(invoice.id, DECLINED_CARD)
    paid_id = standin.control.pay(invoice.id)["id"]

    fetched = client.fetch_invoice(invoice.id)

    failed, paid = fetched.payments
    assert fetched.status == "paid"
    assert (failed.status, failed.message, failed.invoice_id) == ("failed", "INSUFFICIENT FUNDS", invoice.id)
    assert (paid.id, paid.status, paid.message) == (paid_id, "paid", "APPROVED")
    assert (paid.amount, paid.currency, paid.captured, paid.refunded) == (34550, "SAR", 0, 0)
    assert paid.metadata == {}
    assert paid.created_at.tzinfo is UTC
    assert paid.updated_at >= paid.created_at


def test_an_invoice_is_found_by_its_metadata_only_exactly(client):
    ask_invoice(client, "attempt-1")
    wanted = ask_invoice(client, "attempt-12")

    assert client.find_invoice("attempt", "attempt-12") == wanted
    assert client.find_invoice("attempt", "attempt-3") is None
    assert client.find_invoice("booking", "attempt-1") is None


def test_of_twin_invoices_the_oldest_is_found_until_one_has_money(client, standin):
    first, second = ask_invoice(client), ask_invoice(client)
    assert client.find_invoice("attempt", "attempt-1").id == first.id

    standin.control.pay(second.id)

    assert client.find_invoice("attempt", "attempt-1").id == second.id


def test_an_invoice_that_does_not_carry_our_key_is_not_ours(client, standin):
    ask_invoice(client, "attempt-1")
    others = standin.control.report()["invoices"]
    standin.control.inject("list_invoices", "patch", patch={"invoices": others})

    with pytest.raises(GatewayOutcomeUnknown, match="metadata"):
        client.find_invoice("attempt", "attempt-2")


def test_a_created_invoice_over_another_amount_is_in_doubt_and_still_found(client, standin):
    standin.control.inject("create_invoice", "patch", patch={"amount": 100})

    with pytest.raises(GatewayOutcomeUnknown, match="amount"):
        ask_invoice(client, amount=34550)

    assert client.find_invoice("attempt", "attempt-1").amount == 34550


def test_an_invoice_address_that_is_no_web_address_is_refused(client, standin):
    standin.control.inject("create_invoice", "patch", patch={"url": "javascript:alert(1)"})

    with pytest.raises(GatewayOutcomeUnknown, match="url"):
        ask_invoice(client)


def test_an_invoice_is_canceled_once(client):
    invoice = ask_invoice(client)

    assert client.cancel_invoice(invoice.id).status == "canceled"
    with pytest.raises(GatewayRejected) as refusal:
        client.cancel_invoice(invoice.id)

    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.message == "Cancel failed. The Invoice is already canceled."
    assert refusal.value.errors == {}
    assert client.fetch_invoice(invoice.id).status == "canceled"


def test_a_rejection_names_the_field(client, standin):
    with pytest.raises(GatewayRejected) as refusal:
        ask_invoice(client, amount=99)

    assert refusal.value.type == "validation_error"
    assert refusal.value.errors == {"amount": ("The value must be greater than or equal to 100.",)}
    assert standin.control.report()["invoices"] == []
