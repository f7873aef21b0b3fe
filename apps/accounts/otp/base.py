"""What every carrier of one-time codes offers."""

from typing import Protocol, runtime_checkable

from django.utils.translation import gettext


class CodeCarrier(Protocol):
    """Brings a code of ours to a phone. It decides nothing: no limits, no retries, no second code."""

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        """Send `code` to the E.164 number `to` by `channel` (`sms` or `whatsapp`, a wish: SMS may be used).

        `reference` is the challenge's id, for providers that find a message by it. Returning means taken, or
        perhaps taken. Raises ProviderRejected and ProviderUnavailable when it was certainly not sent, and
        ProviderOutcomeUnknown when nobody can tell.
        """


class CodeGone(Exception):
    """The provider knows no such open code any more: it expired, was used or was guessed at too often."""


@runtime_checkable
class CodeHolder(Protocol):
    """Makes, sends and checks codes itself."""

    def start(self, *, to: str, channel: str, locale: str) -> str: ...

    def check(self, *, to: str, code: str, channel: str, reference: str) -> bool: ...


OtpProvider = CodeCarrier | CodeHolder


def code_text(code: str) -> str:
    """The message in the active language, for providers without a wording of their own."""
    return gettext("%(code)s is your sign-in code. It is valid for 5 minutes. Tell it to nobody.") % {"code": code}
