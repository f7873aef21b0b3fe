"""What of an event is kept. Only what is named here: a card's number, its holder and its token never reach a table."""

import re
from uuid import UUID

ENVELOPE = ("id", "type", "created_at", "live")
LEDGER = ("id", "invoice_id", "status", "amount", "currency", "fee", "captured", "refunded", "created_at", "updated_at")
_OF_ENVELOPE = (*ENVELOPE, "account_name")
_OF_DATA = (*LEDGER, "refunded_at", "captured_at", "voided_at", "webhook_id", "verification_code")
_OF_SOURCE = ("type", "company", "message", "response_code", "reference_number")
_LONGEST_TEXT = 255
_CARD_NUMBER = re.compile(r"\d(?:[ -]?\d){12,18}")


def kept_of(body):
    """The part of an event's JSON object to keep: plain values of known names, texts cut to 255 characters."""
    kept = _plain(body, _OF_ENVELOPE)
    data = body.get("data")
    if isinstance(data, dict):
        kept["data"] = _plain(data, _OF_DATA)
        if isinstance(data.get("source"), dict):
            source = _plain(data["source"], _OF_SOURCE)
            kept["data"]["source"] = {name: _without_card(value) for name, value in source.items()}
    return kept


def data_of(payload):
    """What a kept event is about; {} when it was no object."""
    return payload.get("data", {})


def id_in(data, name):
    """The gateway's id under that name, or "" where there is none that could be one."""
    value = data.get(name)
    return value if isinstance(value, str) and len(value) <= 64 else ""


def as_key(value):
    """What the gateway gave back, of whatever type, as the key of a row of ours, a UUID; None where it is none."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _plain(told, names):
    values = {name: told[name] for name in names if name in told}
    return {name: _cut(value) for name, value in values.items() if not isinstance(value, dict | list)}


def _cut(value):
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value


def _without_card(value):
    """The bank's own words may repeat what was typed in."""
    return _CARD_NUMBER.sub("…", value) if isinstance(value, str) else value
