"""The clients of companies that make and judge one-time codes: what every possible answer is taken for."""

import pytest

from apps.common.providers import (
    CodeGone,
    ProviderError,
    ProviderOutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
    http,
)
from apps.common.providers.authentica import AuthenticaClient
from apps.common.providers.twilio_verify import TwilioVerifyClient
from apps.common.providers.unifonic_authenticate import UnifonicAuthenticateClient
from apps.common.tests.provider_stand_in import Dripping, running_stand_in

PHONE = "+966551234567"
CODE = "804913"
SECRET = "$2y$10$secret"
HTML = f"<html>{PHONE} {CODE}</html>".encode()

Gone, Unavailable, Unknown = CodeGone, ProviderUnavailable, ProviderOutcomeUnknown
UNCLEAR = (Unknown, "unclear")


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_stand_in() as server:
        yield server


def twilio(url):
    return TwilioVerifyClient("AC01", SECRET, "VA01", url)


def unifonic(url):
    return UnifonicAuthenticateClient("app", SECRET, url)


def authentica(url):
    return AuthenticaClient(SECRET, "SALON", url)


def check_twilio(url):
    return twilio(url).check(PHONE, CODE, "VE01")


def check_unifonic(url):
    return unifonic(url).check(PHONE, CODE, "sms")


def check_authentica(url):
    return authentica(url).verify_otp(PHONE, CODE)


every_check = pytest.mark.parametrize("check", [check_twilio, check_unifonic, check_authentica])


def outcome(call, url):
    """What `call` returns, or the class and code of its error; the error's text must give nothing away."""
    try:
        return call(url)
    except (CodeGone, ProviderError) as caught:
        error = caught
    assert not any(private in f"{error!r} {error.__dict__}" for private in (PHONE[1:], CODE, SECRET, "VE01"))
    assert error.__cause__ is error.__context__ is None
    return type(error), error.code


def answered(stand_in, call, status, payload):
    stand_in.answers = [(status, payload)]
    return outcome(call, stand_in.url)


# What the way can do to a check: nobody judged, so no guess may count


@every_check
def test_nobody_listening_judges_nothing(stand_in, check):
    stand_in.shutdown()
    stand_in.server_close()

    assert outcome(check, stand_in.url) == (Unavailable, "unreachable")


@every_check
def test_silence_is_no_verdict(stand_in, check, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (3, 0.05))
    stand_in.answers = ["hang"]

    assert outcome(check, stand_in.url) == (Unknown, "no_answer")


@every_check
def test_a_yes_that_drips_is_no_verdict(stand_in, check, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (0.1, 0.4))
    stand_in.answers = [Dripping((200, b'{"status": true, "response_status": "correct"}'.ljust(100)))]

    assert outcome(check, stand_in.url) == (Unknown, "no_answer")


@every_check
def test_a_closed_connection_is_no_verdict_and_the_guess_is_not_repeated(stand_in, check):
    stand_in.answers = ["close"]

    assert outcome(check, stand_in.url) == (Unknown, "no_answer")
    assert len(stand_in.received) == 1


@every_check
@pytest.mark.parametrize("raw", [b'{"status": tru', b'{"status": true, "response_status": "correct"'])
def test_an_answer_cut_off_in_the_middle_is_no_verdict(stand_in, check, raw):
    stand_in.answers = [(200, raw, ("Content-Length", 500)), (200, raw)]

    assert outcome(check, stand_in.url) == (Unknown, "no_answer")
    assert outcome(check, stand_in.url) == UNCLEAR


@every_check
def test_a_huge_answer_is_no_verdict(stand_in, check):
    proof = b'{"status": true, "valid": true, "response_status": "correct"}'
    stand_in.answers = [(200, proof.ljust(http.MAX_BYTES + 1))]

    assert outcome(check, stand_in.url) == UNCLEAR


@every_check
def test_a_redirect_is_not_followed_with_the_code(stand_in, check):
    stand_in.answers = [(307, b"", ("Location", f"{stand_in.url}/elsewhere"))]

    assert outcome(check, stand_in.url) == (Unknown, "307")
    assert len(stand_in.received) == 1


@every_check
@pytest.mark.parametrize("status", [401, 402, 403, 405, 429])
def test_a_refused_account_or_moment_is_no_verdict(stand_in, check, status):
    assert answered(stand_in, check, status, HTML) == (Unavailable, str(status))


