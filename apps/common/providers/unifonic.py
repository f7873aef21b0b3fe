"""Unifonic SMS. Answers carry a success flag and an ER code; the HTTP status may be 200 for both."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.common.providers import (
    DELIVERED,
    ON_ITS_WAY,
    UNDELIVERED,
    ProviderError,
    ProviderOutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
    Report,
    Sent,
)
from apps.common.providers.http import (
    CODE,
    MESSAGE_ID,
    WORD,
    Answer,
    amount,
    ask_form,
    count,
    currency,
    flag,
    not_told,
    plain,
    post_form,
    refusal,
    unclear,
)

BASE_URL = "https://el.cloud.unifonic.com"
SERVICE_MESSAGE = 3  # appointment texts and codes
PROMOTION = 5  # goes out under a sender name that ends in -AD only
ACCEPTED = "ER-00"
MOST_FOUND = 20  # a correlation id of ours has one message, or few where something went wrong

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

# Of SMS, in older and newer words, and of WhatsApp ("read").
STATES = {
    "delivered": DELIVERED,
    "read": DELIVERED,
    "undelivered": UNDELIVERED,
    "undeliverable": UNDELIVERED,
    "rejected": UNDELIVERED,
    "failed": UNDELIVERED,
    "expired": UNDELIVERED,
    "deleted": UNDELIVERED,
}


def state_of(word: str) -> str:
    """What Unifonic's word for a message means, one of the states of `Report`."""
    return STATES.get(word, ON_ITS_WAY)


class UnifonicClient:
    """Sends SMS with one application's AppSid under one registered sender name."""

    def __init__(self, app_sid: str, sender_id: str, base_url: str = BASE_URL) -> None:
        self._app_sid = app_sid
        self._sender_id = sender_id
        self._base_url = f"{base_url.rstrip('/')}/rest/SMS"

    def send_sms(
        self, to: str, body: str, correlation_id: str, *, sender: str = "", is_promotional: bool = False
    ) -> Sent:
        """Send `body` to the E.164 number `to`, under `sender` where one is given. Returns `Sent`.

        `correlation_id` is ours; it finds the message again when its answer was lost.
        """
        fields = {
            "AppSid": self._app_sid,
            "SenderID": sender or self._sender_id,
            "Recipient": to.removeprefix("+"),
            "Body": body,
            "responseType": "JSON",
            "CorrelationID": correlation_id,
            "MessageType": PROMOTION if is_promotional else SERVICE_MESSAGE,
        }
        return _outcome(post_form("unifonic", f"{self._base_url}/messages", fields))

    def find(self, *, message_id: str = "", correlation_id: str = "", to: str = "") -> Report | None:
        """What became of a message, known by Unifonic's id, or else by ours and the E.164 number it went to.

        None when the account has no such message, which proves little: one that was just taken may be found later.
        Raises ProviderUnavailable when Unifonic did not tell.

        Where our id has several messages the customer has what any of them brought. So one that was delivered counts
        before one that may still be, and that before one that failed; among equals the newest.
        """
        if not message_id and not correlation_id:
            return None
        wanted = {"MessageID": message_id} if message_id else {"CorrelationID": correlation_id}
        if to:
            wanted["Recipient"] = to.removeprefix("+")
        fields = {"AppSid": self._app_sid, "Limit": MOST_FOUND, **wanted}
        answer = ask_form("unifonic", f"{self._base_url}/Messages/GetMessagesDetails", fields)
        # Whether it looks for all that it is asked for is the provider's affair; what counts as found is ours.
        found = [message for message in _messages(answer) if _is_wanted(message, wanted)]
        found.sort(key=_rank)
        return _report(found[-1], answer.body["data"].get("CurrencyCode")) if found else None


def _outcome(answer: Answer) -> Sent:
    """`Sent` only if status, flag, code and message id all say so; if they disagree, nobody knows."""
    success = flag(answer.body.get("success"))
    code = plain(answer.body.get("errorCode"), CODE)
    data = answer.body.get("data")
    data = data if isinstance(data, dict) else {}
    message_id = plain(data.get("MessageID") or "", MESSAGE_ID)

    if answer.ok and success and message_id and code in ("", ACCEPTED):
        status = plain(data.get("Status"), WORD).lower() or "queued"
        return Sent(message_id, status, count(data.get("NumberOfUnits")), *_price(data, data.get("CurrencyCode")))
    if success or message_id or code == ACCEPTED:
        raise unclear("unifonic")
    if success is False:
        raise failure(answer.status, code or ("refused" if answer.ok else ""))
    raise failure(answer.status, "")


def failure(status: int, er_code: str) -> ProviderError:
    """The ProviderError of a refusal by Unifonic, from its HTTP status and its ER code ("" where there is none)."""
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


def _messages(answer: Answer) -> list[Mapping[str, Any]]:
    """The messages that were found; an answer that is not clearly a list of them tells nothing."""
    data = answer.body.get("data")
    messages = data.get("messages") if isinstance(data, dict) else None
    code = plain(answer.body.get("errorCode"), CODE).replace(ACCEPTED, "")
    if answer.ok and flag(answer.body.get("success")) and not code and isinstance(messages, list):
        return [message for message in messages if isinstance(message, dict)]
    raise not_told("unifonic", answer.status, code)


def _is_wanted(message: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(str(message.get(name, "")).removeprefix("+") == value for name, value in wanted.items())


def _rank(message: Mapping[str, Any]) -> tuple[int, str]:
    """Sorts the messages of one id so that the last tells most. Dates are `yyyy-mm-dd hh:mm:ss` and sort as text."""
    state, _word = _state_and_word(message)
    return [UNDELIVERED, ON_ITS_WAY, DELIVERED].index(state), str(message.get("DateSent") or message.get("DateCreated"))


def _state_and_word(message: Mapping[str, Any]) -> tuple[str, str]:
    """The operator's word (`DLR`) where it says what became of the message, else Unifonic's own (`Status`)."""
    words = [plain(message.get(name), WORD).lower() for name in ("DLR", "Status")]
    word = next((word for word in words if state_of(word)), words[0] or words[1])
    return state_of(word), word


def _report(message: Mapping[str, Any], currency_code: object) -> Report:
    state, word = _state_and_word(message)
    message_id = plain(message.get("MessageID"), MESSAGE_ID)
    return Report(state, word, "", message_id, count(message.get("NumberOfUnits")), *_price(message, currency_code))


def _price(message: Mapping[str, Any], currency_code: object) -> tuple[Decimal | None, str]:
    """What it cost and in which currency; 0 says "not known yet"."""
    cost = amount(message.get("Cost")) or None
    return cost, "" if cost is None else currency(currency_code)
