"""Unifonic SMS. Answers carry a success flag and an ER code; the HTTP status may be 200 for both."""

from apps.common.providers import ProviderError, ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable, Sent
from apps.common.providers.http import CODE, MESSAGE_ID, WORD, Answer, flag, plain, post_form, refusal, unclear

BASE_URL = "https://el.cloud.unifonic.com"
SERVICE_MESSAGE = 3  # appointment texts and codes; promotional texts (5) need a sender name ending in -AD
ACCEPTED = "ER-00"

# Refused as a repetition: an earlier attempt most probably went out, and trying elsewhere would double it.
DUPLICATE = frozenset({"ER-09", "409"})

# The owner must act, and then the same message passes: worth keeping, so unavailable and not rejected.
ACCOUNT = {
    "ER-01": "no balance, or no price for this destination",
    "ER-08": "sender name is not registered",
    "402": "AppSid is missing",
    "440": "sender name is malformed",
    "459": "credentials are malformed",
    "480": "this account may not use the sender name",
}

MESSAGE = {
    "ER-02": "number is not valid",
    "ER-03": "number is too long",
    "ER-04": "number is too short",
    "ER-05": "no route to this number",
    "ER-06": "text is empty or not valid",
    "ER-07": "text was filtered",
}


class UnifonicClient:
    """Sends SMS with one application's AppSid under one registered sender name."""

    def __init__(self, app_sid: str, sender_id: str, base_url: str = BASE_URL) -> None:
        self._app_sid = app_sid
        self._sender_id = sender_id
        self._url = f"{base_url.rstrip('/')}/rest/SMS/messages"

    def send_sms(self, to: str, body: str, correlation_id: str) -> Sent:
        """Send `body` to the E.164 number `to`. Returns `Sent`.

        `correlation_id` is ours; it finds the message again when its answer was lost.
        """
        fields = {
            "AppSid": self._app_sid,
            "SenderID": self._sender_id,
            "Recipient": to.removeprefix("+"),
            "Body": body,
            "responseType": "JSON",
            "CorrelationID": correlation_id,
            "MessageType": SERVICE_MESSAGE,
        }
        return _outcome(post_form("unifonic", self._url, fields))


def _outcome(answer: Answer) -> Sent:
    """`Sent` only if status, flag, code and message id all say so; if they disagree, nobody knows."""
    success = flag(answer.body.get("success"))
    code = plain(answer.body.get("errorCode"), CODE)
    data = answer.body.get("data")
    data = data if isinstance(data, dict) else {}
    message_id = plain(data.get("MessageID") or "", MESSAGE_ID)

    if answer.ok and success and message_id and code in ("", ACCEPTED):
        return Sent(message_id, plain(data.get("Status"), WORD).lower() or "queued")
    if success or message_id or code == ACCEPTED:
        raise unclear("unifonic")
    if success is False:
        raise _failure(answer.status, code or ("refused" if answer.ok else ""))
    raise _failure(answer.status, "")


def _failure(status: int, er_code: str) -> ProviderError:
    # A specific HTTP status is more reliable: ER-02 is known to stand for a missing AppSid as well.
    code = str(status) if 400 < status < 500 or not er_code else er_code
    if code in DUPLICATE:
        return ProviderOutcomeUnknown(f"unifonic {code}: refused as a repetition, probably sent before", code)
    if code in ACCOUNT:
        return ProviderUnavailable(f"unifonic {code}: {ACCOUNT[code]}", code)
    if code == er_code:
        return ProviderRejected(code, f"unifonic {code}: {MESSAGE.get(code, 'message refused')}")
    if status == 499:
        return ProviderOutcomeUnknown("unifonic 499: request failed", code)
    return refusal("unifonic", status)
