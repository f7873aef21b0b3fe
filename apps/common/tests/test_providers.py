"""Each client against a stand-in on the loopback: the exact wire format, and the outcome of every answer."""

import gzip
import json
import subprocess
import sys
from base64 import b64encode
from decimal import Decimal
from urllib.parse import parse_qs

import pytest

from apps.common.providers import (
    ProviderError,
    ProviderOutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
    Report,
    Sent,
    http,
)
from apps.common.providers.authentica import AuthenticaClient
from apps.common.providers.twilio import TwilioClient
from apps.common.providers.twilio_verify import TwilioVerifyClient
from apps.common.providers.unifonic import UnifonicClient
from apps.common.providers.unifonic_authenticate import UnifonicAuthenticateClient
from apps.common.providers.unifonic_conversations import UnifonicConversationsClient
from apps.common.tests.provider_stand_in import Dripping, running_stand_in, waiting_for

PHONE = "+966551234567"
FROM = "+966110000000"
TEXT = "موعدك غداً 18:30 & شكراً"
ACCOUNT = "AC00000000000000000000000000000001"
SECRET = "$2y$10$secret"
TWILIO_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
CALLBACK = "https://salons.example/api/v1/webhooks/twilio/?attempt=7"


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_stand_in() as server:
        yield server


def twilio(url):
    return TwilioClient(ACCOUNT, SECRET, FROM, url).send_sms(PHONE, TEXT)


def unifonic(url):
    return UnifonicClient(SECRET, "SALON", url).send_sms(PHONE, TEXT, "n-42")


def authentica(url):
    return AuthenticaClient(SECRET, "SALON", url).send_sms(PHONE, TEXT)


def unifonic_template(url):
    return UnifonicConversationsClient("public-id", SECRET, url).send_template(PHONE, "reminder", "ar", (TEXT,))


def twilio_code(url):
    return TwilioVerifyClient(ACCOUNT, SECRET, "VA01", url).start(PHONE, "sms", "ar")


def unifonic_code(url):
    return UnifonicAuthenticateClient("app", SECRET, url).start(PHONE, "sms", "ar")


def authentica_code(url):
    return AuthenticaClient(SECRET, "SALON", url).start_otp(PHONE, "sms")


def twilio_question(url):
    return TwilioClient(ACCOUNT, SECRET, FROM, url).fetch("SM01")


def unifonic_question(url):
    return UnifonicClient(SECRET, "SALON", url).find(correlation_id="42", to=PHONE)


every_client = pytest.mark.parametrize(
    "send", [twilio, unifonic, unifonic_template, authentica, twilio_code, unifonic_code, authentica_code]
)
every_question = pytest.mark.parametrize("ask", [twilio_question, unifonic_question])


def outcome(send, url):
    """The class and code of the error `send` ends in; its text must give nothing away."""
    with pytest.raises(ProviderError) as caught:
        send(url)
    error = caught.value
    assert not any(private in f"{error!r} {error.__dict__}" for private in (PHONE[1:], TEXT, SECRET, ACCOUNT))
    assert error.__cause__ is error.__context__ is None
    return type(error), error.code


def answered(stand_in, send, status, payload):
    stand_in.answers = [(status, payload)]
    return outcome(send, stand_in.url)


def form(body):
    return {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}


# What is sent


def test_twilio_sms_is_a_form_with_basic_authentication(stand_in):
    stand_in.answers = [(201, {"sid": "SM01", "status": "queued", "date_created": "nonsense"})]

    sent = twilio(stand_in.url)

    path, headers, body = stand_in.request
    assert sent == Sent("SM01", "queued")
    assert path == TWILIO_PATH
    assert headers["Authorization"] == "Basic " + b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(body) == {"To": PHONE, "From": FROM, "Body": TEXT}


def test_twilio_whatsapp_is_a_template_between_two_prefixed_numbers(stand_in):
    stand_in.answers = [(201, {"sid": "SM02", "status": "accepted"})]

    sent = TwilioClient(ACCOUNT, SECRET, FROM, stand_in.url).send_whatsapp(PHONE, "HX01", {"1": "سارة"})

    assert sent == Sent("SM02", "accepted")
    assert form(stand_in.request[2]) == {
        "To": f"whatsapp:{PHONE}",
        "From": f"whatsapp:{FROM}",
        "ContentSid": "HX01",
        "ContentVariables": '{"1": "سارة"}',
    }


