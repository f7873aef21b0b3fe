import re
from datetime import UTC, datetime, timedelta

import time_machine

from apps.bookings.models import Booking
from apps.common.providers import ProviderOutcomeUnknown, ProviderUnavailable, Sent
from apps.notifications.models import Notification
from apps.notifications.services import delivery, planning, reports

NOW = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
UNKNOWN = ProviderOutcomeUnknown("unifonic: no answer after sending (ReadTimeout)", "no_answer")
UNAVAILABLE = ProviderUnavailable("unifonic: not reached (ConnectionError)", "unreachable")


def at(**ahead):
    """So long after `NOW`: `with at(hours=2): …`."""
    return time_machine.travel(NOW + timedelta(**ahead), tick=False)


class RecordingProvider:
    """Takes every message and reaches nobody, or raises `failure` as long as it is set.

    Asked about a message it gives the `reports` it has, by the number of either side, and keeps who was asked about.
    """

    channels = frozenset({"sms", "whatsapp"})

    def __init__(self, failure=None):
        self.failure = failure
        self.messages, self.reports, self.questions = [], {}, []

    def look_up(self, channel, *, message_id="", reference="", to=""):
        self.questions.append(message_id or reference)
        return self.reports.get(message_id) or self.reports.get(reference)

    def send(self, message):
        self.messages.append(message)
        if self.failure is not None:
            raise self.failure
        return Sent(f"id-{len(self.messages)}", "queued")


def play(monkeypatch, provider):
    """Let `provider` carry all messages."""
    for module in (delivery, planning, reports):
        monkeypatch.setattr(module, "get_provider", lambda: provider)
    return provider


def row(notification):
    """The message as the table has it now."""
    return Notification.objects.get(pk=notification.pk)


def state_of(notification):
    """What the table says of a message now: (status, attempts, due_at, reason)."""
    row = Notification.objects.get(pk=notification.pk)
    return row.status, row.attempts, row.due_at, row.reason


def changed(booking, **fields):
    """Put the stored booking into its next version."""
    Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1, **fields)


def shown(response):
    """The words of a page, as a reader sees them."""
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def listed(response):
    return set(response.context["cl"].queryset)
