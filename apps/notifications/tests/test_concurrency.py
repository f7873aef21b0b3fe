"""Two senders at once, over two connections, on whichever database the tests run."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.notifications import services
from apps.notifications.models import Notification
from apps.notifications.services import delivery
from apps.notifications.tests.factories import NotificationFactory
from apps.notifications.tests.helpers import RecordingProvider, play

pytestmark = pytest.mark.django_db(transaction=True)

SENDERS = 4


class SlowProvider(RecordingProvider):
    """Answers only when every sender has tried, so that a second send would really overlap the first."""

    def __init__(self, everybody_tried):
        super().__init__()
        self.everybody_tried = everybody_tried

    def send(self, message):
        self.everybody_tried.wait(10)
        return super().send(message)


def race(task, count=SENDERS):
    """Run `task` in `count` threads that start together; returns their answers, exceptions included."""
    start = threading.Barrier(count)

    def run():
        start.wait(10)
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        runs = [pool.submit(run) for _ in range(count)]
    return [run.exception() or run.result() for run in runs]


@pytest.mark.parametrize("round_number", range(5))
def test_of_senders_at_once_one_sends(monkeypatch, round_number):
    notification = NotificationFactory()
    tried = []
    everybody_tried = threading.Event()
    provider = SlowProvider(everybody_tried)
    play(monkeypatch, provider)
    claim = delivery._claim

    def counted_claim(*args, **kwargs):
        claimed = claim(*args, **kwargs)
        tried.append(claimed)
        if len(tried) == SENDERS:
            everybody_tried.set()
        return claimed

    monkeypatch.setattr(delivery, "_claim", counted_claim)

    answers = race(lambda: services.deliver(notification.pk))

    assert sorted(answers, key=str) == [None, None, None, "sent"]
    assert len(provider.messages) == 1
    row = Notification.objects.get(pk=notification.pk)
    assert (row.status, row.attempts) == ("sent", 1)


def test_without_the_claim_the_same_race_sends_more_than_once(monkeypatch):
    """The control: looking first and writing afterwards lets every sender through."""
    notification = NotificationFactory()
    everybody_tried = threading.Event()
    provider = SlowProvider(everybody_tried)
    play(monkeypatch, provider)
    everybody_looked = threading.Barrier(SENDERS)

    def look_then_write(notification_id, *, now):
        seen = Notification.objects.due(now).get(pk=notification_id)
        if everybody_looked.wait(10) == 0:
            everybody_tried.set()
        Notification.objects.filter(pk=seen.pk).update(
            status="sending", leased_until=now + timedelta(minutes=2), attempts=seen.attempts + 1
        )
        return Notification.objects.get(pk=seen.pk)

    monkeypatch.setattr(delivery, "_claim", look_then_write)
    monkeypatch.setattr(delivery, "_held", lambda claimed: Notification.objects.filter(pk=claimed.pk))

    race(lambda: services.deliver(notification.pk))

    assert len(provider.messages) == SENDERS


def test_passes_at_once_send_every_message_once(monkeypatch):
    expected = sorted(NotificationFactory().pk for _ in range(6))
    provider = RecordingProvider()
    play(monkeypatch, provider)

    answers = race(services.deliver_due)

    assert sum(answers) == 6
    assert sorted(message.notification_id for message in provider.messages) == expected


def test_planners_at_once_plan_each_reminder_once():
    BookingFactory(starts_at=timezone.now() + timedelta(hours=30))

    answers = race(services.plan_reminders)

    assert not any(isinstance(answer, Exception) for answer in answers)
    assert Notification.objects.count() == 1


def test_retries_at_once_send_one_message(monkeypatch):
    notification = NotificationFactory(status="failed", attempts=8)
    support = PlatformUserFactory()
    provider = RecordingProvider()
    play(monkeypatch, provider)

    answers = race(lambda: services.retry_notification(notification.pk, actor=support))

    assert sum(isinstance(answer, Notification) for answer in answers) == 1
    assert len(provider.messages) == 1
