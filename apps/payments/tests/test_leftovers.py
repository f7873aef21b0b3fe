"""Money that is owed and that nothing sends any more: passes find it, try for a while, then leave it to a person."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.bookings import services as bookings
from apps.bookings.models import Booking
from apps.payments import handlers, services
from apps.payments.models import Payment, Refund
from apps.payments.selectors import leftovers
from apps.payments.services import refunds
from apps.payments.tests.support import amounts, ask_refund, paid, refuse, reload
from apps.payments.tests.test_returns import another_service
from apps.payments.tests.test_reviews import decision, short
from apps.payments.tests.test_wallets import cancel
from project.invariants import breaches

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two_payments(gateway_standin, house, book, clock):
    """Paid so long ago that they cannot be undone, in the order in which a pass comes to their bookings."""
    payments = [paid(gateway_standin, book(house, hours=hours)) for hours in (27, 30)]
    clock.shift(timedelta(hours=3))
    return sorted(payments, key=lambda payment: payment.booking_id)


def test_money_accepted_for_a_hold_that_then_ran_out_goes_back(gateway_standin, prepaid, book, support, clock):
    booking = book(prepaid)
    payment = short(gateway_standin, booking)
    services.accept_payment(**decision(support, payment))

    clock.shift(timedelta(minutes=30))
    bookings.expire_holds()
    services.resolve_payments()
    services.resolve_refunds()

    assert reload(booking).status == Booking.Status.EXPIRED
    assert amounts(payment) == ("100.00", "100.00", "0.00")


def test_what_a_cancellation_owes_goes_back_when_the_refund_before_it_was_refused(
    gateway_standin, payment, support, clock
):
    gateway_standin.control.inject("fetch_payment", "error_500")
    first = ask_refund(support, payment)
    assert first.status == Refund.Status.APPROVED
    cancel(payment.booking)
    refuse(gateway_standin, times=1)

    clock.shift(timedelta(minutes=3))
    services.resolve_refunds()
    assert reload(first).status == Refund.Status.FAILED
    services.resolve_payments()

    assert amounts(payment) == ("115.00", "115.00", "0.00")


@pytest.mark.parametrize(
    ("status", "fee", "lies"),
    [
        ("pending", 0, False),
        ("confirmed", 0, False),
        ("arrived", 0, False),
        ("completed", 0, False),
        ("no_show", 0, False),
        ("cancelled", Decimal("115.00"), False),
        ("cancelled", Decimal("114.99"), True),
        ("expired", 0, True),
    ],
)
def test_only_of_a_visit_that_is_off_what_exceeds_the_fee_lies_there(gateway_standin, payment, status, fee, lies):
    by = "customer" if status == "cancelled" else ""
    Booking.objects.update(status=status, cancelled_by=by, cancellation_fee_amount=fee)

    assert list(leftovers(Payment.objects.all())) == [payment.booking_id] * lies
    assert services.resolve_payments() == 0
    assert Refund.objects.count() == lies


def test_of_two_payments_of_a_cancelled_visit_both_count_against_its_fee(gateway_standin, prepaid, book):
    prepaid.salon.deposit_percent = 40
    prepaid.salon.save()
    booking = book(prepaid)
    for _ in range(2):
        paid(gateway_standin, booking)
    for fee, lying in (("115.00", []), ("114.99", [booking.pk])):
        Booking.objects.update(
            status=Booking.Status.CANCELLED, cancelled_by="customer", cancellation_fee_amount=Decimal(fee)
        )
        assert list(leftovers(Payment.objects.all())) == lying


def test_what_a_cancellation_owes_is_sent_again_after_a_refusal_that_will_pass(gateway_standin, payment, clock):
    clock.shift(timedelta(hours=3))
    body = {"type": "rate_limit_error", "message": "Too many", "errors": None}
    gateway_standin.control.inject("refund", "answer", status=429, body=body)

    cancel(payment.booking)
    for _ in range(4):
        clock.shift(timedelta(hours=1))
        services.resolve_payments()
        services.resolve_refunds()

    assert amounts(payment) == ("115.00", "115.00", "0.00")


def test_what_a_cancellation_owes_goes_back_though_the_worker_died_after_the_refund_before_it(
    gateway_standin, payment, support, clock, monkeypatch
):
    gateway_standin.control.inject("refund", "reset_after")
    first = ask_refund(support, payment)
    cancel(payment.booking)
    with monkeypatch.context() as died:
        died.setattr(handlers, "return_what_is_owed", lambda **said: None)
        clock.shift(timedelta(seconds=31))
        services.resolve_refunds()
    assert reload(first).status == Refund.Status.SUCCEEDED

    for _ in range(3):
        clock.shift(timedelta(hours=1))
        services.resolve_payments()
        services.resolve_refunds()

    assert amounts(payment) == ("115.00", "115.00", "0.00")


def refused_and_an_hour_later(standin, payment, clock):
    """`amounts` of a payment whose visit is called off: after the gateway refused, and after the passes tried again."""
    refuse(standin, times=1)
    cancel(payment.booking)
    refused = amounts(payment)
    clock.shift(timedelta(minutes=61))
    services.resolve_payments()
    return refused, amounts(payment)


def test_the_last_halala_goes_back_too(gateway_standin, payment, support, clock):
    clock.shift(timedelta(hours=3))
    ask_refund(support, payment, "114.99")

    refused, in_the_end = refused_and_an_hour_later(gateway_standin, payment, clock)

    assert (refused, in_the_end) == (("115.00", "114.99", "0.00"), ("115.00", "115.00", "0.00"))


def test_what_went_back_before_is_no_refusal(gateway_standin, payment, clock):
    clock.shift(timedelta(hours=3))
    for _ in range(3):
        services.return_money_of(payment, amount=Decimal(1), reason="Too much")

    refused, in_the_end = refused_and_an_hour_later(gateway_standin, payment, clock)

    assert (refused, in_the_end) == (("115.00", "3.00", "0.00"), ("115.00", "115.00", "0.00"))


def test_a_payment_that_was_refused_lately_waits_while_the_next_of_its_visit_goes_back(
    gateway_standin, prepaid, book, clock
):
    booking = book(prepaid, hours=72)
    first = paid(gateway_standin, booking)
    bookings.change_service(
        actor=prepaid.manager, booking_id=booking.pk, service_id=another_service(prepaid, "200.00").pk
    )
    clock.shift(1)
    second = paid(gateway_standin, reload(booking))
    clock.shift(timedelta(hours=3))
    refuse(gateway_standin, times=2)
    cancel(booking)
    assert list(Refund.objects.values_list("status", flat=True)) == ["failed", "failed"]
    Refund.objects.filter(payment=second).update(updated_at=timezone.now() - timedelta(minutes=61))

    assert refunds.return_leftovers() == 1

    assert (amounts(first), amounts(second)) == (("115.00", "0.00", "0.00"), ("85.00", "85.00", "0.00"))


def test_after_three_refusals_it_waits_for_a_person(gateway_standin, payment, clock):
    clock.shift(timedelta(hours=3))
    refuse(gateway_standin, times=9)

    cancel(payment.booking)
    for _ in range(6):
        clock.shift(timedelta(minutes=61))
        services.resolve_payments()
        services.resolve_refunds()

    assert list(Refund.objects.values_list("status", flat=True)) == ["failed"] * 3
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert [breach.rule[:2] for breach in breaches()] == ["I7"]


def test_what_waits_for_a_person_does_not_keep_the_others_from_their_turn(gateway_standin, two_payments, clock):
    resting, owed = two_payments
    refuse(gateway_standin, times=4)

    cancel(resting.booking)
    for _ in range(2):
        clock.shift(timedelta(minutes=61))
        services.resolve_payments()
    cancel(owed.booking)
    assert list(Refund.objects.values_list("status", flat=True)) == ["failed"] * 4
    clock.shift(timedelta(minutes=61))
    looked_at = refunds.return_leftovers(limit=1)

    assert looked_at == 1
    assert (amounts(resting), amounts(owed)) == (("115.00", "0.00", "0.00"), ("115.00", "115.00", "0.00"))


def test_a_booking_that_cannot_be_worked_out_does_not_keep_the_others_waiting(
    gateway_standin, two_payments, clock, monkeypatch, caplog
):
    poisoned, owed = two_payments
    refuse(gateway_standin, times=2)
    cancel(poisoned.booking)
    cancel(owed.booking)
    work_out = refunds.return_what_is_owed

    def fail_for_one(*, booking_id, **said):
        if booking_id == poisoned.booking_id:
            raise ZeroDivisionError
        return work_out(booking_id=booking_id, **said)

    monkeypatch.setattr(refunds, "return_what_is_owed", fail_for_one)
    clock.shift(timedelta(minutes=61))
    services.resolve_payments()

    assert (amounts(poisoned), amounts(owed)) == (("115.00", "0.00", "0.00"), ("115.00", "115.00", "0.00"))
    assert "could not be resolved" in caplog.text
