"""Companies that carry a code of ours, over HTTP to a stand-in that delivers to phones and is as strict as they are."""

import logging

import pytest
from django.utils import translation

from apps.accounts.otp import PROVIDERS, get_otp_provider
from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable, http
from apps.common.tests import code_providers
from apps.common.tests.provider_stand_in import Acted, waiting_for

PHONE = "+966551234567"
CODE = "012345"
SECRETS = {"twilio": "TWILIO_AUTH_TOKEN", "unifonic": "UNIFONIC_APP_SID", "authentica": "AUTHENTICA_API_KEY"}

every_carrier = pytest.mark.parametrize("name", SECRETS)
carriers_of_whatsapp = pytest.mark.parametrize("name", ["twilio", "authentica"])


@pytest.fixture
def send_by(stand_in, settings):
    """`send_by("twilio")` sends the code through the carrier that the settings name."""

    def send(name, *, to=PHONE, channel="sms"):
        settings.OTP_PROVIDER = name
        get_otp_provider().send_code(to=to, code=CODE, channel=channel, reference="challenge-1")

    return send


def test_every_carrier_but_the_console_is_tried_here():
    assert set(SECRETS) == set(PROVIDERS) - {"console"}


@every_carrier
@pytest.mark.parametrize("language", ["ar", "en"])
def test_our_code_reaches_the_phone_in_digits_that_can_be_typed(send_by, providers, name, language):
    with translation.override(language):
        send_by(name)

    (text,) = providers.inbox
    assert (text.to, text.channel, text.code) == (PHONE, "sms", CODE)


@carriers_of_whatsapp
def test_our_code_reaches_whatsapp_where_it_is_carried(send_by, providers, name):
    send_by(name, channel="whatsapp")

    assert [(text.to, text.channel, text.code) for text in providers.inbox] == [(PHONE, "whatsapp", CODE)]


@carriers_of_whatsapp
@pytest.mark.parametrize("phone", [PHONE[1:], "00966551234567", "0551234567"])
def test_a_number_in_another_format_is_refused_and_nothing_is_sent(send_by, providers, name, phone):
    """PH17"""
    with pytest.raises(ProviderRejected):
        send_by(name, to=phone)

    assert providers.inbox == []


@pytest.mark.parametrize(
    ("recipient", "delivered"), [("966551234567", 1), (PHONE, 0), ("00966551234567", 0), ("0551234567", 0)]
)
def test_the_stand_in_for_unifonic_takes_numbers_without_plus_and_zeros_only(stand_in, providers, recipient, delivered):
    """PH17"""
    fields = {
        "AppSid": code_providers.UNIFONIC_APP_SID,
        "SenderID": code_providers.UNIFONIC_SENDER,
        "Recipient": recipient,
        "Body": CODE,
    }

    answer = http.post_form("test", f"{stand_in.url}/rest/SMS/messages", fields)

    assert (answer.status, answer.body["success"]) == (200, bool(delivered))
    assert len(providers.inbox) == delivered


@carriers_of_whatsapp
@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_whatsapp_that_was_certainly_not_sent_falls_back_to_sms_with_the_same_code(
    stand_in, send_by, providers, name, status
):
    """OTP13"""
    stand_in.answers = [(status, {})]

    send_by(name, channel="whatsapp")

    assert [(text.channel, text.code) for text in providers.inbox] == [("sms", CODE)]
    assert len(stand_in.received) == 2


@carriers_of_whatsapp
@pytest.mark.parametrize(
    "answer", ["close", (500, b"<html>"), (503, {}), (200, b"{"), Acted("close"), Acted((500, {}))]
)
def test_whatsapp_that_may_have_been_sent_is_not_repeated(stand_in, send_by, providers, name, answer):
    """OTP13"""
    stand_in.answers = [answer]

    with pytest.raises(ProviderOutcomeUnknown):
        send_by(name, channel="whatsapp")

    assert len(stand_in.received) == 1
    assert len(providers.inbox) == isinstance(answer, Acted)


def test_unifonic_that_has_seen_the_text_before_may_have_sent_it(send_by, providers):
    send_by("unifonic")

    with pytest.raises(ProviderOutcomeUnknown) as unknown:
        send_by("unifonic")

    assert unknown.value.code == "ER-09"
    assert len(providers.inbox) == 1


@every_carrier
def test_wrong_credentials_send_nothing(settings, send_by, providers, name):
    setattr(settings, SECRETS[name], "another")

    with pytest.raises(ProviderUnavailable):
        send_by(name)

    assert providers.inbox == []


@every_carrier
def test_nothing_private_is_logged_printed_or_raised(stand_in, settings, send_by, caplog, capfd, name):
    caplog.set_level(logging.DEBUG)
    secret = getattr(settings, SECRETS[name])
    echo = {"message": f"{PHONE} {CODE} {secret}", "code": 21211, "errorCode": "ER-02", "success": False}
    said = []

    for answer in [(200, echo), (400, echo), (500, echo), (401, b"<html>"), "close", "hang", Acted(None)]:
        stand_in.answers = [answer, answer]  # the second for SMS, if that is tried
        with waiting_for(stand_in, answer):
            try:
                send_by(name, channel="whatsapp")
            except ProviderError as error:
                said.append(f"{error!r} {error.__dict__} {error.__cause__!r} {error.__context__!r}")

    captured = capfd.readouterr()
    text = "\n".join([*said, *[record.getMessage() for record in caplog.records], captured.out, captured.err])
    assert len(said) == 6
    assert "urllib3" in {record.name.split(".")[0] for record in caplog.records}
    for private in (PHONE[1:], PHONE[4:], CODE, secret):
        assert private not in text
