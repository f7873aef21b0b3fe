"""A broker may deliver a task twice, or to ten workers at once: row 57, one effect, on both databases."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from apps.accounts.models import IdempotencyKey
from apps.accounts.tests.factories import IdempotencyKeyFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.race import race
from apps.notifications.models import DeliveryAttempt, Notification
from apps.notifications.tasks import deliver_notification
from apps.notifications.tests.conftest import carried_by  # noqa: F401 - a fixture
from apps.notifications.tests.factories import NotificationFactory
from apps.payments import services as payments
from apps.payments.models import Payment, ReconciliationFinding
from apps.payments.tests.conftest import aimed, book, clock, gateway_standin, prepaid  # noqa: F401 - fixtures
from apps.payments.tests.reporting import PROVIDER, ScriptedProvider
from apps.payments.tests.support import link, paid
from project.passes import PASSES
from project.tasks import run_pass

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 10


@pytest.fixture
def world(gateway_standin, prepaid, book, carried_by, clock, settings, monkeypatch):  # noqa: F811
    """A salon that is paid in advance, its gateway, who carries its messages, and who takes its tax documents."""
    settings.EINVOICING_PROVIDER = PROVIDER
    monkeypatch.setattr(ScriptedProvider, "answers", [])
    monkeypatch.setattr(ScriptedProvider, "reported", [])
    return SimpleNamespace(
        gateway=gateway_standin, house=prepaid, book=book, carrier=carried_by("twilio").provider, clock=clock
    )


# Each makes one thing that is due, and returns how often it was done.


def a_hold_that_ran_out(world):
    ran_out = timezone.now() - timedelta(minutes=1)
    booking = BookingFactory(status=Booking.Status.PENDING, hold_expires_at=ran_out)
    return booking.history.filter(status=Booking.Status.EXPIRED).count


def money_at_the_gateway(world):
    payment = link(world.book(world.house))
    world.gateway.control.pay(payment.gateway_invoice_id)
    return payment


def an_event_of_the_gateway(world):
    payment = money_at_the_gateway(world)
    told = {"data": {"invoice_id": payment.gateway_invoice_id}}
    payments.receive_webhook(event_id="evt-1", kind="payment_paid", payload=told)
    return payment.history.filter(status=Payment.Status.PAID).count


def money_nobody_told_of(world):
    payment = money_at_the_gateway(world)
    world.clock.shift(timedelta(minutes=10))
    return payment.history.filter(status=Payment.Status.PAID).count


def a_visit_tomorrow(world):
    booking = BookingFactory(starts_at=timezone.now() + timedelta(hours=30))
    return Notification.objects.filter(booking=booking).count


def a_message(world):
    NotificationFactory()
    return lambda: len(world.carrier.inbox)


def a_difference(world):
    payment = paid(world.gateway, world.book(world.house))
    world.gateway.control.edit_payment(payment.gateway_payment_id, refunded=100)
    return ReconciliationFinding.objects.count


def a_tax_document(world):
    booking = world.book(world.house)
    payments.record_payment(actor=world.house.manager, booking_id=booking.pk, amount=Decimal("115.00"), method="cash")
    return lambda: len(ScriptedProvider.reported)


def an_old_row(world):
    key = IdempotencyKeyFactory()
    IdempotencyKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=3))
    return lambda: 1 - IdempotencyKey.objects.count()


DUE = {
    "expire_holds": a_hold_that_ran_out,
    "process_webhooks": an_event_of_the_gateway,
    "resolve_payments": money_nobody_told_of,
    "plan_reminders": a_visit_tomorrow,
    "deliver_notifications": a_message,
    "reconcile_payments": a_difference,
    "report_tax_documents": a_tax_document,
    "forget_old_rows": an_old_row,
}


def test_every_pass_has_something_to_do_here():
    assert set(DUE) == set(PASSES)


@pytest.mark.parametrize("name", DUE)
def test_a_pass_that_is_delivered_twice_and_ten_times_at_once_has_one_effect(world, name):
    done = DUE[name](world)
    before = done()

    outcomes = race(WORKERS, lambda _worker: run_pass(name))
    outcomes += [run_pass(name) for _time in range(2)]

    assert outcomes == [None] * (WORKERS + 2)
    assert (before, done()) == (0, 1)


@pytest.mark.parametrize("deliveries", [lambda task: [task(0), task(1)], lambda task: race(WORKERS, task)])
def test_a_message_whose_task_is_delivered_again_is_sent_once(world, deliveries):
    notification = NotificationFactory()

    outcomes = deliveries(lambda _worker: deliver_notification(notification.pk))

    assert set(outcomes) == {None}
    assert len(world.carrier.inbox) == 1
    assert DeliveryAttempt.objects.count() == 1
