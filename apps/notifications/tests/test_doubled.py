"""A message that may have gone out already is not sent again unmarked, unasked, or against better knowledge."""

from datetime import timedelta

import pytest

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, Report
from apps.notifications import services
from apps.notifications.models import Kind, MessageSettings, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.factories import (
    MessageSettingsFactory,
    NotificationFactory,
)
from apps.notifications.tests.helpers import NOW, UNAVAILABLE, UNKNOWN, at, row, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_sending_again_by_hand_after_a_doubt_asks_first(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = None
    attempt = notification.tried.get()
    provider.reports = {str(attempt.pk): Report("", "queued", "", "77")}

    with at(minutes=1), django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert len(provider.messages) == 1


def test_sending_again_by_hand_after_a_doubt_is_marked(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = None

    with at(minutes=1), django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert (len(provider.messages), row(notification).is_maybe_double) == (2, True)


def test_a_message_known_to_be_delivered_by_an_earlier_call_is_not_sent_a_third_time(provider):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    first = notification.tried.get()
    provider.failure = UNAVAILABLE
    with at(minutes=2):
        services.deliver_due()
    provider.failure = None
    with at(minutes=2, seconds=30):
        services.record_receipt(
            provider="console", message_id="SM1", word="delivered", target="delivered", reference=str(first.pk)
        )
    with at(hours=1):
        services.deliver_due()

    assert len(provider.messages) == 2
    assert state_of(notification)[0] == "delivered"


def test_every_call_in_doubt_is_looked_up_before_another_one(provider):
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    first = notification.tried.get()
    with at(minutes=2):
        services.deliver_due()
    provider.failure = None
    # The first one shows up late, the second never reached them.
    provider.reports = {str(first.pk): Report("delivered", "delivered", "", "77")}
    with at(minutes=30):
        services.deliver_due()

    assert len(provider.messages) == 2


def test_who_was_held_up_between_claim_and_call_beyond_the_lease_does_not_call(provider, monkeypatch):
    notification = NotificationFactory()
    begin = delivery._begin
    taken_over = []

    def held_up(claimed):
        if not taken_over:
            taken_over.append(True)
            with at(minutes=3):
                services.deliver_due()
        return begin(claimed)

    monkeypatch.setattr(delivery, "_begin", held_up)
    services.deliver(notification.pk)

    assert len(provider.messages) == 1 or row(notification).is_maybe_double


def test_no_sms_follows_a_whatsapp_message_of_which_one_call_is_in_doubt(provider):
    notification = NotificationFactory(channel="whatsapp")
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = ProviderRejected("63016", "twilio 63016")
    with at(minutes=2):
        services.deliver_due()

    sms = Notification.objects.filter(channel="sms").first()
    assert sms is None or sms.is_maybe_double


def test_an_invitation_in_doubt_is_not_repeated_by_completing_the_visit_again(provider):
    from apps.bookings.events import BookingCompleted
    from apps.notifications.handlers import invite_review

    booking = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)
    invite_review(BookingCompleted(booking.pk))
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None
    Booking.objects.filter(pk=booking.pk).update(version=booking.version + 2)
    invite_review(BookingCompleted(booking.pk))
    with at(hours=1):
        services.deliver_due()

    assert len(provider.messages) == 1


def test_a_person_can_decide_about_advertising_in_doubt(provider, django_capture_on_commit_callbacks):
    """docs/notifications.md: "it ends as `failed`, and a person decides"."""
    booking = BookingFactory(status="completed", customer__user__marketing_consent=True)
    MessageSettingsFactory(salon=booking.salon)
    promotion = services.queue_message(booking, Kind.REVIEW_INVITATION)
    provider.failure = UNKNOWN
    services.deliver_due()
    provider.failure = None
    with at(minutes=5):
        services.deliver_due()
    with at(minutes=10), django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(promotion.pk, actor=PlatformUserFactory())

    assert state_of(promotion)[0] == "sent", state_of(promotion)


def test_a_repetition_that_the_provider_refuses_is_not_repeated_until_it_passes(provider):
    """ER-09 after a doubt says that the first one went out; trying until the window is over doubles it for sure."""
    notification = NotificationFactory()
    provider.failure = UNKNOWN
    services.deliver(notification.pk)
    provider.failure = ProviderOutcomeUnknown("unifonic ER-09: refused as a repetition, probably sent before", "ER-09")
    with at(minutes=2):
        services.deliver_due()
    provider.failure = None
    with at(minutes=30):
        services.deliver_due()

    assert len(provider.messages) == 2


def test_an_sms_that_still_waits_is_not_sent_once_its_whatsapp_message_arrived_after_all(provider):
    notification = NotificationFactory(
        status="sent", provider="console", provider_message_id="wa-1", channel="whatsapp"
    )
    told = {"provider": "console", "message_id": "wa-1"}
    services.record_receipt(**told, word="undelivered", target="undelivered")
    services.record_receipt(**told, word="delivered", target="delivered")
    services.deliver_due()

    assert state_of(notification)[0] == "delivered"
    assert provider.messages == []


def test_a_salon_that_reminds_earlier_now_reminds_nobody_twice(provider):
    with at(days=-10):
        booking = BookingFactory(starts_at=NOW + timedelta(hours=24))
    services.plan_reminders()
    services.deliver_due()
    assert len(provider.messages) == 1
    MessageSettings.objects.create(salon=booking.salon, reminder_hours=[48])
    with at(hours=10):
        services.plan_reminders()
        services.deliver_due()

    assert len(provider.messages) == 1
