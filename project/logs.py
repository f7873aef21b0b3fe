"""The last gate before a log line leaves the process."""

import json
import logging
import re
from datetime import UTC, datetime

from apps.common.text import latin_digits

# In every spelling that the product takes for a phone: with a country code, or a Saudi mobile without one.
PHONE = re.compile(
    r"(?:\+|%2B|(?<!\w)00)[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)"
    r"|(?<!\w)966(?:[ .-]?\d){9}(?!\d)"
    r"|(?<![\w.:-])0?5\d(?:[ -]?\d){7}(?!\w)",
    re.IGNORECASE,
)
CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SECRET_PATH = re.compile(r"(?<=webhooks/unifonic/)[^/\s\"']+")
TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b[sp]k_(?:live|test)_\w+")


def redact(text: str) -> str:
    """``text`` without full phone numbers, card numbers, tokens, keys and the secret part of a callback's address."""
    text = SECRET_PATH.sub("[secret]", text)
    text = TOKEN.sub("[token]", text)
    text = _without_phones(text)
    return CARD.sub(lambda match: "[card]" if passes_luhn(match.group()) else match.group(), text)


def _without_phones(text: str) -> str:
    """The digits of other scripts are looked at as Latin ones; what is no phone stays as it was written."""
    kept, end = [], 0
    for found in PHONE.finditer(latin_digits(text)):
        kept += [text[end : found.start()], f"[phone …{found.group()[-2:]}]"]
        end = found.end()
    return "".join([*kept, text[end:]])


def passes_luhn(candidate: str) -> bool:
    digits = [int(character) for character in reversed(candidate) if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


class RefusalFilter(logging.Filter):
    """A refused request is one WARNING line without a traceback, so that nobody fills or forges the log by nonsense.

    Django would log what it calls suspicious (a forged host, a NUL, a wrong key) as errors, as if our code had failed.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        is_suspicious = record.name.startswith("django.security")
        if is_suspicious or (record.name == "django.request" and record.levelno < logging.ERROR):
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
            record.msg, record.args = CONTROL.sub("\N{REPLACEMENT CHARACTER}", finished_message(record)), None
            record.exc_info = record.exc_text = None
        return True


class RedactingFilter(logging.Filter):
    """Rewrites the finished message and traceback; the record's own fields stay as the caller gave them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(finished_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


def finished_message(record: logging.LogRecord) -> str:
    """A call whose arguments do not fit its text must cost a log line its values, not a request its answer."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            line["trace"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)
