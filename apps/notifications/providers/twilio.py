from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from apps.common.providers import Report, Sent
from apps.common.providers.twilio import TwilioClient
from apps.notifications.providers import SMS, WHATSAPP, Message, ensure_carried


class TwilioProvider:
    """SMS and WhatsApp. Twilio is told with every message where to report, and can be asked by its own id only."""

    channels = frozenset({SMS, WHATSAPP})

    def __init__(self) -> None:
        self.client = TwilioClient(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_FROM,
            settings.TWILIO_BASE_URL,
            settings.TWILIO_WHATSAPP_FROM,
        )

    def send(self, message: Message) -> Sent:
        ensure_carried("twilio", self.channels, message)
        callback = _status_callback(message.attempt)
        if message.channel == WHATSAPP:
            variables = {str(place): text for place, text in enumerate(message.variables, start=1)}
            return self.client.send_whatsapp(
                message.to,
                content_sid=message.template_id,
                content_variables=variables,
                status_callback=callback,
            )
        return self.client.send_sms(message.to, message.body, sender=message.sender, status_callback=callback)

    def look_up(self, channel: str, *, message_id: str = "", reference: str = "", to: str = "") -> Report | None:
        return self.client.fetch(message_id)


def _status_callback(attempt: str) -> str:
    """Where to report on this attempt; "" where Twilio would refuse the address, and the message for it."""
    if not _is_reachable(settings.PUBLIC_BASE_URL):
        return ""
    return f"{settings.PUBLIC_BASE_URL}{reverse('webhook-twilio')}?{urlencode({'attempt': attempt})}"


def _is_reachable(address: str) -> bool:
    """Whether Twilio, or a stand-in, which alone is called by plain http, takes the address for a callback.

    Twilio wants a public host without an underscore and a certificate it can check.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    is_public = parts.scheme == "https" and "." in host and "_" not in host
    return is_public or settings.TWILIO_BASE_URL.startswith("http://")
