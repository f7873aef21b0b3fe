import json
import logging
import sys

import pytest

from project.logs import JsonFormatter, RedactingFilter, redact

TOKEN = "ey" + "JhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("to +966500000123", "to [phone …23]"),
        ("to 00966500000123.", "to [phone …23]."),
        ("to 966500000123", "to [phone …23]"),
        ("phone=0500000123,", "phone=[phone …23],"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("card 4111111111111111", "card [card]"),
        ("reference 4111111111111112", "reference 4111111111111112"),
        (f"Bearer {TOKEN}", "Bearer [token]"),
        ("key " + "sk_live_" + "abcDEF123", "key [token]"),
        ("booking 7f3c took 120 ms", "booking 7f3c took 120 ms"),
    ],
)
def test_a_line_keeps_its_sense_and_loses_its_secrets(text, redacted):
    assert redact(text) == redacted


def make_record(message, *arguments, error=None):
    return logging.LogRecord("apps.payments", logging.ERROR, __file__, 1, message, arguments, error)


def test_arguments_and_tracebacks_are_redacted_too():
    try:
        int("+966500000123x")
    except ValueError:
        record = make_record("sending to %s failed", "+966500000123", error=sys.exc_info())

    assert RedactingFilter().filter(record) is True

    line = json.loads(JsonFormatter().format(record))
    assert line["message"] == "sending to [phone …23] failed"
    assert "[phone …23]x" in line["trace"]
    assert "0123" not in line["trace"].split("Error:")[1]
    assert line["level"] == "error"
    assert line["logger"] == "apps.payments"


def test_a_call_with_wrong_arguments_still_logs():
    record = make_record("two values %s %s", "one")

    RedactingFilter().filter(record)

    assert record.getMessage() == "two values %s %s"


def test_the_secret_part_of_a_callback_address_is_left_out():
    assert redact("Forbidden: /api/v1/webhooks/unifonic/s3cr3t-part/") == (
        "Forbidden: /api/v1/webhooks/unifonic/[secret]/"
    )
