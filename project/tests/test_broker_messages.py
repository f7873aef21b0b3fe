"""With a broker: real workers, a real beat and a real Redis, some of which die while a message is on its way."""

import json
import os
import signal
import socket
import subprocess
import sys
from base64 import b64decode
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import redis
from celery.beat import PersistentScheduler
from django.db import transaction
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory, UserFactory
from apps.bookings import services as bookings
from apps.bookings.tests.conftest import open_salon
from apps.common.testing.race import database_url
from apps.common.testing.web import wait_until
from apps.common.tests.message_providers import settings_of
from apps.common.tests.provider_stand_in import Acted
from apps.notifications import services
from apps.notifications.models import DeliveryAttempt, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.conftest import carried_by  # noqa: F401 - a fixture
from apps.notifications.tests.factories import NotificationFactory
from apps.payments import services as payments
from apps.payments.models import ReconciliationRun, WebhookEvent
from project.celery import app
from project.passes import run_passes
from project.tasks import run_pass

pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
PATIENCE = 60
SOLO = ("--pool", "solo")
FORKING = ("--pool", "prefork", "--concurrency", "1", "--loglevel", "INFO")


@pytest.fixture
def announce(settings, monkeypatch):
    """`announce(address)`: from now on this process announces its work to that broker, whose queue is empty."""

    def to(address):
        monkeypatch.setenv("CELERY_BROKER_URL", address)
        settings.CELERY_BROKER_URL = app.conf.broker_url = address
        app._after_fork()  # forgets the connections to another broker
        redis.Redis.from_url(address).delete("celery", "unacked", "unacked_index")
        return address

    yield to
    app._after_fork()


@pytest.fixture
def broker(announce):
    return announce(os.environ["CELERY_BROKER_URL"])


@pytest.fixture
def carrier(carried_by):  # noqa: F811
    """Twilio, which cannot be asked for a message by our number."""
    return carried_by("twilio")


@pytest.fixture
def start(carrier, settings, tmp_path):
    """`start("worker", …)`: a Celery process of this installation; it ends with the test."""
    started = []

    def begin(*arguments):
        environment = {
            **os.environ,
            **settings_of(carrier.url),
            "DJANGO_SETTINGS_MODULE": "project.settings.demo",
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "NOTIFICATION_PROVIDER": "twilio",
        }
        command = [sys.executable, "-m", "celery", "-A", "project.celery", *arguments]
        with (tmp_path / f"{len(started)}.log").open("w") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT))
        return started[-1]

    yield begin
    carrier.released.set()
    for process in started:
        process.terminate()
    for process in started:
        process.wait(20)


