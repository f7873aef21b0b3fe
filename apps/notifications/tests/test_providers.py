"""Each carrier of messages: what it hands to the shared client, and what it refuses to carry."""

import json
from urllib.parse import parse_qs

import pytest

from apps.common.providers import ProviderRejected, Sent
from apps.common.tests.provider_stand_in import running_stand_in
from apps.notifications.providers import PROVIDERS, Message, get_provider
from apps.notifications.providers.console import ConsoleProvider
from project.env import Provider

MESSAGE = Message(42, "+966551234567", "booking_confirmed", "sms", "موعدك 18:30\nأهلا")


@pytest.fixture
def stand_in(settings, monkeypatch):
    """A local server in every provider's place."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_stand_in() as server:
        settings.TWILIO_BASE_URL = settings.UNIFONIC_BASE_URL = settings.AUTHENTICA_BASE_URL = server.url
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "token"
        settings.TWILIO_FROM = "+966110000000"
        settings.UNIFONIC_APP_SID, settings.UNIFONIC_SENDER_ID = "app", "REEM"
        settings.AUTHENTICA_API_KEY, settings.AUTHENTICA_SENDER_NAME = "key", "REEM"
        yield server


def test_every_provider_the_settings_allow_exists():
    assert set(PROVIDERS) == {provider.value for provider in Provider}


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_setting_chooses_the_provider(settings, stand_in, name):
    settings.NOTIFICATION_PROVIDER = name

    assert type(get_provider()).__name__ == f"{name.title()}Provider"


def test_the_console_writes_exactly_one_line(capsys):
    sent = ConsoleProvider().send(MESSAGE)

    assert capsys.readouterr().out == (
        "[notification] to=+966551234567 kind=booking_confirmed text=موعدك 18:30\\nأهلا\n"
    )
    assert sent.status == "sent"
    assert len(sent.provider_message_id) == 40


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_nothing_in_a_text_begins_a_second_line(capsys, line_end):
    ConsoleProvider().send(Message(1, "+966551234567", "reminder", "sms", f"one{line_end}[otp] to=+966 code=1"))

    assert len(capsys.readouterr().out.splitlines()) == 1


def test_twilio_gets_the_text_and_the_number(settings, stand_in):
    settings.NOTIFICATION_PROVIDER = "twilio"
    stand_in.answers = [(201, {"sid": "SM1", "status": "queued"})]

    assert get_provider().send(MESSAGE) == Sent("SM1", "queued")

    path, _headers, body = stand_in.request
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    fields = parse_qs(body)
    assert fields["To"] == ["+966551234567"]
    assert fields["Body"] == [MESSAGE.body]


def test_twilio_carries_whatsapp(settings, stand_in):
    settings.NOTIFICATION_PROVIDER = "twilio"
    stand_in.answers = [(201, {"sid": "SM1", "status": "queued"})]

    get_provider().send(Message(42, "+966551234567", "reminder", "whatsapp", "Hello"))

    assert parse_qs(stand_in.request[2])["To"] == ["whatsapp:+966551234567"]


def test_unifonic_gets_our_number_of_the_message(settings, stand_in):
    settings.NOTIFICATION_PROVIDER = "unifonic"
    stand_in.answers = [
        (200, {"success": "true", "errorCode": "ER-00", "data": {"MessageID": 3200017889310, "Status": "Queued"}})
    ]

    assert get_provider().send(MESSAGE) == Sent("3200017889310", "queued")

    fields = parse_qs(stand_in.request[2])
    assert (fields["Recipient"], fields["Body"]) == (["966551234567"], [MESSAGE.body])
    assert fields["CorrelationID"] == ["42"]


def test_authentica_gets_the_text_and_the_number(settings, stand_in):
    settings.NOTIFICATION_PROVIDER = "authentica"
    stand_in.answers = [(200, {"success": True})]

    assert get_provider().send(MESSAGE) == Sent("", "accepted")

    path, _headers, body = stand_in.request
    assert path == "/api/v2/send-sms"
    assert json.loads(body) == {"phone": "+966551234567", "message": MESSAGE.body, "sender_name": "REEM"}


@pytest.mark.parametrize("name", ["unifonic", "authentica"])
def test_a_channel_a_provider_does_not_carry_is_refused_before_anything_is_sent(settings, stand_in, name):
    settings.NOTIFICATION_PROVIDER = name

    with pytest.raises(ProviderRejected) as caught:
        get_provider().send(Message(42, "+966551234567", "reminder", "whatsapp", "Hello"))

    assert caught.value.code == "channel"
    assert stand_in.received == []
