from django.conf import settings

from apps.common.providers import Report, Sent
from apps.common.providers.authentica import AuthenticaClient
from apps.notifications.providers import SMS, Message, ensure_carried


class AuthenticaProvider:
    """SMS. It gives no message number, so delivery is never confirmed."""

    channels = frozenset({SMS})

    def __init__(self) -> None:
        self.client = AuthenticaClient(
            settings.AUTHENTICA_API_KEY, settings.AUTHENTICA_SENDER_NAME, settings.AUTHENTICA_BASE_URL
        )

    def send(self, message: Message) -> Sent:
        ensure_carried("authentica", self.channels, message)
        return self.client.send_sms(message.to, message.body, sender=message.sender)

    def look_up(self, channel: str, *, message_id: str = "", reference: str = "", to: str = "") -> Report | None:
        return None