@pytest.fixture
def own_redis(tmp_path):
    """`own_redis()` starts a broker of this test, at the same address each time it is started again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    running = []

    def begin():
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        address = f"redis://127.0.0.1:{port}/0"
        wait_until(lambda: answers(address))
        return address, running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait(20)


def answers(address):
    try:
        return redis.Redis.from_url(address).ping()
    except redis.ConnectionError:
        return False


def queued(address):
    """(task, arguments) of everything that waits in the queue."""
    waiting = [json.loads(raw) for raw in redis.Redis.from_url(address).lrange("celery", 0, -1)]
    return [(task["headers"]["task"], json.loads(b64decode(task["body"]))[0]) for task in waiting]


def is_idle(address):
    """Whether nothing waits and nothing that was taken is unfinished."""
    broker = redis.Redis.from_url(address)
    return broker.llen("celery") == 0 and broker.hlen("unacked") == 0


def book(house, hour):
    """Somebody books a visit of tomorrow; the message about it."""
    zone, person = ZoneInfo("Asia/Riyadh"), UserFactory()
    starts_at = datetime.combine(timezone.localdate(timezone=zone) + timedelta(days=1), time(hour), zone)
    booking = bookings.book_appointment(
        actor=person, person=person, service_id=house.service.pk, staff_id=house.staff[0].pk, starts_at=starts_at
    )
    return Notification.objects.get(booking=booking)


def is_sent(notification):
    return Notification.objects.filter(pk=notification.pk, status="sent").exists()


def wait_until_sent(notification):
    wait_until(lambda: is_sent(notification), PATIENCE)


def is_let_go(notification):
    """The time of whoever holds the message is over."""
    Notification.objects.filter(pk=notification.pk).update(leased_until=timezone.now())


# --- What is announced, and when ---


def an_undelivered_message():
    notification = NotificationFactory()
    return delivery.DELIVERY_TASK, notification.pk, services.request_delivery


def an_event_put_back():
    event = WebhookEvent.objects.create(provider="moyasar", event_id="evt-1", kind="payment_paid", payload={})
    support = PlatformUserFactory()
    return (
        "project.tasks.run_pass",
        "process_webhooks",
        lambda _name: payments.replay_webhook(actor=support, event_pk=event.pk),
    )


@pytest.mark.parametrize("due", [an_undelivered_message, an_event_put_back])
def test_a_task_is_announced_once_its_fact_is_stored_and_never_before(broker, due):
    """Row 59."""
    task, told, work = due()

    with transaction.atomic():
        work(told)
        transaction.set_rollback(True)
    assert queued(broker) == []

    with transaction.atomic():
        work(told)
        assert queued(broker) == []
    assert queued(broker) == [(task, [told])]


def test_what_waits_in_the_queue_names_a_message_and_tells_nothing_of_it(broker):
    notification = book(open_salon(), 12)

    (raw,) = redis.Redis.from_url(broker).lrange("celery", 0, -1)
    shown = raw.decode() + b64decode(json.loads(raw)["body"]).decode()
    private = (notification.recipient.removeprefix("+966"), notification.body, notification.booking.reference)
    assert str(notification.pk) in shown
    assert not any(word in shown for word in private)


# --- Who does the work ---


def test_a_message_leaves_by_the_worker_and_not_by_who_books(broker, carrier, start):
    notification = book(open_salon(), 12)

    assert (notification.status, carrier.received) == ("pending", [])
    start("worker", *SOLO)
    wait_until_sent(notification)
    assert [message.to for message in carrier.provider.inbox] == [notification.recipient]


def test_a_beat_that_was_away_for_an_hour_has_every_pass_run_at_once(broker, carrier, start, tmp_path):
    schedule = tmp_path / "schedule"
    remembered = PersistentScheduler(app, schedule_filename=str(schedule))
    for entry in remembered.schedule.values():
        entry.last_run_at = entry.last_run_at - timedelta(hours=1, seconds=1)
    remembered.close()
    notification = NotificationFactory()

    start("beat", "--schedule", str(schedule))
    start("worker", *SOLO)

    wait_until_sent(notification)
    assert len(carrier.provider.inbox) == 1


# --- Who dies ---


def child_of(process):
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def the_process_at_work_dies(worker, start):
    os.kill(child_of(worker), signal.SIGKILL)


def the_whole_worker_dies(worker, start):
    for victim in (child_of(worker), worker.pid):
        os.kill(victim, signal.SIGKILL)
    worker.wait(20)
    start("worker", *FORKING)


@pytest.mark.parametrize("dies", [the_process_at_work_dies, the_whole_worker_dies])
def test_a_message_whose_worker_dies_in_the_middle_of_the_call_goes_out_once_more_and_says_so(
    broker, carrier, start, tmp_path, dies
):
    """Rows 56 and 57."""
    worker = start("worker", *FORKING)
    carrier.answers = [Acted("hang")]
    notification = book(open_salon(), 12)
    wait_until(lambda: carrier.provider.inbox, PATIENCE)

    dies(worker, start)
    if dies is the_process_at_work_dies:
        # The task was given to the next process, which found the message taken.
        wait_until(lambda: is_idle(broker), PATIENCE)
        assert (tmp_path / "0.log").read_text().count(" received ") == 2
    assert (Notification.objects.get().status, DeliveryAttempt.objects.count()) == ("sending", 1)
    is_let_go(notification)
    run_pass.delay("deliver_notifications")

    wait_until_sent(notification)
    assert [message.to for message in carrier.provider.inbox] == [notification.recipient] * 2
    assert Notification.objects.get().is_maybe_double is True


def test_without_its_broker_everything_goes_on_and_with_it_again_the_same_worker_does(
    announce, own_redis, carrier, start
):
    """Row 58."""
    address, running = own_redis()
    announce(address)
    house = open_salon()
    worker = start("worker", *SOLO)
    wait_until_sent(book(house, 10))
    running.kill()
    running.wait(20)

    notification = book(house, 12)

    assert notification.status == "pending"
    ReconciliationRun.objects.create(since=timezone.now())  # so that nobody asks the gateway
    assert run_passes()["deliver_notifications"] == "1 messages handled"
    assert is_sent(notification)

    own_redis()
    wait_until_sent(book(house, 14))
    assert worker.poll() is None
    assert len(carrier.provider.inbox) == 3
