"""Companies that hold one-time codes, chosen by the settings, over HTTP to a stand-in that really keeps codes."""

import json
import logging
from urllib.parse import parse_qs

import pytest

from apps.accounts.otp import HELD_WHERE_SET, HOLDERS, PROVIDERS, get_code_holder, get_otp_provider, holds_codes
from apps.accounts.otp.authentica import AuthenticaCodeHolder, AuthenticaOtpProvider
from apps.accounts.otp.twilio import TwilioCodeHolder, TwilioOtpProvider
from apps.accounts.otp.unifonic import UnifonicCodeHolder, UnifonicOtpProvider
from apps.common.providers import (
    CodeGone,
    ProviderError,
    ProviderOutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
    http,
)
from apps.common.tests import code_providers
from apps.common.tests.code_providers import CREDENTIAL, VERIFY_SERVICE
from apps.common.tests.provider_stand_in import Acted, waiting_for

PHONE = "+966551234567"

every_holder = pytest.mark.parametrize("name", HOLDERS)


def start(holder, channel="sms"):
    """The reference of a new code."""
    return holder.start(to=PHONE, channel=channel, locale="ar")


def check(holder, code, reference, channel="sms"):
    """True, False or "gone"."""
    try:
        return holder.check(to=PHONE, code=code, channel=channel, reference=reference)
    except CodeGone:
        return "gone"


