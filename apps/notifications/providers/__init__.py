"""Who carries a message: one interface, chosen by `NOTIFICATION_PROVIDER`. A new provider is one module here.

They share the HTTP clients of `apps.common.providers` with the carriers of sign-in codes, and nothing else.
"""

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.common.providers import ProviderRejected, Sent

PROVIDERS = {
    "console": "apps.notifications.providers.console.ConsoleProvider",
    "twilio": "apps.notifications.providers.twilio.TwilioProvider",
    "unifonic": "apps.notifications.providers.unifonic.UnifonicProvider",
    "authentica": "apps.notifications.providers.authentica.AuthenticaProvider",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What a provider needs to know: `to` in E.164, `channel` `sms` or `whatsapp`, our own number for its records."""

    notification_id: int
    to: str
    kind: str
    channel: str
    body: str


class NotificationProvider(Protocol):
    """Sends one message. Returns `Sent` or raises one of the three errors of `apps.common.providers`."""

    def send(self, message: Message) -> Sent: ...


def get_provider() -> NotificationProvider:
    """The provider that the settings name, made anew so that changed settings count."""
    provider: NotificationProvider = import_string(PROVIDERS[settings.NOTIFICATION_PROVIDER])()
    return provider


def ensure_sms(provider: str, message: Message) -> None:
    """Raise ProviderRejected for a channel that `provider` does not carry."""
    if message.channel != "sms":
        raise ProviderRejected("channel", f"{provider}: {message.channel} is not carried")
