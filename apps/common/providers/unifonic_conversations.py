"""Unifonic Conversations: WhatsApp templates.

It is another service than Unifonic's SMS: another host, other credentials, and numbers with their plus. What it answers
is not documented beyond the id of a message it took, and it has no call that tells what became of one.
"""

import re
from collections.abc import Sequence

from apps.common.providers import Sent
from apps.common.providers.http import Answer, flag, plain, post_json, unclear
from apps.common.providers.unifonic import failure

BASE_URL = "https://apis.unifonic.com"
CONVERSATION_ID = re.compile(r"[A-Za-z0-9._:=+/-]{1,64}")


class UnifonicConversationsClient:
    """Sends from the WhatsApp number of one account, known by its public id and its secret."""

    def __init__(self, public_id: str, secret: str, base_url: str = BASE_URL) -> None:
        self._headers = {"PublicId": public_id, "Secret": secret, "Accept": "application/json"}
        self._url = f"{base_url.rstrip('/')}/v1/messages"

    def send_template(self, to: str, name: str, language: str, variables: Sequence[str] = ()) -> Sent:
        """Send the approved template `name` in `language` (`ar`) to the E.164 number `to`. Returns `Sent`.

        `variables` fill the places {{1}}, {{2}} … of its body.
        """
        parameters = [{"type": "text", "text": text} for text in variables]
        content = {
            "type": "template",
            "name": name,
            "language": {"code": language},
            "components": [{"type": "body", "parameters": parameters}] if parameters else [],
        }
        payload = {"recipient": {"contact": to, "channel": "whatsapp"}, "content": content}
        return _outcome(post_json("unifonic", self._url, payload, headers=self._headers))


def _outcome(answer: Answer) -> Sent:
    """`Sent` only with an id that nothing beside it denies; if they disagree, nobody knows."""
    message_id = plain(answer.body.get("messageId"), CONVERSATION_ID)
    success = flag(answer.body.get("success"))
    denied = success is False or bool(answer.body.get("error") or answer.body.get("errors"))

    if answer.ok and message_id and not denied:
        return Sent(message_id, "accepted")
    if message_id or success:
        raise unclear("unifonic")
    raise failure(answer.status, "refused" if answer.ok and denied else "")
