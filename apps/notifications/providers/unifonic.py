from django.conf import settings

from apps.common.providers import Report, Sent
from apps.common.providers.unifonic import UnifonicClient
from apps.common.providers.unifonic_conversations import UnifonicConversationsClient
from apps.notifications.providers import SMS, WHATSAPP, Message, ensure_carried


class UnifonicProvider:
    """SMS; our own number travels along, so a lost answer can be looked up.

    WhatsApp where the account has Conversations. Nobody can be asked about those messages: their events are all we get.
    """

    channels = frozenset({SMS})

    def __init__(self) -> None:
        self.client = UnifonicClient(settings.UNIFONIC_APP_SID, settings.UNIFONIC_SENDER_ID, settings.UNIFONIC_BASE_URL)
        self.conversations = UnifonicConversationsClient(
            settings.UNIFONIC_PUBLIC_ID, settings.UNIFONIC_SECRET, settings.UNIFONIC_CONVERSATIONS_BASE_URL
        )
        if settings.UNIFONIC_PUBLIC_ID and settings.UNIFONIC_SECRET:
            self.channels = frozenset({SMS, WHATSAPP})

    def send(self, message: Message) -> Sent:
        ensure_carried("unifonic", self.channels, message)
        if message.channel == WHATSAPP:
            return self.conversations.send_template(message.to, message.template_id, message.locale, message.variables)
        return self.client.send_sms(
            message.to,
            message.body,
            message.attempt,
            sender=message.sender,
            is_promotional=message.is_promotional,
        )

    def look_up(self, channel: str, *, message_id: str = "", reference: str = "", to: str = "") -> Report | None:
        if channel != SMS:
            return None
        return self.client.find(message_id=message_id, correlation_id=reference, to=to)
