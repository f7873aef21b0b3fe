"""Who brings one-time codes, or holds them. `OTP_PROVIDER` names the company, its own settings say which of the two."""

from collections.abc import Callable

from django.conf import settings

from apps.accounts.otp.authentica import AuthenticaCodeHolder, AuthenticaOtpProvider
from apps.accounts.otp.base import CodeCarrier, CodeGone, CodeHolder, OtpProvider, holds_codes
from apps.accounts.otp.console import ConsoleOtpProvider
from apps.accounts.otp.twilio import TwilioCodeHolder, TwilioOtpProvider
from apps.accounts.otp.unifonic import UnifonicCodeHolder, UnifonicOtpProvider
from apps.common.providers.authentica import AuthenticaClient
from apps.common.providers.twilio import TwilioClient
from apps.common.providers.twilio_verify import TwilioVerifyClient
from apps.common.providers.unifonic import UnifonicClient
from apps.common.providers.unifonic_authenticate import UnifonicAuthenticateClient

__all__ = [
    "HOLDERS",
    "PROVIDERS",
    "CodeCarrier",
    "CodeGone",
    "CodeHolder",
    "OtpProvider",
    "get_code_holder",
    "get_otp_provider",
    "holds_codes",
]

# Which setting hands the codes over to the company.
HELD_WHERE_SET = {
    "twilio": "TWILIO_VERIFY_SERVICE_SID",
    "unifonic": "UNIFONIC_AUTHENTICATE_APP_ID",
    "authentica": "AUTHENTICA_HOLDS_CODES",
}


def get_otp_provider() -> OtpProvider:
    """The configured carrier or holder with its credentials from the settings."""
    name = settings.OTP_PROVIDER
    if name in HELD_WHERE_SET and getattr(settings, HELD_WHERE_SET[name]):
        return HOLDERS[name]()
    return PROVIDERS[name]()


def get_code_holder(name: str) -> CodeHolder:
    """The holder that an open code is kept by, whatever the settings say about new codes.

    Its credentials are still those of the settings: keep them until its last code has expired.
    """
    return HOLDERS[name]()


def _twilio() -> CodeCarrier:
    return TwilioOtpProvider(
        TwilioClient(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_FROM,
            settings.TWILIO_BASE_URL,
            settings.TWILIO_WHATSAPP_FROM,
        ),
        {"ar": settings.TWILIO_OTP_TEMPLATE_AR, "en": settings.TWILIO_OTP_TEMPLATE_EN},
    )


def _unifonic() -> CodeCarrier:
    return UnifonicOtpProvider(
        UnifonicClient(settings.UNIFONIC_APP_SID, settings.UNIFONIC_SENDER_ID, settings.UNIFONIC_BASE_URL)
    )


def _authentica() -> CodeCarrier:
    return AuthenticaOtpProvider(_authentica_client())


def _twilio_verify() -> CodeHolder:
    return TwilioCodeHolder(
        TwilioVerifyClient(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_VERIFY_SERVICE_SID,
            settings.TWILIO_VERIFY_BASE_URL,
        )
    )


def _unifonic_authenticate() -> CodeHolder:
    return UnifonicCodeHolder(
        UnifonicAuthenticateClient(
            settings.UNIFONIC_AUTHENTICATE_APP_ID,
            settings.UNIFONIC_AUTHENTICATE_TOKEN,
            settings.UNIFONIC_AUTHENTICATE_BASE_URL,
        )
    )


def _authentica_codes() -> CodeHolder:
    return AuthenticaCodeHolder(_authentica_client())


def _authentica_client() -> AuthenticaClient:
    return AuthenticaClient(settings.AUTHENTICA_API_KEY, settings.AUTHENTICA_SENDER_NAME, settings.AUTHENTICA_BASE_URL)


PROVIDERS: dict[str, Callable[[], CodeCarrier]] = {
    "console": ConsoleOtpProvider,
    "twilio": _twilio,
    "unifonic": _unifonic,
    "authentica": _authentica,
}
HOLDERS: dict[str, Callable[[], CodeHolder]] = {
    "twilio": _twilio_verify,
    "unifonic": _unifonic_authenticate,
    "authentica": _authentica_codes,
}
