"""Delivery callbacks: who may report, and what a report changes."""

import pytest
from twilio.request_validator import RequestValidator

from apps.notifications.api.callbacks import Callback, read_twilio, read_unifonic
from apps.notifications.models import DeliveryReceipt, Notification
from apps.notifications.tests.factories import NotificationFactory
from project.env import LogFormat
from project.logs import LineFormatter

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.notifications.tests.urls")]

PUBLIC = "https://salons.example"
TOKEN = "test_auth_token_000000000000000000"
SECRET = "a-long-callback-secret"
SID = "SM00000000000000000000000000000001"
TWILIO = "/api/v1/webhooks/twilio/"
UNIFONIC = f"/api/v1/webhooks/unifonic/{SECRET}/"
CONVERSATION = "8f14e45f-ceea-4671-9e3c-1c1f0a2b3c4d"
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _configured(settings):
    settings.PUBLIC_BASE_URL = PUBLIC
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.UNIFONIC_CALLBACK_SECRET = SECRET


@pytest.fixture
def sent():
    return NotificationFactory(status="sent", provider="twilio", provider_message_id=SID, attempts=1)


@pytest.fixture
def sent_by_unifonic():
    return NotificationFactory(status="sent", provider="unifonic", provider_message_id="3200017889310", attempts=1)


def twilio_reports(client, fields, *, path=TWILIO, token=TOKEN, signature=None):
    signed = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", fields)
    return client.post(path, fields, headers={"X-Twilio-Signature": signed if signature is None else signature})


def state_of(notification):
    row = Notification.objects.get(pk=notification.pk)
    return row.status, row.reason


def test_a_signed_report_of_delivery_is_kept_and_shown(client, sent):
    response = twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered", "To": sent.recipient})

    assert response.status_code == 200
    assert state_of(sent) == ("delivered", "")
    assert Notification.objects.get().delivered_at is not None
    receipt = DeliveryReceipt.objects.get()
    assert (receipt.notification, receipt.salon) == (sent, sent.salon)
    assert (receipt.provider_status, receipt.error_code) == ("delivered", "")


def test_a_failure_minutes_later_is_shown_with_its_cause(client, sent):
    twilio_reports(client, {"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": "30005"})

    assert state_of(sent) == ("undelivered", "this number cannot receive messages (30005)")
    assert DeliveryReceipt.objects.get().error_code == "30005"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["queued", "sending", "sent"], "sent"),
        (["delivered", "sent", "undelivered", "failed"], "delivered"),
        (["undelivered", "delivered"], "delivered"),
        (["undelivered", "sent"], "undelivered"),
        (["read"], "delivered"),
        (["canceled"], "undelivered"),
        (["never_heard_of"], "sent"),
    ],
)
def test_states_move_forward_only(client, sent, words, expected):
    for word in words:
        assert twilio_reports(client, {"MessageSid": SID, "MessageStatus": word}).status_code == 200

    assert state_of(sent)[0] == expected
    assert list(DeliveryReceipt.objects.order_by("pk").values_list("provider_status", flat=True)) == words


def test_a_report_that_comes_twice_is_kept_once(client, sent):
    for _repetition in range(2):
        twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered"})

    assert DeliveryReceipt.objects.count() == 1
    assert sent.history.filter(status="delivered").count() == 1


@pytest.mark.parametrize(
    "forgery",
    [
        {"signature": ""},
        {"signature": "L2q3WQiSF440jHyKxM6u0Y70zTs="},
        {"signature": "é" * 28},
        {"token": "another-token"},
        {"token": ""},
    ],
)
def test_a_report_that_twilio_did_not_sign_is_refused(client, sent, forgery):
    response = twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered"}, **forgery)

    assert response.status_code == 403
    assert state_of(sent)[0] == "sent"
    assert DeliveryReceipt.objects.count() == 0


def test_a_signed_report_with_another_word_put_in_is_refused(client, sent):
    honest = RequestValidator(TOKEN).compute_signature(
        f"{PUBLIC}{TWILIO}", {"MessageSid": SID, "MessageStatus": "sent"}
    )

    response = twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered"}, signature=honest)

    assert response.status_code == 403
    assert state_of(sent)[0] == "sent"


def test_without_a_token_of_ours_nobody_can_sign(client, settings, sent):
    settings.TWILIO_AUTH_TOKEN = ""

    response = twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered"}, token="")

    assert response.status_code == 403
    assert state_of(sent)[0] == "sent"


