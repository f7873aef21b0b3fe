"""Messages, codes and keys stay where they belong: not in a log line of any level, not in another column."""

import io
import logging
import re
from logging.config import dictConfig
from types import SimpleNamespace
from urllib.parse import unquote_plus
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.common.fields import PhoneField
from apps.common.tests import code_providers, message_providers
from apps.common.tests.code_providers import CodeProviders
from apps.common.tests.provider_stand_in import waiting_for
from apps.notifications import policies, services
from apps.notifications.models import DeliveryAttempt
from apps.notifications.tests.conftest import carried_by  # noqa: F401 - a fixture
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.tests.conftest import aimed, clock, gateway_standin, prepaid  # noqa: F401 - fixtures
from project.env import LogFormat
from project.settings.logging import logging_settings

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, TEXT = "+966559872341", "canary~words of a message"
NATIONAL = PHONE.removeprefix("+966")
CALLBACK_SECRET = "callback-canary-path"
CANARIES = (
    code_providers.TWILIO_TOKEN,
    code_providers.UNIFONIC_APP_SID,
    code_providers.AUTHENTICA_KEY,
    message_providers.CONVERSATIONS_PUBLIC_ID,
    message_providers.CONVERSATIONS_SECRET,
    CALLBACK_SECRET,
)
KEYS = ("SECRET_KEY", "JWT_SIGNING_KEY", "OTP_PEPPER", "MOYASAR_SECRET_KEY", "MOYASAR_WEBHOOK_SECRET")


class Raw(logging.Handler):
    """The messages that our code and the libraries hand over, before anything is taken out of them."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name} {record.getMessage()}")


@pytest.fixture(params=LogFormat)
def log(request):
    """Everything that is logged while the test runs, down to DEBUG: `raw()`, and `written()` as it leaves."""
    stream, raw = io.StringIO(), Raw()
    configured = logging_settings(request.param)
    configured["handlers"]["console"]["stream"] = stream
    for part in (configured["root"], *configured["loggers"].values()):
        part["level"] = "DEBUG"
    configured["loggers"]["factory"] = {"level": "INFO"}  # of the tests themselves
    dictConfig(configured)
    # First, because the filters of the handler that writes change the record itself.
    logging.getLogger().handlers.insert(0, raw)
    yield SimpleNamespace(raw=lambda: "\n".join(raw.lines), written=stream.getvalue)
    dictConfig(django_settings.LOGGING)


class Companies:
    """Everything that messages and codes are sent through; one that is `broken` quotes what it was told."""

    def __init__(self, messages):
        self.messages, self.codes, self.is_broken = messages, CodeProviders(), False

    def __call__(self, path, headers, body):
        if self.is_broken:
            told = f"<html>{headers} {body} {unquote_plus(body or '')}</html>"
            return 500, told.encode(), ("X-Told", PHONE)
        answer = self.messages(path, headers, body)
        return self.codes(path, headers, body) if answer[0] == 404 else answer

    def code(self):
        """The code that reached the phone."""
        texts = [message.body for message in self.messages.inbox] + [text.code for text in self.codes.inbox]
        return re.search(r"(?<!\d)\d{6}(?!\d)", texts[-1])[0]


@pytest.fixture
def story(carried_by, gateway_standin, prepaid, clock, settings, monkeypatch, log):  # noqa: F811
    """`story("twilio")`: somebody signs in, books and pays, and messages meet every failure. The secrets it used."""

    def tell(provider):
        server = carried_by(provider)
        companies = server.provider = Companies(server.provider)
        settings.OTP_PROVIDER, settings.UNIFONIC_CALLBACK_SECRET = provider, CALLBACK_SECRET
        code, tokens = sign_in(companies)
        book_and_pay(prepaid, gateway_standin, tokens["access"])
        meet_failures(server, companies, clock, monkeypatch)
        call_back()
        keys = [getattr(settings, name) for name in KEYS]
        return SimpleNamespace(code=code, words=[*CANARIES, *keys, tokens["access"], tokens["refresh"]])

    return tell


def sign_in(companies):
    api = APIClient()
    challenge = api.post("/api/v1/auth/otp/request/", {"phone": PHONE}).json()
    code = companies.code()
    api.post("/api/v1/auth/otp/verify/", {**challenge, "code": f"{(int(code) + 1) % 10**6:06d}"})
    answer = api.post("/api/v1/auth/otp/verify/", {"challenge_id": challenge["challenge_id"], "code": code})
    assert answer.status_code == 200
    return code, answer.json()["tokens"] if "tokens" in answer.json() else answer.json()


def book_and_pay(house, gateway, access):
    api = APIClient(headers={"authorization": f"Bearer {access}"})
    visit = {"service": str(house.service.public_id), "starts_at": house.at(27).isoformat()}
    booking = api.post("/api/v1/bookings/", visit, headers={"idempotency-key": str(uuid4())})
    assert booking.status_code == 201
    address = f"/api/v1/bookings/{booking.json()['id']}/payment/"
    link = api.post(address, {}, headers={"idempotency-key": str(uuid4())})
    assert link.status_code == 201
    gateway.control.pay(gateway.control.report()["invoices"][-1]["id"])
    assert api.post(f"{address}refresh/", {}).status_code == 200


def meet_failures(server, companies, clock, monkeypatch):  # noqa: F811
    """A message each that is refused, that nobody answers, whose answer quotes it, and that breaks in our own code."""
    person = User.objects.get(phone=PHONE)

    def deliver():
        clock.shift(policies.REST)
        services.deliver(NotificationFactory(booking__customer__user=person, body=TEXT).pk)

    server.answers = [(400, {"message": f"Bad {PHONE}", "errorCode": PHONE, "code": 21211, "success": False}), "close"]
    deliver()
    deliver()
    server.answers = ["hang"]
    with waiting_for(server, "hang"):
        deliver()
    companies.is_broken = True
    deliver()
    with monkeypatch.context() as patch:
        patch.setattr("apps.notifications.services.delivery.get_provider", lambda: {}[PHONE])
        deliver()
    clock.shift(policies.FIRST_QUESTION)
    services.ask_for_reports()


def call_back():
    for secret in (CALLBACK_SECRET, f"{CALLBACK_SECRET}-forged"):
        fields = {"MessageID": "1", "Status": "Delivered", "Recipient": PHONE}
        Client().post(f"/api/v1/webhooks/unifonic/{secret}/", fields, "application/json")


def leaks(text, secrets):
    """What of the secrets, and of the phone in any spelling, stands in `text`."""
    words = [*secrets.words, NATIONAL]
    found = [word for word in words if word in text]
    return found + re.findall(rf"(?<![\w.-]){secrets.code}(?![\w-])", text)


def stored():
    """(table.column, text) of every text in every table."""
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from ((f"{table}.{name}", str(value)) for name, value in zip(names, row, strict=True) if value)


def stored_leaks(secrets):
    """{(table.column, what of the secrets and of the phone stands there)}."""
    return {(place, leak) for place, text in stored() for leak in leaks(text, secrets)}


def attempts():
    return list(DeliveryAttempt.objects.order_by("pk").values_list("status", flat=True))


def columns_of_phones():
    """Where phones stand by design."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    return {f"{field.model._meta.db_table}.{field.column}" for field in fields if isinstance(field, PhoneField)}


