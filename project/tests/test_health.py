from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder

from apps.notifications.tests.factories import NotificationFactory
from project import health
from project.models import LastRun

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # in Riyadh


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False):
        yield NOON


def refuse_connection():
    raise OperationalError("password authentication failed for user salon at db.internal")


def test_healthz_answers_without_a_database(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_is_ok_on_a_migrated_database_with_nothing_waiting(client):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "guards": "ok"},
        "outbox_oldest_due_seconds": None,
        "scheduler_last_run_seconds": None,
    }
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_refuses_when_the_database_is_away_and_does_not_say_why(client, monkeypatch):
    monkeypatch.setattr(health, "database_is_reachable", refuse_connection)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "failed"}
    assert "internal" not in response.content.decode()


@pytest.mark.django_db
def test_readyz_refuses_while_a_migration_is_not_applied(client):
    MigrationRecorder.Migration.objects.filter(app="bookings").delete()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "failed"


@pytest.mark.django_db
def test_readyz_refuses_while_a_guard_of_the_database_is_missing(client, monkeypatch):
    monkeypatch.setattr(health, "missing_guards", lambda connection, models: ["bookings_booking_no_overlap"])

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["guards"] == "failed"
    assert "overlap" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(900, "ok"), (901, "degraded")])
def test_a_late_outbox_is_told_but_does_not_withdraw_the_process(client, noon, seconds, status):
    LastRun.objects.create(name="deliver_notifications", started_at=noon)
    NotificationFactory(due_at=noon - timedelta(seconds=seconds))

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == status
    assert response.json()["outbox_oldest_due_seconds"] == seconds


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(600, "ok"), (601, "degraded")])
def test_msg21_a_silent_scheduler_is_told_but_does_not_withdraw_the_process(client, noon, seconds, status):
    LastRun.objects.create(name="deliver_notifications", started_at=noon - timedelta(seconds=seconds))
    LastRun.objects.create(name="expire_holds", started_at=noon)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == status
    assert response.json()["scheduler_last_run_seconds"] == seconds


@pytest.mark.django_db
def test_a_scheduler_that_never_ran_is_told_once_a_message_waits_for_it(client, noon):
    NotificationFactory(due_at=noon)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["outbox_oldest_due_seconds"] == 0
    assert response.json()["scheduler_last_run_seconds"] is None


@pytest.mark.django_db
def test_readyz_answers_when_the_outbox_cannot_be_read(client, monkeypatch):
    monkeypatch.setattr(health, "read_delivery", refuse_connection)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["outbox_oldest_due_seconds"] is None
    assert response.json()["scheduler_last_run_seconds"] is None


@pytest.mark.django_db
def test_readyz_refuses_when_the_configured_broker_does_not_answer(client, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["broker"] == "failed"
