"""Races over real connections against a real gateway, each with a control in which a guard is off."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.common.errors import DomainError
from apps.common.testing.race import race
from apps.payments import services
from apps.payments.errors import PaymentInProgress, RefundInProgress
from apps.payments.models import Payment, Refund, WebhookEvent
from apps.payments.services import refunds
from apps.payments.tests.support import amounts, calls_back, link, reload, truth

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 8
ONE_OPEN = "payments_refund_one_open_per_payment"


def click(support, payment, *, amount="10.00", nonce=None):
    """What a click on “Refund” does."""
    refund = services.request_refund(
        actor=support, payment_id=payment.pk, amount=Decimal(amount), reason="Late", nonce=nonce or uuid4()
    )
    return services.send_refund(refund_id=refund.pk)


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def test_a_double_click_of_one_form_is_one_refund_and_one_call(gateway_standin, payment, support):
    nonce = uuid4()

    results = race(RACERS, lambda number: click(support, payment, nonce=nonce))

    assert kinds(results) == ["Refund"] * RACERS
    assert len({refund.pk for refund in results}) == 1
    assert Refund.objects.get().status == Refund.Status.SUCCEEDED
    assert amounts(payment) == ("115.00", "10.00", "0.00")
    assert gateway_standin.control.report()["calls"]["refund"] == 1


def test_two_agents_at_once_never_have_two_refunds_on_their_way(gateway_standin, payment, support):
    results = race(RACERS, lambda number: click(support, payment, amount="60.00"))

    done = [result for result in results if isinstance(result, Refund)]
    assert [refund.status for refund in done] == [Refund.Status.SUCCEEDED]
    assert all(isinstance(result, Refund | DomainError) for result in results)
    assert amounts(payment) == ("115.00", "60.00", "0.00")
    assert gateway_standin.control.report()["calls"]["refund"] == 1
    assert truth(gateway_standin, payment.gateway_payment_id)["refunded"] == 6000


def test_many_passes_at_once_send_an_approved_refund_once(gateway_standin, payment, support):
    refund = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(10), reason="Late")

    results = race(RACERS, lambda number: services.send_refund(refund_id=refund.pk))

    assert kinds(results) == ["Refund"] * RACERS
    assert reload(refund).status == Refund.Status.SUCCEEDED
    assert gateway_standin.control.report()["calls"]["refund"] == 1


def test_the_unique_index_alone_refuses_what_a_missing_lock_lets_through(payment, support, monkeypatch):
    look_without_lock(monkeypatch)

    results = race(RACERS, lambda number: request(support, payment))

    assert sum(isinstance(result, Refund) for result in results) == 1
    assert sum(isinstance(result, IntegrityError) for result in results) == RACERS - 1
    assert Refund.objects.count() == 1


def test_control_without_lock_and_index_several_refunds_are_on_their_way(payment, support, monkeypatch):
    look_without_lock(monkeypatch)
    rule = next(rule for rule in Refund._meta.constraints if rule.name == ONE_OPEN)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Refund, rule)
    try:
        results = race(RACERS, lambda number: request(support, payment))
        assert sum(isinstance(result, Refund) for result in results) == RACERS
        assert Refund.objects.open().count() == RACERS
    finally:
        Refund.objects.update(status=Refund.Status.FAILED)
        with connection.schema_editor() as editor:
            editor.add_constraint(Refund, rule)


def test_the_lock_alone_refuses_the_second_refund(payment, support):
    results = race(RACERS, lambda number: request(support, payment))

    assert sum(isinstance(result, Refund) for result in results) == 1
    assert sum(isinstance(result, RefundInProgress) for result in results) == RACERS - 1


def test_two_tabs_make_one_link(gateway_standin, prepaid, book):
    booking = book(prepaid)

    results = race(RACERS, lambda number: link(booking))

    assert {type(result) for result in results} <= {Payment, PaymentInProgress}
    assert any(isinstance(result, Payment) for result in results)
    assert Payment.objects.get().status == Payment.Status.INITIATED
    assert gateway_standin.control.report()["executed"] == {"create_invoice": 1}


def test_webhook_refresh_and_pass_at_once_apply_money_once(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    results = race(RACERS, lambda number: services.refresh_payment(payment_id=payment.pk))

    assert [result.status for result in results] == [Payment.Status.PAID] * RACERS
    assert payment.history.filter(status=Payment.Status.PAID).count() == 1
    assert payment.tax_documents.count() == 1
    booking = reload(booking)
    assert (booking.status, booking.version) == (Booking.Status.CONFIRMED, 2)


def test_wh01_copies_of_an_event_in_parallel_are_one_row_and_one_run(gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    payload = {"data": {"invoice_id": payment.gateway_invoice_id}}

    kept = race(RACERS, lambda number: services.receive_webhook(event_id="evt-1", kind="payment_paid", payload=payload))
    taken = race(RACERS, lambda number: services.process_webhooks())

    assert kinds(kept) == ["WebhookEvent"] * RACERS
    assert WebhookEvent.objects.get().status == WebhookEvent.Status.PROCESSED
    assert sum(taken) == 1
    assert reload(payment).status == Payment.Status.PAID


def test_b4_the_end_of_a_hold_and_its_money_meet_in_one_of_two_good_ends(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)
    clock.shift(15 * 60)

    def step(number):
        return bookings.expire_holds() if number % 2 else services.refresh_payment(payment_id=payment.pk)

    results = race(RACERS, step)

    assert set(kinds(results)) <= {"Payment", "int"}
    assert (reload(payment).status, reload(booking).status) == (Payment.Status.PAID, Booking.Status.CONFIRMED)
    assert not Refund.objects.exists()


def test_cancelling_while_money_arrives_never_keeps_it(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    def step(number):
        if number == 0:
            return bookings.cancel_booking(actor=prepaid.manager, booking_id=booking.pk, by=Booking.CancelledBy.SALON)
        return services.refresh_payment(payment_id=payment.pk)

    results = race(4, step)

    assert set(kinds(results)) == {"Booking", "Payment"}
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert calls_back(gateway_standin) == 1


def request(support, payment):
    return services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal("5.00"), reason="Late")


def look_without_lock(monkeypatch):
    """The guard of the code off: nobody locks, and everybody believes that no refund is on its way."""
    monkeypatch.setattr(refunds, "lock_payment", lambda payment_id: Payment.objects.get(pk=payment_id))
    monkeypatch.setattr(refunds, "_ensure_refundable", lambda payment, amount: None)
