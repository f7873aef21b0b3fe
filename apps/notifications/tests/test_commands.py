from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.bookings.tests.factories import BookingFactory
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory

pytestmark = pytest.mark.django_db


def test_the_delivery_command_sends_what_is_due_and_says_how_much(capsys):
    due = NotificationFactory(body="Hello")
    NotificationFactory(due_at=timezone.now() + timedelta(hours=1))

    call_command("deliver_notifications")

    assert capsys.readouterr().out == (
        f"[notification] to={due.recipient} kind=booking_confirmed text=Hello\n1 messages handled\n"
    )
    assert sorted(Notification.objects.values_list("status", flat=True)) == ["pending", "sent"]


def test_a_pass_ends_by_its_time_and_not_after_a_few_hundred_messages(provider):
    """After an outage a thousand wait, and two minutes later none may."""
    one = NotificationFactory()
    alike = {"salon": one.salon, "booking": one.booking, "booking_version": 1, "kind": one.kind, "body": one.body}
    alike |= {"recipient": one.recipient, "locale": one.locale}
    Notification.objects.bulk_create(Notification(occasion=str(number), **alike) for number in range(250))

    call_command("deliver_notifications")

    assert len(provider.messages) == 251


def test_the_reminder_command_plans_once_and_is_silent_when_there_is_nothing_to_do(capsys):
    BookingFactory(starts_at=timezone.now() + timedelta(hours=30))

    call_command("plan_reminders")
    call_command("plan_reminders")

    assert capsys.readouterr().out == "1 reminders planned\n"
    assert Notification.objects.get().kind == "reminder"
