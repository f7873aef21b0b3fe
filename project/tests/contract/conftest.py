"""A salon in which the schema's examples are true, the same before every tour, and Schemathesis, which tours it."""

import json
import uuid
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from secrets import randbits
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.core.servers.basehttp import WSGIRequestHandler
from factory.django import DjangoModelFactory
from hypothesis.internal.conjecture import providers

from apps.accounts.api import examples as people
from apps.accounts.models import OtpChallenge
from apps.accounts.services import codes, issue_tokens
from apps.accounts.tests.factories import OtpChallengeFactory
from apps.bookings.api import examples as visits
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.api.kept import shelf
from apps.common.testing.thorough import THOROUGH
from apps.payments.api import examples as money
from apps.payments.standin import Standin
from apps.salons.api import examples as salons
from apps.salons.models import Customer, Salon, Service, Staff
from project.tests.two_salons import every_row
from project.tests.walls.calls import open_the_salon, stranger

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Asia/Riyadh"))
CONFIG = Path(__file__).parent / "schemathesis.toml"
PEOPLE = {
    "nobody": lambda _rows: None,
    "a customer who booked nothing": lambda _rows: stranger(),
    "a customer with bookings": lambda rows: rows[Customer].user,
}
USUAL_SEED = randbits(32) if THOROUGH else 1
KEY = "a key that nobody used"


class Tour(NamedTuple):
    """How Schemathesis ended, what it said, and every answer it got."""

    status: int
    report: str
    answers: list[Any]


@pytest.fixture(autouse=True)
def answers_at_once(monkeypatch):
    # Its head and its body are two packets, of which the second would wait 40 ms for word of the first.
    monkeypatch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)


@pytest.fixture
def seed(pytestconfig):
    given = pytestconfig.getoption("--hypothesis-seed")
    return USUAL_SEED if given is None else int(given)


@pytest.fixture
def tour(live_server, settings, monkeypatch, tmp_path):
    """`tour(who, *options, seed=7)`: the Tour of a new salon as one of PEOPLE."""
    # Here, because the group may not be installed.
    from click.testing import CliRunner
    from schemathesis.cli import schemathesis

    from project.tests.contract import hooks

    config = tmp_path / CONFIG.name
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    settings.OTP_DAILY_BUDGET_HALALAS = 10**9
    settings.MOYASAR_WEBHOOK_SECRET = money.WEBHOOK["secret_token"]

    def prepare(who):
        start_over(monkeypatch)
        rows = salon_of_the_examples()
        person = PEOPLE[who](rows)
        monkeypatch.setattr(hooks, "answers", [])
        monkeypatch.setattr(hooks, "made_when_sent", made_when_sent(rows, person or stranger()))
        # No `--header`, which a call that is to come without one would get too.
        signed_in = f'\n[auth.openapi.jwtAuth]\nbearer = "{issue_tokens(user=person).access}"\n' if person else ""
        config.write_text(CONFIG.read_text(encoding="utf-8") + words(rows) + signed_in, encoding="utf-8")

    def go(who, *options, seed):
        with ExitStack() as stack:
            stack.enter_context(time_machine.travel(NOW, tick=False))
            folder = stack.enter_context(TemporaryDirectory())
            gateway = stack.enter_context(Standin(f"{folder}/ledger.sqlite3"))
            settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
            prepare(who)
            # In this process, which imports once for all tours.
            command = ["--config-file", str(config), "--no-color", "run", f"{live_server.url}/api/schema/?format=json"]
            done = CliRunner().invoke(schemathesis, [*command, "--seed", str(seed), *options])
        return Tour(done.exit_code, done.output, hooks.answers)

    return go


def start_over(monkeypatch):
    """Forget what went before: what is answered decides what is sent next."""
    call_command("flush", interactive=False, verbosity=0)
    cache.clear()
    shelf.forget()
    for factory in every_factory(DjangoModelFactory):
        factory.reset_sequence(force=True)
    # Keys, by which equal rows are sorted, count.
    keys = count(1)
    monkeypatch.setattr(uuid, "os", SimpleNamespace(urandom=lambda size: next(keys).to_bytes(size, "big")))
    # Hypothesis draws words of our modules too, of as many as happen to be loaded.
    monkeypatch.setattr(providers, "_get_local_constants", providers.Constants)
    providers.CONSTANTS_CACHE.cache.clear()


def every_factory(parent):
    for factory in parent.__subclasses__():
        yield factory
        yield from every_factory(factory)


def salon_of_the_examples():
    rows = every_row()
    open_the_salon(rows)
    rows[Salon].slug = salons.SALON["slug"]
    rows[Service].public_id, rows[Staff].public_id = salons.SERVICE["id"], salons.STAFF["id"]
    for model in (Salon, Service, Staff):
        rows[model].save()
    return rows


def words(rows):
    """The dictionaries of the configuration: what most calls name."""
    named = {
        "bookings": [visits.BOOKING["id"], str(rows[Booking].pk), str(visit(rows, "completed", NOW).pk)],
        "salons": [salons.SALON["slug"]],
        "services": [salons.SERVICE["id"]],
        "staff": [salons.STAFF["id"]],
        "moments": [visits.STARTS, visits.RESCHEDULE_REQUEST["starts_at"]],
        "days": [visits.STARTS[:10]],
        "phones": [people.OTP_REQUEST["phone"], "+966555550000"],
        "keys": [KEY],
        "challenges": [people.OTP_VERIFY["challenge_id"]],
        "codes": [people.OTP_VERIFY["code"]],
        "refresh_tokens": [people.REFRESH],
        "secrets": [money.WEBHOOK["secret_token"]],
    }
    return "".join(f"\n[dictionaries.{name}]\nvalues = {json.dumps(values)}\n" for name, values in named.items())


def made_when_sent(rows, person):
    """A row for each call that names an example which can be used once."""
    first = datetime.fromisoformat(visits.STARTS)
    free = cycle(first + timedelta(days=day, hours=hour) for day in range(40) for hour in range(-4, 3))
    phones = (f"+9665{number:04d}0000" for number in count())
    days = (timedelta(days=number) for number in count(60))
    return {
        people.OTP_REQUEST["phone"]: lambda _operation: next(phones),
        people.OTP_VERIFY["challenge_id"]: challenge,
        people.REFRESH: lambda _operation: issue_tokens(user=person).refresh,
        visits.BOOKING["id"]: lambda operation: booking(rows, operation, next(days)),
        visits.STARTS: lambda _operation: next(free).isoformat(),
        KEY: lambda _operation: str(uuid.uuid4()),
    }


def challenge(operation):
    """Somebody new was sent the code of the example."""
    purpose = OtpChallenge.Purpose.CHANGE_PHONE if operation == "me_phone_verify" else OtpChallenge.Purpose.SIGN_IN
    asked = OtpChallengeFactory.build(purpose=purpose)
    asked.code_hmac = codes._code_hmac(asked, people.OTP_VERIFY["code"])
    asked.save()
    return str(asked.pk)


def booking(rows, operation, days):
    """Over where it is to be reviewed, paid where its payment is asked for, else still to come."""
    if operation in {"bookings_payment_retrieve", "bookings_payment_refresh_create"}:
        return str(rows[Booking].pk)
    if operation == "bookings_review_create":
        return str(visit(rows, "completed", NOW - days).pk)
    return str(visit(rows, "confirmed", NOW + days).pk)


def visit(rows, status, starts_at):
    known = {"salon": rows[Salon], "customer": rows[Customer], "service": rows[Service], "staff": rows[Staff]}
    return BookingFactory(**known, status=status, starts_at=starts_at)
