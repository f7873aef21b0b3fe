"""The carrier that `OTP_PROVIDER` names, with the credentials of the settings, over HTTP to a stand-in."""

import json
from urllib.parse import parse_qs

import pytest
from django.utils import translation

from apps.accounts import services
from apps.accounts.errors import PhoneNotAllowed
from apps.accounts.models import OtpChallenge
from apps.accounts.otp import PROVIDERS, get_otp_provider
from apps.accounts.otp.console import ConsoleOtpProvider
from apps.common.errors import Unavailable
from apps.common.tests.provider_stand_in import running_stand_in
from project.env import Provider

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"
ENGLISH = "123456 is your sign-in code. It is valid for 5 minutes. Tell it to nobody."


@pytest.fixture
def stand_in(monkeypatch, settings):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("apps.accounts.services.codes.secrets.randbelow", lambda _limit: 123456)
    with running_stand_in() as server, translation.override("en"):
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = "AC1", "secret", "SALON"
        settings.TWILIO_OTP_TEMPLATE_AR, settings.TWILIO_OTP_TEMPLATE_EN = "HX01", "HX02"
        settings.UNIFONIC_APP_SID, settings.UNIFONIC_SENDER_ID = "app", "SALON"
        settings.AUTHENTICA_API_KEY, settings.AUTHENTICA_SENDER_NAME = "key", "SALON"
        settings.TWILIO_BASE_URL = settings.UNIFONIC_BASE_URL = settings.AUTHENTICA_BASE_URL = server.url
        yield server


def form(body):
    return {name: values[0] for name, values in parse_qs(body).items()}


def test_every_provider_the_settings_allow_carries_codes():
    assert set(PROVIDERS) == {provider.value for provider in Provider}


def test_the_console_is_the_carrier_of_demo_and_tests():
    assert isinstance(get_otp_provider(), ConsoleOtpProvider)


def test_twilio_sends_an_sms(stand_in, settings):
    """PH17"""
    settings.OTP_PROVIDER = "twilio"
    stand_in.answers = [(201, {"sid": "SM1", "status": "queued"})]

    services.request_code(phone=PHONE)

    path, _headers, body = stand_in.request
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert form(body) == {"To": PHONE, "From": "SALON", "Body": ENGLISH}


def test_twilio_sends_whatsapp_when_asked(stand_in, settings):
    settings.OTP_PROVIDER = "twilio"
    settings.TWILIO_WHATSAPP_FROM = "+966119999999"
    stand_in.answers = [(201, {"sid": "SM1", "status": "queued"})]

    services.request_code(phone=PHONE, channel="whatsapp")

    sent = form(stand_in.request[2])
    assert (sent["To"], sent["From"]) == (f"whatsapp:{PHONE}", "whatsapp:+966119999999")
    assert (sent["ContentSid"], sent["ContentVariables"]) == ("HX02", '{"1": "123456"}')


def test_without_a_template_of_the_language_twilio_sends_an_sms_instead_of_free_text_by_whatsapp(stand_in, settings):
    """WhatsApp takes free text only from who wrote within a day, and drops other text after it was accepted."""
    settings.OTP_PROVIDER = "twilio"
    settings.TWILIO_OTP_TEMPLATE_EN = ""
    stand_in.answers = [(201, {"sid": "SM1", "status": "queued"})]

    services.request_code(phone=PHONE, channel="whatsapp")

    assert len(stand_in.received) == 1
    assert form(stand_in.request[2]) == {"To": PHONE, "From": "SALON", "Body": ENGLISH}


def test_whatsapp_that_was_certainly_not_sent_falls_back_to_sms_with_the_same_code(stand_in, settings):
    """OTP13, MSG20"""
    settings.OTP_PROVIDER = "twilio"
    stand_in.answers = [(400, {"code": 63016}), (201, {"sid": "SM1", "status": "queued"})]

    services.request_code(phone=PHONE, channel="whatsapp")

    assert [form(body)["To"] for _path, _headers, body in stand_in.received] == [f"whatsapp:{PHONE}", PHONE]
    assert form(stand_in.received[1][2])["Body"] == ENGLISH


def test_whatsapp_that_may_have_been_sent_is_not_repeated(stand_in, settings):
    """OTP13"""
    settings.OTP_PROVIDER = "twilio"
    stand_in.answers = ["close"]

    services.request_code(phone=PHONE, channel="whatsapp")

    assert len(stand_in.received) == 1
    assert OtpChallenge.objects.count() == 1


def test_unifonic_sends_an_sms_whatever_the_channel(stand_in, settings):
    """PH17"""
    settings.OTP_PROVIDER = "unifonic"
    stand_in.answers = [(200, {"success": True, "errorCode": "ER-00", "data": {"MessageID": 1, "Status": "Queued"}})]

    challenge = services.request_code(phone=PHONE, channel="whatsapp")

    path, _headers, body = stand_in.request
    sent = form(body)
    assert path == "/rest/SMS/messages"
    assert (sent["AppSid"], sent["SenderID"], sent["Recipient"]) == ("app", "SALON", "966551234567")
    assert (sent["Body"], sent["CorrelationID"]) == (ENGLISH, str(challenge.pk))


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_authentica_carries_our_code_by_the_channel(stand_in, settings, channel):
    """PH17"""
    settings.OTP_PROVIDER = "authentica"
    stand_in.answers = [(200, {"success": True})]

    services.request_code(phone=PHONE, channel=channel)

    path, headers, body = stand_in.request
    assert (path, headers["X-Authorization"]) == ("/api/v2/send-otp", "key")
    assert json.loads(body) == {"method": channel, "phone": PHONE, "otp": "123456"}


@pytest.mark.parametrize(
    ("provider", "answer", "error", "kept"),
    [
        ("twilio", (401, {"code": 20003}), Unavailable, 0),
        ("twilio", (400, {"code": 21614}), PhoneNotAllowed, 0),
        ("twilio", (500, b"<html>"), None, 1),
        ("unifonic", (200, {"success": False, "errorCode": "ER-01"}), Unavailable, 0),
        ("unifonic", (200, {"success": False, "errorCode": "ER-02"}), PhoneNotAllowed, 0),
        ("unifonic", (200, {"success": True}), None, 1),
        ("authentica", (401, {}), Unavailable, 0),
        ("authentica", (422, {"errors": [{"message": "phone"}]}), PhoneNotAllowed, 0),
        ("authentica", (200, {"success": True, "status": False}), None, 1),
    ],
)
def test_what_a_provider_answers_decides_what_the_customer_is_told(stand_in, settings, provider, answer, error, kept):
    settings.OTP_PROVIDER = provider
    stand_in.answers = [answer]

    if error is None:
        services.request_code(phone=PHONE)
    else:
        with pytest.raises(error):
            services.request_code(phone=PHONE)

    assert OtpChallenge.objects.count() == kept


def test_a_provider_that_is_not_there_is_unavailable(settings, api, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.OTP_PROVIDER, settings.UNIFONIC_BASE_URL = "unifonic", "http://127.0.0.1:9"

    response = api.post("/api/v1/auth/otp/request/", {"phone": PHONE})

    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert response.json()["errors"][0]["code"] == "unavailable"
    assert OtpChallenge.objects.count() == 0
