import re
import sys
import uuid

from apps.common.providers import Report, Sent
from apps.notifications.providers import SMS, WHATSAPP, Message, ensure_carried

# Everything that ends a line for somebody who reads the output line by line.
LINE_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class ConsoleProvider:
    """Writes each message as one line to standard output. Refused by the production settings."""

    channels = frozenset({SMS, WHATSAPP})

    def send(self, message: Message) -> Sent:
        ensure_carried("console", self.channels, message)
        text = LINE_ENDS.sub(lambda match: match[0].encode("unicode_escape").decode(), message.body)
        sys.stdout.write(f"[notification] to={message.to} kind={message.kind} text={text}\n")
        sys.stdout.flush()
        return Sent(f"console-{uuid.uuid4().hex}", "sent")

    def look_up(self, channel: str, *, message_id: str = "", reference: str = "", to: str = "") -> Report | None:
        return None