def test_the_signature_covers_the_public_address_whatever_the_host_says(client, sent):
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    path = f"{TWILIO}?b=42"
    signed = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", fields)

    response = client.post(
        path, fields, headers={"X-Twilio-Signature": signed, "Host": "127.0.0.1:8000", "Accept": "text/xml"}
    )

    assert response.status_code == 200
    assert state_of(sent)[0] == "delivered"


@pytest.mark.parametrize(
    "settings_header",
    [
        "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
        "key=webhooks_sharedkey_1,algorithm=hmac_sha1",
        "algorithm=none",
        "algorithm=",
        "",
    ],
)
@pytest.mark.parametrize(("algorithm", "token"), [("HMAC_SHA256", TOKEN), ("HMAC_SHA256", ""), ("HMAC_SHA1", "")])
def test_no_header_talks_us_into_another_algorithm_or_key(client, sent, settings_header, algorithm, token):
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    signed = RequestValidator(token).compute_signature(f"{PUBLIC}{TWILIO}", fields, algorithm)

    response = client.post(
        TWILIO,
        fields,
        headers={"X-Twilio-Signature": signed, "X-Twilio-Webhooks-Signature-Settings": settings_header},
    )

    assert response.status_code == 403
    assert state_of(sent)[0] == "sent"
    assert DeliveryReceipt.objects.count() == 0


def test_a_signature_of_ours_counts_whatever_a_newer_header_says(client, sent):
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    signed = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{TWILIO}", fields)

    response = client.post(
        TWILIO,
        fields,
        headers={"X-Twilio-Signature": signed, "X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256"},
    )

    assert response.status_code == 200
    assert state_of(sent)[0] == "delivered"


def test_a_signature_for_a_json_body_is_none_for_a_form(client, sent):
    path = f"{TWILIO}?bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    signed = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", {})

    response = twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered"}, path=path, signature=signed)

    assert response.status_code == 403
    assert state_of(sent)[0] == "sent"


def test_the_signature_covers_the_number_of_the_attempt(client, sent):
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    signed = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{TWILIO}?attempt=7", fields)

    assert twilio_reports(client, fields, path=f"{TWILIO}?attempt=8", signature=signed).status_code == 403
    assert state_of(sent)[0] == "sent"
    assert twilio_reports(client, fields, path=f"{TWILIO}?attempt=7").status_code == 200
    assert state_of(sent)[0] == "delivered"


@pytest.mark.parametrize(
    ("query", "reference"),
    [
        ({"attempt": "7"}, "7"),
        ({"attempt": "0" * 18}, "0" * 18),
        ({"attempt": "1" * 19}, ""),
        ({"attempt": "-7"}, ""),
        ({"attempt": "٧"}, ""),
        ({"attempt": "7\n"}, ""),
        ({"attempt": "7\x00"}, ""),
        ({"attempt": ["7"]}, ""),
        ({}, ""),
    ],
)
def test_twilio_tells_which_attempt_of_ours_it_means(query, reference):
    fields = {"MessageSid": SID, "MessageStatus": "Undelivered", "ErrorCode": "30005", "To": "+966551234567"}

    assert read_twilio(fields, query) == Callback("twilio", SID, reference, "undelivered", "undelivered", "30005", "")


@pytest.mark.parametrize(
    ("event", "word", "state"),
    [
        ("message.delivered", "delivered", "delivered"),
        ("message.read", "read", "delivered"),
        ("message.rejected", "rejected", "undelivered"),
        ("rejected", "rejected", "undelivered"),
        ("message.sent", "sent", ""),
        ("message.sent_successfully_to_provider", "sent_successfully_to_provider", ""),
        ("message.received", "received", ""),
        ("message.daily_limit_hit", "daily_limit_hit", ""),
        ("message.message.delivered", "", ""),
        ("conversation.delivered", "", ""),
        ({"message": "delivered"}, "", ""),
        (None, "", ""),
    ],
)
def test_events_about_whatsapp_are_understood_beside_reports_on_sms(event, word, state):
    fields = {
        "messageId": CONVERSATION,
        "eventId": "e-1",
        "eventType": event,
        "recipient": {"channel": "whatsapp", "contact": "+966551234567"},
        "DLR": "Delivered",
    }

    assert read_unifonic(fields) == Callback("unifonic", CONVERSATION, "", word, state, "", "+966551234567")


@pytest.mark.parametrize("recipient", [None, "+966551234567", ["+966551234567"], {}, {"contact": {"a": 1}}])
def test_an_event_in_another_shape_names_nobody(recipient):
    fields = {"messageId": [CONVERSATION], "eventType": "message.read", "recipient": recipient}

    assert read_unifonic(fields) == Callback("unifonic", "", "", "read", "delivered", "", "")


