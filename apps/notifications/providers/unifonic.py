from django.conf import settings

from apps.common.providers import Sent
from apps.common.providers.unifonic import UnifonicClient
from apps.notifications.providers import Message, ensure_sms


class UnifonicProvider:
    """SMS; our own number travels along, so a lost answer can be looked up."""

    def __init__(self) -> None:
        self.client = UnifonicClient(settings.UNIFONIC_APP_SID, settings.UNIFONIC_SENDER_ID, settings.UNIFONIC_BASE_URL)

    def send(self, message: Message) -> Sent:
        ensure_sms("unifonic", message)
        return self.client.send_sms(message.to, message.body, str(message.notification_id))
