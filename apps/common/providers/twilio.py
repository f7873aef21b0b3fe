"""Twilio SMS and WhatsApp, through Twilio's SDK."""

import json
from collections.abc import Mapping
from typing import Any

from apps.common.providers import ProviderError, ProviderRejected, ProviderUnavailable, Sent
from apps.common.providers.http import CODE, MESSAGE_ID, WORD, plain, refusal, unclear

BASE_URL = "https://api.twilio.com"

# The owner must act, or time must pass, and then the same message goes through.
LATER = {
    "20003": "account or token refused",
    "20404": "account not found",
    "20429": "too many requests",
    "21408": "sending to this country is not enabled",
    "21606": "sender may not be used",
    "21608": "a trial account reaches verified numbers only",
    "21612": "no route from this sender to this number",
    "30001": "queue is full",
    "30002": "account is suspended",
    "63007": "sender has no WhatsApp",
    "63018": "WhatsApp sending limit reached",
}

NEVER = {
    "21211": "number is not valid",
    "21604": "number is missing",
    "21610": "recipient opted out",
    "21614": "number is not a mobile",
    "21635": "number is a landline",
    "63014": "recipient blocked the sender",
    "63016": "free text is outside the 24 hours, a template is needed",
    "63021": "content is not valid",
}

FAILED = frozenset({"failed", "undelivered", "canceled"})


class TwilioClient:
    """Sends from one number or sender name of one account. `base_url` may be a region or a stand-in."""

    def __init__(self, account_sid: str, auth_token: str, sender: str, base_url: str = BASE_URL) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._sender = sender
        self._base_url = base_url

    def send_sms(self, to: str, body: str) -> Sent:
        """Send `body` (at most 1600 characters) to the E.164 number `to`. Returns `Sent`."""
        return self._create(to=to, from_=self._sender, body=body)

    def send_whatsapp(
        self,
        to: str,
        body: str | None = None,
        content_sid: str | None = None,
        content_variables: Mapping[str, str] | None = None,
    ) -> Sent:
        """Send free text (only within 24 hours of the customer's last message) or a template. Returns `Sent`.

        A template is its `content_sid` (`HX…`) with `content_variables` such as {"1": "Sara"}.
        """
        if (body is None) == (content_sid is None):
            raise TypeError("send_whatsapp takes either body or content_sid")
        content = {"body": body} if content_sid is None else {"content_sid": content_sid}
        if content_variables is not None:
            content["content_variables"] = json.dumps(dict(content_variables), ensure_ascii=False)
        return self._create(to=f"whatsapp:{to}", from_=f"whatsapp:{self._sender}", **content)

    def _create(self, **fields: str | None) -> Sent:
        # The SDK takes a third of a second to import: only a process that sends with it pays.
        from twilio.base.exceptions import TwilioRestException

        from apps.common.providers.twilio_sdk import sdk_client

        client = sdk_client(self._account_sid, self._auth_token, self._base_url)
        try:
            message = client.messages.create(**fields)
        except TwilioRestException as error:
            failure = _failure(error.status, plain(error.code, CODE))
        else:
            return _outcome(message)
        raise failure


def _outcome(message: Any) -> Sent:
    """`Sent`, unless the answer says that the message failed at once, or does not say which one it made."""
    message_id = plain(message.sid, MESSAGE_ID)
    status = plain(message.status, WORD).lower()
    error_code = plain(message.error_code, CODE)

    if status in FAILED:
        raise _failure(400, error_code or status)
    if error_code or not message_id:
        raise unclear("twilio")
    return Sent(message_id, status or "accepted")


def _failure(status: int, code: str) -> ProviderError:
    if code in LATER:
        return ProviderUnavailable(f"twilio {code}: {LATER[code]}", code)
    if code in NEVER:
        return ProviderRejected(code, f"twilio {code}: {NEVER[code]}")
    return refusal("twilio", status, code)