def unifonic_event(client, event, contact, message_id=CONVERSATION):
    body = {
        "messageId": message_id,
        "eventId": f"e-{event}",
        "eventType": event,
        "applicationId": "app",
        "conversationId": "c-1",
        "recipient": {"channel": "whatsapp", "contact": contact},
        "timestamp": "2026-03-01T10:00:00Z",
        "receivedAt": "2026-03-01T10:00:01Z",
    }
    return client.post(UNIFONIC, body, content_type="application/json")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (["message.sent_successfully_to_provider", "message.sent"], "sent"),
        (["message.delivered", "message.read"], "delivered"),
        (["message.read", "message.delivered", "message.sent"], "delivered"),
        (["message.rejected"], "undelivered"),
        (["message.read", "message.rejected"], "delivered"),
    ],
)
def test_events_move_a_whatsapp_message_forward_only(client, events, expected):
    message = NotificationFactory(
        status="sent", provider="unifonic", provider_message_id=CONVERSATION, channel="whatsapp", attempts=1
    )

    for event in [*events, *events]:
        assert unifonic_event(client, event, message.recipient).status_code == 200

    assert state_of(message)[0] == expected
    words = [event.removeprefix("message.") for event in events]
    assert list(DeliveryReceipt.objects.order_by("pk").values_list("provider_status", flat=True)) == words


def test_an_event_about_somebody_else_changes_nothing(client):
    message = NotificationFactory(
        status="sent", provider="unifonic", provider_message_id=CONVERSATION, channel="whatsapp", attempts=1
    )

    unifonic_event(client, "message.delivered", "+966500000000")
    unifonic_event(client, "message.delivered", message.recipient, message_id=f"{CONVERSATION}x")

    assert state_of(message)[0] == "sent"
    assert DeliveryReceipt.objects.count() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageSid": "SM99999999999999999999999999999999", "MessageStatus": "delivered"},
        {"MessageSid": "", "MessageStatus": "delivered"},
        {"MessageStatus": "delivered"},
        {"MessageSid": SID, "MessageStatus": "delivered\x00"},
        {"MessageSid": SID},
        {"MessageSid": f"{SID}\x00", "MessageStatus": "delivered"},
        {"MessageSid": "' OR 1=1 --", "MessageStatus": "x" * 5000},
        {},
    ],
)
def test_a_signed_report_of_a_message_we_do_not_know_is_taken_and_changes_nothing(client, sent, fields):
    NotificationFactory(status="sent", provider="twilio")  # a message whose number we never learned

    assert twilio_reports(client, fields).status_code == 200

    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}
    assert DeliveryReceipt.objects.count() == 0


def test_a_number_of_another_provider_is_not_ours_to_report(client, sent_by_unifonic):
    twilio_reports(client, {"MessageSid": "3200017889310", "MessageStatus": "delivered"})

    assert state_of(sent_by_unifonic)[0] == "sent"


def test_a_message_held_back_is_never_called_delivered(client):
    notification = NotificationFactory(
        status="suppressed", reason="booking cancelled", provider="twilio", provider_message_id=SID
    )

    twilio_reports(client, {"MessageSid": SID, "MessageStatus": "delivered"})

    assert state_of(notification) == ("suppressed", "booking cancelled")


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_posts_are_taken(client, method):
    assert getattr(client, method)(TWILIO).status_code == 405


@pytest.mark.parametrize(
    ("content_type", "payload"),
    [
        ("application/json", '{"MessageID": 3200017889310, "Status": "Delivered", "Recipient": %s}'),
        ("application/x-www-form-urlencoded", "MessageID=3200017889310&DLR=Delivered&Recipient=%s"),
    ],
)
def test_a_report_behind_the_secret_address_counts_as_json_and_as_form(client, sent_by_unifonic, content_type, payload):
    digits = sent_by_unifonic.recipient.removeprefix("+")

    response = client.post(UNIFONIC, payload % digits, content_type=content_type)

    assert response.status_code == 200
    assert state_of(sent_by_unifonic) == ("delivered", "")
    assert DeliveryReceipt.objects.get().provider_status == "delivered"


def test_a_report_in_the_query_counts_as_well(client, sent_by_unifonic):
    response = client.post(f"{UNIFONIC}?MessageID=3200017889310&DLR=Undeliverable")

    assert response.status_code == 200
    assert state_of(sent_by_unifonic) == ("undelivered", "the provider could not deliver it")


