import io
import json
import logging
import sys
from logging.config import dictConfig

import pytest
import structlog
from django.conf import settings
from django.test import Client

from apps.accounts.tests.factories import OwnerFactory
from project.env import LogFormat
from project.logs import LineFormatter, redact
from project.settings.logging import logging_settings

TOKEN = "ey" + "JhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("to +966500000123", "to [phone …23]"),
        ("to 00966500000123.", "to [phone …23]."),
        ("to 966500000123", "to [phone …23]"),
        ("phone=0500000123,", "phone=[phone …23],"),
        ("GET /admin/salons/customer/?q=%2B966551234567 HTTP", "GET /admin/salons/customer/?q=[phone …67] HTTP"),
        ("Not Found: /api/v1/salons/055-123-4567/", "Not Found: /api/v1/salons/[phone …67]/"),
        ("Not Found: /api/v1/salons/+966 55 123 4567/", "Not Found: /api/v1/salons/[phone …67]/"),
        ("q=551234567&o=1", "q=[phone …67]&o=1"),
        ("بحث ٠٥٥١٢٣٤٥٦٧ انتهى ١٢", "بحث [phone …67] انتهى ١٢"),
        ("Key (phone)=(+971501234567) already exists.", "Key (phone)=([phone …67]) already exists."),
        ("51234567-8abc-4def-8123-456789abcdef", "51234567-8abc-4def-8123-456789abcdef"),
        ("2026-11-30 07:10:48,491 took 0.551234567 s", "2026-11-30 07:10:48,491 took 0.551234567 s"),
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


def line_of(message, *arguments, error=None, **extra):
    record = logging.LogRecord("apps.payments", logging.ERROR, __file__, 1, message, arguments, error)
    vars(record).update(extra)
    return json.loads(LineFormatter(LogFormat.JSON).format(record))


def test_arguments_and_tracebacks_are_redacted_too():
    try:
        int("+966500000123x")
    except ValueError:
        line = line_of("sending to %s failed", "+966500000123", error=sys.exc_info())

    assert line["message"] == "sending to [phone …23] failed"
    assert "[phone …23]x" in line["exception"]
    assert "0123" not in line["exception"].split("Error:")[1]
    assert line["level"] == "error"
    assert line["logger"] == "apps.payments"


def test_fields_are_redacted_as_deep_as_they_go_and_numbers_too():
    with structlog.contextvars.bound_contextvars(
        told={"to": ["+966500000123", 966500000123], "+966500000123": TOKEN}, queries=7, share=0.5, is_late=False
    ):
        line = line_of("sent")

    assert line["told"] == {"to": ["[phone …23]", "[phone …23]"], "[phone …23]": "[token]"}
    assert (line["queries"], line["share"], line["is_late"]) == (7, 0.5, False)


def test_of_what_a_library_adds_only_harmless_names_are_taken():
    line = line_of("optional handler failed", event_type="BookingPlaced", handler="tell", status_code=500, body="x")

    assert (line["event_type"], line["handler"]) == ("BookingPlaced", "tell")
    assert line.keys().isdisjoint({"status_code", "body"})


def test_a_call_with_wrong_arguments_still_logs():
    assert line_of("two values %s %s", "one")["message"] == "two values %s %s"


def test_the_secret_part_of_a_callback_address_is_left_out():
    assert redact("Forbidden: /api/v1/webhooks/unifonic/s3cr3t-part/") == (
        "Forbidden: /api/v1/webhooks/unifonic/[secret]/"
    )


@pytest.fixture(params=LogFormat)
def log(request, monkeypatch):
    """What the process writes while the test runs, in each shape."""
    written = io.StringIO()
    configured = logging_settings(request.param)
    configured["handlers"]["console"]["stream"] = written
    # Every request has one more line, see test_request_log.py.
    monkeypatch.setattr(logging.getLogger("django_structlog"), "level", logging.WARNING)
    dictConfig(configured)
    yield written
    dictConfig(settings.LOGGING)


def signed_in(**kwargs):
    client = Client(raise_request_exception=False, **kwargs)
    client.force_login(OwnerFactory())
    return client


REFUSED = {
    "a forged host": (400, lambda: Client().get("/admin/", headers={"host": "evil.example"})),
    "a NUL": (400, lambda: signed_in().get("/admin/", {"q": "\x00"})),
    "a key that is none": (
        400,
        lambda: signed_in().post("/admin/salons/service/", {"action": "x", "_selected_action": "9" * 40}),
    ),
    "a lookup nobody declared": (400, lambda: signed_in().get("/admin/salons/service/", {"a\nERROR forged__x": "1"})),
    "no token": (403, lambda: signed_in(enforce_csrf_checks=True).post("/admin/salons/service/add/", {"name_en": "x"})),
    "no right": (403, lambda: signed_in().post("/admin/bookings/booking/1/confirm/", {})),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_request_is_one_warning_without_a_traceback(log, case):
    status, send = REFUSED[case]

    answer = send()

    (line,) = log.getvalue().splitlines()
    assert answer.status_code == status
    assert "warning" in line.lower()
    assert "Traceback" not in line


@pytest.mark.django_db
def test_a_refused_request_is_redacted_like_every_other(log):
    Client().get("/admin/", headers={"host": "0500000123"})

    assert "[phone …23]" in log.getvalue()
    assert "0500000123" not in log.getvalue()


@pytest.mark.django_db
def test_a_refusal_that_django_tells_of_afterwards_has_the_number_and_the_door_of_its_request(log):
    answer = Client().get("/api/v1/nowhere/")

    (line,) = log.getvalue().splitlines()
    assert answer.headers["X-Request-ID"] in line
    assert "door=api" in line or '"door": "api"' in line


def test_a_failure_of_our_own_keeps_its_level_and_its_traceback(log):
    try:
        int("x")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", "/admin/")

    assert "error" in log.getvalue().lower()
    assert "Traceback" in log.getvalue()
