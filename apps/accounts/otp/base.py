"""What the companies behind one-time codes offer: some bring our codes, some hold codes of their own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from django.utils.translation import gettext

from apps.common.providers import CodeGone, ProviderRejected, ProviderUnavailable

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ["CodeCarrier", "CodeGone", "CodeHolder", "OtpProvider", "code_text", "holds_codes", "with_fallback"]

SMS = "sms"
WHATSAPP = "whatsapp"

Result = TypeVar("Result")


class CodeCarrier(Protocol):
    """Brings a code of ours to a phone. It decides nothing: no limits, no retries, no second code."""

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        """Send `code` to the E.164 number `to` by `channel` (`sms` or `whatsapp`, a wish: SMS may be used).

        `reference` is the challenge's id, for providers that find a message by it. Returning means taken, or
        perhaps taken. Raises ProviderRejected and ProviderUnavailable when it was certainly not sent, and
        ProviderOutcomeUnknown when nobody can tell.
        """


@runtime_checkable
class CodeHolder(Protocol):
    """Makes codes, sends them and judges what was typed. We never see a code; we keep the provider's reference."""

    def start(self, *, to: str, channel: str, locale: str) -> str:
        """Have a code made and sent to the E.164 number `to` by `channel` (a wish, as above) in `locale`, `ar` or `en`.

        Returns what `check` needs to find it again, "" where the provider gives nothing; at most 64 characters.
        Raises ProviderRejected and ProviderUnavailable when certainly no code was sent, and ProviderOutcomeUnknown
        when nobody can tell; what was sent then is found with the reference "".
        """

    def check(self, *, to: str, code: str, channel: str, reference: str) -> bool:
        """Whether `code` is right. False is a guess that was spent.

        `channel` is the one asked for. Raises CodeGone when only a new code helps, and ProviderUnavailable or
        ProviderOutcomeUnknown when nobody judged: then the guess must not count. After an unknown outcome the code
        may be used up, and the next check says CodeGone.
        """


OtpProvider = CodeCarrier | CodeHolder


def holds_codes(provider: OtpProvider) -> "TypeIs[CodeHolder]":
    """Whether `provider` makes and judges codes itself, so that we make none."""
    return isinstance(provider, CodeHolder)


def with_fallback(channel: str, send: Callable[[str], Result]) -> Result:
    """What `send(channel)` returns. WhatsApp falls back to SMS, and only when it certainly was not sent."""
    if channel == WHATSAPP:
        try:
            return send(WHATSAPP)
        except (ProviderRejected, ProviderUnavailable):
            pass
    return send(SMS)


def code_text(code: str) -> str:
    """The message in the active language, for providers without a wording of their own."""
    return gettext("%(code)s is your sign-in code. It is valid for 5 minutes. Tell it to nobody.") % {"code": code}
