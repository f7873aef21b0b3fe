"""One HTTP exchange, bounded in time and size: no redirects, no retries, no shared connections."""

import json
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError, ProxyError

from apps.payments.moyasar.objects import ensure

MAX_BODY_BYTES = 1024 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    # The firewall before the gateway refuses the default names of HTTP libraries.
    "User-Agent": "salon-back-office/1.0",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


def exchange(
    method: str,
    url: str,
    *,
    secret_key: str,
    timeout: tuple[float, float],
    body: Mapping[str, Any] | None,
    query: Mapping[str, str] | None,
) -> tuple[int, str, dict[str, Any]]:
    """Return the HTTP status, the gateway's request id and the body's JSON object ({} for anything else).

    Raise Unusable for a body too big or too slow, else what requests and urllib3 raise.
    """
    started = time.monotonic()
    # No pool: a kept connection that the far end has just closed would turn a certain failure into a doubt.
    with requests.Session() as session:
        session.trust_env = urlsplit(url).hostname not in _LOOPBACK
        response = session.request(
            method,
            url,
            params=query,
            json=body,
            auth=(secret_key, ""),
            headers=_HEADERS,
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        )
        text = b""
        while chunk := response.raw.read1(65536):
            text += chunk
            ensure(len(text) <= MAX_BODY_BYTES, "too big")
            ensure(time.monotonic() - started <= sum(timeout), "too slow")
    return response.status_code, response.headers.get("x-request-id", ""), _json_object(text)


def was_never_sent(error: Exception) -> bool:
    """True when the error proves that no byte of the request left this machine.

    Only the error's own reason counts: its `__context__` may be a failure that some caller is just handling.
    """
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    causes = (reason, *getattr(reason, "args", ()))
    return isinstance(error, requests.ConnectTimeout) or any(
        isinstance(cause, NewConnectionError | ssl.SSLCertVerificationError) for cause in causes
    )


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
