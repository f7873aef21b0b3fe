from django.conf import settings

from apps.common.providers import Sent
from apps.common.providers.twilio import TwilioClient
from apps.notifications.providers import Message


class TwilioProvider:
    """SMS, and WhatsApp inside the 24 hours in which free text is allowed."""

    def __init__(self) -> None:
        self.client = TwilioClient(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_FROM,
            settings.TWILIO_BASE_URL,
        )

    def send(self, message: Message) -> Sent:
        if message.channel == "whatsapp":
            return self.client.send_whatsapp(message.to, body=message.body)
        return self.client.send_sms(message.to, message.body)
