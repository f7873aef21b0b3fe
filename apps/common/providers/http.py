"""The one door to a provider: bounded in time and size, no redirects, and sure about what was not sent."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import requests
from urllib3.exceptions import HTTPError

from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable

TIMEOUT = (3, 5)  # seconds to connect, seconds between two pieces of the answer; their sum is all an answer gets
MAX_BYTES = 64 * 1024  # real answers have fewer than two thousand
ACCOUNT_FAULTS = frozenset({401, 402, 403, 404, 405})  # our key, address or balance, not this message
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408

CODE = re.compile(r"(ER-)?[0-9]{1,5}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
WORD = re.compile(r"[A-Za-z_ ]{1,30}")


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
    headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return _post(provider, url, urlencode(fields), headers, auth)


def post_json(provider: str, url: str, payload: Mapping[str, object], *, headers: Mapping[str, str]) -> Answer:
    """POST `payload` as JSON. Returns an `Answer`; a failure on the way raises a ProviderError."""
    return _post(provider, url, json.dumps(payload), {"Content-Type": "application/json", **headers}, None)


def _post(provider: str, url: str, text: str, headers: dict[str, str], auth: tuple[str, str] | None) -> Answer:
    body = _WatchedBody(text.encode())
    limits: dict[str, Any] = {"timeout": TIMEOUT, "allow_redirects": False, "stream": True}
    deadline = time.monotonic() + sum(TIMEOUT)
    try:
        with (
            requests.Session() as session,
            session.post(url, data=body, headers=headers, auth=auth, **limits) as response,
        ):
            answered = _json_object(_read(response, deadline))
            return Answer(response.status_code, answered or {}, answered is not None)
    except (requests.RequestException, HTTPError) as error:
        # The cause is named, not chained: its text may hold the address, the account or a header's value.
        name = type(error).__name__
    if body.was_read:
        raise ProviderOutcomeUnknown(f"{provider}: no answer after sending ({name})", "no_answer")
    raise ProviderUnavailable(f"{provider}: not reached ({name})", "unreachable")


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


def not_judged(provider: str, status: int, code: str = "") -> ProviderError:
    """The ProviderError of a check whose answer is no verdict about the code.

    A refused check is our mistake or the account's, never a wrong code: it is unavailable, so that no guess counts.
    """
    error = refusal(provider, status, code)
    if isinstance(error, ProviderRejected):
        return ProviderUnavailable(f"{provider} {error.code}: check refused", error.code)
    return error