def test_twilio_is_told_the_sender_and_where_to_report(stand_in):
    stand_in.answers = [(201, {"sid": "SM03", "status": "queued"})] * 2
    client = TwilioClient(ACCOUNT, SECRET, FROM, stand_in.url, whatsapp_sender="+966119999999")

    client.send_sms(PHONE, TEXT, sender="SALON-AD", status_callback=CALLBACK)
    client.send_whatsapp(PHONE, content_sid="HX01", status_callback=CALLBACK)

    sms, whatsapp = (form(body) for _path, _headers, body in stand_in.received)
    assert sms == {"To": PHONE, "From": "SALON-AD", "Body": TEXT, "StatusCallback": CALLBACK}
    assert whatsapp == {
        "To": f"whatsapp:{PHONE}",
        "From": "whatsapp:+966119999999",
        "ContentSid": "HX01",
        "StatusCallback": CALLBACK,
    }


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ({"num_segments": "2", "price": "-0.09200", "price_unit": "usd"}, (2, Decimal("0.09200"), "USD")),
        ({"num_segments": "0", "price": None, "price_unit": "USD"}, (None, None, "")),
        ({"num_segments": "-1", "price": "NaN", "price_unit": ["USD"]}, (None, None, "")),
        ({"num_segments": 10**30, "price": "1e9", "price_unit": "USD"}, (None, None, "")),
    ],
)
def test_twilio_counts_what_it_knows_already(stand_in, counted, expected):
    stand_in.answers = [(201, {"sid": "SM01", "status": "queued", **counted})]

    assert twilio(stand_in.url) == Sent("SM01", "queued", *expected)


def test_twilio_is_called_at_the_configured_host_whatever_the_environment_says(stand_in, monkeypatch):
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    stand_in.answers = [(201, {"sid": "SM04", "status": "queued"})]

    assert twilio(f"{stand_in.url}/twilio/") == Sent("SM04", "queued")
    assert stand_in.request[0] == f"/twilio{TWILIO_PATH}"


def test_unifonic_sms_is_a_form_with_the_number_without_plus(stand_in):
    data = {"MessageID": 3200017889310, "Status": "Queued"}
    stand_in.answers = [(200, {"success": True, "message": "", "errorCode": "ER-00", "data": data})]

    sent = unifonic(stand_in.url)

    path, headers, body = stand_in.request
    assert sent == Sent("3200017889310", "queued")
    assert path == "/rest/SMS/messages"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(body) == {
        "AppSid": SECRET,
        "SenderID": "SALON",
        "Recipient": "966551234567",
        "Body": TEXT,
        "responseType": "JSON",
        "CorrelationID": "n-42",
        "MessageType": "3",
    }


def test_unifonic_success_may_be_the_word_true(stand_in):
    stand_in.answers = [(200, {"success": "true", "data": {"MessageID": "77", "Status": "Sent"}})]

    assert unifonic(stand_in.url) == Sent("77", "sent")


def test_unifonic_promotion_has_its_own_type_and_sender(stand_in):
    stand_in.answers = [(200, {"success": True, "data": {"MessageID": "77"}})]

    UnifonicClient(SECRET, "SALON", stand_in.url).send_sms(PHONE, TEXT, "42", sender="SALON-AD", is_promotional=True)

    fields = form(stand_in.request[2])
    assert (fields["SenderID"], fields["MessageType"]) == ("SALON-AD", "5")


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ({"NumberOfUnits": 2, "Cost": 0.045, "CurrencyCode": "sar"}, (2, Decimal("0.045"), "SAR")),
        ({"NumberOfUnits": "1", "Cost": "0.09", "CurrencyCode": ""}, (1, Decimal("0.09"), "")),
        ({"NumberOfUnits": 0, "Cost": 0, "CurrencyCode": "SAR"}, (None, None, "")),
        ({"NumberOfUnits": True, "Cost": float("inf"), "CurrencyCode": "Riyal"}, (None, None, "")),
    ],
)
def test_unifonic_counts_what_it_knows_already(stand_in, counted, expected):
    stand_in.answers = [(200, {"success": True, "data": {"MessageID": 77, "Status": "Sent", **counted}})]

    assert unifonic(stand_in.url) == Sent("77", "sent", *expected)


