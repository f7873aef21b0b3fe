from collections.abc import Mapping

from django.utils.translation import get_language

from apps.accounts.otp.base import SMS, WHATSAPP, code_text, with_fallback
from apps.common.providers import Sent
from apps.common.providers.twilio import TwilioClient
from apps.common.providers.twilio_verify import TwilioVerifyClient


class TwilioOtpProvider:
    """Our code through Twilio's Messages: by SMS, or by WhatsApp where the active language has a template for it.

    `templates` are ids of approved templates by language, "" where there is none; their {{1}} is the code. Free text
    would be taken and dropped later, when nobody can fall back to SMS any more.
    """

    def __init__(self, client: TwilioClient, templates: Mapping[str, str]) -> None:
        self._client = client
        self._templates = templates

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        template = self._templates.get(get_language() or "", "")

        def send(by: str) -> Sent:
            if by == WHATSAPP:
                return self._client.send_whatsapp(to, template, {"1": code})
            return self._client.send_sms(to, code_text(code))

        with_fallback(channel if template else SMS, send)


class TwilioCodeHolder:
    """Codes of Twilio Verify. The reference is the verification's id, good for whichever channel was used."""

    def __init__(self, client: TwilioVerifyClient) -> None:
        self._client = client

    def start(self, *, to: str, channel: str, locale: str) -> str:
        return with_fallback(channel, lambda by: self._client.start(to, by, locale))

    def check(self, *, to: str, code: str, channel: str, reference: str) -> bool:
        return self._client.check(to, code, reference)