@pytest.mark.parametrize("secret", ["wrong", SECRET[:-1], f"{SECRET}x", "é", "%00"])
def test_a_wrong_secret_is_refused(client, sent_by_unifonic, secret):
    fields = {"MessageID": "3200017889310", "DLR": "Delivered"}

    response = client.post(f"/api/v1/webhooks/unifonic/{secret}/", fields, content_type="application/json")

    assert response.status_code == 403
    assert state_of(sent_by_unifonic)[0] == "sent"
    assert DeliveryReceipt.objects.count() == 0


def test_without_a_secret_of_ours_every_secret_is_wrong(client, settings, sent_by_unifonic):
    settings.UNIFONIC_CALLBACK_SECRET = ""

    response = client.post(
        "/api/v1/webhooks/unifonic/x/",
        {"MessageID": "3200017889310", "DLR": "Delivered"},
        content_type="application/json",
    )

    assert response.status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageID": "1", "DLR": "Delivered"},
        {"MessageID": "3200017889310", "DLR": "Delivered", "Recipient": "966500000000"},
        {"MessageID": {"$ne": ""}, "DLR": ["Delivered"], "Recipient": {"a": 1}},
        {"MessageID": True, "DLR": None},
        [],
        '"Delivered"',
        "null",
    ],
)
def test_a_report_that_fits_no_message_is_taken_and_changes_nothing(client, sent_by_unifonic, fields):
    response = client.post(UNIFONIC, fields, content_type="application/json")

    assert response.status_code == 200
    assert state_of(sent_by_unifonic)[0] == "sent"
    assert DeliveryReceipt.objects.count() == 0


def nested(depth):
    return '{"contact":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    "body",
    [
        '{"eventType": ["message.delivered"], "messageId": "3200017889310"}',
        '{"eventType": {"a": {"b": []}}, "messageId": {"$ne": ""}, "recipient": [[]]}',
        '{"eventType": "message.delivered\\u0000", "messageId": "3200017889310"}',
        '{"eventType": "message.delivered", "messageId": "3200017889310\\u0000"}',
        '{"eventType": "message.delivered", "messageId": "\\ud800", "recipient": {"contact": "\\ud800"}}',
        '{"eventType": "message.delivered", "messageId": %s}' % ("9" * 4000),
        '{"eventType": "message.delivered", "messageId": %s}' % ("9" * 5000),
        '{"eventType": "message.delivered", "messageId": 1e999}',
        '{"DLR": "Delivered", "MessageID": 3.2e12, "Recipient": %s}' % ("9" * 4000),
        '{"DLR": "Delivered", "MessageID": "", "Recipient": "%s"}' % ("0." * MEGABYTE),
        "[" * 100_000,
        '{"recipient":' * 100_000,
        *['{"eventType": "message.read", "recipient": ' + nested(depth) + "}" for depth in range(800, 1000, 7)],
        '{"%s": 1}' % ("k" * MEGABYTE),
        '[{"eventType": "message.delivered", "messageId": "3200017889310"}]',
        '"message.delivered"',
        "3200017889310",
        "true",
    ],
    ids=lambda body: body[:60],
)
def test_a_hostile_body_is_taken_and_changes_nothing(client, sent_by_unifonic, body):
    response = client.post(UNIFONIC, body, content_type="application/json")

    assert response.status_code == 200
    assert state_of(sent_by_unifonic)[0] == "sent"
    assert DeliveryReceipt.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TWILIO, f"MessageSid={SID}&MessageStatus=delivered"),
        (f"{TWILIO}?attempt={'9' * 5000}&attempt[]=1&attempt=%00", "MessageSid=%00&MessageStatus=%FF"),
        (TWILIO, "MessageSid=" + "x" * MEGABYTE),
    ],
)
def test_a_hostile_form_without_a_signature_is_refused(client, sent, path, body):
    response = client.post(path, body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 403
    assert state_of(sent)[0] == "sent"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{"),
        ("application/json", b"\xff"),
        ("text/xml", "<a/>"),
        ("multipart/form-data", "x"),
        ("", ""),
    ],
)
def test_a_body_nobody_can_read_is_taken_without_a_log_line_that_holds_the_secret(
    client, sent_by_unifonic, caplog, content_type, body
):
    response = client.post(UNIFONIC, body, content_type=content_type)

    assert response.status_code == 200
    assert state_of(sent_by_unifonic)[0] == "sent"
    written = "\n".join(map(LineFormatter(LogFormat.JSON).format, caplog.records))
    assert "POST /api/v1/webhooks/unifonic/[secret]/" in written
    assert SECRET not in written