def test_unifonic_template_is_json_with_both_credentials_in_headers_and_the_plus(stand_in):
    stand_in.answers = [(202, {"messageId": "8f14e45f-ceea"})]

    sent = unifonic_template(stand_in.url)

    path, headers, body = stand_in.request
    assert sent == Sent("8f14e45f-ceea", "accepted")
    assert path == "/v1/messages"
    assert (headers["PublicId"], headers["Secret"]) == ("public-id", SECRET)
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "recipient": {"contact": PHONE, "channel": "whatsapp"},
        "content": {
            "type": "template",
            "name": "reminder",
            "language": {"code": "ar"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": TEXT}]}],
        },
    }


def test_unifonic_template_without_variables_has_no_components(stand_in):
    stand_in.answers = [(200, {"messageId": "1"})]

    UnifonicConversationsClient("public-id", SECRET, stand_in.url).send_template(PHONE, "hello", "en")

    assert json.loads(stand_in.request[2])["content"]["components"] == []


def test_authentica_sms_is_json_with_the_key_in_its_own_header(stand_in):
    stand_in.answers = [(200, {"queued": True})]

    sent = authentica(stand_in.url)

    path, headers, body = stand_in.request
    assert sent == Sent("", "accepted")
    assert path == "/api/v2/send-sms"
    assert headers["X-Authorization"] == SECRET
    assert headers["Accept"] == headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"phone": PHONE, "message": TEXT, "sender_name": "SALON"}


def test_authentica_sends_under_another_name_where_one_is_given(stand_in):
    stand_in.answers = [(200, {"success": True})]

    AuthenticaClient(SECRET, "SALON", stand_in.url).send_sms(PHONE, TEXT, sender="SALON-AD")

    assert json.loads(stand_in.request[2])["sender_name"] == "SALON-AD"


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_authentica_code_is_ours_and_takes_the_channel_asked_for(stand_in, channel):
    stand_in.answers = [(200, {"success": True, "data": None, "message": "OTP send successfully"})]

    sent = AuthenticaClient(SECRET, "SALON", stand_in.url).send_otp(PHONE, "012345", channel)

    path, _headers, body = stand_in.request
    assert sent == Sent("", "accepted")
    assert path == "/api/v2/send-otp"
    assert json.loads(body) == {"method": channel, "phone": PHONE, "otp": "012345"}


# What the way can do


@every_client
def test_nobody_listening_means_not_sent(stand_in, send):
    stand_in.shutdown()
    stand_in.server_close()

    assert outcome(send, stand_in.url) == (ProviderUnavailable, "unreachable")


@every_client
def test_failed_tls_means_not_sent(stand_in, send):
    assert outcome(send, stand_in.url.replace("http:", "https:")) == (ProviderUnavailable, "unreachable")
    assert stand_in.received == []


@every_client
def test_address_without_scheme_means_not_sent(send):
    assert outcome(send, "provider.invalid") == (ProviderUnavailable, "unreachable")


@pytest.mark.parametrize(
    "send",
    [
        lambda url: AuthenticaClient(f"{SECRET}\n", "SALON", url).send_sms(PHONE, TEXT),
        lambda url: UnifonicConversationsClient("id", f"{SECRET}\n", url).send_template(PHONE, "reminder", "ar"),
        lambda url: UnifonicConversationsClient("id", f"{SECRET}ل", url).send_template(PHONE, "reminder", "ar"),
    ],
)
def test_key_unfit_for_a_header_stays_out_of_the_error(stand_in, send):
    assert outcome(send, stand_in.url) == (ProviderUnavailable, "unreachable")
    assert stand_in.received == []


