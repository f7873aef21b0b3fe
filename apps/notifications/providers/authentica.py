from django.conf import settings

from apps.common.providers import Sent
from apps.common.providers.authentica import AuthenticaClient
from apps.notifications.providers import Message, ensure_sms


class AuthenticaProvider:
    """SMS. It gives no message number, so delivery is never confirmed."""

    def __init__(self) -> None:
        self.client = AuthenticaClient(
            settings.AUTHENTICA_API_KEY, settings.AUTHENTICA_SENDER_NAME, settings.AUTHENTICA_BASE_URL
        )

    def send(self, message: Message) -> Sent:
        ensure_sms("authentica", message)
        return self.client.send_sms(message.to, message.body)
