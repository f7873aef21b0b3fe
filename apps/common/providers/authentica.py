"""Authentica: codes and SMS. Its answers hold a flag and no message id: nothing can be asked about later."""

from apps.common.providers import ProviderRejected, Sent
from apps.common.providers.http import Answer, flag, not_judged, post_json, refusal, unclear

BASE_URL = "https://api.authentica.sa"
FLAGS = ("success", "status", "queued")  # the documents, and people who call it, name the flag differently
JUDGED = frozenset({200, 400, 404, 422})  # which of them a wrong code brings is not documented


class AuthenticaClient:
    """Sends with one API key; SMS of our own wording go out under one registered sender name."""

    def __init__(self, api_key: str, sender_name: str, base_url: str = BASE_URL) -> None:
        self._headers = {"X-Authorization": api_key, "Accept": "application/json"}
        self._sender_name = sender_name
        self._base_url = f"{base_url.rstrip('/')}/api/v2"

    def send_otp(self, to: str, code: str, channel: str) -> Sent:
        """Send our own `code` to the E.164 number `to` by `channel`, `sms` or `whatsapp`. Returns `Sent`.

        The wording is a template of the account. The account must be allowed to carry codes made by us.
        """
        return self._post("send-otp", {"method": channel, "phone": to, "otp": code})

    def start_otp(self, to: str, channel: str) -> Sent:
        """Have Authentica make a code and send it to the E.164 number `to` by `channel`. Returns `Sent`.

        The language is that of the account's template.
        """
        return self._post("send-otp", {"method": channel, "phone": to})

    def verify_otp(self, to: str, code: str) -> bool:
        """Whether `code` is the one that Authentica sent to the E.164 number `to`.

        Raises ProviderUnavailable or ProviderOutcomeUnknown when nobody judged. A code that expired is only wrong:
        the answers do not tell the two apart.
        """
        return _verdict(self._call("verify-otp", {"phone": to, "otp": code}))

    def send_sms(self, to: str, body: str, *, sender: str = "") -> Sent:
        """Send `body` to the E.164 number `to`, under `sender` where one is given. Returns `Sent`."""
        return self._post("send-sms", {"phone": to, "message": body, "sender_name": sender or self._sender_name})

    def _post(self, path: str, payload: dict[str, str]) -> Sent:
        return _outcome(self._call(path, payload))

    def _call(self, path: str, payload: dict[str, str]) -> Answer:
        return post_json("authentica", f"{self._base_url}/{path}", payload, headers=self._headers)


def _outcome(answer: Answer) -> Sent:
    """`Sent` only if the status and every flag present say so; if they disagree, nobody knows."""
    flags = {flag(answer.body.get(name)) for name in FLAGS} - {None}
    if answer.body.get("errors"):
        flags |= {False}

    if answer.ok and flags == {True}:
        return Sent("", "accepted")
    if True in flags:
        raise unclear("authentica")
    if answer.ok and flags:
        raise ProviderRejected("refused", "authentica: message refused")
    raise refusal("authentica", answer.status)


def _verdict(answer: Answer) -> bool:
    """True only for status 200 with `status` true, which no other flag denies. `success` alone proves no code."""
    proven = flag(answer.body.get("status")) is True
    denied = flag(answer.body.get("success")) is False or bool(answer.body.get("errors"))

    if proven and answer.status == 200 and not denied:
        return True
    if proven or (answer.status in JUDGED and not answer.readable):
        raise unclear("authentica")
    if answer.status in JUDGED:
        return False
    raise not_judged("authentica", answer.status)