@every_client
def test_silence_after_sending_is_unknown(stand_in, send, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (3, 0.05))
    stand_in.answers = ["hang"]

    assert outcome(send, stand_in.url) == (ProviderOutcomeUnknown, "no_answer")


@every_client
def test_an_answer_that_drips_is_given_up(stand_in, send, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (0.1, 0.4))
    stand_in.answers = [Dripping((200, b'{"success": true, "id": "v-1"}'.ljust(100)))]

    assert outcome(send, stand_in.url) == (ProviderOutcomeUnknown, "no_answer")


def test_waiting_is_bounded_at_3_seconds_to_connect_and_5_to_read():
    assert http.TIMEOUT == (3, 5)


@every_client
def test_connection_closed_without_an_answer_is_unknown_and_not_repeated(stand_in, send):
    stand_in.answers = ["close"]

    assert outcome(send, stand_in.url) == (ProviderOutcomeUnknown, "no_answer")
    assert len(stand_in.received) == 1


@every_client
def test_answer_cut_off_in_the_middle_is_unknown(stand_in, send):
    stand_in.answers = [(200, b'{"success": tr', ("Content-Length", 500))]

    assert outcome(send, stand_in.url) == (ProviderOutcomeUnknown, "no_answer")


@every_client
def test_redirect_is_not_followed(stand_in, send):
    stand_in.answers = [(307, b"", ("Location", f"{stand_in.url}/elsewhere"))]

    assert outcome(send, stand_in.url) == (ProviderOutcomeUnknown, "307")
    assert len(stand_in.received) == 1


@every_client
@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>Welcome</html>", b"[1]", b"null", b'"ok"', b"{}", b"\xff\xfe", b"[" * 50_000],
    ids=["empty", "html", "list", "null", "text", "nothing", "bytes", "deep"],
)
def test_success_without_a_readable_body_is_unknown(stand_in, send, raw):
    assert answered(stand_in, send, 200, raw) == (ProviderOutcomeUnknown, "unclear")


def test_body_is_read_up_to_the_size_cap_and_not_beyond(stand_in):
    longest = b'{"success": true}'.ljust(http.MAX_BYTES)
    stand_in.answers = [(200, longest), (200, longest + b" "), (200, longest * 2, ("Content-Length", 10**9))]

    assert authentica(stand_in.url) == Sent("", "accepted")
    assert outcome(authentica, stand_in.url) == (ProviderOutcomeUnknown, "unclear")
    assert outcome(authentica, stand_in.url) == (ProviderOutcomeUnknown, "unclear")


def test_a_compressed_body_counts_by_the_size_it_unpacks_to(stand_in):
    small, huge = (gzip.compress(b'{"success": true}'.ljust(size)) for size in (100, 10**6))
    stand_in.answers = [(200, body, ("Content-Encoding", "gzip")) for body in (small, huge)]

    assert authentica(stand_in.url) == Sent("", "accepted")
    assert outcome(authentica, stand_in.url) == (ProviderOutcomeUnknown, "unclear")


def test_a_body_in_chunks_counts_when_it_came_to_its_end(stand_in):
    whole = b'11\r\n{"success": true}\r\n0\r\n\r\n'
    chunked = ("Transfer-Encoding", "chunked"), ("Content-Length", len(whole))
    stand_in.answers = [(200, whole, *chunked), (200, whole[:-8], *chunked)]

    assert authentica(stand_in.url) == Sent("", "accepted")
    assert outcome(authentica, stand_in.url) == (ProviderOutcomeUnknown, "no_answer")


@every_client
@pytest.mark.parametrize("status", [400, 406, 410, 422])
def test_refusal_of_the_message_is_final(stand_in, send, status):
    assert answered(stand_in, send, status, b"<html>") == (ProviderRejected, str(status))


@every_client
@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 429])
def test_refusal_of_the_account_or_the_moment_may_pass_later(stand_in, send, status):
    assert answered(stand_in, send, status, b"<html>") == (ProviderUnavailable, str(status))


@every_client
@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
def test_trouble_on_the_other_side_is_unknown(stand_in, send, status):
    assert answered(stand_in, send, status, b"<html>") == (ProviderOutcomeUnknown, str(status))


# What Twilio can say


