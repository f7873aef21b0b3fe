"""The one door to a provider: bounded in time and size, no redirects, and sure about what was not sent."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import requests
from urllib3.exceptions import HTTPError

from apps.common.metrics import calling
from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable

TIMEOUT = (3, 5)  # seconds to connect, seconds between two pieces of the answer; their sum is all an answer gets
MAX_BYTES = 64 * 1024  # real answers have fewer than two thousand
ACCOUNT_FAULTS = frozenset({401, 402, 403, 404, 405})  # our key, address or balance, not this message
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
FAILURES = (requests.RequestException, HTTPError, UnicodeError)  # the last for a key that no header can hold
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

CODE = re.compile(r"(ER-)?[0-9]{1,5}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
WORD = re.compile(r"[A-Za-z_ ]{1,30}")
COUNT = re.compile(r"[1-9][0-9]{0,2}")
AMOUNT = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,6})?")
CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status and the JSON object of the body, {} when the body is anything else.

    `readable` tells an empty object, which is an answer, from a body that is none.
    """

    status: int
    body: dict[str, Any]
    readable: bool

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class _WatchedBody(BytesIO):
    """A request body that knows whether it was asked for: until then the provider cannot have acted on it."""

    was_read = False

    def read(self, *size: Any) -> bytes:
        self.was_read = True
        return super().read(*size)


def post_form(
    provider: str,
    url: str,
    fields: Mapping[str, object],
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """POST `fields` form-encoded. Returns an `Answer`; a failure on the way raises a ProviderError."""
    return _post(provider, url, urlencode(fields), {**FORM, **(headers or {})}, auth)


def post_json(provider: str, url: str, payload: Mapping[str, object], *, headers: Mapping[str, str]) -> Answer:
    """POST `payload` as JSON. Returns an `Answer`; a failure on the way raises a ProviderError."""
    return _post(provider, url, json.dumps(payload), {"Content-Type": "application/json", **headers}, None)


def ask(provider: str, url: str, *, headers: Mapping[str, str], auth: tuple[str, str] | None = None) -> Answer:
    """GET what does nothing at the provider. Returns an `Answer`; a failure on the way raises ProviderUnavailable."""
    return _question(provider, "GET", url, {"headers": headers, "auth": auth})


def ask_form(provider: str, url: str, fields: Mapping[str, object]) -> Answer:
    """POST a question form-encoded, where no secret may stand in the address. Answers and fails like `ask`."""
    return _question(provider, "POST", url, {"headers": FORM, "data": urlencode(fields).encode()})


def _post(provider: str, url: str, text: str, headers: dict[str, str], auth: tuple[str, str] | None) -> Answer:
    body = _WatchedBody(text.encode())
    try:
        return _exchange(provider, "POST", url, {"data": body, "headers": headers, "auth": auth})
    except FAILURES as error:
        # The cause is named, not chained: its text may hold the address, the account or a header's value.
        name = type(error).__name__
    if body.was_read:
        raise ProviderOutcomeUnknown(f"{provider}: no answer after sending ({name})", "no_answer")
    raise ProviderUnavailable(f"{provider}: not reached ({name})", "unreachable")


def _question(provider: str, method: str, url: str, content: dict[str, Any]) -> Answer:
    try:
        return _exchange(provider, method, url, content)
    except FAILURES as error:
        name = type(error).__name__
    raise ProviderUnavailable(f"{provider}: no answer to a question ({name})", "no_answer")


def _exchange(provider: str, method: str, url: str, content: dict[str, Any]) -> Answer:
    deadline = time.monotonic() + sum(TIMEOUT)
    limits: dict[str, Any] = {"timeout": TIMEOUT, "allow_redirects": False, "stream": True}
    with (
        calling(provider) as call,
        requests.Session() as session,
        session.request(method, url, **content, **limits) as response,
    ):
        answered = _json_object(_read(response, deadline))
        call.answered(response.status_code)
        return Answer(response.status_code, answered or {}, answered is not None)


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, or nothing at all when it is longer than any real answer: then only the status counts.

    One that comes drop by drop raises ReadTimeout at the deadline.
    """
    body = bytearray()
    while piece := response.raw.read1(8192, decode_content=True):
        body += piece
        if len(body) > MAX_BYTES:
            return b""
        if time.monotonic() > deadline:
            raise requests.ReadTimeout
    return bytes(body)


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def flag(value: object) -> bool | None:
    """A success flag as a bool, whether it came as true or as "true"; None when it is neither yes nor no."""
    return {"true": True, "false": False}.get(str(value).lower())


def plain(value: object, pattern: re.Pattern[str]) -> str:
    """`value` as text if all of it matches, else "": what a provider says is kept only in known shapes."""
    text = str(value)
    return text if isinstance(value, (str, int)) and pattern.fullmatch(text) else ""


def count(value: object) -> int | None:
    """A number of SMS, whether it came as 2 or as "2"; None for anything else, and for 0, which says "not yet"."""
    text = plain(value, COUNT)
    return int(text) if text else None


def amount(value: object) -> Decimal | None:
    """A sum of money without its sign, whether it came as a number or as text; None when it is no such sum."""
    text = plain(str(value) if isinstance(value, float) else value, AMOUNT)
    return abs(Decimal(text)) if text else None


def currency(value: object) -> str:
    """Three letters in upper case, or ""."""
    return plain(value, CURRENCY).upper()


def refusal(provider: str, status: int, code: str = "") -> ProviderError:
    """The ProviderError this HTTP status stands for, when the body said nothing more precise."""
    code = code or str(status)
    if status in ACCOUNT_FAULTS:
        return ProviderUnavailable(f"{provider} {code}: account, key or address refused", code)
    if status == TOO_MANY_REQUESTS:
        return ProviderUnavailable(f"{provider} {code}: too many requests", code)
    if 400 <= status < 500 and status != REQUEST_TIMEOUT:
        return ProviderRejected(code, f"{provider} {code}: message refused")
    if status >= 300:
        return ProviderOutcomeUnknown(f"{provider} {code}: it may have acted", code)
    return unclear(provider)


def unclear(provider: str) -> ProviderError:
    """For an answer that lacks what a success must have, or contradicts itself."""
    return ProviderOutcomeUnknown(f"{provider}: the answer does not tell what was done", "unclear")


def not_told(provider: str, status: int, code: str = "") -> ProviderUnavailable:
    """For a question whose answer tells nothing: it did nothing either, so it may be asked again."""
    code = code or ("unclear" if 200 <= status < 300 else str(status))
    return ProviderUnavailable(f"{provider} {code}: no answer to a question", code)


def not_judged(provider: str, status: int, code: str = "") -> ProviderError:
    """The ProviderError of a check whose answer is no verdict about the code.

    A refused check is our mistake or the account's, never a wrong code: it is unavailable, so that no guess counts.
    """
    error = refusal(provider, status, code)
    if isinstance(error, ProviderRejected):
        return ProviderUnavailable(f"{provider} {error.code}: check refused", error.code)
    return error
