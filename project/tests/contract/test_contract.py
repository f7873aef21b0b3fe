"""Random calls of every operation over real HTTP keep the contract that the schema makes, whoever calls.

Schemathesis reads the schema of a started server and sends what it allows and what it forbids, alone and in sequences
that follow a row from call to call. `schemathesis.toml` beside this says what is judged, and why one thing is not.

The short form draws the same calls every time, the long form others each time. Both print their seed, and
`--hypothesis-seed=N` draws those of that seed again.
"""

import json
import re
import uuid
from datetime import datetime
from itertools import count, cycle
from pathlib import Path
from secrets import randbits
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.servers.basehttp import WSGIRequestHandler
from django.core.signals import request_started

from apps.accounts.api.serializers import ProfileSerializer
from apps.accounts.services import issue_tokens
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.thorough import THOROUGH
from apps.payments.standin import Standin
from apps.salons.models import Customer, Salon, Service, Staff
from project.tests.two_salons import every_row
from project.tests.walls.calls import free_moment, open_the_salon, stranger

pytestmark = [pytest.mark.contract, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Asia/Riyadh"))
CONFIG = Path(__file__).parent / "schemathesis.toml"
PEOPLE = {
    "nobody": lambda rows: None,
    "a customer who booked nothing": lambda _rows: stranger(),
    "a customer with bookings": lambda rows: rows[Customer].user,
}
# Calls of each kind for each operation; the long form is at least 20,000 calls in all.
EXAMPLES = 250 if THOROUGH else 3
LEAST_CASES = 6_700 if THOROUGH else 100
USUAL_SEED = randbits(32) if THOROUGH else 1
LONG = ["--phases", "examples,coverage,fuzzing,stateful"]
SHORT = ["--phases", "examples,fuzzing,stateful", "--no-shrink"]


@pytest.fixture(autouse=True)
def answers_at_once(monkeypatch):
    # Its head and its body are two packets, of which the second would wait 40 ms for word of the first.
    monkeypatch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)


@pytest.fixture(autouse=True)
def same_every_time(monkeypatch):
    """What is answered decides what is sent next: the clock stands, and keys, by which equal rows are sorted, count."""
    keys = count(1)
    monkeypatch.setattr(uuid, "os", SimpleNamespace(urandom=lambda size: next(keys).to_bytes(size, "big")))
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rows(settings, tmp_path):
    """A salon to book in, with a gateway beside it; nobody's limit ends the tour."""
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    settings.OTP_DAILY_BUDGET_HALALAS = 10**9
    rows = every_row()
    open_the_salon(rows)
    with Standin(tmp_path / "ledger.sqlite3") as gateway:
        settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
        yield rows


@pytest.fixture
def seed(pytestconfig):
    given = pytestconfig.getoption("--hypothesis-seed")
    return USUAL_SEED if given is None else int(given)


@pytest.fixture
def toured(live_server, rows, seed, tmp_path):
    """`toured(person, *options)`: the report of Schemathesis, called as `person`."""
    known = {name: rows[model] for name, model in (("customer", Customer), ("service", Service))}
    booked = [BookingFactory(salon=rows[Salon], status=status, **known) for status in ("completed", "confirmed")]
    words = {
        "bookings": [str(booking.pk) for booking in (rows[Booking], *booked)],
        "salons": [rows[Salon].slug],
        "services": [str(rows[Service].public_id)],
        "staff": [str(rows[Staff].public_id)],
        "moments": [free_moment()],
        "days": [free_moment()[:10]],
        "phones": ["+966555550000", "0555550001"],
    }
    config = tmp_path / CONFIG.name
    dictionaries = [f"\n[dictionaries.{name}]\nvalues = {json.dumps(values)}\n" for name, values in words.items()]
    config.write_text(CONFIG.read_text(encoding="utf-8") + "".join(dictionaries), encoding="utf-8")

    def tour(person, *options):
        # In this process, which imports and prepares once for all people. Here, because the group may not be installed.
        from click.testing import CliRunner
        from schemathesis.cli import schemathesis

        if person is not None:
            # No `--header`, which a call that is to come without one would get too.
            with config.open("a", encoding="utf-8") as lines:
                lines.write(f'\n[auth.openapi.jwtAuth]\nbearer = "{issue_tokens(user=person).access}"\n')
        command = ["--config-file", str(config), "--no-color", "run", f"{live_server.url}/api/schema/?format=json"]
        done = CliRunner().invoke(schemathesis, [*command, "--seed", str(seed), *options])
        return done.exit_code, done.output

    return tour


@pytest.fixture
def arrived():
    """The calls that came to the server: `[("GET", "/api/v1/salons/", "page=2"), …]`."""
    calls = []

    def note(environ, **_said):
        calls.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]))

    request_started.connect(note)
    yield calls
    request_started.disconnect(note)


def cases(report):
    return int(re.search(r"^ +([\d,]+) generated", report, re.MULTILINE)[1].replace(",", ""))


@pytest.mark.parametrize("who", PEOPLE)
def test_every_operation_keeps_its_contract_whatever_is_sent(rows, toured, seed, who):
    print(f"{who}: --hypothesis-seed={seed}")  # noqa: T201 - what repeats the run
    status, report = toured(PEOPLE[who](rows), "--max-examples", str(EXAMPLES), *(LONG if THOROUGH else SHORT))

    assert status == 0, report
    print(f"{who}: {cases(report)} cases")  # noqa: T201 - the figure of the run
    assert "Selected: 28/28" in report
    assert "Tested: 28" in report
    assert cases(report) >= LEAST_CASES


def test_a_seed_sends_its_calls_again_and_another_seed_others(toured, arrived):
    calls = []
    for seed in ("7", "7", "8"):
        arrived.clear()
        options = ["--include-operation-id", "salons_list", "--phases", "fuzzing", "--max-examples", "10"]
        assert toured(None, *options, "--seed", seed)[0] == 0
        calls.append([*arrived])

    assert len(calls[0]) >= 10
    assert calls[0] == calls[1] != calls[2]


def test_control_a_crash_and_an_answer_beside_the_schema_are_noticed(rows, toured, monkeypatch):
    broken = cycle([False, True])

    def told(_serializer, person):
        if next(broken):
            raise RuntimeError
        return {"id": str(person.pk), "phone": 7}

    monkeypatch.setattr(ProfileSerializer, "to_representation", told)

    status, report = toured(
        PEOPLE["a customer with bookings"](rows), "--include-operation-id", "me_retrieve", "--no-shrink"
    )

    assert status == 1
    assert set(re.findall(r"❌ (ST\d+)", report)) >= {"ST101", "ST108"}
