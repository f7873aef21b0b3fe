"""The clock of the server jumps an hour, back or ahead: what is held, sent or claimed stays one thing."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.errors import OtpExpired
from apps.bookings.models import Booking
from apps.payments import services
from apps.payments.models import Payment
from apps.payments.tests.support import ask_refund, link, paid, refunds_made, reload

pytestmark = pytest.mark.django_db

HOUR = 3600
JUMPS = pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "ahead"])


def test_row127_a_hold_outlives_a_clock_that_was_set_back_and_still_ends(prepaid, book, clock):
    booking = book(prepaid)
    ends = booking.hold_expires_at
    clock.shift(-HOUR)
    call_command("expire_holds")
    assert (reload(booking).status, reload(booking).hold_expires_at) == (Booking.Status.PENDING, ends)

    clock.move_to(ends + timedelta(seconds=1))
    call_command("expire_holds")
    assert reload(booking).status == Booking.Status.EXPIRED


def test_row127_money_that_arrives_after_a_jump_ahead_ended_its_hold_keeps_the_booking(
    gateway_standin, prepaid, book, clock
):
    booking = book(prepaid)
    payment = link(booking)
    clock.shift(HOUR)
    call_command("expire_holds")
    clock.shift(-HOUR)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    services.refresh_payment(payment_id=payment.pk)

    assert reload(payment).status == Payment.Status.PAID
    assert reload(booking).status == Booking.Status.CONFIRMED


@JUMPS
def test_row127_a_refund_without_an_answer_is_settled_once_after_a_jump(gateway_standin, payment, support, clock, jump):
    gateway_standin.control.inject("refund", "error_500_after")
    refund = ask_refund(support, payment)
    clock.shift(jump)
    for _look in range(30):
        clock.shift(600)
        services.resolve_refunds()

    assert (reload(refund).status, refunds_made(gateway_standin)) == ("succeeded", 1)


@JUMPS
def test_row127_a_comparison_after_a_jump_finds_what_moved_in_between(gateway_standin, house, book, clock, jump):
    payment = paid(gateway_standin, book(house))
    services.reconcile_payments()
    clock.shift(jump)
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    clock.shift(60)
    services.reconcile_payments()

    assert str(reload(payment).refunded_amount) == "15.00"


def test_row127_a_jump_ahead_ends_a_code_and_the_way_back_gives_only_its_own_minutes(db, clock, capsys):
    begun = timezone.now()
    challenge = accounts.request_code(phone="+966551234567")
    code = capsys.readouterr().out.rpartition("code=")[2].strip()

    clock.shift(HOUR)
    with pytest.raises(OtpExpired):
        accounts.sign_in(challenge_id=challenge.pk, code=code)

    clock.move_to(begun)
    assert accounts.sign_in(challenge_id=challenge.pk, code=code).user.phone == "+966551234567"
    with pytest.raises(OtpExpired):
        accounts.sign_in(challenge_id=challenge.pk, code=code)
