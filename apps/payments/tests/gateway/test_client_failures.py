"""Each way to fail has its meaning for the money; nothing is sent twice, nothing wrong, nothing secret."""

import base64
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
import urllib3.exceptions

from apps.payments.moyasar import (
    GatewayBusy,
    GatewayError,
    GatewayMisconfigured,
    GatewayMissing,
    GatewayOutcomeUnknown,
    GatewayRejected,
    GatewayUnreachable,
    MoyasarClient,
)
from apps.payments.tests.gateway.kit import SECRET_KEY, ask_invoice, charge, closed_port


@pytest.mark.parametrize(
    ("fault", "kind", "reason", "executed"),
    [
        ("reset_before", GatewayOutcomeUnknown, "ConnectionError", 0),
        ("reset_after", GatewayOutcomeUnknown, "ConnectionError", 1),
        ("error_500", GatewayOutcomeUnknown, "HTTP 500, api_error: Something went wrong", 0),
        ("error_500_after", GatewayOutcomeUnknown, "HTTP 500, api_error: Something went wrong", 1),
        ("error_503", GatewayOutcomeUnknown, "HTTP 503, api_connection_error: Service unavailable", 0),
        ("busy_429", GatewayBusy, "HTTP 429, rate_limit_error: Too many requests", 0),
        ("html_403", GatewayMisconfigured, "HTTP 403 without a JSON error", 0),
        ("html_200_after", GatewayOutcomeUnknown, "unusable answer: id", 1),
        ("redirect", GatewayOutcomeUnknown, "HTTP 307 without a JSON error", 0),
        ("truncated_json", GatewayOutcomeUnknown, "unusable answer: id", 1),
        ("huge_body", GatewayOutcomeUnknown, "unusable answer: too big", 1),
    ],
)
def test_each_fault_is_sorted_by_its_meaning_and_nothing_is_sent_twice(client, standin, fault, kind, reason, executed):
    payment = charge(client)
    standin.control.inject("refund", fault)

    with pytest.raises(GatewayError) as failure:
        client.refund_payment(payment.id, 1000)

    assert type(failure.value) is kind
    assert str(failure.value) == f"refund_payment: {reason}"
    report = standin.control.report()
    assert report["calls"]["refund"] == 1
    assert report["executed"].get("refund", 0) == executed
    assert client.fetch_payment(payment.id).refunded == 1000 * executed


@pytest.mark.parametrize(
    ("fault", "reason", "executed"),
    [
        ("timeout_before", "ReadTimeout", 0),
        ("timeout_after", "ReadTimeout", 1),
        ("late_apply", "ReadTimeout", 0),
        ("slow_body", "unusable answer: too slow", 1),
    ],
)
def test_a_gateway_too_slow_leaves_the_outcome_unknown(client, hasty_client, standin, fault, reason, executed):
    payment = charge(client)
    standin.control.inject("refund", fault)

    with pytest.raises(GatewayOutcomeUnknown) as doubt:
        hasty_client.refund_payment(payment.id, 1000)

    assert str(doubt.value) == f"refund_payment: {reason}"
    assert client.fetch_payment(payment.id).refunded == 1000 * executed


@pytest.mark.parametrize(
    ("fault", "errors"),
    [
        ("errors_map", {"amount": ("The value is not valid.",)}),
        ("errors_strings", {"amount": ("The value is not valid.",)}),
        ("errors_text", {"": ("The value is not valid.",)}),
        ("errors_null", {}),
    ],
)
def test_every_shape_of_errors_is_a_rejection(client, standin, fault, errors):
    payment = charge(client)
    standin.control.inject("refund", fault)

    with pytest.raises(GatewayRejected) as refusal:
        client.refund_payment(payment.id, 1000)

    assert refusal.value.errors == errors
    assert str(refusal.value) == "refund_payment: validation_error: Validation Failed"
    assert client.fetch_payment(payment.id).refunded == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, GatewayRejected),
        (401, GatewayMisconfigured),
        (403, GatewayMisconfigured),
        (404, GatewayMissing),
        (405, GatewayMisconfigured),
        (408, GatewayOutcomeUnknown),
        (409, GatewayRejected),
        (422, GatewayRejected),
        (429, GatewayBusy),
        (502, GatewayOutcomeUnknown),
        (504, GatewayOutcomeUnknown),
    ],
)
def test_each_status_of_a_json_error_has_its_meaning(client, standin, status, kind):
    body = {"type": "api_error", "message": "No", "errors": None}
    standin.control.inject("fetch_payment", "answer", status=status, body=body)

    with pytest.raises(GatewayError) as failure:
        client.fetch_payment(str(uuid4()))

    assert type(failure.value) is kind


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_refusal_without_the_gateways_envelope_proves_nothing(client, standin, status):
    standin.control.inject("fetch_payment", "answer", status=status, body={"detail": "Not here"})

    with pytest.raises(GatewayOutcomeUnknown):
        client.fetch_payment(str(uuid4()))


def test_a_missing_object_is_missing(client):
    with pytest.raises(GatewayMissing, match="record_not_found"):
        client.fetch_payment(str(uuid4()))
    with pytest.raises(GatewayMissing, match="record_not_found"):
        client.fetch_invoice(str(uuid4()))


def test_no_connection_means_not_executed():
    client = MoyasarClient(SECRET_KEY, f"http://127.0.0.1:{closed_port()}/v1", connect_timeout=2)

    with pytest.raises(GatewayUnreachable, match="refund_payment: ConnectionError"):
        client.refund_payment(str(uuid4()), 1000)


