"""With a broker: a real Celery worker in a process of its own does the work that this process only announces."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from kombu import Connection

from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.web import wait_until
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from project.celery import app
from project.tasks import run_pass

pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]


def database_url():
    """Where this test's own database lies, for another process."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    return f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


@pytest.fixture
def broker():
    address = os.environ["CELERY_BROKER_URL"]
    app.conf.broker_url = address
    with Connection(address) as opened:
        opened.default_channel.queue_purge("celery")
    return address


@pytest.fixture
def worker(broker, tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "project.settings.demo",
        "DATABASE_URL": database_url(),
        "CELERY_BROKER_URL": broker,
    }
    command = [sys.executable, "-m", "celery", "-A", "project.celery", "worker", "--concurrency", "1", "--pool", "solo"]
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=Path(__file__).parents[2])
        yield process
        process.terminate()
        process.wait(20)


def overdue_hold():
    now = timezone.now()
    return BookingFactory(status=Booking.Status.PENDING, hold_expires_at=now - timedelta(minutes=1))


def test_a_worker_ends_holds_that_ran_out(worker):
    booking = overdue_hold()

    run_pass.delay("expire_holds")

    wait_until(lambda: Booking.objects.filter(pk=booking.pk, status=Booking.Status.EXPIRED).exists(), patience=40)


def test_a_pass_that_is_announced_three_times_works_once(worker):
    notification = NotificationFactory()

    for _ in range(3):
        run_pass.delay("deliver_notifications")

    wait_until(lambda: Notification.objects.filter(pk=notification.pk, status="sent").exists(), patience=40)
    assert Notification.objects.get(pk=notification.pk).attempts == 1


def test_without_a_worker_the_same_work_waits_in_its_table(broker):
    booking = overdue_hold()

    run_pass.delay("expire_holds")

    assert Booking.objects.get(pk=booking.pk).status == Booking.Status.PENDING