def twilio_error(stand_in, status, code):
    payload = {"code": code, "message": f"'To' {PHONE}: {TEXT}", "status": status}
    return answered(stand_in, twilio, status, payload)


@pytest.mark.parametrize("code", [21211, 21604, 21610, 21614, 21635, 63014, 63016, 63021, 63024, 63049])
def test_twilio_code_about_the_message_is_final(stand_in, code):
    assert twilio_error(stand_in, 400, code) == (ProviderRejected, str(code))


@pytest.mark.parametrize("code", [20003, 20404, 20429, 21408, 21606, 21609, 21608, 21612, 30002, 63007, 63018])
def test_twilio_code_about_the_account_or_the_moment_may_pass_later(stand_in, code):
    assert twilio_error(stand_in, 400, code) == (ProviderUnavailable, str(code))


def test_twilio_code_without_meaning_leaves_the_decision_to_the_status(stand_in):
    assert twilio_error(stand_in, 500, 20500) == (ProviderOutcomeUnknown, "20500")


def test_twilio_problem_document_is_read_like_any_other_error(stand_in):
    payload = {"type": "about:blank", "title": f"No {PHONE}", "status": "?", "code": 21211, "detail": TEXT}

    assert answered(stand_in, twilio, 400, payload) == (ProviderRejected, "21211")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"sid": "SM01", "status": "failed", "error_code": 30001}, (ProviderUnavailable, "30001")),
        ({"sid": "SM01", "status": "failed", "error_code": 63016}, (ProviderRejected, "63016")),
        ({"sid": "SM01", "status": "failed"}, (ProviderRejected, "failed")),
        ({"sid": "SM01", "status": "queued", "error_code": 30008}, (ProviderOutcomeUnknown, "unclear")),
        ({"sid": ["SM01"], "status": ["queued"]}, (ProviderOutcomeUnknown, "unclear")),
    ],
)
def test_twilio_created_message_is_not_sent_when_it_failed_or_is_none(stand_in, payload, expected):
    assert answered(stand_in, twilio, 201, payload) == expected


@pytest.mark.parametrize("module", ["twilio", "twilio_verify"])
def test_twilio_sdk_is_imported_on_the_first_send_only(module):
    program = f"import sys, apps.common.providers.{module}; print('twilio' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"


# What Unifonic can say


@pytest.mark.parametrize("success", [False, "false"])
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, "ER-01", (ProviderUnavailable, "ER-01")),
        (200, "ER-02", (ProviderRejected, "ER-02")),
        (200, "ER-05", (ProviderRejected, "ER-05")),
        (200, "ER-08", (ProviderUnavailable, "ER-08")),
        (200, "ER-09", (ProviderOutcomeUnknown, "ER-09")),
        (200, "ER-11", (ProviderRejected, "ER-11")),
        (200, None, (ProviderRejected, "refused")),
        (200, f"ER {PHONE}", (ProviderRejected, "refused")),
        (200, "ER-00", (ProviderOutcomeUnknown, "unclear")),
        (400, "ER-03", (ProviderRejected, "ER-03")),
        (402, "ER-02", (ProviderUnavailable, "402")),
        (409, "ER-09", (ProviderOutcomeUnknown, "409")),
        (480, "ER-08", (ProviderUnavailable, "480")),
        (499, None, (ProviderOutcomeUnknown, "499")),
        (500, "ER-06", (ProviderRejected, "ER-06")),
        (500, None, (ProviderOutcomeUnknown, "500")),
    ],
)
def test_unifonic_refusal_is_read_from_status_and_code(stand_in, success, status, code, expected):
    payload = {"success": success, "message": f"Dest {PHONE}", "errorCode": code, "data": {}}

    assert answered(stand_in, unifonic, status, payload) == expected


