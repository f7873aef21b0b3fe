"""Asking for a refund: who may, how much, and that the amount is reserved before anything is sent."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.erasure import erase_everywhere
from apps.bookings.tests.conftest import NOW, open_salon
from apps.common.errors import Conflict, Forbidden, InvalidTransition, ProofNeeded
from apps.common.testing.race import race
from apps.payments import services
from apps.payments.errors import AmountInvalid, OwnBooking, RefundExceedsPaid, RefundInProgress, SecondPersonNeeded
from apps.payments.models import Payment, Refund
from apps.payments.tests.support import (
    amounts,
    ask_refund,
    given_back,
    paid,
    refunds_made,
    refuse,
    reload,
    states_of,
    truth,
)
from apps.salons.tests.factories import CustomerFactory, MembershipFactory

pytestmark = pytest.mark.django_db
Status = Refund.Status


@pytest.fixture
def visit(house, book):
    house.salon.refund_daily_limit = Decimal(100_000)
    house.salon.save()
    return book(house)


def test_half_goes_back_with_a_reason_and_everybody_can_see_why(gateway_standin, payment, support):
    refund = ask_refund(support, payment)

    assert (refund.status, refund.requested_by, refund.approved_by) == (Status.SUCCEEDED, support, support)
    assert (refund.gateway_refunded_before, refund.reason) == (Decimal("0.00"), "Served late")
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    assert truth(gateway_standin, payment.gateway_payment_id)["refunded"] == 5750
    assert refunds_made(gateway_standin) == 1
    assert states_of(refund) == [
        (Status.APPROVED, support.pk, "Served late"),
        (Status.SENDING, None, "Served late"),
        (Status.SUCCEEDED, support.pk, "Served late"),
    ]
    last_of_payment = payment.history.first()
    assert (last_of_payment.refunded_amount, last_of_payment.history_user, last_of_payment.history_change_reason) == (
        Decimal("57.50"),
        support,
        "Served late",
    )


def test_a_manager_refunds_up_to_the_salons_limit_alone(gateway_standin, payment, house):
    house.salon.refund_limit = Decimal("57.50")
    house.salon.save()

    refund = ask_refund(house.manager, payment)

    assert (refund.status, refund.approved_by) == (Status.SUCCEEDED, house.manager)


def test_rf10_above_the_limit_a_second_person_decides(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal("57.49")
    house.salon.save()

    refund = ask_refund(support, payment)

    assert (refund.status, refund.approved_by) == (Status.REQUESTED, None)
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    with pytest.raises(SecondPersonNeeded):
        services.approve_refund(actor=support, refund_id=refund.pk)
    assert reload(refund).status == Status.REQUESTED
    services.approve_refund(actor=house.manager, refund_id=refund.pk, proven_at=NOW)
    done = services.send_refund(refund_id=refund.pk)
    assert (done.status, done.approved_by) == (Status.SUCCEEDED, house.manager)
    assert refunds_made(gateway_standin) == 1


def test_rf11_the_right_is_asked_for_again_when_it_is_used(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    refund = ask_refund(support, payment)
    membership = house.manager.memberships.get()
    membership.is_active = False
    membership.save()

    with pytest.raises(Forbidden):
        services.approve_refund(actor=type(house.manager).objects.get(pk=house.manager.pk), refund_id=refund.pk)

    assert reload(refund).status == Status.REQUESTED


def test_rf12_a_rejected_refund_moves_nothing_and_can_be_asked_again(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    refund = ask_refund(support, payment)

    services.reject_refund(actor=house.manager, refund_id=refund.pk, reason="No grounds")

    refund = reload(refund)
    assert (refund.status, refund.failure_reason) == (Status.FAILED, "rejected (No grounds)")
    assert (refund.resolution, refund.resolved_by) == ("No grounds", house.manager)
    assert states_of(refund)[-1] == (Status.FAILED, house.manager.pk, "No grounds")
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert ask_refund(support, payment).status == Status.REQUESTED
    assert refunds_made(gateway_standin) == 0


def test_a_refund_that_is_approved_is_not_rejected_any_more(gateway_standin, payment, support, house):
    refund = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(5), reason="Late")

    with pytest.raises(InvalidTransition):
        services.reject_refund(actor=house.manager, refund_id=refund.pk, reason="No")

    assert reload(refund).status == Status.APPROVED
    assert amounts(payment) == ("115.00", "0.00", "5.00")


def test_rf05_the_same_form_posted_twice_makes_one_refund(gateway_standin, payment, support):
    nonce = uuid4()

    first = ask_refund(support, payment, nonce=nonce)
    second = ask_refund(support, payment, nonce=nonce)

    assert first == second
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    assert refunds_made(gateway_standin) == 1


def test_a_form_of_one_payment_does_not_refund_another(gateway_standin, payment, support, house, book):
    other = paid(gateway_standin, book(house, hours=30))
    nonce = uuid4()
    ask_refund(support, payment, nonce=nonce)

    with pytest.raises(Conflict):
        ask_refund(support, other, nonce=nonce)

    assert amounts(other) == ("115.00", "0.00", "0.00")


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        ("115.01", RefundExceedsPaid),
        ("1000000000", RefundExceedsPaid),
        ("0", AmountInvalid),
        ("-5", AmountInvalid),
        ("1.005", AmountInvalid),
    ],
)
def test_rf01_an_impossible_amount_is_refused_and_changes_nothing(gateway_standin, payment, support, amount, error):
    calls = gateway_standin.control.report()["calls"]

    with pytest.raises(error) as refused:
        ask_refund(support, payment, amount)

    assert refused.value.field == "amount"
    assert not Refund.objects.exists()
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert gateway_standin.control.report()["calls"] == calls


def test_rf02_what_is_left_can_be_refunded_and_not_a_halala_more(gateway_standin, payment, support):
    ask_refund(support, payment, "80.00")

    with pytest.raises(RefundExceedsPaid) as refused:
        ask_refund(support, payment, "35.01")
    assert refused.value.params == {"refundable": Decimal("35.00")}
    ask_refund(support, payment, "35.00")

    assert amounts(payment) == ("115.00", "115.00", "0.00")


def test_parts_that_binary_fractions_cannot_add_are_refunded_to_the_last_halala(house, book, support):
    payment = services.record_payment(
        actor=house.manager, booking_id=book(house).pk, amount=Decimal("3.30"), method="cash"
    )

    for amount in ("1.10", "2.20"):
        refund = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(amount), reason="Late")
        services.send_refund(refund_id=refund.pk, actor=support)

    assert amounts(payment) == ("3.30", "3.30", "0.00")


def test_rf03_a_refund_on_its_way_blocks_another(gateway_standin, payment, support):
    services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal("80.00"), reason="Late")

    with pytest.raises(RefundInProgress):
        ask_refund(support, payment, "10.00")

    assert amounts(payment) == ("115.00", "0.00", "80.00")


@pytest.mark.parametrize("role", ["receptionist", "stylist"])
def test_who_may_not_refund_is_refused_before_anything_happens(gateway_standin, payment, house, role):
    person = MembershipFactory(salon=house.salon, role=role).user

    with pytest.raises(Forbidden):
        ask_refund(person, payment)

    assert not Refund.objects.exists()
    assert refunds_made(gateway_standin) == 0


def test_a_manager_of_another_salon_is_refused(gateway_standin, payment):
    with pytest.raises(Forbidden):
        ask_refund(MembershipFactory().user, payment)

    assert not Refund.objects.exists()


def test_nobody_refunds_or_approves_a_visit_of_their_own(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    refund = ask_refund(support, payment, "5.00")
    MembershipFactory(salon=house.salon, user=house.customer)

    with pytest.raises(OwnBooking):
        ask_refund(house.customer, payment)
    with pytest.raises(OwnBooking):
        services.approve_refund(actor=house.customer, refund_id=refund.pk)

    assert Refund.objects.get() == refund


def test_a_payment_that_brought_no_money_has_nothing_to_refund(gateway_standin, house, book, support):
    payment = Payment.objects.create(salon=house.salon, booking=book(house), amount=115)

    with pytest.raises(RefundExceedsPaid):
        ask_refund(support, payment, "1.00")


def test_a_card_of_the_salon_for_another_person_does_not_matter(gateway_standin, payment, house, support):
    CustomerFactory(salon=house.salon, user=support)

    assert ask_refund(support, payment).status == Status.SUCCEEDED


def test_rf10_a_payment_returned_in_slices_is_measured_as_a_whole(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal("30.00")
    house.salon.save()

    first = services.request_refund(actor=house.manager, payment_id=payment.pk, amount=Decimal("30.00"), reason="x")
    services.send_refund(refund_id=first.pk)
    second = services.request_refund(actor=house.manager, payment_id=payment.pk, amount=Decimal("0.01"), reason="x")

    assert (first.status, second.status, second.approved_by) == (Status.APPROVED, Status.REQUESTED, None)
    with pytest.raises(ProofNeeded):
        services.approve_refund(actor=support, refund_id=second.pk, proven_at=None)


def test_rf10_what_one_person_gives_back_alone_in_a_day_has_a_limit(
    gateway_standin, payment, house, book, support, clock
):
    house.salon.refund_daily_limit = Decimal("60.00")
    house.salon.save()
    other = paid(gateway_standin, book(house, hours=30))

    first, second = ask_refund(house.manager, payment, "60.00"), ask_refund(house.manager, other, "0.01")

    assert (first.status, second.status, second.approved_by) == (Status.SUCCEEDED, Status.REQUESTED, None)
    assert amounts(other) == ("115.00", "0.00", "0.01")
    with pytest.raises(SecondPersonNeeded):
        services.approve_refund(actor=house.manager, refund_id=second.pk, proven_at=NOW)
    assert services.approve_refund(actor=support, refund_id=second.pk).status == Status.APPROVED


def test_rf10_the_limit_of_a_day_counts_what_the_person_decided_alone_in_this_salon(
    gateway_standin, payment, house, book, support
):
    house.salon.refund_daily_limit = Decimal("10.00")
    house.salon.refund_limit = Decimal("50.00")
    house.salon.save()
    waiting = ask_refund(house.manager, payment, "51.00")
    services.approve_refund(actor=support, refund_id=waiting.pk, proven_at=NOW)
    services.send_refund(refund_id=waiting.pk)
    other = paid(gateway_standin, book(house, hours=30))

    mine, of_support = ask_refund(house.manager, other, "10.00"), ask_refund(support, payment, "10.00")

    assert (mine.status, of_support.status) == (Status.SUCCEEDED, Status.REQUESTED)  # 51 + 10 is above 50


def test_rf10_the_day_is_that_of_the_salon(gateway_standin, payment, house, book, clock):
    house.salon.refund_daily_limit = Decimal("10.00")
    house.salon.save()
    ask_refund(house.manager, payment, "10.00")
    other = paid(gateway_standin, book(house, hours=30))
    midnight = (NOW.astimezone(ZoneInfo(house.salon.timezone)) + timedelta(days=1)).replace(hour=0, minute=0, second=0)

    clock.move_to(midnight - timedelta(seconds=1))
    late = ask_refund(house.manager, other, "10.00")
    services.reject_refund(actor=house.manager, refund_id=late.pk, reason="Tomorrow")
    clock.move_to(midnight)
    next_day = ask_refund(house.manager, other, "10.00")

    assert (late.status, next_day.status) == (Status.REQUESTED, Status.SUCCEEDED)


def test_rf10_the_day_begins_at_midnight_by_the_salons_clock_to_the_split_second(gateway_standin, house, book, clock):
    house.salon.refund_daily_limit, house.salon.timezone = Decimal("10.00"), "Asia/Dubai"
    house.salon.save()
    payments = [paid(gateway_standin, book(house, hours=hours)) for hours in (72, 73, 74)]
    midnight = (NOW.astimezone(ZoneInfo("Asia/Dubai")) + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    moments = [timedelta(microseconds=-1), timedelta(0), timedelta(hours=15, minutes=20, seconds=31, microseconds=5)]

    given = []
    for payment, since in zip(payments, moments, strict=True):
        clock.move_to(midnight + since)
        given.append(ask_refund(house.manager, payment, "10.00").status)

    assert given == [Status.SUCCEEDED, Status.SUCCEEDED, Status.REQUESTED]


def test_rf10_neither_what_failed_nor_what_others_asked_for_nor_another_salon_uses_up_the_day(
    gateway_standin, payment, house, book, support, clock
):
    house.salon.refund_daily_limit = house.salon.refund_limit = Decimal("10.00")
    house.salon.save()
    elsewhere = open_salon()
    MembershipFactory(salon=elsewhere.salon, user=house.manager)
    first, second = (paid(gateway_standin, book(house, hours=hours)) for hours in (30, 33))
    waiting = ask_refund(support, payment, "11.00")
    services.approve_refund(actor=house.manager, refund_id=waiting.pk, proven_at=NOW)
    manager = type(house.manager).objects.get(pk=house.manager.pk)
    assert ask_refund(manager, paid(gateway_standin, book(elsewhere)), "10.00").status == Status.SUCCEEDED
    clock.shift(timedelta(hours=3))
    refuse(gateway_standin)
    assert ask_refund(manager, first, "10.00").status == Status.FAILED

    assert ask_refund(manager, second, "10.00").status == Status.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_rf10_two_clicks_on_two_payments_do_not_pass_the_limit_of_a_day(gateway_standin, payment, house, book):
    house.salon.refund_daily_limit = Decimal("10.00")
    house.salon.save()
    payments = [payment, *(paid(gateway_standin, book(house, hours=hours)) for hours in (30, 31, 32))]

    results = race(4, lambda number: ask_refund(house.manager, payments[number], "10.00"))

    assert sorted(refund.status for refund in results) == [*[Status.REQUESTED] * 3, Status.SUCCEEDED]
    assert refunds_made(gateway_standin) == 1


def test_rf21_money_of_an_erased_person_goes_back_without_a_name(gateway_standin, payment, house, support):
    with transaction.atomic():
        erase_everywhere(house.customer)

    refund = ask_refund(support, payment)

    assert (refund.status, amounts(payment)) == (Status.SUCCEEDED, ("115.00", "57.50", "0.00"))
    assert given_back(gateway_standin, payment) == 5750


@given(asked=st.lists(st.integers(min_value=-100, max_value=13000), max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_row32_parts_of_any_size_never_exceed_what_was_received(gateway_standin, house, support, visit, asked):
    theirs, left = gateway_standin.control.add_payment(11500), 11500
    payment = Payment.objects.create(
        salon=house.salon,
        booking=visit,
        status=Payment.Status.PAID,
        amount=115,
        captured_amount=115,
        gateway_payment_id=theirs["id"],
    )

    for halalas in asked:
        amount = Decimal(halalas).scaleb(-2)
        if 0 < halalas <= left:
            assert ask_refund(support, payment, amount).status == Status.SUCCEEDED
            left -= halalas
        else:
            with pytest.raises(AmountInvalid if halalas <= 0 else RefundExceedsPaid):
                ask_refund(support, payment, amount)
        assert amounts(payment) == ("115.00", f"{Decimal(11500 - left).scaleb(-2):.2f}", "0.00")
        assert given_back(gateway_standin, payment) == 11500 - left
