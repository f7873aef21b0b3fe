"""Each carrier of messages, over HTTP to a stand-in: what it makes of every behaviour, and what the customer has."""

import logging
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
from apps.common.providers.twilio import TwilioClient
from apps.common.tests import code_providers, message_providers
from apps.common.tests.message_providers import DUPLICATE_WINDOW, Carried, MessageProviders, settings_of
from apps.common.tests.provider_stand_in import Acted, but, running_stand_in, truncated
from apps.notifications.admin.attempts import PROVIDER_NAMES
from apps.notifications.providers import PROVIDERS, Message, get_provider
from apps.notifications.providers.console import ConsoleProvider
from apps.notifications.providers.twilio import TwilioProvider
from project.env import Provider

PHONE = "+966551234567"
TEXT = "موعدك 18:30\nأهلا"
MESSAGE = Message(42, PHONE, "booking_confirmed", "sms", TEXT)
# Everything a message can be told, as an SMS and as WhatsApp.
SMS = Message(42, PHONE, "reminder", "sms", TEXT, reference="7")
TEMPLATES = {"twilio": "HX01", "unifonic": "booking_reminder"}


def whatsapp(provider):
    template_id = TEMPLATES[provider]
    return Message(42, PHONE, "reminder", "whatsapp", TEXT, "7", template_id=template_id, variables=("سارة", "18:30"))


CARRIED = {
    "twilio": ("twilio", SMS),
    "twilio_whatsapp": ("twilio", whatsapp("twilio")),
    "unifonic": ("unifonic", SMS),
    "unifonic_whatsapp": ("unifonic", whatsapp("unifonic")),
    "authentica": ("authentica", SMS),
}
every_way = pytest.mark.parametrize("way", CARRIED)


@pytest.fixture
def providers():
    """Twilio, Unifonic and Authentica; what customers got is in `providers.inbox`."""
    return MessageProviders()


