"""Delivery callbacks of the providers: who may call, and what they tell us."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from twilio.request_validator import RequestValidator

from apps.common.phones import normalize_phone
from apps.common.providers import twilio, unifonic
from apps.common.providers.http import CODE, MESSAGE_ID, WORD, plain
from apps.common.providers.unifonic_conversations import CONVERSATION_ID
from apps.notifications import services

PHONE = re.compile(r".{1,40}")  # in whichever spelling
REFERENCE = re.compile(r"[0-9]{1,18}")
EVENT = re.compile(r"(message\.)?[A-Za-z_]{1,30}")


@dataclass(frozen=True)
class Callback:
    """What a provider told about a message: `message_id` is its own, `reference` our number of the attempt.

    `word`, `state` and `error_code` are as in `apps.common.providers.Report`, `recipient` is E.164. Whatever came in
    an unknown shape, or not at all, is "".
    """

    provider: str
    message_id: str
    reference: str
    word: str
    state: str
    error_code: str
    recipient: str


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


def read_twilio(fields: Mapping[str, object], query: Mapping[str, object]) -> Callback:
    """Twilio's status callback; the address it was given holds our number of the attempt."""
    word = plain(fields.get("MessageStatus"), WORD).lower()
    return Callback(
        provider="twilio",
        message_id=plain(fields.get("MessageSid"), MESSAGE_ID),
        reference=plain(query.get("attempt"), REFERENCE),
        word=word,
        state=twilio.state_of(word),
        error_code=plain(fields.get("ErrorCode"), CODE),
        recipient="",
    )


def read_unifonic(fields: Mapping[str, object]) -> Callback:
    """Unifonic's report on an SMS, where older ones say `DLR` and newer ones `Status`, or its event about WhatsApp."""
    if "eventType" in fields:
        return _unifonic_event(fields)
    word = plain(fields.get("DLR") or fields.get("Status"), WORD).lower()
    return _unifonic_callback(plain(fields.get("MessageID"), MESSAGE_ID), word, fields.get("Recipient"))


def _unifonic_event(fields: Mapping[str, object]) -> Callback:
    word = plain(fields.get("eventType"), EVENT).lower().removeprefix("message.")
    recipient = fields.get("recipient")
    contact = recipient.get("contact") if isinstance(recipient, dict) else None
    return _unifonic_callback(plain(fields.get("messageId"), CONVERSATION_ID), word, contact)


def _unifonic_callback(message_id: str, word: str, recipient: object) -> Callback:
    return Callback(
        provider="unifonic",
        message_id=message_id,
        reference="",
        word=word,
        state=unifonic.state_of(word),
        error_code="",
        recipient=normalize_phone(plain(recipient, PHONE)) or "",
    )


def record(callback: Callback) -> None:
    """Keep what the provider told; a callback without a word in a known shape told nothing."""
    if not callback.word:
        return
    services.record_receipt(
        provider=callback.provider,
        message_id=callback.message_id,
        word=callback.word,
        target=callback.state or None,
        error_code=callback.error_code,
        recipient=callback.recipient,
        reference=callback.reference,
    )
