from apps.accounts.otp.base import code_text, with_fallback
from apps.common.providers.unifonic import UnifonicClient
from apps.common.providers.unifonic_authenticate import UnifonicAuthenticateClient


class UnifonicOtpProvider:
    """Our code by SMS through Unifonic, whatever channel was wished for."""

    def __init__(self, client: UnifonicClient) -> None:
        self._client = client

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        self._client.send_sms(to, code_text(code), reference)


class UnifonicCodeHolder:
    """Codes of Unifonic Authenticate.

    It finds a code by number and channel, and after a fallback the channel is not the one asked for. So the reference
    is the channel that was used and the verification's id: `sms:953c0c21-…`.
    """

    def __init__(self, client: UnifonicAuthenticateClient) -> None:
        self._client = client

    def start(self, *, to: str, channel: str, locale: str) -> str:
        return with_fallback(channel, lambda by: f"{by}:{self._client.start(to, by, locale)}")

    def check(self, *, to: str, code: str, channel: str, reference: str) -> bool:
        used, _separator, _id = reference.partition(":")
        return self._client.check(to, code, used or channel)
