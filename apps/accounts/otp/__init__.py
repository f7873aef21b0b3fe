"""Carriers of one-time codes. `OTP_PROVIDER` names the one that is used."""

from collections.abc import Callable

from django.conf import settings

from apps.accounts.otp.authentica import AuthenticaOtpProvider
from apps.accounts.otp.base import CodeGone, CodeHolder, OtpProvider
from apps.accounts.otp.console import ConsoleOtpProvider
from apps.accounts.otp.twilio import TwilioOtpProvider
from apps.accounts.otp.unifonic import UnifonicOtpProvider
from apps.common.providers.authentica import AuthenticaClient
from apps.common.providers.twilio import TwilioClient
from apps.common.providers.unifonic import UnifonicClient


def get_otp_provider() -> OtpProvider:
    """The configured carrier with its credentials from the settings."""
    return PROVIDERS[settings.OTP_PROVIDER]()


def get_code_holder(name: str) -> CodeHolder:
    provider = PROVIDERS[name]()
    assert isinstance(provider, CodeHolder)
    return provider


def _twilio() -> OtpProvider:
    return TwilioOtpProvider(
        TwilioClient(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_FROM,
            settings.TWILIO_BASE_URL,
        )
    )


def _unifonic() -> OtpProvider:
    return UnifonicOtpProvider(
        UnifonicClient(settings.UNIFONIC_APP_SID, settings.UNIFONIC_SENDER_ID, settings.UNIFONIC_BASE_URL)
    )


def _authentica() -> OtpProvider:
    return AuthenticaOtpProvider(
        AuthenticaClient(settings.AUTHENTICA_API_KEY, settings.AUTHENTICA_SENDER_NAME, settings.AUTHENTICA_BASE_URL)
    )


PROVIDERS: dict[str, Callable[[], OtpProvider]] = {
    "console": ConsoleOtpProvider,
    "twilio": _twilio,
    "unifonic": _unifonic,
    "authentica": _authentica,
}

__all__ = ["PROVIDERS", "CodeGone", "CodeHolder", "OtpProvider", "get_code_holder", "get_otp_provider"]
