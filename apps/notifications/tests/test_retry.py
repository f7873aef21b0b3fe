"""Sending again, by a person."""

from datetime import timedelta

import pytest
import time_machine

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Forbidden, Missing
from apps.notifications import services
from apps.notifications.errors import NoLongerTrue, NotRetryable, SentJustNow
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


@pytest.mark.parametrize("status", ["sent", "delivered"])
def test_a_message_that_went_out_is_sent_again_as_another_call(provider, django_capture_on_commit_callbacks, status):
    notification = NotificationFactory(status=status, provider="console", provider_message_id="first", attempts=1)

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert state_of(notification) == ("sent", 1, NOW, "")
    assert list(notification.tried.order_by("pk").values_list("provider_message_id", flat=True)) == ["first", "id-1"]


@pytest.mark.parametrize("status", ["pending", "sending", "suppressed"])
def test_what_is_on_its_way_or_was_held_back_is_not_sent_again(provider, status):
    notification = NotificationFactory(status=status, reason="why")
    support = PlatformUserFactory(role=PlatformRole.SUPPORT)
    before = state_of(notification)

    with pytest.raises(NotRetryable):
        services.retry_notification(notification.pk, actor=support)

    assert state_of(notification) == before


def test_msg23_two_clicks_within_a_minute_send_one_message(provider, django_capture_on_commit_callbacks):
    notification = NotificationFactory(status="failed", attempts=8)
    support = PlatformUserFactory(role=PlatformRole.SUPPORT)

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=support)
    with time_machine.travel(NOW + timedelta(seconds=59), tick=False), pytest.raises(SentJustNow):
        services.retry_notification(notification.pk, actor=support)

    assert len(provider.messages) == 1
    assert notification.history.filter(history_change_reason="sent again by hand").count() == 1
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
        services.retry_notification(notification.pk, actor=support)
    assert state_of(notification)[0] == "pending"


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


def test_what_is_true_no_longer_is_not_sent_again(provider):
    notification = NotificationFactory(kind=Kind.REMINDER, status="delivered", attempts=3)
    changed(notification.booking, status="cancelled", cancelled_by="salon")

    with pytest.raises(NoLongerTrue, match="booking cancelled"):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert state_of(notification)[:2] == ("delivered", 3)
    assert provider.messages == []


def test_a_message_of_last_month_goes_again_when_somebody_asks_for_it(provider, django_capture_on_commit_callbacks):
    with time_machine.travel(NOW - timedelta(days=30), tick=False):
        notification = NotificationFactory(kind=Kind.PAYMENT_RECEIVED, status="sent")

    with django_capture_on_commit_callbacks(execute=True):
        services.retry_notification(notification.pk, actor=PlatformUserFactory())

    assert state_of(notification)[0] == "sent"
    assert len(provider.messages) == 1