@pytest.mark.parametrize(
    ("status", "success", "code", "data"),
    [
        (200, True, "ER-05", {"MessageID": 1}),
        (200, True, "ER-00", {}),
        (200, True, "ER-00", None),
        (200, False, "ER-05", {"MessageID": 1}),
        (200, "perhaps", "ER-00", {"MessageID": 1}),
        (401, True, None, {}),
        (500, "true", "ER-00", {"MessageID": 1}),
    ],
)
def test_unifonic_answer_that_contradicts_itself_is_unknown(stand_in, status, success, code, data):
    payload = {"success": success, "errorCode": code, "data": data}

    assert answered(stand_in, unifonic, status, payload) == (ProviderOutcomeUnknown, "unclear")


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"messageId": ""}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"messageId": ["1"]}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"messageId": "1" * 65}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"success": "true"}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"messageId": "1", "success": False}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"messageId": "1", "errors": [{"message": PHONE}]}, (ProviderOutcomeUnknown, "unclear")),
        (400, {"messageId": "1"}, (ProviderOutcomeUnknown, "unclear")),
        (500, {"messageId": "1"}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"success": False}, (ProviderRejected, "refused")),
        (200, {"error": {"message": PHONE}}, (ProviderRejected, "refused")),
        (400, {"error": {"message": PHONE}}, (ProviderRejected, "400")),
        (401, {"message": SECRET}, (ProviderUnavailable, "401")),
        (409, {"message": "Duplicate"}, (ProviderOutcomeUnknown, "409")),
        (429, {}, (ProviderUnavailable, "429")),
    ],
)
def test_only_an_undenied_id_proves_that_a_template_was_taken(stand_in, status, payload, expected):
    assert answered(stand_in, unifonic_template, status, payload) == expected


# What Authentica can say


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {"success": False, "message": f"{PHONE} refused"}, (ProviderRejected, "refused")),
        (200, {"success": "false"}, (ProviderRejected, "refused")),
        (200, {"status": False}, (ProviderRejected, "refused")),
        (200, {"errors": [{"message": "no"}]}, (ProviderRejected, "refused")),
        (400, {"success": False}, (ProviderRejected, "400")),
        (402, {"success": False}, (ProviderUnavailable, "402")),
        (500, {"success": False}, (ProviderOutcomeUnknown, "500")),
        (200, {"success": True, "status": False}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"success": True, "errors": [{"message": "no"}]}, (ProviderOutcomeUnknown, "unclear")),
        (401, {"success": True}, (ProviderOutcomeUnknown, "unclear")),
        (200, {"message": "OTP send successfully"}, (ProviderOutcomeUnknown, "unclear")),
    ],
)
def test_authentica_flags_and_status_must_agree(stand_in, status, payload, expected):
    assert answered(stand_in, authentica, status, payload) == expected


# What became of a message


def test_twilio_is_asked_by_get_with_basic_authentication(stand_in):
    stand_in.answers = [
        (
            200,
            {
                "sid": "SM01",
                "status": "Delivered",
                "error_code": None,
                "num_segments": "2",
                "price": "-0.0920",
                "price_unit": "USD",
                "body": TEXT,
                "to": PHONE,
                "date_sent": "nonsense",
            },
        )
    ]

    report = twilio_question(stand_in.url)

    path, headers, body = stand_in.request
    assert report == Report("delivered", "delivered", "", "SM01", 2, Decimal("0.0920"), "USD")
    assert (path, body) == (f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM01.json", None)
    assert headers["Authorization"] == "Basic " + b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", ""),
        ("sending", ""),
        ("sent", ""),
        ("delivered", "delivered"),
        ("read", "delivered"),
        ("undelivered", "undelivered"),
        ("failed", "undelivered"),
        ("canceled", "undelivered"),
        ("partially_delivered", ""),
        ("never_heard_of", ""),
    ],
)
def test_twilio_words_for_what_became_of_a_message(stand_in, word, state):
    stand_in.answers = [(200, {"sid": "SM01", "status": word, "error_code": 30005})]

    assert twilio_question(stand_in.url) == Report(state, word, "30005", "SM01")


def test_a_message_twilio_does_not_have_has_no_report(stand_in):
    stand_in.answers = [(404, {"code": 20404, "message": "not found", "status": 404})]

    assert twilio_question(stand_in.url) is None


@pytest.mark.parametrize("message_id", ["", "../Calls", "SM01?x", "SM 1"])
def test_an_id_that_cannot_be_one_is_not_asked_for(stand_in, message_id):
    assert TwilioClient(ACCOUNT, SECRET, FROM, stand_in.url).fetch(message_id) is None
    assert stand_in.received == []


