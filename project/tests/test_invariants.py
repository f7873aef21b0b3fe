"""The command that looks for broken rules finds each kind, planted behind the back of the rules themselves."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.payments.models import Payment
from project import invariants

pytestmark = pytest.mark.django_db


def found():
    return {breach.rule.split(" ")[0]: breach.rows for breach in invariants.breaches()}


def paid(booking, **fields):
    values = {"status": "paid", "amount": 100, "captured_amount": 100, "paid_at": timezone.now() - timedelta(hours=1)}
    return Payment.objects.create(salon=booking.salon, booking=booking, **{**values, **fields})


def test_a_sound_database_breaks_no_rule():
    paid(BookingFactory())
    out = StringIO()

    call_command("check_invariants", stdout=out)

    assert out.getvalue() == "All 8 rules hold.\n"


def test_money_for_a_booking_that_expired_is_found():
    payment = paid(BookingFactory(status=Booking.Status.EXPIRED))

    assert found() == {"I7": [str(payment.pk)]}


def test_totals_that_are_not_the_sum_of_their_refunds_are_found():
    payment = paid(BookingFactory(), refunded_amount=Decimal("10.00"))

    assert found() == {"I4": [str(payment.pk)]}


def test_a_firm_booking_without_its_advance_is_found():
    booking = BookingFactory(prepay_amount=Decimal("30.00"))

    assert found() == {"I8": [str(booking.pk)]}
    paid(booking, amount=30, captured_amount=30)
    assert found() == {}


def test_the_command_ends_with_one_and_names_the_row():
    booking = BookingFactory(prepay_amount=Decimal("30.00"))
    out = StringIO()

    with pytest.raises(CommandError, match="1 of 8 rules"):
        call_command("check_invariants", stdout=out)
    assert str(booking.pk) in out.getvalue()


def test_a_rule_the_database_lost_is_found(monkeypatch):
    monkeypatch.setattr(invariants, "missing_guards", lambda *args: ["bookings_booking_no_overlap"])

    assert found() == {"The": ["bookings_booking_no_overlap"]}
