"""The command that looks for broken rules finds each kind, planted behind the back of the rules themselves."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import OtpChallenge
from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import OtpChallengeFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.payments import reasons
from apps.payments.journal import keep
from apps.payments.models import (
    MoneyEvent,
    Payment,
    ReconciliationFinding,
    ReconciliationRun,
    Refund,
    TaxDocument,
    TaxSequence,
)
from apps.payments.tests.conftest import aimed, clock, gateway_standin, house  # noqa: F401 - fixtures
from apps.payments.tests.support import link
from apps.payments.tests.support import paid as paid_online
from project import invariants

pytestmark = pytest.mark.django_db


def found():
    return {breach.rule.split(" ")[0]: breach.rows for breach in invariants.breaches()}


def paid(booking, *, reason="", **fields):
    """A payment whose journal is as sound as its columns."""
    values = {"status": "paid", "amount": 100, "captured_amount": 100, "paid_at": timezone.now() - timedelta(hours=1)}
    return keep(Payment(salon=booking.salon, booking=booking, **{**values, **fields}), actor=None, reason=reason)


def behind_the_back(payment, **values):
    """Columns changed without a step, and the step written as if it had been sound: only the rule itself can see it."""
    Payment.objects.filter(pk=payment.pk).update(**values)
    payment.refresh_from_db()
    return keep(payment, actor=None)


def test_a_sound_database_breaks_no_rule():
    paid(BookingFactory())
    out = StringIO()

    call_command("check_invariants", stdout=out)

    lines = out.getvalue().splitlines()
    assert lines == [*(f"ok {rule}" for rule in invariants.RULES), "All 16 rules hold."]
    # I7 and I3 have two rules each, one of them asked of the gateway only when that is wished.
    assert {line.split()[1] for line in lines if line.startswith("ok I")} == {f"I{number}" for number in range(1, 13)}


def test_money_for_a_booking_that_expired_is_found():
    booking = BookingFactory(status=Booking.Status.EXPIRED)
    paid(booking)

    assert found() == {"I7": [str(booking.pk)]}


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

    with pytest.raises(CommandError, match="1 of 16 rules"):
        call_command("check_invariants", stdout=out)
    assert str(booking.pk) in out.getvalue()


def test_a_rule_the_database_lost_is_found(monkeypatch):
    monkeypatch.setattr(invariants, "missing_guards", lambda *args: ["bookings_booking_no_overlap"])

    assert found() == {"The": ["bookings_booking_no_overlap"]}


# --- I2: the past of every calendar ---


def told(booking, *, at, **values):
    """A version of the booking as its history would have kept it, with other values and another moment."""
    record = booking.history.first()
    record.pk, record.history_date = None, at
    for name, value in values.items():
        setattr(record, name, value)
    record.save()


def two_visits(**later):
    first = BookingFactory()
    second = BookingFactory(salon=first.salon, staff=first.staff, starts_at=first.starts_at + timedelta(days=1))
    now = timezone.now()
    told(second, at=now + timedelta(minutes=1), occupied_from=first.occupied_from, occupied_until=first.occupied_until)
    told(second, at=now + timedelta(minutes=1) + later["after"], status="cancelled")
    return second


def test_i2_two_visits_that_overlapped_for_a_while_are_found():
    second = two_visits(after=timedelta(minutes=5))

    assert found() == {"I2": [str(second.pk)]}


def test_i2_clocks_that_differ_by_a_moment_are_no_breach():
    two_visits(after=timedelta(milliseconds=300))

    assert found() == {}


def test_i2_a_visit_takes_the_time_that_another_one_left():
    first = BookingFactory()
    now = timezone.now()
    told(first, at=now + timedelta(minutes=1), status="cancelled")
    Booking.objects.filter(pk=first.pk).update(status="cancelled", cancelled_by="salon")
    second = BookingFactory(salon=first.salon, staff=first.staff)
    second.history.update(history_date=now + timedelta(minutes=2))

    assert found() == {}


# --- I3: the gateway's word ---


def read(payment, **shown):
    values = {"gateway_status": "paid", "gateway_amount": 100, "gateway_refunded_amount": 0} | shown
    Payment.objects.filter(pk=payment.pk).update(checked_at=timezone.now(), **values)
    return payment


def online(**fields):
    """Paid online, with the steps that lead there."""
    payment = paid(BookingFactory(), status="submitted", captured_amount=0, gateway_payment_id="pay-1", **fields)
    payment.status, payment.captured_amount = "paid", Decimal(100)
    return keep(payment, actor=None)


@pytest.mark.parametrize(
    "shown", [{"gateway_amount": 99}, {"gateway_refunded_amount": 10}, {"gateway_status": "failed"}]
)
def test_i3_money_the_gateway_shows_otherwise_is_found_until_somebody_looks(shown):
    payment = read(online(), **shown)
    assert found() == {"I3": [str(payment.pk)]}

    run = ReconciliationRun.objects.create(since=timezone.now())
    ReconciliationFinding.objects.create(run=run, payment=payment, salon=payment.salon, kind="amount")
    assert found() == {}


def test_i3_the_same_word_or_an_older_one_is_no_breach():
    payment = read(online())
    assert found() == {}

    later = timezone.now() + timedelta(minutes=1)
    keep(
        Refund(salon=payment.salon, payment=payment, amount=10, reason="Late", status="succeeded", settled_at=later),
        actor=None,
    )
    payment.refunded_amount = Decimal(10)
    keep(payment, actor=None)
    assert found() == {}


def test_i3_all_of_an_undone_payment_went_back_though_the_gateway_shows_no_total():
    payment = online()
    undone = {"amount": 100, "reason": "Late", "status": "succeeded", "way": "void"}
    earlier = timezone.now() - timedelta(minutes=1)
    keep(Refund(salon=payment.salon, payment=payment, settled_at=earlier, **undone), actor=None)
    payment.refunded_amount, payment.status = Decimal(100), "voided"
    keep(payment, actor=None)

    read(payment, gateway_status="voided", gateway_refunded_amount=0)

    assert found() == {}


def test_i3_asked_of_the_gateway_itself(gateway_standin, house):  # noqa: F811
    house.service.refresh_from_db()
    sound, edited, forgotten = (
        paid_online(gateway_standin, BookingFactory(salon=house.salon, service=house.service)) for _number in range(3)
    )
    waiting = link(BookingFactory(salon=house.salon, service=house.service))
    out = StringIO()
    call_command("check_invariants", gateway=True, stdout=out)
    assert out.getvalue().endswith("All 17 rules hold.\n")

    gateway_standin.control.edit_payment(edited.gateway_payment_id, refunded=100)
    gateway_standin.control.forget_payment(forgotten.gateway_payment_id)
    strange = gateway_standin.control.add_payment(9900)
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 17 rules"):
        call_command("check_invariants", gateway=True, stdout=out)
    for name in (edited.pk, forgotten.pk, strange["id"]):
        assert str(name) in out.getvalue()
    for name in (sound.pk, waiting.pk):
        assert str(name) not in out.getvalue()
    gateway_standin.control.inject("list_payments", "error_500")
    with pytest.raises(CommandError, match="could not be read"):
        call_command("check_invariants", gateway=True, stdout=StringIO())


# --- I6: first the row, then the call ---


def test_i6_a_payment_the_gateway_knows_without_the_step_before_is_found():
    payment = paid(BookingFactory(), gateway_payment_id="pay-1")

    assert found() == {"I6": [str(payment.pk)]}


def test_i6_the_step_has_to_come_first():
    payment = paid(BookingFactory(), gateway_payment_id="pay-1")
    payment.status = "submitted"
    keep(payment, actor=None)
    payment.status = "paid"
    keep(payment, actor=None)

    assert found() == {"I6": [str(payment.pk)]}


@pytest.mark.parametrize("reason", [reasons.PAID_TWICE, reasons.OPENING])
def test_i6_a_second_payment_under_a_link_and_what_was_there_before_are_excused(reason):
    paid(BookingFactory(), gateway_payment_id="pay-1", reason=reason)

    assert found() == {}


@pytest.mark.parametrize(("first", "broken"), [("sending", False), ("approved", True)])
def test_i6_a_refund_is_written_down_as_being_sent_before_it_is(first, broken):
    payment = online()
    refund = Refund(salon=payment.salon, payment=payment, amount=10, reason="Late", status=first)
    refund.sent_at = timezone.now()
    keep(refund, actor=None)
    refund.status = "succeeded"
    keep(refund, actor=None)
    payment.refunded_amount = Decimal(10)
    keep(payment, actor=None)

    assert found() == ({"I6": [str(refund.pk)]} if broken else {})


# --- I7, I10, I11 and the numbers ---


@pytest.mark.parametrize(("days", "broken"), [(12, False), (14, True)])
def test_i7_reserved_money_that_is_about_to_lapse_is_found(days, broken):
    reserved = timezone.now() - timedelta(days=days)
    payment = paid(BookingFactory(), status="authorized", captured_amount=0, paid_at=None, authorized_at=reserved)

    assert found() == ({"I7": [str(payment.pk)]} if broken else {})


def test_i7_money_under_review_is_with_a_person():
    paid(BookingFactory(status=Booking.Status.EXPIRED), status="review", captured_amount=0, paid_at=None)

    assert found() == {}


def test_i10_a_code_begins_one_session():
    person = UserFactory()
    code = OtpChallengeFactory(phone=person.phone)
    issue_tokens(user=person)
    OtpChallenge.objects.filter(pk=code.pk).update(used_at=timezone.now())
    assert found() == {}

    issue_tokens(user=person)
    OtpChallenge.objects.filter(pk=code.pk).update(used_at=timezone.now())
    assert found() == {"I10": [str(code.pk)]}


def test_i10_a_code_used_after_its_end_is_found():
    code = OtpChallengeFactory()
    OtpChallenge.objects.filter(pk=code.pk).update(used_at=code.expires_at + timedelta(minutes=2))

    assert found() == {"I10": [str(code.pk)]}


def test_i11_money_that_moved_without_a_step_is_found():
    payment = paid(BookingFactory())
    Payment.objects.filter(pk=payment.pk).update(captured_amount=Decimal("99.00"))

    assert found() == {"I11": [str(payment.pk)]}
    behind_the_back(payment)
    assert found() == {}
    assert MoneyEvent.objects.filter(payment=payment).count() == 2


def document(payment, number):
    return TaxDocument.objects.create(
        salon=payment.salon,
        kind="invoice",
        number=number,
        payment=payment,
        issued_at=timezone.now(),
        seller_name="Salon",
        seller_vat_number="300000000000003",
        gross_amount=115,
        net_amount=100,
        vat_amount=15,
        qr_payload="AQ==",
    )


def test_a_gap_in_the_numbers_of_tax_documents_is_found():
    first = paid(BookingFactory())
    second = paid(BookingFactory(salon=first.salon))
    document(first, 1)
    assert found() == {}

    document(second, 3)
    assert found() == {"Tax": [str(first.salon_id)]}


def test_a_sequence_that_says_another_last_number_is_found():
    payment = paid(BookingFactory())
    document(payment, 1)
    TaxSequence.objects.create(salon=payment.salon, last_number=2)

    assert found() == {"Tax": [str(payment.salon_id)]}
