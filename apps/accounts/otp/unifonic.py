from apps.accounts.otp.base import code_text
from apps.common.providers.unifonic import UnifonicClient


class UnifonicOtpProvider:
    """SMS through Unifonic, whatever channel was wished for."""

    def __init__(self, client: UnifonicClient) -> None:
        self._client = client

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        self._client.send_sms(to, code_text(code), reference)
