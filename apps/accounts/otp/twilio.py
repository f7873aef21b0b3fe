from apps.accounts.otp.base import WHATSAPP, code_text, with_fallback
from apps.common.providers import Sent
from apps.common.providers.twilio import TwilioClient
from apps.common.providers.twilio_verify import TwilioVerifyClient


class TwilioOtpProvider:
    """Our code by SMS or WhatsApp through Twilio's Messages."""

    def __init__(self, client: TwilioClient) -> None:
        self._client = client

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        text = code_text(code)

        def send(by: str) -> Sent:
            if by == WHATSAPP:
                return self._client.send_whatsapp(to, body=text)
            return self._client.send_sms(to, text)

        with_fallback(channel, send)


class TwilioCodeHolder:
    """Codes of Twilio Verify. The reference is the verification's id, good for whichever channel was used."""

    def __init__(self, client: TwilioVerifyClient) -> None:
        self._client = client

    def start(self, *, to: str, channel: str, locale: str) -> str:
        return with_fallback(channel, lambda by: self._client.start(to, by, locale))

    def check(self, *, to: str, code: str, channel: str, reference: str) -> bool:
        return self._client.check(to, code, reference)
