from apps.accounts.otp.base import code_text
from apps.common.providers import ProviderRejected, ProviderUnavailable
from apps.common.providers.twilio import TwilioClient


class TwilioOtpProvider:
    """SMS or WhatsApp through Twilio's Messages."""

    def __init__(self, client: TwilioClient) -> None:
        self._client = client

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        """WhatsApp falls back to SMS with the same code, and only when it certainly was not sent."""
        text = code_text(code)
        if channel == "whatsapp":
            try:
                self._client.send_whatsapp(to, body=text)
            except (ProviderRejected, ProviderUnavailable):
                pass
            else:
                return
        self._client.send_sms(to, text)
