"""Who carries a message: one interface, chosen by `NOTIFICATION_PROVIDER`. A new provider is one module here.

They share the HTTP clients of `apps.common.providers` with the carriers of sign-in codes, and nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.common.providers import ProviderRejected, Report, Sent

PROVIDERS = {
    "console": "apps.notifications.providers.console.ConsoleProvider",
    "twilio": "apps.notifications.providers.twilio.TwilioProvider",
    "unifonic": "apps.notifications.providers.unifonic.UnifonicProvider",
    "authentica": "apps.notifications.providers.authentica.AuthenticaProvider",
}
SMS, WHATSAPP = "sms", "whatsapp"


@dataclass(frozen=True, slots=True)
class Message:
    """What a provider needs to know: `to` in E.164, `channel` `sms` or `whatsapp`, our own number for its records.

    `reference` is our number of this attempt, digits, where the message has several. `sender` is a registered name that
    an SMS goes out under instead of the account's own. WhatsApp carries no text of ours: `template_id` is what the
    provider calls the approved template (Twilio `HX…`, Unifonic its name) in `locale`, and `variables` fill its places
    in order.
    """

    notification_id: int
    to: str
    kind: str
    channel: str
    body: str
    reference: str = ""
    sender: str = ""
    is_promotional: bool = False
    template_id: str = ""
    variables: tuple[str, ...] = ()
    locale: str = "ar"

    @property
    def attempt(self) -> str:
        """The number under which the provider keeps this attempt, and tells us of it."""
        return self.reference or str(self.notification_id)


class NotificationProvider(Protocol):
    """Sends one message at a time, and tells what became of one where it can. `channels` is what it carries."""

    channels: frozenset[str]

    def send(self, message: Message) -> Sent:
        """Returns `Sent` or raises one of the three errors of `apps.common.providers`."""
        ...

    def look_up(self, channel: str, *, message_id: str = "", reference: str = "", to: str = "") -> Report | None:
        """What became of the message that the provider calls `message_id`, or else of our attempt `reference` to `to`.

        None when this provider cannot tell or does not know it, which does not prove that it was never sent. Raises
        ProviderUnavailable when there was no answer. A look-up sends nothing and may be repeated.
        """
        ...


def get_provider() -> NotificationProvider:
    """The provider that the settings name, made anew so that changed settings count."""
    provider: NotificationProvider = import_string(PROVIDERS[settings.NOTIFICATION_PROVIDER])()
    return provider


def ensure_carried(provider: str, channels: Collection[str], message: Message) -> None:
    """Raise ProviderRejected for a channel that `provider` does not carry, or for WhatsApp without a template.

    Free text reaches WhatsApp only within 24 hours of the customer's last message, and nobody here knows of that one.
    """
    if message.channel not in channels:
        raise ProviderRejected("channel", f"{provider}: {message.channel} is not carried")
    if message.channel == WHATSAPP and not message.template_id:
        raise ProviderRejected("template_missing", f"{provider}: WhatsApp takes approved templates only")