@pytest.mark.parametrize(
    ("status", "payload", "code"),
    [
        (200, {"sid": "SM02", "status": "delivered"}, "unclear"),
        (200, {"sid": "SM01", "status": ["delivered"]}, "unclear"),
        (200, {"sid": "SM01"}, "unclear"),
        (401, {"code": 20003, "message": SECRET, "status": 401}, "20003"),
        (429, {"code": 20429, "status": 429}, "20429"),
        (404, {"message": "no such page"}, "404"),
    ],
)
def test_twilio_that_does_not_tell_may_be_asked_again(stand_in, status, payload, code):
    assert answered(stand_in, twilio_question, status, payload) == (ProviderUnavailable, code)


def details(*messages, **answer):
    data = {"messages": list(messages), "CurrencyCode": "SAR", "TotalTextMessages": len(messages)}
    return 200, {"success": True, "message": "", "errorCode": "ER-00", "data": data, **answer}


def detail(**message):
    """A message of Unifonic's as it tells about it."""
    return {
        "MessageID": 3200017889310,
        "CorrelationID": "42",
        "Status": "Sent",
        "MessageBody": TEXT,
        "DLR": "",
        "NumberOfUnits": 2,
        "Cost": 0.09,
        "SenderID": "SALON",
        "Recipient": PHONE[1:],
        "DateCreated": "2026-03-01 10:00:00",
        "DateSent": "2026-03-01 10:00:01",
        **message,
    }


def test_unifonic_is_asked_in_a_form_so_that_no_address_holds_its_key(stand_in):
    stand_in.answers = [details(detail(DLR="Delivered"))]

    report = unifonic_question(stand_in.url)

    path, headers, body = stand_in.request
    assert report == Report("delivered", "delivered", "", "3200017889310", 2, Decimal("0.09"), "SAR")
    assert path == "/rest/SMS/Messages/GetMessagesDetails"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(body) == {"AppSid": SECRET, "CorrelationID": "42", "Recipient": PHONE[1:], "Limit": "20"}


def test_unifonic_is_asked_by_its_own_id_where_we_have_it(stand_in):
    stand_in.answers = [details(detail(CorrelationID="another"))]

    report = UnifonicClient(SECRET, "SALON", stand_in.url).find(message_id="3200017889310", correlation_id="42")

    assert report == Report("", "sent", "", "3200017889310", 2, Decimal("0.09"), "SAR")
    assert form(stand_in.request[2]) == {"AppSid": SECRET, "MessageID": "3200017889310", "Limit": "20"}


def test_unifonic_is_not_asked_for_nothing(stand_in):
    assert UnifonicClient(SECRET, "SALON", stand_in.url).find(to=PHONE) is None
    assert stand_in.received == []


@pytest.mark.parametrize(
    ("status", "dlr", "expected"),
    [
        ("Queued", "", ("", "queued")),
        ("Sent", "Enroute", ("", "enroute")),
        ("Sent", "Delivered", ("delivered", "delivered")),
        ("Sent", "Undeliverable", ("undelivered", "undeliverable")),
        ("Sent", "Expired", ("undelivered", "expired")),
        ("Rejected", "", ("undelivered", "rejected")),
        ("Failed", "Unknown", ("undelivered", "failed")),
        ("Failed", "Delivered", ("delivered", "delivered")),
        ("Delivery not confirmed", None, ("", "delivery not confirmed")),
        (None, ["Delivered"], ("", "")),
    ],
)
def test_unifonic_words_for_what_became_of_a_message(stand_in, status, dlr, expected):
    stand_in.answers = [details(detail(Status=status, DLR=dlr, NumberOfUnits=0, Cost=0))]

    report = unifonic_question(stand_in.url)

    assert report == Report(*expected, "", "3200017889310")


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [detail(CorrelationID="421")],
        [detail(CorrelationID="")],
        [detail(Recipient="966500000000")],
        [None, "42", ["42"], {}],
    ],
)
def test_a_message_unifonic_does_not_have_has_no_report_whatever_else_it_shows(stand_in, messages):
    stand_in.answers = [details(*messages)]

    assert unifonic_question(stand_in.url) is None


