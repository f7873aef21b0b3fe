"""Delivery callbacks of the providers: who may call, and what their words mean for us."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from twilio.request_validator import RequestValidator

from apps.common.phones import normalize_phone
from apps.common.providers.http import CODE, MESSAGE_ID, WORD, plain
from apps.notifications import services
from apps.notifications.models import Notification

DELIVERED, UNDELIVERED = Notification.Status.DELIVERED, Notification.Status.UNDELIVERED
# Words that are not listed (queued, sent, enroute, unknown …) are kept as receipts and change nothing.
TWILIO_WORDS = {
    "delivered": DELIVERED,
    "read": DELIVERED,
    "undelivered": UNDELIVERED,
    "failed": UNDELIVERED,
    "canceled": UNDELIVERED,
}
UNIFONIC_WORDS = {
    "delivered": DELIVERED,
    "undelivered": UNDELIVERED,
    "undeliverable": UNDELIVERED,
    "rejected": UNDELIVERED,
    "failed": UNDELIVERED,
    "expired": UNDELIVERED,
    "deleted": UNDELIVERED,
}


def is_from_twilio(request: HttpRequest) -> bool:
    """Whether the account's token signed this form for our public address; the Host header counts for nothing."""
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    url = f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}"
    signature = request.headers.get("X-Twilio-Signature", "")
    return RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, request.POST, signature)


def is_unifonic_secret(secret: str) -> bool:
    """Whether `secret`, part of the address because these callbacks carry no signature, is the one we gave out."""
    expected = settings.UNIFONIC_CALLBACK_SECRET
    return bool(expected) and constant_time_compare(secret, expected)


def record_twilio(fields: Mapping[str, object]) -> None:
    """Keep Twilio's status callback; anything in an unknown shape counts as absent."""
    word = plain(fields.get("MessageStatus"), WORD).lower()
    services.record_receipt(
        provider="twilio",
        message_id=plain(fields.get("MessageSid"), MESSAGE_ID),
        word=word,
        target=TWILIO_WORDS.get(word),
        error_code=plain(fields.get("ErrorCode"), CODE),
    )


def record_unifonic(fields: Mapping[str, object]) -> None:
    """Keep Unifonic's delivery report; older ones say `DLR`, newer ones `Status`."""
    word = plain(fields.get("DLR") or fields.get("Status"), WORD).lower()
    services.record_receipt(
        provider="unifonic",
        message_id=plain(fields.get("MessageID"), MESSAGE_ID),
        word=word,
        target=UNIFONIC_WORDS.get(word),
        recipient=normalize_phone(fields.get("Recipient")) or "",
    )
