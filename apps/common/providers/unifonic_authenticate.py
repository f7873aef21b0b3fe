"""Unifonic Authenticate: Unifonic makes the code, sends it and judges what was typed.

It is another service than Unifonic's SMS: another host, other credentials, and numbers with their plus.
"""

from apps.common.providers import CodeGone
from apps.common.providers.http import CODE, MESSAGE_ID, WORD, Answer, not_judged, plain, post_form, refusal, unclear

BASE_URL = "https://authenticate.cloud.api.unifonic.com"
CODE_LENGTH = 6

CORRECT = "101"
INCORRECT = "107"
GONE = {
    "108": "guessed too often",
    "109": "expired",
    "110": "used before",
}
BAD_REQUEST = 400  # besides 2xx the one status in which a verdict may come


class UnifonicAuthenticateClient:
    """Codes of one Authenticate app, known by its id and its token."""

    def __init__(self, app_id: str, token: str, base_url: str = BASE_URL) -> None:
        self._headers = {
            "x-authenticate-app-id": app_id,
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
        }
        self._base_url = f"{base_url.rstrip('/')}/services/api/v2/verifications"

    def start(self, to: str, channel: str, locale: str) -> str:
        """Make a code and send it to the E.164 number `to` by `channel`, `sms` or `whatsapp`, in `locale`.

        Returns the verification's id.
        """
        return _started(self._ask("start", {"to": to, "channel": channel, "locale": locale, "length": CODE_LENGTH}))

    def check(self, to: str, code: str, channel: str) -> bool:
        """Whether `code` is the one that went to `to` by `channel`, which must be the channel it went by.

        Raises CodeGone, or ProviderUnavailable or ProviderOutcomeUnknown when nobody judged.
        """
        return _verdict(self._ask("check", {"to": to, "channel": channel, "code": code}))

    def _ask(self, path: str, fields: dict[str, object]) -> Answer:
        return post_form("unifonic", f"{self._base_url}/{path}", fields, headers=self._headers)


def _started(answer: Answer) -> str:
    """The id, unless the answer has none or carries a verdict that no code can have before it was typed."""
    verification_id = plain(answer.body.get("id"), MESSAGE_ID)
    denied = _word(answer) == "incorrect" or _error_code(answer) not in ("", CORRECT)

    if answer.ok and verification_id and not denied:
        return verification_id
    if answer.ok or (verification_id and not denied):
        raise unclear("unifonic")
    raise refusal("unifonic", answer.status)


def _verdict(answer: Answer) -> bool:
    """The word decides, the error code must not deny it; if they disagree, nobody knows."""
    word, code = _word(answer), _error_code(answer)

    if answer.ok and word == "correct" and code in ("", CORRECT):
        return True
    if word == "correct" or code == CORRECT:
        raise unclear("unifonic")
    if not answer.ok and answer.status != BAD_REQUEST:
        raise not_judged("unifonic", answer.status)
    if code in GONE:
        raise CodeGone(f"unifonic {code}: {GONE[code]}", code)
    if word == "incorrect" or code == INCORRECT:
        return False
    raise unclear("unifonic") if answer.ok else not_judged("unifonic", answer.status)


def _word(answer: Answer) -> str:
    return plain(answer.body.get("response_status"), WORD).lower()


def _error_code(answer: Answer) -> str:
    return plain(answer.body.get("error_code"), CODE)
