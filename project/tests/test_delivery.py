"""What counts as a message that should be out, and that one cheap query finds it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.common.testing.queries import counted_statements
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from project.delivery import Delivery, read_delivery
from project.models import LastRun

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # in Riyadh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def ago(**elapsed):
    return NOON - timedelta(**elapsed)


def test_only_messages_that_should_be_out_count():
    NotificationFactory(due_at=NOON + timedelta(minutes=5))
    NotificationFactory(due_at=ago(hours=9), status="sent")
    NotificationFactory(due_at=ago(hours=8), status="failed", attempts=8)
    NotificationFactory(due_at=ago(hours=7), status="sending", leased_until=NOON + timedelta(minutes=1))
    assert read_delivery() == Delivery(NOON, last_run_at=None, overdue=0, oldest_due_at=None)

    NotificationFactory(due_at=ago(minutes=7))
    NotificationFactory(due_at=ago(minutes=3), status="failed", attempts=7)
    NotificationFactory(due_at=ago(minutes=5), status="sending", leased_until=NOON)
    found = read_delivery()
    assert found == Delivery(NOON, last_run_at=None, overdue=3, oldest_due_at=ago(minutes=7))
    assert found.outbox_age == timedelta(minutes=7)


def test_the_last_run_is_that_of_the_pass_that_sends_whether_or_not_a_message_waits():
    LastRun.objects.create(name="deliver_notifications", started_at=ago(minutes=4))
    LastRun.objects.create(name="plan_reminders", started_at=ago(minutes=1))
    assert read_delivery().scheduler_age == timedelta(minutes=4)

    NotificationFactory(due_at=ago(minutes=3))
    assert read_delivery().scheduler_age == timedelta(minutes=4)


def test_only_the_given_messages_are_read():
    mine, _other = NotificationFactory(due_at=ago(minutes=7)), NotificationFactory(due_at=ago(hours=7))

    found = read_delivery(Notification.objects.filter(salon=mine.salon))

    assert (found.overdue, found.oldest_due_at) == (1, mine.due_at)


def test_all_of_it_is_one_query():
    with counted_statements() as sent:
        read_delivery()

    assert len(sent) == 1


@pytest.mark.parametrize(
    ("outbox", "scheduler", "is_late"),
    [
        (None, None, False),
        (None, timedelta(minutes=10), False),
        (None, timedelta(minutes=10, seconds=1), True),
        (timedelta(minutes=15), timedelta(0), False),
        (timedelta(minutes=15, seconds=1), timedelta(0), True),
        (timedelta(0), None, True),
    ],
)
def test_delivery_is_late_by_the_outbox_or_by_the_scheduler(outbox, scheduler, is_late):
    found = Delivery(
        NOON,
        last_run_at=None if scheduler is None else NOON - scheduler,
        overdue=0 if outbox is None else 1,
        oldest_due_at=None if outbox is None else NOON - outbox,
    )

    assert found.is_late is is_late


def test_a_clock_behind_the_database_gives_no_negative_age():
    LastRun.objects.create(name="deliver_notifications", started_at=NOON + timedelta(seconds=2))

    assert read_delivery().scheduler_age == timedelta(0)