@every_check
@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
def test_trouble_on_the_other_side_is_no_verdict(stand_in, check, status):
    assert answered(stand_in, check, status, HTML) == (Unknown, str(status))


@every_check
@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("raw", [b"", HTML, b"[1]", b"null", b'"correct"', b"true"])
def test_a_success_without_a_readable_body_proves_no_code(stand_in, check, status, raw):
    assert answered(stand_in, check, status, raw) == UNCLEAR


# Twilio Verify


def twilio_answer(status, valid):
    return {"sid": "VE01", "to": PHONE, "channel": "sms", "status": status, "valid": valid}


@pytest.mark.parametrize(
    ("status", "valid", "expected"),
    [
        ("approved", True, True),
        ("approved", "true", True),
        ("pending", False, False),
        ("pending", "false", False),
        ("approved", False, UNCLEAR),
        ("approved", None, UNCLEAR),
        ("approved", 1, UNCLEAR),
        ("pending", True, UNCLEAR),
        ("pending", None, UNCLEAR),
        ("canceled", False, (Gone, "canceled")),
        ("max_attempts_reached", False, (Gone, "max_attempts_reached")),
        ("deleted", False, (Gone, "deleted")),
        ("failed", False, (Gone, "failed")),
        ("expired", False, (Gone, "expired")),
        ("expired", None, (Gone, "expired")),
        ("expired", True, UNCLEAR),
        ("thinking", False, UNCLEAR),
        (None, True, UNCLEAR),
        (["approved"], True, UNCLEAR),
    ],
)
def test_twilio_proves_a_code_by_status_and_flag_together(stand_in, status, valid, expected):
    assert answered(stand_in, check_twilio, 200, twilio_answer(status, valid)) == expected


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, 20404, (Gone, "20404")),
        (429, 60202, (Gone, "60202")),
        (400, 60201, False),
        (400, 60200, (Unavailable, "60200")),
        (400, None, (Unavailable, "400")),
        (404, None, (Unavailable, "404")),
        (410, None, (Unavailable, "410")),
        (403, 60238, (Unavailable, "60238")),
        (429, 20429, (Unavailable, "20429")),
        (429, 60212, (Unavailable, "60212")),
        (401, 20003, (Unavailable, "20003")),
        (500, 20500, (Unknown, "20500")),
    ],
)
def test_twilio_error_about_a_check(stand_in, status, code, expected):
    payload = {"code": code, "message": f"{PHONE} {CODE}", "status": status}

    assert answered(stand_in, check_twilio, status, payload) == expected


def test_twilio_approval_under_a_failing_status_proves_nothing(stand_in):
    assert answered(stand_in, check_twilio, 500, twilio_answer("approved", True)) == (Unknown, "500")


def start_twilio(url):
    return twilio(url).start(PHONE, "sms", "ar")


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (201, twilio_answer("pending", False), "VE01"),
        (201, {**twilio_answer("pending", False), "date_created": "nonsense"}, "VE01"),
        (201, twilio_answer("pending", True), UNCLEAR),
        (201, twilio_answer("canceled", False), UNCLEAR),
        (201, {"status": "pending", "valid": False}, UNCLEAR),
        (400, {"code": 60200}, (ProviderRejected, "60200")),
        (400, {"code": 60205}, (ProviderRejected, "60205")),
        (403, {"code": 60238}, (Unavailable, "60238")),
        (429, {"code": 60203}, (Unavailable, "60203")),
        (429, {"code": 60212}, (Unavailable, "60212")),
        (429, {"code": 20429}, (Unavailable, "20429")),
        (404, {"code": 20404}, (Unavailable, "20404")),
        (401, {"code": 20003}, (Unavailable, "20003")),
    ],
)
def test_twilio_has_started_a_code_only_where_it_is_pending_under_an_id(stand_in, status, payload, expected):
    assert answered(stand_in, start_twilio, status, payload) == expected


# Unifonic Authenticate


