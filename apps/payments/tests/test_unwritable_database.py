"""A database that takes no more writes: everybody is told so, nothing is half done, and what waits is still there."""

from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import connection

from apps.bookings.models import Booking
from apps.notifications.models import DeliveryAttempt, Notification
from apps.notifications.services import deliver_due
from apps.payments.models import WebhookEvent
from apps.payments.tests.webhooks import event, post

pytestmark = pytest.mark.django_db(transaction=True)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def read_only():
    """As on a standby, or when the disk was mounted anew without writes."""
    is_sqlite = connection.vendor == "sqlite"
    on, off = (
        ("PRAGMA query_only = 1", "PRAGMA query_only = 0")
        if is_sqlite
        else ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
    )
    run(on)
    try:
        yield
    finally:
        run(off)


@contextmanager
def full():
    """SQLite's file may not grow; PostgreSQL, whose disk no test can fill, refuses as it does on a full one."""
    if connection.vendor != "sqlite":
        with read_only():
            yield
        return
    run("VACUUM")  # pages that earlier tests have emptied would be room
    [before], [pages] = run("PRAGMA max_page_count"), run("PRAGMA page_count")
    run(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        run(f"PRAGMA max_page_count = {before}")


def rows():
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


@pytest.fixture
def order(api, house, bearer):
    """`order(hours, key)`: the customer books that hour; returns the answer."""
    tokens = bearer(house.customer)

    def place(hours, key):
        body = {"service": str(house.service.public_id), "staff": str(house.staff[0].public_id)}
        body |= {"starts_at": house.at(hours).isoformat(), "note": "n" * 500}
        return api.post("/api/v1/bookings/", body, format="json", headers=tokens | {"idempotency-key": key})

    return place


@pytest.fixture
def waiting(order):
    """A message that is due, as if its first sender had died."""
    assert order(27, "first").status_code == 201
    DeliveryAttempt.objects.all().delete()
    Notification.objects.update(status="pending", leased_until=None, sent_at=None)


@pytest.mark.parametrize("state", [read_only, full])
def test_row123_a_booking_is_refused_whole_and_succeeds_with_the_same_key_afterwards(order, state):
    with state():
        hours = iter(range(27, 27 + 24 * 20))
        while True:
            hour, before = next(hours), rows()
            if (answer := order(hour, f"key {hour}")).status_code not in (201, 400):
                break
        after = rows()

    codes = [error["code"] for error in answer.json()["errors"]]
    assert (answer.status_code, codes, answer["Retry-After"]) == (503, ["unavailable"], "30")
    # The key is written down before the work, and says by its lease that nothing came of it yet.
    del before["accounts.IdempotencyKey"], after["accounts.IdempotencyKey"]
    assert after == before
    assert order(hour, f"key {hour}").status_code == 201
    assert Booking.objects.count() == before["bookings.Booking"] + 1


def test_row123_news_of_the_gateway_are_not_acknowledged_so_that_they_come_again(api, webhook_secret, gateway_standin):
    with read_only():
        assert post(api, event()).status_code == 503
    assert WebhookEvent.objects.count() == 0

    assert post(api, event()).status_code == 200
    assert WebhookEvent.objects.count() == 1


@pytest.mark.usefixtures("waiting")
def test_row123_what_waits_stays_and_is_sent_once_there_is_room_again(capsys):
    capsys.readouterr()
    with read_only():
        assert deliver_due() == 0
    assert (Notification.objects.get().status, DeliveryAttempt.objects.count()) == ("pending", 0)
    assert "[notification]" not in capsys.readouterr().out

    assert deliver_due() == 1
    assert Notification.objects.get().status == "sent"
    assert capsys.readouterr().out.count("[notification]") == 1


def test_row123_a_page_of_the_back_office_says_that_it_is_not_available(client, support):
    client.raise_request_exception = False
    with read_only():
        answer = client.post("/admin/login/", {"username": support.phone, "password": "wrong"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "غير متاح" in answer.content.decode()


def test_row123_reading_goes_on(api, house):
    with read_only():
        assert api.get("/api/v1/salons/").status_code == 200
        assert api.get("/healthz").json() == {"status": "ok"}
