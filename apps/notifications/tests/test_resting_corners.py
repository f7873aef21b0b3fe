"""A provider that rests, and whoever must not suffer from it: other salons, other channels, what is in doubt."""

from datetime import timedelta

import pytest
import time_machine

from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderRejected, ProviderUnavailable, Report
from apps.notifications import services
from apps.notifications.models import DeliveryAttempt, Kind, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.factories import (
    AttemptFactory,
    MessageSettingsFactory,
    NotificationFactory,
)
from apps.notifications.tests.helpers import NOW, UNAVAILABLE, UNKNOWN, RecordingProvider, at, play, row, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

BAD_SENDER = ProviderUnavailable("unifonic ER-08: sender name is not registered", "ER-08")


class Picky(RecordingProvider):
    """Fails with what `judge` returns for a message."""

    def __init__(self, judge):
        super().__init__()
        self.judge = judge

    def send(self, message):
        self.failure = self.judge(message)
        return super().send(message)


def test_a_salons_unregistered_sender_name_does_not_hold_up_the_messages_of_the_others(monkeypatch):
    """30 invitations of one salon; the news of everybody else should leave within a minute or two."""
    play(monkeypatch, Picky(lambda message: BAD_SENDER if message.sender else None))
    shop = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=shop.salon)
    for _ in range(30):
        visit = BookingFactory(salon=shop.salon, status="completed", customer__user__marketing_consent=True)
        NotificationFactory(booking=visit, kind=Kind.REVIEW_INVITATION)
    with at(seconds=1):
        news = NotificationFactory()

    waited = None
    for seconds in range(1, 1800, 30):
        with at(seconds=seconds):
            services.deliver_due()
        if state_of(news)[0] == "sent":
            waited = seconds
            break

    assert waited is not None
    assert waited <= 120


def test_a_salons_unregistered_sender_name_does_not_slow_the_platform_for_ever(monkeypatch):
    """A confirmation a minute from another salon, for an hour, beside 5 invitations that no provider takes."""
    provider = play(monkeypatch, Picky(lambda message: BAD_SENDER if message.sender else None))
    shop = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=shop.salon)
    for _ in range(5):
        visit = BookingFactory(salon=shop.salon, status="completed", customer__user__marketing_consent=True)
        NotificationFactory(booking=visit, kind=Kind.REVIEW_INVITATION)
    waits = []
    waiting = []
    for step in range(120):
        with at(seconds=30 * step):
            if step % 2 == 0 and step < 100:
                waiting.append((NotificationFactory(), step))
            services.deliver_due()
            for one, since in list(waiting):
                if state_of(one)[0] == "sent":
                    waits.append((step - since) * 30)
                    waiting.remove((one, since))
    bad = sum(1 for message in provider.messages if message.sender)
    assert (max(waits), len(waiting), bad) < (60, 0, 50)


def test_whatsapp_that_the_account_cannot_carry_does_not_hold_up_sms(monkeypatch):
    fault = ProviderUnavailable("twilio 63007: sender has no WhatsApp", "63007")
    play(monkeypatch, Picky(lambda message: fault if message.channel == "whatsapp" else None))
    for _ in range(20):
        NotificationFactory(channel="whatsapp")
    with at(seconds=1):
        news = NotificationFactory()

    for seconds in (1, 30, 60, 90, 120):
        with at(seconds=seconds):
            services.deliver_due()

    assert state_of(news)[0] == "sent"


def test_what_is_in_doubt_waits_two_minutes_for_its_report_though_others_go_out(provider):
    doubtful = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(doubtful.pk)
    provider.failure = None
    with at(seconds=1):
        services.deliver(NotificationFactory().pk)

    with at(seconds=62):
        services.deliver_due()

    assert [message.notification_id for message in provider.messages].count(doubtful.pk) == 1


def test_one_interruption_after_a_long_outage_does_not_end_a_message(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    now = NOW
    for _ in range(9):
        with time_machine.travel(now, tick=False):
            services.deliver_due()
            now = state_of(notification)[2]
    provider.failure = None
    # A deploy kills the one who has just claimed it.
    with time_machine.travel(now, tick=False):
        delivery._claim(notification.pk, now=now)
    with time_machine.travel(now + delivery.LEASE, tick=False):
        services.deliver_due()

    assert state_of(notification)[0] == "sent", state_of(notification)


def test_one_doubt_after_a_long_outage_does_not_end_a_message(provider):
    notification = NotificationFactory()
    provider.failure = UNAVAILABLE
    now = NOW
    for _ in range(9):
        with time_machine.travel(now, tick=False):
            services.deliver_due()
            now = state_of(notification)[2]
    provider.failure = UNKNOWN
    with time_machine.travel(now, tick=False):
        services.deliver_due()
    provider.failure = None
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        services.deliver_due()

    assert state_of(notification)[0] == "sent", state_of(notification)


def test_while_a_call_hangs_after_the_rest_the_others_do_not_hang_too(provider):
    """Decision 32: "at most three requests wait for it in a row, and one per half minute after that"."""
    for _ in range(3):
        AttemptFactory(provider="console", status="in_doubt", started_at=NOW - timedelta(seconds=31))
    AttemptFactory(provider="console", status="begun", started_at=NOW - timedelta(seconds=1), ended_at=None)

    services.deliver(NotificationFactory().pk)

    assert provider.messages == []


def test_a_refusal_first_does_not_keep_the_others_waiting_after_an_outage(monkeypatch):
    bad, others = NotificationFactory(), []
    outage = {"is_on": True}
    rejected = ProviderRejected("ER-02", "unifonic ER-02: number is not valid")
    play(
        monkeypatch,
        Picky(
            lambda message: UNAVAILABLE if outage["is_on"] else rejected if message.notification_id == bad.pk else None
        ),
    )
    waiting = NotificationFactory()
    services.deliver_due()
    Notification.objects.filter(pk=waiting.pk).update(due_at=NOW + timedelta(hours=1), attempts=6)
    outage["is_on"] = False
    with at(minutes=1):
        others.append(NotificationFactory())
        services.deliver_due()
    with at(minutes=3):
        services.deliver_due()

    assert [state_of(one)[0] for one in (bad, *others, waiting)] == ["undelivered", "sent", "sent"]


def test_a_changed_provider_is_neither_asked_nor_believed_about_the_others_calls(provider, settings):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    attempt = notification.tried.get()
    DeliveryAttempt.objects.update(provider="twilio")
    provider.failure, provider.reports = None, {str(attempt.pk): Report("delivered", "delivered", "", "77")}
    with at(minutes=2):
        services.deliver_due()

    assert (provider.questions, row(notification).is_maybe_double, state_of(notification)[0]) == ([], True, "sent")


def test_a_new_provider_starts_without_the_rest_of_the_old_one(provider):
    for _ in range(3):
        AttemptFactory(provider="twilio", status="in_doubt")

    assert services.deliver(NotificationFactory().pk) == "sent"