@pytest.fixture
def stand_in(settings, monkeypatch, providers):
    """A local server in every provider's place."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_stand_in(providers) as server:
        for name, value in settings_of(server.url).items():
            setattr(settings, name, value)
        settings.PUBLIC_BASE_URL = "https://salons.example"
        yield server


@pytest.fixture
def send(settings, stand_in):
    """`send("twilio", message)` sends through the provider that the settings name."""

    def send_by(name, message=MESSAGE):
        settings.NOTIFICATION_PROVIDER = name
        return get_provider().send(message)

    return send_by


@pytest.fixture
def look_up(settings, stand_in):
    def look_up_by(name, channel="sms", **known):
        settings.NOTIFICATION_PROVIDER = name
        return get_provider().look_up(channel, **known)

    return look_up_by


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (3, 0.05))


def outcome(call):
    """`Sent`, or the class of the error, whose text must give nothing away."""
    try:
        return type(call())
    except ProviderError as caught:
        error = caught
    shown = f"{error!r} {error.__dict__}"
    assert not any(private in shown for private in (PHONE[1:], TEXT, *CANARIES))
    assert error.__cause__ is error.__context__ is None
    return type(error)


def test_every_provider_the_settings_allow_exists():
    assert set(PROVIDERS) == {provider.value for provider in Provider}


def test_every_provider_has_a_name_on_the_pages_and_all_but_the_console_are_tried_here():
    assert set(PROVIDER_NAMES) == set(PROVIDERS)
    assert {name for name, _message in CARRIED.values()} == set(PROVIDERS) - {"console"}


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


# What reaches the customer


def test_twilio_carries_sms_and_is_told_where_to_report(send, providers, stand_in):
    sent = send("twilio", SMS)

    (got,) = providers.inbox
    assert got == Carried(PHONE, "sms", code_providers.TWILIO_FROM, sent.provider_message_id, "7", TEXT)
    assert sent == Sent(got.message_id, "queued", segments=1)
    callback = parse_qs(stand_in.request[2])["StatusCallback"]
    assert callback == ["https://salons.example/api/v1/webhooks/twilio/?attempt=7"]


def test_twilio_carries_templates_from_its_whatsapp_number(send, providers):
    sent = send("twilio", whatsapp("twilio"))

    assert providers.inbox == [
        Carried(
            PHONE,
            "whatsapp",
            message_providers.TWILIO_WHATSAPP_FROM,
            sent.provider_message_id,
            "7",
            template="HX01",
            variables=("سارة", "18:30"),
        )
    ]


def test_twilio_sends_whatsapp_from_its_only_number_where_it_has_no_other(settings, send, stand_in):
    settings.TWILIO_WHATSAPP_FROM = ""
    stand_in.answers = [(201, {"sid": "SM1", "status": "queued"})]

    send("twilio", whatsapp("twilio"))

    assert parse_qs(stand_in.request[2])["From"] == [f"whatsapp:{code_providers.TWILIO_FROM}"]


@pytest.mark.parametrize(
    ("public", "twilio", "callback"),
    [
        ("https://salons.example", "https://127.0.0.1:1", "https://salons.example/api/v1/webhooks/twilio/?attempt=42"),
        ("http://salons.example", "https://127.0.0.1:1", ""),
        ("https://my_salons.example", "https://127.0.0.1:1", ""),
        ("https://localhost", "https://127.0.0.1:1", ""),
        ("http://127.0.0.1:8000", "http://127.0.0.1:1", "http://127.0.0.1:8000/api/v1/webhooks/twilio/?attempt=42"),
    ],
)
def test_twilio_is_given_no_address_it_would_refuse_the_message_for(settings, monkeypatch, public, twilio, callback):
    settings.PUBLIC_BASE_URL, settings.TWILIO_BASE_URL = public, twilio
    calls = []
    monkeypatch.setattr(TwilioClient, "send_sms", lambda _client, *_message, **options: calls.append(options))

    TwilioProvider().send(MESSAGE)

    assert calls == [{"sender": "", "status_callback": callback}]


def test_unifonic_carries_sms_under_our_own_number(send, providers):
    sent = send("unifonic", SMS)

    assert providers.inbox == [
        Carried(PHONE, "sms", code_providers.UNIFONIC_SENDER, "3200017889310", "7", TEXT, message_type="3")
    ]
    assert sent == Sent("3200017889310", "queued")


def test_unifonic_carries_templates(send, providers):
    sent = send("unifonic", whatsapp("unifonic"))

    (got,) = providers.inbox
    assert (got.to, got.channel, got.message_id) == (PHONE, "whatsapp", sent.provider_message_id)
    assert (got.template, got.language, got.variables) == ("booking_reminder", "ar", ("سارة", "18:30"))


def test_authentica_carries_sms(send, providers):
    assert send("authentica", SMS) == Sent("", "accepted")
    assert providers.inbox == [Carried(PHONE, "sms", code_providers.AUTHENTICA_SENDER, "", body=TEXT)]


@pytest.mark.parametrize("name", ["twilio", "unifonic", "authentica"])
def test_a_promotion_goes_out_under_its_own_sender(send, providers, name):
    sender = message_providers.PROMOTIONAL_SENDER

    send(name, Message(42, PHONE, "promotion", "sms", TEXT, sender=sender, is_promotional=True))

    (got,) = providers.inbox
    assert got.sender == sender
    assert got.message_type == ("5" if name == "unifonic" else "")


@pytest.mark.parametrize("name", ["twilio", "unifonic"])
def test_a_message_without_a_reference_is_known_by_its_own_number(send, providers, name):
    send(name, MESSAGE)

    assert [got.reference for got in providers.inbox] == ["42"]


# What is refused before anybody is called


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("console", {"sms", "whatsapp"}),
        ("twilio", {"sms", "whatsapp"}),
        ("unifonic", {"sms", "whatsapp"}),
        ("authentica", {"sms"}),
    ],
)
def test_a_provider_says_what_it_carries(settings, stand_in, name, channels):
    settings.NOTIFICATION_PROVIDER = name

    assert get_provider().channels == channels


@pytest.mark.parametrize("missing", ["UNIFONIC_PUBLIC_ID", "UNIFONIC_SECRET"])
def test_unifonic_carries_whatsapp_only_with_both_of_its_credentials(settings, send, stand_in, missing):
    setattr(settings, missing, "")

    with pytest.raises(ProviderRejected) as caught:
        send("unifonic", whatsapp("unifonic"))

    assert caught.value.code == "channel"
    assert get_provider().channels == {"sms"}
    assert stand_in.received == []


def test_authentica_carries_no_whatsapp(send, stand_in):
    with pytest.raises(ProviderRejected) as caught:
        send("authentica", whatsapp("twilio"))

    assert caught.value.code == "channel"
    assert stand_in.received == []


@pytest.mark.parametrize("name", ["console", "twilio", "unifonic"])
def test_free_text_never_goes_out_by_whatsapp(send, stand_in, capsys, name):
    with pytest.raises(ProviderRejected) as caught:
        send(name, Message(42, PHONE, "reminder", "whatsapp", TEXT))

    assert caught.value.code == "template_missing"
    assert stand_in.received == []
    assert capsys.readouterr().out == ""


# What a provider does, what we make of it, and how many messages the customer really has


@every_way
@pytest.mark.parametrize(
    ("answer", "expected", "delivered"),
    [
        (Acted(None), Sent, 1),
        ("close", ProviderOutcomeUnknown, 0),
        (Acted("close"), ProviderOutcomeUnknown, 1),
        ((500, {}), ProviderOutcomeUnknown, 0),
        (Acted((500, {})), ProviderOutcomeUnknown, 1),
        ((503, b"<html>"), ProviderOutcomeUnknown, 0),
        ((200, b"<html>"), ProviderOutcomeUnknown, 0),
        (Acted((200, b"<html>")), ProviderOutcomeUnknown, 1),
        ((307, b"", ("Location", "/elsewhere")), ProviderOutcomeUnknown, 0),
        (Acted(truncated), ProviderOutcomeUnknown, 1),
        (Acted((200, b'{"success": tr', ("Content-Length", 500))), ProviderOutcomeUnknown, 1),
        ((400, b"<html>"), ProviderRejected, 0),
        ((401, {}), ProviderUnavailable, 0),
        ((429, {}), ProviderUnavailable, 0),
    ],
)
def test_whatever_happens_on_the_way_nobody_is_told_a_lie(send, stand_in, providers, way, answer, expected, delivered):
    stand_in.answers = [answer]

    assert outcome(lambda: send(*CARRIED[way])) is expected

    assert len(providers.inbox) == delivered
    assert len(stand_in.received) == 1


@every_way
@pytest.mark.parametrize(("answer", "delivered"), [("hang", 0), (Acted("hang"), 1)], ids=str)
@pytest.mark.usefixtures("impatient")
def test_silence_leaves_open_whether_the_customer_has_it(send, stand_in, providers, way, answer, delivered):
    stand_in.answers = [answer]

    assert outcome(lambda: send(*CARRIED[way])) is ProviderOutcomeUnknown

    assert stand_in.fell_silent.wait(5)
    assert len(providers.inbox) == delivered
    assert len(stand_in.received) == 1


@pytest.mark.parametrize(
    ("way", "answer", "expected", "delivered"),
    [
        ("twilio", (201, {"sid": "SM1", "status": "failed", "error_code": 30007}), ProviderRejected, 0),
        ("twilio", (201, {"sid": "SM1", "status": "failed", "error_code": 30001}), ProviderUnavailable, 0),
        ("twilio", Acted(but(sid=None)), ProviderOutcomeUnknown, 1),
        ("twilio", Acted(but(error_code=30008)), ProviderOutcomeUnknown, 1),
        ("twilio_whatsapp", (400, {"code": 63016, "status": 400}), ProviderRejected, 0),
        ("twilio_whatsapp", (201, {"sid": "SM1", "status": "failed", "error_code": 63016}), ProviderRejected, 0),
        ("unifonic", (200, {"success": False, "errorCode": "ER-05", "data": {}}), ProviderRejected, 0),
        ("unifonic", (200, {"success": False, "errorCode": "ER-01", "data": {}}), ProviderUnavailable, 0),
        ("unifonic", (200, {"success": "false", "errorCode": "ER-09", "data": {}}), ProviderOutcomeUnknown, 0),
        ("unifonic", Acted(but(success="true")), Sent, 1),
        ("unifonic", Acted(but(data={})), ProviderOutcomeUnknown, 1),
        ("unifonic", Acted(but(success=False)), ProviderOutcomeUnknown, 1),
        ("unifonic", Acted(but(errorCode="ER-05")), ProviderOutcomeUnknown, 1),
        ("unifonic_whatsapp", (200, {"success": False, "message": "refused"}), ProviderRejected, 0),
        ("unifonic_whatsapp", Acted(but(success="true")), Sent, 1),
        ("unifonic_whatsapp", Acted(but(messageId=None)), ProviderOutcomeUnknown, 1),
        ("unifonic_whatsapp", Acted(but(success=False)), ProviderOutcomeUnknown, 1),
        ("unifonic_whatsapp", (409, {}), ProviderOutcomeUnknown, 0),
        ("authentica", (200, {"success": False, "message": "refused"}), ProviderRejected, 0),
        ("authentica", Acted(but(success="true")), Sent, 1),
        ("authentica", Acted((200, {"queued": True})), Sent, 1),
        ("authentica", Acted(but(success=None)), ProviderOutcomeUnknown, 1),
        ("authentica", Acted(but(status=False)), ProviderOutcomeUnknown, 1),
        ("authentica", Acted(but(errors=[{"message": "no"}])), ProviderOutcomeUnknown, 1),
    ],
)
def test_whatever_an_answer_says_nobody_is_told_a_lie(send, stand_in, providers, way, answer, expected, delivered):
    stand_in.answers = [answer]

    assert outcome(lambda: send(*CARRIED[way])) is expected

    assert len(providers.inbox) == delivered
    assert len(stand_in.received) == 1


@every_way
def test_nobody_listening_sends_nothing(settings, stand_in, send, providers, way):
    for name, value in settings_of("http://127.0.0.1:1").items():
        setattr(settings, name, value)

    assert outcome(lambda: send(*CARRIED[way])) is ProviderUnavailable
    assert providers.inbox == []


@pytest.mark.parametrize(
    ("name", "to", "expected"),
    [
        ("twilio", "0551234567", ProviderRejected),
        ("twilio", "+966112345678", ProviderRejected),
        ("unifonic", "0551234567", ProviderRejected),
        ("unifonic", "+96655", ProviderRejected),
        ("unifonic", "+9665512345678901", ProviderRejected),
        ("unifonic", "+966112345678", ProviderRejected),
        ("authentica", "0551234567", ProviderRejected),
    ],
)
def test_a_number_that_gets_no_message_is_refused_for_good(send, providers, name, to, expected):
    assert outcome(lambda: send(name, Message(42, to, "reminder", "sms", TEXT))) is expected
    assert providers.inbox == []


def test_who_said_stop_to_twilio_gets_nothing_more(send, providers):
    providers.twilio_messages.opted_out = {PHONE}

    with pytest.raises(ProviderRejected) as caught:
        send("twilio")

    assert caught.value.code == "21610"
    assert providers.inbox == []


@pytest.mark.parametrize("status", [200, 409])
def test_unifonic_refuses_a_repetition_for_a_while_and_then_carries_it(send, providers, status):
    providers.unifonic_sms.duplicate_status = status

    outcomes = [outcome(lambda: send("unifonic")) for _attempt in range(2)]
    providers.unifonic_sms.seconds += DUPLICATE_WINDOW
    outcomes.append(outcome(lambda: send("unifonic")))

    assert outcomes == [Sent, ProviderOutcomeUnknown, Sent]
    assert len(providers.inbox) == 2


@pytest.mark.parametrize("way", [way for way in CARRIED if way != "unifonic"])
def test_everybody_else_carries_a_repetition_at_once(send, providers, way):
    name, message = CARRIED[way]

    assert [outcome(lambda: send(name, message)) for _attempt in range(2)] == [Sent, Sent]
    assert len(providers.inbox) == 2


# What became of a message


@pytest.mark.parametrize(("answer", "report"), [(Acted("close"), "queued"), ("close", None)])
def test_unifonic_tells_what_a_lost_answer_did(send, look_up, stand_in, answer, report):
    stand_in.answers = [answer]
    assert outcome(lambda: send("unifonic", SMS)) is ProviderOutcomeUnknown

    found = look_up("unifonic", reference="7", to=PHONE)

    assert found == (report and Report("", report, "", "3200017889310"))


def test_unifonic_tells_of_an_arrival_and_what_it_cost(send, look_up, providers):
    message_id = send("unifonic", SMS).provider_message_id
    providers.unifonic_sms.report(message_id, "delivered")

    expected = Report("delivered", "delivered", "", message_id, 1, Decimal("0.09"), "SAR")
    assert look_up("unifonic", message_id=message_id, to=PHONE) == expected
    assert look_up("unifonic", reference="7") == expected


def test_unifonic_does_not_take_a_message_to_somebody_else_for_ours(send, look_up):
    send("unifonic", SMS)

    assert look_up("unifonic", reference="7", to="+966500000000") is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("queued", ("", "queued", "", None, "")),
        ("delivered", ("delivered", "delivered", "", Decimal("0.09"), "USD")),
        ("undelivered", ("undelivered", "undelivered", "30005", Decimal("0.09"), "USD")),
    ],
)
@pytest.mark.parametrize("way", ["twilio", "twilio_whatsapp"])
def test_twilio_tells_of_a_message_by_its_own_number(send, look_up, providers, way, word, expected):
    name, message = CARRIED[way]
    message_id = send(name, message).provider_message_id
    providers.twilio_messages.report(message_id, word)

    report = look_up(name, message.channel, message_id=message_id, reference="7", to=PHONE)

    state, word, error_code, cost, currency = expected
    assert report == Report(state, word, error_code, message_id, 1, cost, currency)


def test_a_message_twilio_does_not_know_has_no_report(look_up):
    assert look_up("twilio", message_id="SM404") is None


@pytest.mark.parametrize(
    ("name", "channel", "known"),
    [
        ("twilio", "sms", {"reference": "7", "to": PHONE}),
        ("unifonic", "sms", {"to": PHONE}),
        ("unifonic", "whatsapp", {"message_id": "8f14e45f", "reference": "7", "to": PHONE}),
        ("authentica", "sms", {"reference": "7", "to": PHONE}),
        ("console", "sms", {"message_id": "console-1"}),
    ],
)
def test_who_cannot_tell_is_not_asked(look_up, stand_in, name, channel, known):
    assert look_up(name, channel, **known) is None
    assert stand_in.received == []


@pytest.mark.parametrize(("name", "known"), [("twilio", {"message_id": "SM1"}), ("unifonic", {"reference": "7"})])
@pytest.mark.parametrize("answer", ["close", (500, {}), (401, {}), (200, b"<html>"), (200, b'{"sid":')])
def test_a_look_up_without_an_answer_may_be_repeated(look_up, stand_in, name, known, answer):
    stand_in.answers = [answer]

    assert outcome(lambda: look_up(name, **known)) is ProviderUnavailable
    assert len(stand_in.received) == 1


# What is kept to ourselves

CANARIES = (
    code_providers.TWILIO_ACCOUNT,
    code_providers.TWILIO_TOKEN,
    code_providers.UNIFONIC_APP_SID,
    code_providers.AUTHENTICA_KEY,
    message_providers.CONVERSATIONS_PUBLIC_ID,
    message_providers.CONVERSATIONS_SECRET,
)
ECHO = {
    "message": f"{PHONE} {TEXT} {CANARIES}",
    "code": f"{PHONE}",
    "errorCode": PHONE,
    "status": "failed",
    "sid": "SM1",
}


@every_way
@pytest.mark.parametrize("status", [200, 400, 401, 409, 500])
def test_no_log_and_no_error_repeats_a_secret_or_the_customer(send, look_up, stand_in, caplog, capfd, way, status):
    caplog.set_level(logging.DEBUG)
    stand_in.answers = [(status, ECHO), (status, ECHO), "close"]
    name, message = CARRIED[way]

    outcome(lambda: send(name, message))
    for _question in range(2):
        outcome(lambda: look_up(name, message.channel, message_id="SM1", reference="7", to=PHONE))

    shown = "".join([caplog.text, *capfd.readouterr(), *(path for path, _headers, _body in stand_in.received)])
    shown = shown.replace(f"/Accounts/{code_providers.TWILIO_ACCOUNT}/", "")  # Twilio's address names the account
    assert not any(private in shown for private in (*CANARIES, PHONE[1:], TEXT))