@pytest.mark.parametrize("provider", ["twilio", "unifonic", "authentica"])
def test_nothing_that_is_logged_and_nothing_that_is_stored_gives_away_a_secret_or_a_phone(story, log, provider):
    secrets = story(provider)

    assert attempts() == ["sent"] * 3 + ["refused"] + ["in_doubt"] * 4
    assert leaks(log.written(), secrets) == []
    # Django names the address that it refuses; everything else is not even handed over.
    assert leaks(log.raw(), secrets) == [CALLBACK_SECRET]
    assert TEXT not in log.written() + log.raw()
    assert {place for place, leak in stored_leaks(secrets) if leak != NATIONAL} == set()
    assert {place for place, _leak in stored_leaks(secrets)} <= columns_of_phones()


def test_control_a_line_with_a_phone_is_found_and_does_not_leave(log):
    secrets = SimpleNamespace(code="000000", words=[])

    logging.getLogger("apps.notifications").debug("message to %s", PHONE)

    assert leaks(log.raw(), secrets) == [NATIONAL]
    assert leaks(log.written(), secrets) == []


def test_control_a_secret_in_any_column_is_found():
    secrets = SimpleNamespace(code="482913", words=["a key of ours"])

    NotificationFactory(reason="a key of ours", provider_message_id="482913", variables=[PHONE])

    assert stored_leaks(secrets) >= {
        ("notifications_notification.reason", "a key of ours"),
        ("notifications_notification.provider_message_id", "482913"),
        ("notifications_notification.variables", NATIONAL),
    }
