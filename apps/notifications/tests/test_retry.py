"""Sending again, by a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Forbidden, Missing
from apps.notifications import services
from apps.notifications.errors import NotRetryable
from apps.notifications.models import Kind
from apps.notifications.tests.factories import NotificationFactory
from apps.notifications.tests.helpers import NOW, changed, state_of
from apps.salons.tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_a_manager_sends_a_failed_message_again(provider, django_capture_on_commit_callbacks, status):
    notification = NotificationFactory(
        status=status, attempts=8, due_at=NOW + timedelta(hours=1), reason="out of order"
    )
    manager = MembershipFactory(salon=notification.salon).user

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=manager)

    assert state_of(notification) == ("sent", 1, NOW, "")
    assert len(provider.messages) == 1
    history = notification.history.filter(history_change_reason="sent again by hand").get()
    assert (history.history_user, history.status) == (manager, "pending")


@pytest.mark.parametrize("status", ["pending", "sending", "sent", "delivered", "suppressed"])
def test_only_what_failed_is_sent_again(provider, status):
    notification = NotificationFactory(status=status, reason="why")
    support = PlatformUserFactory(role=PlatformRole.SUPPORT)
    before = state_of(notification)

    with pytest.raises(NotRetryable):
        services.retry_notification(notification.pk, actor=support)

    assert state_of(notification) == before


def test_two_clicks_on_retry_send_one_message(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(status="failed", attempts=8)
    support = PlatformUserFactory(role=PlatformRole.SUPPORT)

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=support)
    with pytest.raises(NotRetryable):
        services.retry_notification(notification.pk, actor=support)

    assert len(provider.messages) == 1


def test_who_may_only_look_may_not_send_again():
    notification = NotificationFactory(status="failed")
    receptionist = MembershipFactory(salon=notification.salon, role=SalonRole.RECEPTIONIST).user

    with pytest.raises(Forbidden):
        services.retry_notification(notification.pk, actor=receptionist)

    assert state_of(notification)[0] == "failed"


def test_a_message_of_another_salon_is_not_there():
    notification = NotificationFactory(status="failed")

    with pytest.raises(Missing):
        services.retry_notification(notification.pk, actor=MembershipFactory().user)

    assert state_of(notification)[0] == "failed"


def test_a_retried_reminder_of_a_cancelled_booking_stays_unsent(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(kind=Kind.REMINDER, status="failed", attempts=3)
    changed(notification.booking, status="cancelled", cancelled_by="salon")

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert state_of(notification) == ("suppressed", 0, timezone.now(), "booking cancelled")
    assert provider.messages == []
