"""What a start of the demo does with the database it finds, and that it serves and ends."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
from django.apps import apps
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.common.history import save_as
from apps.salons.models import Customer, Salon
from project.demo import seeding
from project.demo.seeding import ForeignDatabase, Gateway, Outcome, prepare
from project.env import BASE_DIR, VARIABLES
from project.management.commands.demo import Command

SCALE = 0.02
WEDNESDAY = datetime(2026, 11, 18, 14, 40, tzinfo=UTC)  # 17:40 in Riyadh
THURSDAY = WEDNESDAY + timedelta(days=1)
LONGEST_WAIT = 120
NOWHERE = Gateway("http://127.0.0.1:8001", ledger=None)


def contents():
    """Every row of our apps as plain values, except numbers the database gives to states of a history."""
    return {
        model._meta.label: [
            [(name, value) for name, value in row.items() if name != "history_id"]
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in apps.get_models()
        if model._meta.app_label in {"accounts", "salons", "bookings", "payments", "notifications"}
    }


# --- What a further start does ---


@pytest.fixture
def deeds(monkeypatch):
    """Notes what `prepare` would do to the data instead of doing it."""
    done = []
    monkeypatch.setattr(seeding, "seed", lambda *_args, **_values: done.append("seed"))
    monkeypatch.setattr(seeding, "empty_database", lambda: done.append("empty"))
    return done


@pytest.fixture
def marked(db):
    """The owner of a database that the demo filled on that Wednesday."""
    owner = User.objects.create_superuser("+966500000001")
    owner.history.update(history_date=WEDNESDAY)
    seeding.mark(owner, WEDNESDAY)
    return owner


def test_data_of_an_earlier_day_are_made_anew(marked, deeds):
    assert prepare(NOWHERE, now=THURSDAY) is Outcome.RENEWED
    assert deeds == ["empty", "seed"]


def test_data_that_somebody_worked_with_stay(marked, deeds):
    save_as(Salon(slug="mine", name_en="Mine"), actor=marked)

    assert prepare(NOWHERE, now=THURSDAY) is Outcome.KEPT_OLD
    assert deeds == []


def test_what_the_periodic_passes_did_is_nobodys_work(marked, deeds):
    save_as(Salon(slug="mine", name_en="Mine"), actor=None)

    assert prepare(NOWHERE, now=THURSDAY) is Outcome.RENEWED


def test_fresh_makes_the_data_anew_whatever_was_done(marked, deeds):
    save_as(Salon(slug="mine", name_en="Mine"), actor=marked)

    assert prepare(NOWHERE, now=WEDNESDAY, fresh=True) is Outcome.RENEWED
    assert deeds == ["empty", "seed"]


@pytest.mark.django_db
@pytest.mark.parametrize("fresh", [False, True])
def test_a_database_of_somebody_else_is_left_alone(deeds, fresh):
    User.objects.create_user("+966551234567")

    with pytest.raises(ForeignDatabase):
        prepare(NOWHERE, now=WEDNESDAY, fresh=fresh)

    assert deeds == []
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_the_same_day_gives_the_same_rows():
    prepare(NOWHERE, now=WEDNESDAY, scale=SCALE)
    first = contents()

    assert prepare(NOWHERE, now=WEDNESDAY, scale=SCALE, fresh=True) is Outcome.RENEWED

    second = contents()
    assert {label: len(rows) for label, rows in second.items()} == {label: len(rows) for label, rows in first.items()}
    assert [label for label in first if first[label] != second[label]] == []
    assert Customer.objects.exists()


# --- The command ---


def test_the_demo_is_refused_outside_its_settings():
    with pytest.raises(CommandError, match=r"^The demo runs under project\.settings\.demo only"):
        call_command("demo")


def test_a_gateway_of_the_environment_takes_the_place_of_the_stand_in(settings, monkeypatch):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"
    monkeypatch.setenv("MOYASAR_BASE_URL", settings.MOYASAR_BASE_URL)

    assert Command()._gateway(8000) == Gateway("http://127.0.0.1:9/v1", ledger=None)


@pytest.fixture
def demo(tmp_path):
    """Starts `manage.py demo` with arguments, on a database file of its own."""
    started = []
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    # Set and empty: neither this shell nor a .env file has a say.
    environment = inherited | dict.fromkeys(VARIABLES, "") | {"DATABASE_URL": f"sqlite:///{tmp_path / 'demo.sqlite3'}"}

    def start(*arguments):
        command = [sys.executable, str(BASE_DIR / "manage.py"), "demo", "--scale", str(SCALE), *arguments]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lines_until_ready(process):
    """What it printed up to the line that says it serves; a demo that never does ends with an assertion."""
    alarm = threading.Timer(LONGEST_WAIT, process.kill)
    alarm.start()
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("ready "):
            break
    alarm.cancel()
    assert lines[-1:], process.stderr.read()
    assert lines[-1].startswith("ready "), process.stderr.read()
    return lines


def bookings_in(folder):
    with sqlite3.connect(folder / "demo.sqlite3") as connection:
        return connection.execute("SELECT count(*) FROM bookings_booking").fetchone()[0]


def test_the_demo_fills_serves_and_ends_with_its_child(demo, tmp_path):
    output, errors = demo("--no-serve").communicate(timeout=LONGEST_WAIT)
    assert "Data: made just now." in output, errors
    assert re.search(r"owner +\+966500000001", output)
    filled_with = bookings_in(tmp_path)

    process = demo("--port", "0")
    lines = lines_until_ready(process)
    address = lines[-1].removeprefix("ready ").rstrip("/")
    gateway = next(line.split()[-1] for line in lines if line.strip().startswith("Payments"))

    assert "Data: kept from an earlier start." in lines
    assert bookings_in(tmp_path) == filled_with
    assert requests.get(f"{address}/healthz", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{address}/api/v1/salons/", timeout=10).json()["count"] == 4
    page = requests.get(f"{address}/admin/login/", timeout=10)
    assert (page.status_code, "csrfmiddlewaretoken" in page.text) == (200, True)
    assert requests.get(f"{gateway}/v1/payments", timeout=10).status_code == 401

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=LONGEST_WAIT) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(gateway, timeout=10)


def test_a_port_in_use_is_one_clear_sentence(demo, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = demo("--port", str(port))
        _output, errors = process.communicate(timeout=LONGEST_WAIT)

    assert process.returncode == 1
    assert errors == f"CommandError: Port {port} is in use: choose another one with --port.\n"
    assert list(tmp_path.iterdir()) == []