EARLY, LATE = {"MessageID": 1, "DateSent": "2026-03-01 10:00:00"}, {"MessageID": 2, "DateSent": "2026-03-01 10:05:00"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Delivered", "Rejected", "1"),
        ("Rejected", "Delivered", "2"),
        ("Delivered", "", "1"),
        ("", "Rejected", "1"),
        ("Expired", "Rejected", "2"),
        ("", "", "2"),
        ("Delivered", "Delivered", "2"),
    ],
)
def test_of_several_messages_under_one_id_of_ours_the_one_that_arrived_counts(stand_in, first, second, expected):
    both = [detail(DLR=first, **EARLY), detail(DLR=second, **LATE)]
    stand_in.answers = [details(*both), details(*reversed(both))]

    assert [unifonic_question(stand_in.url).message_id for _order in both] == [expected, expected]


def test_a_message_that_was_never_sent_is_dated_by_its_creation(stand_in):
    created = [
        detail(MessageID=1, DateSent=None, DateCreated="2026-03-01 10:00:00"),
        detail(MessageID=2, DateSent=None, DateCreated="2026-03-01 10:05:00"),
    ]
    stand_in.answers = [details(*created), details(*reversed(created))]

    assert [unifonic_question(stand_in.url).message_id for _order in created] == ["2", "2"]


@pytest.mark.parametrize(
    ("status", "changes", "code"),
    [
        (200, {"success": False, "errorCode": "ER-02"}, "ER-02"),
        (200, {"success": "perhaps"}, "unclear"),
        (200, {"errorCode": "ER-11"}, "ER-11"),
        (200, {"data": None}, "unclear"),
        (200, {"data": {}}, "unclear"),
        (200, {"data": {"messages": {"0": detail()}}}, "unclear"),
        (401, {}, "401"),
        (500, {}, "500"),
    ],
)
def test_unifonic_that_does_not_tell_may_be_asked_again(stand_in, status, changes, code):
    _status, payload = details(detail(DLR="Delivered"), **changes)

    assert answered(stand_in, unifonic_question, status, payload) == (ProviderUnavailable, code)


@every_question
@pytest.mark.parametrize("answer", ["close", "hang", (200, b"{", ("Content-Length", 500))])
def test_a_question_without_an_answer_did_nothing_and_is_not_repeated(stand_in, ask, answer):
    stand_in.answers = [answer]

    with waiting_for(stand_in, answer):
        assert outcome(ask, stand_in.url) == (ProviderUnavailable, "no_answer")
    assert len(stand_in.received) == 1


@every_question
def test_a_question_nobody_hears_did_nothing(stand_in, ask):
    assert outcome(ask, stand_in.url.replace("http:", "https:")) == (ProviderUnavailable, "no_answer")
    assert outcome(ask, "provider.invalid") == (ProviderUnavailable, "no_answer")
    assert stand_in.received == []


@every_question
def test_an_answer_to_a_question_is_bounded_like_any_other(stand_in, ask, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (0.1, 0.4))
    stand_in.answers = [Dripping((200, b"{}".ljust(100))), (200, b"{}".ljust(http.MAX_BYTES + 1))]

    assert outcome(ask, stand_in.url) == (ProviderUnavailable, "no_answer")
    assert outcome(ask, stand_in.url) == (ProviderUnavailable, "unclear")


@every_question
def test_a_question_follows_no_redirect(stand_in, ask):
    stand_in.answers = [(307, b"", ("Location", f"{stand_in.url}/elsewhere"))]

    error, _code = outcome(ask, stand_in.url)

    assert error is ProviderUnavailable
    assert len(stand_in.received) == 1


@every_question
@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("raw", [b"", b"<html>", b"[1]", b"null", b"[" * 50_000])
def test_an_answer_nobody_can_read_tells_nothing(stand_in, ask, status, raw):
    assert answered(stand_in, ask, status, raw) == (ProviderUnavailable, "unclear" if status == 200 else str(status))