def other(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def form(body):
    return {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}


# Who is chosen


@pytest.mark.parametrize(
    ("name", "carrier", "holder"),
    [
        ("twilio", TwilioOtpProvider, TwilioCodeHolder),
        ("unifonic", UnifonicOtpProvider, UnifonicCodeHolder),
        ("authentica", AuthenticaOtpProvider, AuthenticaCodeHolder),
    ],
)
def test_codes_are_ours_unless_the_settings_hand_them_over(stand_in, settings, holder_of, name, carrier, holder):
    settings.OTP_PROVIDER = name
    ours = get_otp_provider()
    theirs = holder_of(name)

    assert (type(ours), holds_codes(ours)) == (carrier, False)
    assert (type(theirs), holds_codes(theirs)) == (holder, True)


def test_every_company_that_holds_codes_carries_ours_as_well():
    assert set(HOLDERS) == set(HELD_WHERE_SET) <= set(PROVIDERS)


@every_holder
def test_an_open_code_is_checked_where_it_was_made_after_the_settings_changed(settings, holder_of, providers, name):
    reference = start(holder_of(name))
    settings.OTP_PROVIDER = "console"

    assert check(get_code_holder(name), providers.inbox[0].code, reference) is True


# What a code lives through


@every_holder
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_the_code_that_arrived_is_right_and_any_other_is_wrong(holder_of, providers, name, channel):
    holder = holder_of(name)

    reference = start(holder, channel)

    (text,) = providers.inbox
    assert (text.to, text.channel, len(text.code)) == (PHONE, channel, 6)
    assert check(holder, other(text.code), reference, channel) is False
    assert check(holder, text.code, reference, channel) is True


@pytest.mark.parametrize(("name", "again"), [("twilio", "gone"), ("unifonic", "gone"), ("authentica", False)])
def test_a_code_is_good_once(holder_of, providers, name, again):
    holder = holder_of(name)
    reference = start(holder)

    assert check(holder, providers.inbox[0].code, reference) is True
    assert check(holder, providers.inbox[0].code, reference) == again


@pytest.mark.parametrize(
    ("name", "lifetime", "late"), [("twilio", 600, "gone"), ("unifonic", 300, "gone"), ("authentica", 300, False)]
)
def test_a_code_ends_with_its_time(holder_of, providers, name, lifetime, late):
    holder = holder_of(name)
    reference = start(holder)
    code = providers.inbox[0].code

    providers.seconds = lifetime - 1
    assert check(holder, other(code), reference) is False
    providers.seconds = lifetime
    assert check(holder, code, reference) == late


@pytest.mark.parametrize(("name", "guesses"), [("twilio", 5), ("unifonic", 3)])
def test_a_code_that_was_guessed_too_often_is_gone_even_for_who_knows_it(holder_of, providers, name, guesses):
    holder = holder_of(name)
    reference = start(holder)
    code = providers.inbox[0].code

    assert [check(holder, other(code), reference) for _ in range(guesses)] == [False] * guesses
    assert check(holder, code, reference) == "gone"
    assert check(holder, code, reference) == "gone"


def test_twilio_sends_an_open_code_again_five_times_in_all(holder_of, providers):
    holder = holder_of("twilio")

    references = {start(holder) for _ in range(5)}
    with pytest.raises(ProviderUnavailable) as refusal:
        start(holder)

    assert refusal.value.code == "60203"
    assert len(references) == len({text.code for text in providers.inbox}) == 1
    assert len(providers.inbox) == 5


@every_holder
def test_a_code_can_be_checked_without_its_reference(holder_of, providers, name):
    holder = holder_of(name)
    start(holder)

    assert check(holder, providers.inbox[0].code, "") is True


# PH17: the number as each of them wants it


def test_twilio_verify_gets_the_number_with_its_plus(stand_in, holder_of, providers):
    """PH17"""
    holder = holder_of("twilio")

    reference = holder.start(to=PHONE, channel="whatsapp", locale="en")
    check(holder, "123456", reference)
    check(holder, "123456", "")

    paths = [path for path, _headers, _body in stand_in.received]
    base = f"/v2/Services/{VERIFY_SERVICE}"
    assert paths == [f"{base}/Verifications", f"{base}/VerificationCheck", f"{base}/VerificationCheck"]
    assert [form(body) for _path, _headers, body in stand_in.received] == [
        {"To": PHONE, "Channel": "whatsapp", "Locale": "en"},
        {"VerificationSid": reference, "Code": "123456"},
        {"To": PHONE, "Code": "123456"},
    ]


def test_unifonic_authenticate_gets_the_number_with_its_plus(stand_in, holder_of):
    """PH17"""
    holder = holder_of("unifonic")

    reference = start(holder)
    check(holder, "123456", reference)

    (start_path, start_headers, start_body), (check_path, check_headers, check_body) = stand_in.received
    assert start_path == "/services/api/v2/verifications/start"
    assert check_path == "/services/api/v2/verifications/check"
    for headers in (start_headers, check_headers):
        assert headers["x-authenticate-app-id"] == code_providers.AUTHENTICATE_APP
        assert headers["Authorization"] == f"Bearer {code_providers.AUTHENTICATE_TOKEN}"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(start_body) == {"to": PHONE, "channel": "sms", "locale": "ar", "length": "6"}
    assert form(check_body) == {"to": PHONE, "channel": "sms", "code": "123456"}


def test_authentica_gets_the_number_with_its_plus_and_no_code_of_ours(stand_in, holder_of):
    """PH17"""
    holder = holder_of("authentica")

    start(holder, "whatsapp")
    check(holder, "012345", "")

    (start_path, start_headers, start_body), (check_path, check_headers, check_body) = stand_in.received
    assert (start_path, check_path) == ("/api/v2/send-otp", "/api/v2/verify-otp")
    for headers in (start_headers, check_headers):
        assert headers["X-Authorization"] == code_providers.AUTHENTICA_KEY
        assert headers["Content-Type"] == headers["Accept"] == "application/json"
    assert json.loads(start_body) == {"method": "whatsapp", "phone": PHONE}
    assert json.loads(check_body) == {"phone": PHONE, "otp": "012345"}


@every_holder
@pytest.mark.parametrize("phone", [PHONE[1:], "00966551234567", "0551234567", ""])
def test_a_number_in_another_format_is_refused_and_nothing_is_sent(holder_of, providers, name, phone):
    """PH17"""
    with pytest.raises(ProviderRejected):
        holder_of(name).start(to=phone, channel="sms", locale="ar")

    assert providers.inbox == []


# OTP13: from WhatsApp to SMS


@every_holder
@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_whatsapp_that_was_certainly_not_sent_falls_back_to_sms(stand_in, holder_of, providers, name, status):
    """OTP13"""
    holder = holder_of(name)
    stand_in.answers = [(status, {})]

    reference = start(holder, "whatsapp")

    (text,) = providers.inbox
    assert text.channel == "sms"
    assert check(holder, text.code, reference, "whatsapp") is True


@every_holder
@pytest.mark.parametrize(
    "answer", ["close", (500, b"<html>"), (503, {}), (200, b"{"), Acted("close"), Acted((500, {}))]
)
def test_whatsapp_that_may_have_been_sent_is_not_repeated(stand_in, holder_of, providers, name, answer):
    """OTP13"""
    holder = holder_of(name)
    stand_in.answers = [answer]

    with pytest.raises(ProviderOutcomeUnknown):
        start(holder, "whatsapp")

    assert len(stand_in.received) == 1
    assert len(providers.inbox) == isinstance(answer, Acted)


@every_holder
def test_a_code_whose_start_got_no_answer_is_found_without_a_reference(stand_in, holder_of, providers, name):
    holder = holder_of(name)
    stand_in.answers = [Acted("close")]

    with pytest.raises(ProviderOutcomeUnknown):
        start(holder, "whatsapp")

    assert check(holder, providers.inbox[0].code, "", "whatsapp") is True


# OTP14: a provider that judges nothing

FAULTS = {
    "close": ("close", ProviderOutcomeUnknown),
    "hang": ("hang", ProviderOutcomeUnknown),
    "500": ((500, b"<html>"), ProviderOutcomeUnknown),
    "503": ((503, {}), ProviderOutcomeUnknown),
    "429": ((429, {}), ProviderUnavailable),
    "401": ((401, {}), ProviderUnavailable),
    "firewall": ((403, b"<html>error 1010</html>"), ProviderUnavailable),
    "truncated": ((200, b'{"status": tr', ("Content-Length", 500)), ProviderOutcomeUnknown),
    "not json": ((200, b"<html>"), ProviderOutcomeUnknown),
    "huge": ((200, b'{"status": true}'.ljust(http.MAX_BYTES + 1)), ProviderOutcomeUnknown),
    "redirect": ((302, b"", ("Location", "/elsewhere")), ProviderOutcomeUnknown),
    "yes under 500": (
        (500, {"status": True, "valid": True, "response_status": "correct"}),
        ProviderOutcomeUnknown,
    ),
}


@every_holder
@pytest.mark.parametrize("fault", FAULTS)
def test_a_provider_that_is_down_judges_nothing_and_the_code_stays_good(stand_in, holder_of, providers, name, fault):
    """OTP14"""
    holder = holder_of(name)
    reference = start(holder)
    code = providers.inbox[0].code
    answer, error = FAULTS[fault]
    stand_in.answers = [answer]

    with waiting_for(stand_in, answer), pytest.raises(error):
        check(holder, code, reference)

    assert check(holder, code, reference) is True


@every_holder
def test_a_provider_that_is_not_there_judges_nothing(stand_in, holder_of, name):
    """OTP14"""
    holder = holder_of(name)
    stand_in.shutdown()
    stand_in.server_close()

    with pytest.raises(ProviderUnavailable) as not_sent:
        start(holder)
    with pytest.raises(ProviderUnavailable) as not_judged:
        check(holder, "123456", "")

    assert not_sent.value.code == not_judged.value.code == "unreachable"


@pytest.mark.parametrize(("name", "again"), [("twilio", "gone"), ("unifonic", "gone"), ("authentica", False)])
def test_a_right_code_whose_verdict_got_lost_is_used_up(stand_in, holder_of, providers, name, again):
    """OTP14. Authentica does not tell a used code from a wrong one, so there the second try counts as a guess."""
    holder = holder_of(name)
    reference = start(holder)
    stand_in.answers = [Acted("close")]

    with pytest.raises(ProviderOutcomeUnknown):
        check(holder, providers.inbox[0].code, reference)

    assert check(holder, providers.inbox[0].code, reference) == again


@every_holder
def test_wrong_credentials_are_no_fault_of_the_customer(settings, holder_of, providers, name):
    reference = start(holder_of(name))
    setattr(settings, CREDENTIAL[name], "another")
    holder = get_otp_provider()

    with pytest.raises(ProviderUnavailable):
        start(holder)
    with pytest.raises(ProviderUnavailable):
        check(holder, providers.inbox[0].code, reference)

    assert len(providers.inbox) == 1


# What is said about it


@every_holder
def test_nothing_private_is_logged_printed_or_raised(stand_in, holder_of, providers, caplog, capfd, name):
    caplog.set_level(logging.DEBUG)
    holder = holder_of(name)
    reference = start(holder)
    code = providers.inbox[0].code
    echo = f"{PHONE} {code} {code_providers.AUTHENTICA_KEY}"
    said = []

    for answer, _error in [*FAULTS.values(), ((400, {"message": echo}), None), ((404, {"code": 20404}), None)]:
        for call in (
            lambda: start(holder),
            lambda: holder.check(to=PHONE, code=code, channel="sms", reference=reference),
        ):
            stand_in.answers = [answer]
            with waiting_for(stand_in, answer):
                try:
                    said.append(repr(call()))
                except (CodeGone, ProviderError) as error:
                    said.append(f"{error!r} {error.__dict__} {error.__cause__!r} {error.__context__!r}")
    check(holder, other(code), reference)
    check(holder, code, reference)

    captured = capfd.readouterr()
    text = "\n".join([*said, *[record.getMessage() for record in caplog.records], captured.out, captured.err])
    assert len(said) == 2 * (len(FAULTS) + 2)
    assert "urllib3" in {record.name.split(".")[0] for record in caplog.records}
    canaries = [code_providers.TWILIO_TOKEN, code_providers.AUTHENTICATE_TOKEN, code_providers.AUTHENTICATE_APP]
    for private in (PHONE[1:], PHONE[4:], code, code_providers.AUTHENTICA_KEY, *canaries):
        assert private not in text


# The stand-in is as strict as the companies, so that what passes here may pass there


@pytest.mark.parametrize("path", ["send-otp", "verify-otp"])
def test_the_stand_in_takes_no_form_for_authentica(stand_in, providers, path):
    headers = {"X-Authorization": code_providers.AUTHENTICA_KEY, "Accept": "application/json"}

    answer = http.post_form("test", f"{stand_in.url}/api/v2/{path}", {"method": "sms", "phone": PHONE}, headers=headers)

    assert (answer.status, providers.inbox) == (422, [])


@pytest.mark.parametrize(
    ("path", "payload", "status"),
    [
        ("/rest/SMS/messages", {"AppSid": code_providers.UNIFONIC_APP_SID, "Recipient": PHONE[1:], "Body": "x"}, 402),
        ("/services/api/v2/verifications/start", {"to": PHONE, "channel": "sms"}, 400),
        (f"/v2/Services/{VERIFY_SERVICE}/Verifications", {"To": PHONE, "Channel": "sms", "Locale": "ar"}, 401),
    ],
)
def test_the_stand_in_takes_no_json_where_a_form_is_due(stand_in, providers, path, payload, status):
    headers = {
        "x-authenticate-app-id": code_providers.AUTHENTICATE_APP,
        "Authorization": f"Bearer {code_providers.AUTHENTICATE_TOKEN}",
    }

    answer = http.post_json("test", f"{stand_in.url}{path}", payload, headers=headers)

    assert (answer.status, providers.inbox) == (status, [])
