"""A provider is away and comes back: nobody who books waits for it, and every message arrives soon after."""

import logging
import socket
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.common.providers import http
from apps.common.testing.thorough import THOROUGH
from apps.common.tests.message_providers import settings_of
from apps.common.tests.provider_stand_in import Acted
from apps.notifications import policies, services
from apps.notifications.models import DeliveryAttempt, Notification
from apps.notifications.services import delivery
from apps.notifications.tests.factories import NotificationFactory

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 1000 if THOROUGH else 100
FEW = 20
PASS, SOON = timedelta(seconds=30), timedelta(seconds=120)
A_DAY = 24  # visits: twelve hours with two people


class Endless(list):
    """Scripted answers of which the first never runs out."""

    def pop(self, _place):
        return self[0]


class Outage:
    """What a provider does while it is away; the clients give up on it within a moment."""

    def __init__(self, server, settings, monkeypatch):
        self._server, self._settings, self._monkeypatch = server, settings, monkeypatch

    def hangs(self):
        self._begin(self._server.url, "hang")

    def acts_and_hangs(self):
        self._begin(self._server.url, Acted("hang"))

    def refuses_connections(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self._begin(f"http://127.0.0.1:{unused.getsockname()[1]}", "close")

    def _begin(self, url, answer):
        self._server.answers = Endless([answer])
        self._reach(url, (1, 0.1))

    def end(self):
        self._server.answers = []
        self._reach(self._server.url, (3, 5))

    def _reach(self, url, timeout):
        self._monkeypatch.setattr(http, "TIMEOUT", timeout)
        for name, value in settings_of(url).items():
            setattr(self._settings, name, value)


@pytest.fixture
def away(carried_by, settings, monkeypatch):
    """`away("twilio", "hangs")`: that provider carries all messages, and is away until `end()`."""

    def begin(provider, way):
        outage = Outage(carried_by(provider), settings, monkeypatch)
        getattr(outage, way)()
        return outage

    return begin


def book(count):
    """So many people book a visit each, as the API lets them."""
    house = open_salon()
    for number in range(count):
        day, place = divmod(number, A_DAY)
        person, staff = UserFactory(), house.staff[place % 2]
        starts_at = house.at(24 * (day + 1) + place // 2)
        bookings.book_appointment(
            actor=person, person=person, service_id=house.service.pk, staff_id=staff.pk, starts_at=starts_at
        )


def let_passes_run(clock, length):
    for _pass in range(length // PASS):
        clock.shift(PASS)
        call_command("deliver_notifications")


AWAY = [
    ("twilio", "hangs"),
    ("unifonic", "acts_and_hangs"),
    ("authentica", "refuses_connections"),
]


@pytest.mark.parametrize(("provider", "way"), AWAY)
def test_nobody_who_books_waits_for_a_provider_that_is_away_and_all_messages_arrive_when_it_is_back(
    away, carried_by, clock, provider, way
):
    """Rows 53 and 54."""
    outage = away(provider, way)

    book(MANY)

    assert Booking.objects.filter(status=Booking.Status.CONFIRMED).count() == MANY
    assert Notification.objects.count() == MANY
    assert DeliveryAttempt.objects.count() == policies.FAILURES_IN_A_ROW
    let_passes_run(clock, timedelta(minutes=5))

    outage.end()
    back_at = timezone.now()
    let_passes_run(clock, SOON)

    rows = list(Notification.objects.all())
    got = Counter(message.to for message in carried_by(provider).provider.inbox)
    late = [row for row in rows if row.status != "sent" or row.sent_at - back_at > SOON]
    unsaid = [row for row in rows if got[row.recipient] > 1 and not row.is_maybe_double]
    assert late == []
    assert unsaid == []
    assert set(got) == {row.recipient for row in rows}


@pytest.mark.parametrize("rests", [True, False], ids=["at rest", "control: never at rest"])
def test_only_without_its_rest_a_hanging_provider_holds_up_everybody(away, carried_by, clock, monkeypatch, rests):
    away("twilio", "hangs")
    if not rests:
        monkeypatch.setattr(policies, "rests", lambda *_latest, **_now: False)

    book(FEW)

    assert Booking.objects.count() == FEW
    calls = carried_by("twilio").received
    assert len(calls) == (policies.FAILURES_IN_A_ROW if rests else FEW)


def the_provider_breaks(poison, server, monkeypatch):
    answer = server.provider

    def breaking(path, headers, body):
        return (500, b"") if poison.recipient.removeprefix("+") in (body or "") else answer(path, headers, body)

    server.provider = breaking


def sending_it_breaks(poison, server, monkeypatch):
    break_for(poison, delivery, "_message", monkeypatch)


def judging_it_breaks(poison, server, monkeypatch):
    break_for(poison, policies, "reason_to_hold_back", monkeypatch)


def break_for(poison, module, name, monkeypatch):
    """Let the function fail unexpectedly when it comes to that message."""
    function = getattr(module, name)

    def breaking(notification, *rest, **named):
        if notification.pk == poison.pk:
            raise ZeroDivisionError
        return function(notification, *rest, **named)

    monkeypatch.setattr(module, name, breaking)


@pytest.mark.parametrize("breaks", [the_provider_breaks, sending_it_breaks, judging_it_breaks])
def test_a_poisoned_message_is_parked_after_eight_tries_and_holds_up_nobody(
    carried_by, clock, monkeypatch, caplog, breaks
):
    """Row 60."""
    server = carried_by("twilio")
    carrier, now = server.provider, timezone.now()
    rows = [NotificationFactory(due_at=now + timedelta(milliseconds=number)) for number in range(MANY // 2)]
    poison = rows.pop(MANY // 4)
    breaks(poison, server, monkeypatch)

    let_passes_run(clock, timedelta(minutes=1))
    assert [message.to for message in carrier.inbox] == [row.recipient for row in rows]

    let_passes_run(clock, timedelta(hours=3))

    poison.refresh_from_db()
    assert (poison.status, poison.attempts) == ("failed", 8)
    assert poison.tried.count() == (0 if breaks is judging_it_breaks else 8)
    parked = f"message {poison.pk} given up after 8 attempts"
    assert [record.levelno for record in caplog.records if record.getMessage() == parked] == [logging.ERROR]
    assert Notification.objects.filter(status="sent").count() == len(rows)
    assert len(carrier.inbox) == len(rows)


def test_what_the_provider_took_is_found_however_often_it_was_tried_since(carried_by, clock):
    server = carried_by("unifonic")
    notification = NotificationFactory()
    # It takes the message and does not say so; then it knows of nothing twice over, and then it is back.
    server.answers = [Acted("close"), "close", "close"]
    services.deliver(notification.pk)
    let_passes_run(clock, timedelta(minutes=2))
    assert server.answers == []

    let_passes_run(clock, timedelta(minutes=3))

    notification.refresh_from_db()
    (carried,) = server.provider.inbox
    assert (notification.status, notification.provider_message_id) == ("sent", carried.message_id)
    assert list(notification.tried.order_by("pk").values_list("status", flat=True)) == ["sent", "in_doubt"]

    server.provider.unifonic_sms.report(carried.message_id, "delivered")
    clock.shift(policies.FIRST_QUESTION)
    services.ask_for_reports()
    notification.refresh_from_db()
    assert notification.status == "delivered"