def test_a_proxy_that_is_down_means_not_executed(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    client = MoyasarClient(SECRET_KEY, "https://gateway.invalid/v1", connect_timeout=2)

    with pytest.raises(GatewayUnreachable, match="ProxyError"):
        client.fetch_payment(str(uuid4()))


def test_a_refused_certificate_means_not_executed(monkeypatch, client):
    def refuse(*args, **kwargs):
        cause = urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("certificate has expired"))
        raise requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/v1/payments", cause))

    monkeypatch.setattr(requests.Session, "request", refuse)

    with pytest.raises(GatewayUnreachable, match="SSLError"):
        client.fetch_payment(str(uuid4()))


def test_a_failure_handled_further_out_does_not_colour_the_next_one(client, standin):
    payment = charge(client)
    standin.control.inject("refund", "reset_after")
    unreachable = f"http://127.0.0.1:{closed_port()}/"

    try:
        requests.get(unreachable, timeout=2)
    except requests.ConnectionError:
        with pytest.raises(GatewayOutcomeUnknown):
            client.refund_payment(payment.id, 1000)


def test_proxies_of_the_environment_do_not_stand_before_a_local_gateway(monkeypatch, client):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert charge(client).status == "paid"


def test_a_wrong_key_is_a_matter_of_configuration(standin):
    stranger = MoyasarClient("sk_test_of_another_account", standin.api_url)

    with pytest.raises(GatewayMisconfigured, match="authentication_error: Invalid authorization credentials"):
        stranger.fetch_payment(str(uuid4()))


@pytest.mark.parametrize("amount", [0, -100, 100.0, True, "100", None, 10**18])
def test_a_wrong_amount_never_reaches_the_gateway(client, standin, amount):
    for call in (
        lambda: ask_invoice(client, amount=amount),
        lambda: charge(client, amount=amount),
        lambda: client.capture_payment("some-id", amount),
        lambda: client.refund_payment("some-id", amount),
    ):
        with pytest.raises(ValueError, match="halalas"):
            call()

    assert standin.control.report()["calls"] == {}


@pytest.mark.parametrize(
    "forged", ["", ".", "..", "../invoices", "a/refund", "a?b", "a#b", "%2e%2e", "a b", "٠٥٠", "a\n", "x" * 65]
)
def test_an_id_the_gateway_cannot_have_issued_is_missing_without_a_call(client, standin, forged):
    with pytest.raises(GatewayMissing):
        client.fetch_payment(forged)
    with pytest.raises(GatewayMissing):
        client.cancel_invoice(forged)

    assert standin.control.report()["calls"] == {}


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("", "https://api.moyasar.com/v1"),
        ("pk_test_publishable", "https://api.moyasar.com/v1"),
        ("sk_test_", "https://api.moyasar.com/v1"),
        ("sk_test_with space", "https://api.moyasar.com/v1"),
        ("sk_test_key\n", "https://api.moyasar.com/v1"),
        ("sk_live_key", "http://api.moyasar.com/v1"),
        ("sk_test_key", "ftp://api.moyasar.com/v1"),
        ("sk_test_key", "api.moyasar.com/v1"),
        ("sk_test_key", ""),
    ],
)
def test_a_wrong_key_or_address_is_refused_at_once(key, address):
    with pytest.raises(ValueError, match="Moyasar") as refusal:
        MoyasarClient(key, address)

    assert key.removeprefix("sk_test_") == "" or key not in str(refusal.value)


def test_the_key_tells_live_from_test():
    assert MoyasarClient("sk_live_key").is_live
    assert not MoyasarClient("sk_test_key").is_live


def test_the_secret_is_in_no_text_the_client_produces(client, hasty_client, standin, caplog):
    caplog.set_level(logging.DEBUG)
    token, header = "token_4201320111111010", base64.b64encode(f"{SECRET_KEY}:".encode()).decode()
    echo = {"type": "validation_error", "message": f"Key {SECRET_KEY} is bad", "errors": {SECRET_KEY: [SECRET_KEY]}}
    texts = [repr(client), str(client)]

    charge(client, source_type="token", token=token)
    ask_invoice(client)
    for fault, options in (("answer", {"body": echo}), ("reset_after", {}), ("timeout_before", {}), ("html_403", {})):
        standin.control.inject("refund", fault, **options)
        with pytest.raises(GatewayError) as failure:
            hasty_client.refund_payment("some-id", 100)
        texts += [str(failure.value), repr(failure.value), repr(vars(failure.value))]
        assert failure.value.__cause__ is None
        assert failure.value.__context__ is None

    produced = "\n".join([*texts, caplog.text])
    assert "refund_payment: validation_error: Key [secret] is bad" in produced
    assert "create_payment: HTTP 201" in caplog.text
    assert SECRET_KEY not in produced
    assert header not in produced
    assert token not in produced


def test_text_of_the_gateway_cannot_break_a_log_line(client, standin):
    body = {"type": "api_error", "message": "a\nb\u202ec" + "x" * 1000, "errors": None}
    standin.control.inject("fetch_payment", "answer", status=400, body=body)

    with pytest.raises(GatewayRejected) as refusal:
        client.fetch_payment(str(uuid4()))

    assert refusal.value.message == "a b c" + "x" * 495


def test_one_client_serves_many_threads(client, standin):
    with ThreadPoolExecutor(8) as pool:
        payments = list(pool.map(lambda _: charge(client), range(40)))

    assert len({payment.id for payment in payments}) == 40
    assert standin.control.report()["executed"] == {"create_payment": 40}
