"""Twilio's SDK over our own door. Imported when it is first used, see `twilio.py`."""

import json
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from apps.common.providers.http import ask, post_form

# All we read of a message, a verification or an error, so all the SDK is given: it deserialises dates and the like
# without checking them, and its exceptions repeat Twilio's sentences, which quote phone numbers.
READ_KEYS = ("sid", "status", "valid", "error_code", "code", "num_segments", "price", "price_unit")


class BoundedHttpClient(HttpClient):
    """The SDK's transport with our limits. Its own has no connect timeout, no size cap and a fixed host."""

    def __init__(self, base_url: str) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._base_url = base_url.rstrip("/")

    def request(
        self,
        method: str,
        uri: str,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_limits: object,
    ) -> Response:
        """GET, or POST a form: we make no other call. Timeouts and redirects are not the SDK's to decide."""
        url = self._base_url + urlsplit(uri).path
        if method == "GET":
            answer = ask("twilio", url, headers=headers or {}, auth=auth)
        else:
            answer = post_form("twilio", url, data or {}, headers=headers, auth=auth)
        return Response(answer.status, json.dumps({key: answer.body.get(key) for key in READ_KEYS}))


def sdk_client(account_sid: str, auth_token: str, base_url: str) -> Client:
    """A Twilio `Client` of this account that talks to `base_url`."""
    return Client(account_sid, auth_token, http_client=BoundedHttpClient(base_url))
