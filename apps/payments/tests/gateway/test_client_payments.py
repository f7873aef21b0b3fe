"""The client and payments: charges, holds, captures, refunds, lists, and answers that cannot be."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.payments.moyasar import GatewayOutcomeUnknown, GatewayRejected
from apps.payments.moyasar import client as moyasar_client
from apps.payments.tests.gateway.kit import ask_invoice, charge

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_token_payment_sends_the_payer_to_the_bank(client, standin):
    given_id = str(uuid4())

    payment = charge(client, given_id, source_type="token", token="token_4201320111111010")

    assert (payment.id, payment.status, payment.message) == (given_id, "initiated", "")
    assert payment.transaction_url == f"{standin.url}/card_auth/{given_id}"
    assert payment.metadata == {"booking": "B-1001"}
    assert client.fetch_payment(given_id) == payment


def test_a_declined_payment_is_an_answer(client):
    payment = charge(client, source_type="token", token="token_4201321234411220")

    assert (payment.status, payment.message, payment.response_code) == ("failed", "DECLINED", "05")
    assert (payment.source_type, payment.voided) == ("token", False)


def test_a_wallet_payment_is_taken_at_once(client):
    payment = charge(client)

    assert (payment.status, payment.amount, payment.captured, payment.message) == ("paid", 25000, 0, "APPROVED")


def test_coupons_are_declined(client, standin):
    standin.control.switch(coupon_discount=500)

    assert charge(client, amount=25000).amount == 25000


def test_what_is_sent_declines_coupons_and_names_source_and_hold(client, monkeypatch):
    sent = []

    def exchange(*args, body, **kwargs):
        sent.append(body)
        return real(*args, body=body, **kwargs)

    real = moyasar_client.exchange
    monkeypatch.setattr(moyasar_client, "exchange", exchange)

    charge(client, manual=True)
    charge(client, source_type="token", token="token_4201320111111010")

    assert [body["apply_coupon"] for body in sent] == [False, False]
    assert [body["source"] for body in sent] == [
        {"type": "applepay", "token": "wallet-payload", "manual": True},
        {"type": "token", "token": "token_4201320111111010", "manual": False},
    ]


def test_a_manual_payment_is_held_and_then_captured_in_part(client):
    held = charge(client, amount=25000, manual=True)
    captured = client.capture_payment(held.id, 20000)

    assert (held.status, held.captured) == ("authorized", 0)
    assert (captured.status, captured.amount, captured.captured) == ("captured", 25000, 20000)


def test_a_held_payment_is_voided(client):
    held = charge(client, manual=True)

    assert client.void_payment(held.id).voided
    assert client.fetch_payment(held.id).status == "voided"


def test_a_given_id_is_used_once(client, standin):
    payment = charge(client)

    with pytest.raises(GatewayRejected) as refusal:
        charge(client, payment.id)

    assert refusal.value.type == "used_given_id"
    assert refusal.value.given_id_taken
    assert len(standin.control.report()["payments"]) == 1


def test_the_older_wording_of_a_used_given_id_is_understood(client, standin):
    body = {"type": "invalid_request_error", "message": "Payment is already created.", "errors": None}
    standin.control.inject("create_payment", "answer", status=400, body=body)

    with pytest.raises(GatewayRejected) as refusal:
        charge(client)

    assert refusal.value.given_id_taken


def test_another_rejection_does_not_claim_a_used_given_id(client):
    with pytest.raises(GatewayRejected) as refusal:
        charge(client, "not-a-uuid")

    assert not refusal.value.given_id_taken


def test_refunds_add_up_and_stop_at_what_was_taken(client):
    payment = charge(client, amount=25000)

    first = client.refund_payment(payment.id, 10000)
    second = client.refund_payment(payment.id, 15000)
    with pytest.raises(GatewayRejected):
        client.refund_payment(payment.id, 1)

    assert (first.refunded, first.amount) == (10000, 25000)
    assert (second.refunded, second.status) == (25000, "refunded")
    assert client.fetch_payment(payment.id).refunded == 25000


def test_changed_payments_are_listed_page_by_page(client, standin):
    added = [standin.control.add_payment(1000 + number)["id"] for number in range(45)]

    first, following = client.list_payments(LONG_AGO, 1)
    last, end = client.list_payments(LONG_AGO, following)

    assert (len(first), following, len(last), end) == (40, 2, 5, None)
    assert [payment.id for payment in (*first, *last)] == added[::-1]


def test_only_payments_changed_after_the_moment_are_listed(client, standin):
    old, changed = charge(client), charge(client)
    standin.control.advance(3600)
    since = datetime.now(UTC) + timedelta(minutes=30)
    client.refund_payment(changed.id, 100)

    payments, following = client.list_payments(since)

    assert [payment.id for payment in payments] == [changed.id]
    assert following is None
    assert old.id != changed.id


@pytest.mark.parametrize("meta", [None, {}, {"next_page": 1}, {"next_page": 3}, {"next_page": "2"}])
def test_a_list_that_leads_nowhere_is_refused(client, standin, meta):
    standin.control.inject("list_payments", "patch", patch={"meta": meta})

    with pytest.raises(GatewayOutcomeUnknown, match="meta"):
        client.list_payments(LONG_AGO)


def test_an_unknown_status_is_kept_as_told(client, standin):
    payment = charge(client)
    standin.control.edit_payment(payment.id, status="under_review")

    assert client.fetch_payment(payment.id).status == "under_review"


def test_metadata_comes_back_as_text(client, standin):
    payment = standin.control.add_payment(1000, metadata={"#coupon_discount": 500, "empty": None})

    assert client.fetch_payment(payment["id"]).metadata == {"#coupon_discount": "500"}


def test_an_answer_in_chunks_is_read(client, standin):
    payment = charge(client)
    standin.control.inject("fetch_payment", "chunked")

    assert client.fetch_payment(payment.id) == payment


@pytest.mark.parametrize(
    ("field", "patch"),
    [
        ("amount", {"amount": 250.0}),
        ("amount", {"amount": True}),
        ("amount", {"amount": "25000"}),
        ("amount", {"amount": None}),
        ("amount", {"amount": -1}),
        ("amount", {"amount": 10**18}),
        ("refunded", {"refunded": 25001}),
        ("refunded", {"captured": 20000, "refunded": 20001}),
        ("captured", {"captured": 25001}),
        ("currency", {"currency": "sar"}),
        ("currency", {"currency": "SAR\n"}),
        ("id", {"id": "760878ec-d1d3-5f72-9056-191683f55872"}),
        ("id", {"id": ""}),
        ("status", {"status": None}),
        ("status", {"status": 7}),
        ("created_at", {"created_at": "yesterday"}),
        ("created_at", {"created_at": "2026-01-09T09:00:00"}),
        ("updated_at", {"updated_at": None}),
        ("metadata", {"metadata": "none"}),
        ("source", {"source": "card"}),
        ("invoice_id", {"invoice_id": 7}),
        ("transaction_url", {"source": {"transaction_url": "data:text/html,x"}}),
    ],
)
def test_a_payment_that_contradicts_itself_or_the_question_is_in_doubt(client, standin, field, patch):
    payment = charge(client)
    standin.control.inject("fetch_payment", "patch", patch=patch)

    with pytest.raises(GatewayOutcomeUnknown) as doubt:
        client.fetch_payment(payment.id)

    assert str(doubt.value) == f"fetch_payment: unusable answer: {field}"


def test_an_invoice_with_a_payment_of_another_invoice_is_in_doubt(client, standin):
    mine, other = ask_invoice(client, "mine"), ask_invoice(client, "other")
    foreign = standin.control.pay(other.id)
    standin.control.inject("fetch_invoice", "patch", patch={"payments": [foreign]})

    with pytest.raises(GatewayOutcomeUnknown, match="payments"):
        client.fetch_invoice(mine.id)


@pytest.mark.parametrize("body", [[], "paid", 7, None, {"payments": 1}])
def test_json_of_another_shape_is_in_doubt(client, standin, body):
    standin.control.inject("list_payments", "answer", status=200, body=body)

    with pytest.raises(GatewayOutcomeUnknown):
        client.list_payments(LONG_AGO)
