"""A small salon at a fixed hour, and a gateway of its own in a thread."""

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings import services as bookings
from apps.bookings.tests.conftest import NOW, open_salon
from apps.payments.moyasar import client as moyasar_client
from apps.payments.services import refusals
from apps.payments.standin import Standin
from apps.payments.tests.support import paid
from apps.salons.models import Salon

WEBHOOK_SECRET = "shared-between-two-machines"


@pytest.fixture
def clock():
    """The hour of a test, frozen; move it with `clock.shift(seconds)`. The stand-in lives in the same hour."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def aimed(settings, monkeypatch):
    """Points the project at a running stand-in: `aimed(standin)`. No call may leave while a transaction is open."""
    exchange = moyasar_client.exchange

    def outside_transactions(*args, **kwargs):
        # The test's own wrapping transaction does not count.
        opened = [block for block in connection.atomic_blocks if not block._from_testcase]
        assert not opened, "the gateway was called inside a transaction"
        return exchange(*args, **kwargs)

    monkeypatch.setattr(moyasar_client, "exchange", outside_transactions)

    def aim(standin):
        settings.MOYASAR_BASE_URL = standin.api_url
        settings.MOYASAR_SECRET_KEY = standin.secret_key
        settings.MOYASAR_WEBHOOK_SECRET = WEBHOOK_SECRET

    return aim


@pytest.fixture
def gateway_standin(tmp_path, clock, aimed):
    """A running stand-in that the project talks to. Its webhooks go nowhere."""
    with Standin(tmp_path / "ledger.sqlite3") as standin:
        aimed(standin)
        yield standin


@pytest.fixture
def webhook_secret(settings, monkeypatch):
    """We know the gateway's webhook by its secret, and nobody was refused yet."""
    settings.MOYASAR_WEBHOOK_SECRET = WEBHOOK_SECRET
    monkeypatch.setattr(refusals, "tally", refusals.Tally())


@pytest.fixture
def impatient(monkeypatch):
    """Gives up on the gateway within a moment, so that a test of its silence does not wait."""
    init = moyasar_client.MoyasarClient.__init__

    def hurried(self, secret_key, base_url):
        init(self, secret_key, base_url, connect_timeout=1, read_timeout=0.5)

    monkeypatch.setattr(moyasar_client.MoyasarClient, "__init__", hurried)


@pytest.fixture
def house(db, clock):
    """A VAT-registered salon that confirms at once: a service of 45 minutes for 115 SAR."""
    return open_salon()


@pytest.fixture
def prepaid(db, clock):
    """A salon that holds a booking 15 minutes until it is paid in full."""
    return open_salon(confirmation=Salon.Confirmation.PAYMENT)


@pytest.fixture
def book():
    """`book(house, hours=27)`: the customer books the first staff member so many hours from the start."""

    def place(house, *, hours=27, person=None, staff=0):
        person = person or house.customer
        return bookings.book_appointment(
            actor=person,
            person=person,
            service_id=house.service.pk,
            staff_id=house.staff[staff].pk,
            starts_at=house.at(hours),
        )

    return place


@pytest.fixture
def support(db):
    """Somebody of the platform who may refund in every salon."""
    return PlatformUserFactory()


@pytest.fixture
def payment(gateway_standin, house, book):
    """115.00 SAR, paid online for a confirmed booking."""
    return paid(gateway_standin, book(house))


@pytest.fixture
def api():
    """A client that speaks English; errors come as answers, not as exceptions."""
    return APIClient(raise_request_exception=False, headers={"accept-language": "en"})


@pytest.fixture
def bearer():
    """Headers of a signed-in person: `bearer(user, "key")` adds an Idempotency-Key."""

    def headers(user, key=None):
        named = {"idempotency-key": key} if key else {}
        return {"authorization": f"Bearer {accounts.issue_tokens(user=user).access}", **named}

    return headers
