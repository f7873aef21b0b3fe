"""Sending and settling, with a provider that plays its part."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction

from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable, Sent
from apps.notifications import selectors, services
from apps.notifications.models import Kind, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.factories import NotificationFactory
from apps.notifications.tests.helpers import NOW, RecordingProvider, play, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

UNAVAILABLE = ProviderUnavailable("twilio 20429: too many requests", "20429")
UNKNOWN = ProviderOutcomeUnknown("twilio: no answer after sending (ReadTimeout)", "no_answer")
REJECTED = ProviderRejected("21610", "twilio 21610: recipient opted out")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            UNAVAILABLE,
            ("failed", 0, NOW + timedelta(minutes=1), "the provider takes no messages at the moment (20429)"),
        ),
        (
            UNKNOWN,
            (
                "failed",
                1,
                NOW + timedelta(minutes=2),
                "the provider gave no clear answer, it may have been sent (no_answer)",
            ),
        ),
        (REJECTED, ("undelivered", 1, NOW, "the customer opted out (21610)")),
        (
            RuntimeError("a library broke"),
            ("failed", 1, NOW + timedelta(minutes=2), "sending failed for a reason of our own, see the log"),
        ),
    ],
)
def test_each_failure_ends_in_its_state_with_its_reason(provider, failure, expected):
    notification = NotificationFactory()
    provider.failure = failure

    assert services.deliver(notification.pk) == expected[0]

    assert state_of(notification) == expected
    assert Notification.objects.get(pk=notification.pk).provider == "console"


def test_a_failing_message_is_tried_eight_times_with_growing_delays_and_then_waits_for_a_person(provider, caplog):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    waits, now = [], NOW

    for _attempt in range(10):
        with time_machine.travel(now, tick=False):
            if services.deliver_due() == 0:
                break
            due_at = state_of(notification)[2]
        waits.append(int((due_at - now).total_seconds() / 60))
        now = due_at

    assert waits == [2, 2, 4, 8, 16, 32, 60, 60]
    assert state_of(notification)[:2] == ("failed", 8)
    assert len(provider.messages) == 8
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        f"message {notification.pk} given up after 8 attempts"
    ]


def test_a_message_is_not_given_up_for_a_provider_that_takes_none(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    now = NOW

    for _attempt in range(12):
        with time_machine.travel(now, tick=False):
            assert services.deliver_due() == 1
            now = state_of(notification)[2]

    assert state_of(notification)[:2] == ("failed", 0)
    assert len(provider.messages) == 12
    provider.failure = None
    with time_machine.travel(now, tick=False):
        services.deliver_due()
    assert state_of(notification)[:2] == ("sent", 1)


def test_a_message_leaves_when_the_provider_is_back(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    services.deliver_due()
    provider.failure = None

    assert services.deliver_due() == 0
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert services.deliver_due() == 1

    assert state_of(notification)[0] == "sent"
    assert [message.notification_id for message in provider.messages] == [notification.pk] * 2


def test_what_a_dead_sender_left_behind_is_sent_after_its_lease(provider):
    notification = NotificationFactory(status="sending", attempts=1, leased_until=NOW + delivery.LEASE)

    assert services.deliver_due() == 0
    with time_machine.travel(NOW + delivery.LEASE, tick=False):
        assert services.deliver_due() == 1

    assert state_of(notification)[:2] == ("sent", 2)


def test_a_message_that_kills_its_sender_each_time_is_parked(provider):
    notification = NotificationFactory(status="sending", attempts=8, leased_until=NOW)

    assert services.deliver_due() == 1

    assert state_of(notification)[:2] == ("failed", 8)
    assert provider.messages == []
    assert services.deliver_due() == 0


def test_who_outlived_the_lease_changes_nothing_any_more(monkeypatch):
    notification = NotificationFactory()

    class SlowProvider(RecordingProvider):
        def send(self, message):
            Notification.objects.filter(pk=message.notification_id).update(
                leased_until=NOW + 2 * delivery.LEASE, attempts=2
            )
            return Sent("too-late", "queued")

    play(monkeypatch, SlowProvider())
    services.deliver(notification.pk)

    row = Notification.objects.get(pk=notification.pk)
    assert (row.status, row.attempts, row.provider_message_id) == ("sending", 2, "")


def test_every_outcome_stands_in_the_history(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    services.deliver(notification.pk)
    provider.failure = None
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        services.deliver(notification.pk)

    history = notification.history.order_by("history_id").values_list("status", "attempts")
    assert list(history) == [("pending", 0), ("failed", 0), ("sent", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_provider_is_asked_while_no_transaction_is_open(monkeypatch):
    notification = NotificationFactory()
    open_transactions = []

    class Watching(RecordingProvider):
        def send(self, message):
            open_transactions.append(connection.in_atomic_block)
            return super().send(message)

    play(monkeypatch, Watching())
    services.deliver(notification.pk)

    assert open_transactions == [False]
    assert state_of(notification)[0] == "sent"


@pytest.mark.django_db(transaction=True)
def test_sending_inside_a_transaction_is_refused(provider):
    notification = NotificationFactory()

    with pytest.raises(RuntimeError), transaction.atomic():
        services.deliver(notification.pk)

    assert provider.messages == []
    assert state_of(notification)[:2] == ("pending", 0)


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_change_that_was_undone_was_never_planned(provider):
    booking = BookingFactory()

    with transaction.atomic():
        services.queue_message(booking, Kind.BOOKING_CONFIRMED)
        transaction.set_rollback(True)

    assert Notification.objects.count() == 0
    assert provider.messages == []


def test_one_bad_message_does_not_stop_the_others(monkeypatch, provider):
    bad, good = NotificationFactory(), NotificationFactory()
    claim = delivery._claim

    def failing(notification_id, **moment):
        if notification_id == bad.pk:
            raise OSError("disk full")
        return claim(notification_id, **moment)

    monkeypatch.setattr(delivery, "_claim", failing)

    assert services.deliver_due() == 1
    assert state_of(good)[0] == "sent"


def test_a_pass_takes_the_longest_waiting_up_to_its_limit(provider):
    young, old, oldest = (NotificationFactory(due_at=NOW - timedelta(minutes=minutes)) for minutes in (1, 2, 3))

    assert services.deliver_due(limit=2) == 2

    assert [message.notification_id for message in provider.messages] == [oldest.pk, old.pk]
    assert state_of(young)[0] == "pending"


def test_the_messages_of_a_booking_come_newest_first():
    booking = BookingFactory()
    first = NotificationFactory(booking=booking, kind=Kind.BOOKING_CONFIRMED)
    second = NotificationFactory(booking=booking, kind=Kind.REMINDER)
    NotificationFactory()

    assert list(selectors.messages_of(booking)) == [second, first]
