"""Twilio SMS and WhatsApp, through Twilio's SDK."""

import json
from collections.abc import Mapping
from typing import Any

from apps.common.providers import (
    DELIVERED,
    ON_ITS_WAY,
    UNDELIVERED,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    Report,
    Sent,
)
from apps.common.providers.http import (
    CODE,
    MESSAGE_ID,
    WORD,
    amount,
    count,
    currency,
    not_told,
    plain,
    refusal,
    unclear,
)

BASE_URL = "https://api.twilio.com"

# The owner must act, or time must pass, and then the same message goes through.
LATER = {
    "20003": "account or token refused",
    "20404": "account not found",
    "20429": "too many requests",
    "21408": "sending to this country is not enabled",
    "21606": "sender may not be used",
    "21609": "address for status callbacks refused",
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

STATES = {
    "delivered": DELIVERED,
    "read": DELIVERED,
    "undelivered": UNDELIVERED,
    "failed": UNDELIVERED,
    "canceled": UNDELIVERED,
}
NOT_FOUND = 404


def state_of(word: str) -> str:
    """What Twilio's word for a message means, one of the states of `Report`."""
    return STATES.get(word, ON_ITS_WAY)


class TwilioClient:
    """Sends from one number or sender name of one account. `base_url` may be a region or a stand-in.

    WhatsApp knows numbers only; `whatsapp_sender` is the one it goes out from where SMS go out under another.
    """

    def __init__(
        self, account_sid: str, auth_token: str, sender: str, base_url: str = BASE_URL, whatsapp_sender: str = ""
    ) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._sender = sender
        self._whatsapp_sender = whatsapp_sender or sender
        self._base_url = base_url

    def send_sms(self, to: str, body: str, *, sender: str = "", status_callback: str = "") -> Sent:
        """Send `body` (at most 1600 characters) to the E.164 number `to`. Returns `Sent`.

        It goes out under `sender` where one is given. Twilio tells the address `status_callback` what becomes of it.
        """
        return self._create(to=to, from_=sender or self._sender, body=body, status_callback=status_callback)

    def send_whatsapp(
        self,
        to: str,
        content_sid: str,
        content_variables: Mapping[str, str] | None = None,
        *,
        status_callback: str = "",
    ) -> Sent:
        """Send the approved template `content_sid` (`HX…`) with its `content_variables` such as {"1": "Sara"}.

        Returns `Sent`. Free text is not offered: WhatsApp takes it within 24 hours of the customer's last message only.
        """
        fields = {"to": f"whatsapp:{to}", "from_": f"whatsapp:{self._whatsapp_sender}", "content_sid": content_sid}
        if content_variables:
            fields["content_variables"] = json.dumps(dict(content_variables), ensure_ascii=False)
        return self._create(status_callback=status_callback, **fields)

    def fetch(self, message_id: str) -> Report | None:
        """What became of the message `message_id` (`SM…`); None when the account has no such message.

        Raises ProviderUnavailable when Twilio did not tell.
        """
        from twilio.base.exceptions import TwilioRestException

        if not plain(message_id, MESSAGE_ID):
            return None
        try:
            message = self._client().messages(message_id).fetch()
        except TwilioRestException as error:
            status, code = error.status, plain(error.code, CODE)
        else:
            return _report(message, message_id)
        if (status, code) == (NOT_FOUND, "20404"):
            return None
        raise not_told("twilio", status, code)

    def _create(self, *, status_callback: str, **fields: str | None) -> Sent:
        from twilio.base.exceptions import TwilioRestException

        if status_callback:
            fields["status_callback"] = status_callback
        client = self._client()
        try:
            message = client.messages.create(**fields)
        except TwilioRestException as error:
            failure = _failure(error.status, plain(error.code, CODE))
        else:
            return _outcome(message)
        raise failure

    def _client(self) -> Any:
        # The SDK takes a third of a second to import: only a process that uses it pays.
        from apps.common.providers.twilio_sdk import sdk_client

        return sdk_client(self._account_sid, self._auth_token, self._base_url)


def _outcome(message: Any) -> Sent:
    """`Sent`, unless the answer says that the message failed at once, or does not say which one it made."""
    report = _reported(message)
    if report.state == UNDELIVERED:
        raise _failure(400, report.error_code or report.word)
    if report.error_code or not report.message_id:
        raise unclear("twilio")
    return Sent(report.message_id, report.word or "accepted", report.segments, report.cost, report.currency)


def _report(message: Any, message_id: str) -> Report:
    report = _reported(message)
    if report.message_id != message_id or not report.word:
        raise not_told("twilio", 200)
    return report


def _reported(message: Any) -> Report:
    """What the answer says of a message, in known shapes. Twilio writes what it took as a negative price."""
    word = plain(message.status, WORD).lower()
    cost = amount(message.price)
    return Report(
        state=state_of(word),
        word=word,
        error_code=plain(message.error_code, CODE),
        message_id=plain(message.sid, MESSAGE_ID),
        segments=count(message.num_segments),
        cost=cost,
        currency="" if cost is None else currency(message.price_unit),
    )


def _failure(status: int, code: str) -> ProviderError:
    if code in LATER:
        return ProviderUnavailable(f"twilio {code}: {LATER[code]}", code)
    if code in NEVER:
        return ProviderRejected(code, f"twilio {code}: {NEVER[code]}")
    return refusal("twilio", status, code)