@pytest.mark.parametrize(
    ("status", "word", "code", "expected"),
    [
        (200, "correct", 101, True),
        (200, "correct", "101", True),
        (200, "correct", None, True),
        (200, "incorrect", 107, False),
        (200, "incorrect", None, False),
        (400, "incorrect", 107, False),
        (200, None, 107, False),
        (200, "incorrect", 108, (Gone, "108")),
        (200, "incorrect", "109", (Gone, "109")),
        (200, "incorrect", 110, (Gone, "110")),
        (400, "incorrect", 109, (Gone, "109")),
        (200, "correct", 107, UNCLEAR),
        (200, "correct", 110, UNCLEAR),
        (200, "incorrect", 101, UNCLEAR),
        (200, None, 101, UNCLEAR),
        (200, None, None, UNCLEAR),
        (200, "perhaps", 199, UNCLEAR),
        (400, "correct", 101, UNCLEAR),
        (500, "correct", 101, UNCLEAR),
        (400, None, None, (Unavailable, "400")),
        (401, "incorrect", 107, (Unavailable, "401")),
        (429, "incorrect", 108, (Unavailable, "429")),
        (500, "incorrect", 107, (Unknown, "500")),
    ],
)
def test_unifonic_word_decides_and_the_error_code_must_agree(stand_in, status, word, code, expected):
    payload = {"id": "VE01", "response_status": word, "error_code": code, "to": PHONE, "channel": "sms"}

    assert answered(stand_in, check_unifonic, status, payload) == expected


def start_unifonic(url):
    return unifonic(url).start(PHONE, "sms", "ar")


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {"id": "v-1"}, "v-1"),
        (200, {"id": "v-1", "response_status": "correct", "error_code": 101}, "v-1"),
        (200, {"id": "v-1", "response_status": "incorrect"}, UNCLEAR),
        (200, {"id": "v-1", "error_code": 108}, UNCLEAR),
        (200, {"id": PHONE}, UNCLEAR),
        (400, {"id": "v-1", "response_status": "correct"}, UNCLEAR),
        (400, {}, (ProviderRejected, "400")),
        (401, {}, (Unavailable, "401")),
        (500, {"response_status": "correct"}, (Unknown, "500")),
    ],
)
def test_unifonic_has_started_a_code_only_where_it_has_an_id(stand_in, status, payload, expected):
    assert answered(stand_in, start_unifonic, status, payload) == expected


# Authentica


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {"status": True, "message": "OTP verified successfully"}, True),
        (200, {"status": "true"}, True),
        (200, {"status": True, "success": True}, True),
        (200, {"success": True}, False),
        (200, {"verified": True}, False),
        (200, {"status": 200, "success": True}, False),
        (200, {"status": "success"}, False),
        (200, {"status": False, "success": True}, False),
        (200, {"status": False, "message": "wrong"}, False),
        (200, {"status": "false"}, False),
        (200, {"success": False}, False),
        (200, {"errors": [{"message": "wrong"}]}, False),
        (200, {}, False),
        (400, {"status": False}, False),
        (404, {"message": "not found"}, False),
        (422, {"errors": [{"message": "wrong"}]}, False),
        (200, {"status": True, "success": False}, UNCLEAR),
        (200, {"status": True, "errors": [{"message": "wrong"}]}, UNCLEAR),
        (201, {"status": True}, UNCLEAR),
        (400, {"status": True}, UNCLEAR),
        (401, {"status": True}, UNCLEAR),
        (500, {"status": True}, UNCLEAR),
        (400, HTML, UNCLEAR),
        (404, HTML, UNCLEAR),
        (422, HTML, UNCLEAR),
        (401, {"status": False}, (Unavailable, "401")),
        (402, {"status": False}, (Unavailable, "402")),
        (403, {"status": False}, (Unavailable, "403")),
        (429, {"status": False}, (Unavailable, "429")),
        (410, {"status": False}, (Unavailable, "410")),
        (500, {"status": False}, (Unknown, "500")),
    ],
)
def test_authentica_proves_a_code_by_status_and_never_by_success(stand_in, status, payload, expected):
    assert answered(stand_in, check_authentica, status, payload) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"success": False}, (ProviderRejected, "refused")),
        ({"success": "false"}, (ProviderRejected, "refused")),
        ({"success": True, "errors": [{"message": "no"}]}, UNCLEAR),
        ({"success": True, "status": False}, UNCLEAR),
    ],
)
def test_authentica_code_is_not_started_where_a_flag_denies_it(stand_in, payload, expected):
    def start(url):
        return authentica(url).start_otp(PHONE, "sms")

    assert answered(stand_in, start, 200, payload) == expected
