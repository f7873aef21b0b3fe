"""The last gate before a log line leaves the process."""

import logging
import re
from logging.config import dictConfig
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.common.text import latin_digits
from project.env import LogFormat

# In every spelling that the product takes for a phone: with a country code, or a Saudi mobile without one.
PHONE = re.compile(
    r"(?:\+|%2B|(?<!\w)00)[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)"
    r"|(?<!\w)966(?:[ .-]?\d){9}(?!\d)"
    r"|(?<![\w.:-])0?5\d(?:[ -]?\d){7}(?!\w)",
    re.IGNORECASE,
)
CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
# What begins a line, colours a terminal, or shows a line in another order than it was written in.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Where structlog writes one.
TRACEBACK = "exception"
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
            record.exc_info = record.exc_text = None
        return True


def finished_message(record: logging.LogRecord) -> str:
    """A call whose arguments do not fit its text must cost a log line its values, not a request its answer."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def whereabouts(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """What is known of the request: of the one being answered, or of the one that Django tells of afterwards."""
    # Here, because settings name this module before there are models.
    from project.request_log import about_request

    return {**about_request(getattr(event.get("_record"), "request", None)), **event}


def gate(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """The finished line, every text and number of it, without what `redact` takes out; only a traceback has lines."""
    return {key: redact(value) if key == TRACEBACK else cleaned(value) for key, value in event.items()}


def cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {cleaned(key): cleaned(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [cleaned(part) for part in value]
    if value is None or isinstance(value, bool | float):
        return value
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", redact(str(value)))
    return value if isinstance(value, int) and text == str(value) else text


ABOUT_THE_LINE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    whereabouts,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]
RENDERERS: dict[LogFormat, Processor] = {
    LogFormat.JSON: structlog.processors.JSONRenderer(ensure_ascii=False),
    LogFormat.CONSOLE: structlog.dev.ConsoleRenderer(
        colors=False, event_key="message", timestamp_key="at", pad_event_to=0
    ),
}


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """One line in one of two shapes, of our own calls, of libraries' and of structlog's. `gate` is the last to see it.

    Of what a call adds as `extra`, only names known to be harmless are taken: Django adds whole requests.
    """

    def __init__(self, log_format: LogFormat) -> None:
        super().__init__(
            foreign_pre_chain=[*ABOUT_THE_LINE, structlog.stdlib.ExtraAdder(allow=["event_type", "handler"])],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.EventRenamer("message"),
                gate,
                RENDERERS[log_format],
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        if not isinstance(record.msg, dict):
            record.msg, record.args = finished_message(record), None
        return super().format(record)


def configure(config: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: the standard library writes, and structlog hands its lines to it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *ABOUT_THE_LINE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    dictConfig(config)
