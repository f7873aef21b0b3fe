from apps.accounts.otp.base import with_fallback
from apps.common.providers.authentica import AuthenticaClient


class AuthenticaOtpProvider:
    """Our code in a template of the Authentica account, by SMS or WhatsApp."""

    def __init__(self, client: AuthenticaClient) -> None:
        self._client = client

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        with_fallback(channel, lambda by: self._client.send_otp(to, code, by))


class AuthenticaCodeHolder:
    """Codes made by Authentica. It gives no reference and knows a code by its number only; its template speaks."""

    def __init__(self, client: AuthenticaClient) -> None:
        self._client = client

    def start(self, *, to: str, channel: str, locale: str) -> str:
        return with_fallback(channel, lambda by: self._client.start_otp(to, by)).provider_message_id

    def check(self, *, to: str, code: str, channel: str, reference: str) -> bool:
        return self._client.verify_otp(to, code)
