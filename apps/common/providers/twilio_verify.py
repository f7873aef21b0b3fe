"""Twilio Verify: Twilio makes the code, sends it and judges what was typed. Through Twilio's SDK."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.common.providers import CodeGone, ProviderError, ProviderRejected, ProviderUnavailable
from apps.common.providers.http import CODE, MESSAGE_ID, WORD, flag, not_judged, plain, refusal, unclear

BASE_URL = "https://verify.twilio.com"

# The owner must act, or time must pass, and then the same number gets its code.
LATER = {
    "20003": "account or token refused",
    "20404": "service not found",
    "20429": "too many requests",
    "60203": "sent too often, the open code must expire first",
    "60212": "too many requests at once for this number",
    "60238": "blocked while Twilio reviews the account",
}

NEVER = {
    "60200": "number or channel is not valid",
    "60205": "number is a landline",
}

INCORRECT = "60201"
GONE = {
    "20404": "the code expired, was used or cancelled",
    "60202": "the code was guessed too often",
}
OVER = frozenset({"canceled", "max_attempts_reached", "deleted", "failed", "expired"})


class TwilioVerifyClient:
    """Codes of one Verify service: good for ten minutes, sent at most five times, compared at most five times."""

    def __init__(self, account_sid: str, auth_token: str, service_sid: str, base_url: str = BASE_URL) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._service_sid = service_sid
        self._base_url = base_url

    def start(self, to: str, channel: str, locale: str) -> str:
        """Make a code and send it to the E.164 number `to` by `channel`, `sms` or `whatsapp`, in `locale`.

        Returns the verification's id (`VE…`). While a code is open the same one is sent again, under the same id.
        """
        return _started(self._ask(lambda service: service.verifications.create(to, channel, locale=locale)))

    def check(self, to: str, code: str, verification_id: str) -> bool:
        """Whether `code` is the one of this verification, or of the open one of `to` where the id is "".

        Raises CodeGone, or ProviderUnavailable or ProviderOutcomeUnknown when nobody judged.
        """
        which = {"verification_sid": verification_id} if verification_id else {"to": to}
        return _verdict(self._ask(lambda service: service.verification_checks.create(code=code, **which)))

    def _ask(self, call: Callable[[Any], Any]) -> "_Reply":
        # The SDK takes a third of a second to import: only a process that uses it pays.
        from twilio.base.exceptions import TwilioRestException

        from apps.common.providers.twilio_sdk import sdk_client

        client = sdk_client(self._account_sid, self._auth_token, self._base_url)
        try:
            verification = call(client.verify.v2.services(self._service_sid))
        except TwilioRestException as error:
            return _Reply(error.status, error_code=plain(error.code, CODE))
        return _Reply(
            200,
            verification_id=plain(verification.sid, MESSAGE_ID),
            status=plain(verification.status, WORD).lower(),
            valid=flag(verification.valid),
        )


@dataclass(frozen=True)
class _Reply:
    """What Twilio said: about a verification under a 2xx status, or an error's HTTP status and code."""

    http_status: int
    error_code: str = ""
    verification_id: str = ""
    status: str = ""
    valid: bool | None = None


def _started(reply: _Reply) -> str:
    if reply.http_status != 200:
        raise _not_started(reply)
    if not reply.verification_id or reply.status != "pending" or reply.valid:
        raise unclear("twilio")
    return reply.verification_id


def _not_started(reply: _Reply) -> ProviderError:
    code = reply.error_code
    if code in LATER:
        return ProviderUnavailable(f"twilio {code}: {LATER[code]}", code)
    if code in NEVER:
        return ProviderRejected(code, f"twilio {code}: {NEVER[code]}")
    return refusal("twilio", reply.http_status, code)


def _verdict(reply: _Reply) -> bool:
    """True only if status and flag both say so; False only if both deny it while the code is still open."""
    if reply.http_status != 200:
        return _verdict_of_error(reply)
    if reply.status == "approved" and reply.valid:
        return True
    if reply.status in OVER and not reply.valid:
        raise CodeGone(f"twilio: the code is over ({reply.status})", reply.status)
    if reply.status == "pending" and reply.valid is False:
        return False
    raise unclear("twilio")


def _verdict_of_error(reply: _Reply) -> bool:
    if reply.error_code in GONE:
        raise CodeGone(f"twilio {reply.error_code}: {GONE[reply.error_code]}", reply.error_code)
    if reply.error_code == INCORRECT:
        return False
    raise not_judged("twilio", reply.http_status, reply.error_code)
