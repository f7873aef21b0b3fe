from apps.common.providers.authentica import AuthenticaClient


class AuthenticaOtpProvider:
    """Our code in a template of the Authentica account, by SMS or WhatsApp."""

    def __init__(self, client: AuthenticaClient) -> None:
        self._client = client

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        self._client.send_otp(to, code, channel)
