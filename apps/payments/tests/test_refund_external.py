"""What somebody refunded in the gateway's own pages: booked once, and never mixed up with a refund of ours."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.common.testing.race import race
from apps.payments import reasons, services
from apps.payments.models import Payment, Refund, TaxDocument
from apps.payments.tests.support import amounts, ask_refund, calls_back, paid, pass_by, refuse, reload, states_of
from apps.payments.tests.test_refund_outcomes import SCHEDULE

pytestmark = pytest.mark.django_db
Status, Way = Refund.Status, Refund.Way


def dashboard(standin, payment, halalas):
    standin.control.dashboard("refund", payment.gateway_payment_id, halalas)


def record(payment, total):
    return services.record_external_refund(payment.pk, Decimal(total))


def externals():
    return [(f"{row.amount:.2f}", row.way, row.reason) for row in Refund.objects.filter(status=Status.EXTERNAL)]


ONE_OF_TEN = [("10.00", Way.EXTERNAL, reasons.MADE_ELSEWHERE)]


def test_rf13_a_refund_made_in_the_dashboard_is_recorded_once_with_its_credit_note(gateway_standin, payment):
    found = record(payment, "10.00")

    assert record(payment, "10.00") is None
    assert externals() == ONE_OF_TEN
    assert (found.requested_by, found.approved_by, found.settled_at is not None) == (None, None, True)
    assert states_of(found) == [(Status.EXTERNAL, None, reasons.MADE_ELSEWHERE)]
    assert amounts(payment) == ("115.00", "10.00", "0.00")
    assert f"{TaxDocument.objects.get(refund=found).gross_amount:.2f}" == "10.00"


def test_rf13_half_a_riyal_is_recorded_as_well(gateway_standin, payment):
    assert f"{record(payment, '0.50').amount:.2f}" == "0.50"
    assert amounts(payment) == ("115.00", "0.50", "0.00")


def test_rf13_as_much_as_ours_once_more_is_external(gateway_standin, payment, support):
    ours = ask_refund(support, payment, "10.00")

    record(payment, "20.00")

    assert (reload(ours).status, externals()) == (Status.SUCCEEDED, ONE_OF_TEN)
    assert amounts(payment) == ("115.00", "20.00", "0.00")


def test_rf13_each_of_them_keeps_the_totals_before_and_after_it(gateway_standin, payment, clock):
    record(payment, "10.00")
    clock.shift(60)
    record(payment, "15.50")

    kept = Refund.objects.order_by("settled_at").values_list(
        "amount", "gateway_refunded_before", "gateway_refunded_after", "settled_at"
    )
    assert list(kept) == [
        (Decimal("10.00"), Decimal("0.00"), Decimal("10.00"), timezone.now() - timedelta(minutes=1)),
        (Decimal("5.50"), Decimal("10.00"), Decimal("15.50"), timezone.now()),
    ]


def test_rf13_our_own_refund_is_not_booked_again_when_its_webhook_comes(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_after")
    refund = ask_refund(support, payment)

    assert record(payment, "57.50") is None
    pass_by(clock, SCHEDULE[0])
    assert record(payment, "57.50") is None

    assert reload(refund).status == Status.SUCCEEDED
    assert (externals(), amounts(payment)) == ([], ("115.00", "57.50", "0.00"))


def test_rf13_while_ours_is_being_sent_the_total_is_left_to_it(gateway_standin, payment, support):
    refund = ask_refund(support, payment)
    Refund.objects.filter(pk=refund.pk).update(status=Status.SENDING)
    before = amounts(payment)

    assert record(payment, "115.00") is None
    assert (externals(), amounts(payment)) == ([], before)


def test_rf13_while_ours_is_unanswered_an_earlier_one_of_that_amount_is_not_taken_for_it(
    gateway_standin, payment, support
):
    refuse(gateway_standin)
    earlier = ask_refund(support, payment, "10.00")
    gateway_standin.control.inject("refund", "reset_after")
    refund = ask_refund(support, payment, "10.00")

    assert record(payment, "10.00") is None

    assert (reload(earlier).status, reload(refund).status, externals()) == (Status.FAILED, Status.UNKNOWN, [])
    assert amounts(payment) == ("115.00", "0.00", "10.00")


def test_a_pass_takes_over_what_a_reading_showed(gateway_standin, payment, clock):
    Payment.objects.filter(pk=payment.pk).update(gateway_refunded_amount=Decimal("10.00"))

    assert services.resolve_refunds() == 1
    assert services.resolve_refunds() == 0

    assert externals() == ONE_OF_TEN


@pytest.mark.parametrize("longer_ago", [0, 1])
def test_a_short_pass_takes_over_what_was_read_longest_ago(gateway_standin, payment, house, book, clock, longer_ago):
    payments = [payment, paid(gateway_standin, book(house, hours=30))]
    Payment.objects.update(gateway_refunded_amount=Decimal("10.00"))
    Payment.objects.filter(pk=payments[longer_ago].pk).update(checked_at=timezone.now() - timedelta(minutes=1))

    assert services.resolve_refunds(limit=1) == 1

    assert (amounts(payments[longer_ago])[1], amounts(payments[1 - longer_ago])[1]) == ("10.00", "0.00")


def test_row29_a_pass_takes_over_a_payment_undone_in_the_dashboard(gateway_standin, payment):
    Payment.objects.filter(pk=payment.pk).update(gateway_status="voided", gateway_refunded_amount=115)

    services.resolve_refunds()

    assert services.resolve_refunds() == 0
    assert externals() == [("115.00", Way.EXTERNAL, reasons.MADE_ELSEWHERE)]
    assert (reload(payment).status, amounts(payment)) == (Payment.Status.VOIDED, ("115.00", "115.00", "0.00"))


def test_row35_before_ours_is_sent_the_difference_is_booked_and_ours_stops(gateway_standin, payment, support):
    dashboard(gateway_standin, payment, 1000)

    refund = ask_refund(support, payment)

    assert (refund.status, refund.failure_reason) == (Status.REVIEW, reasons.OTHER_TOTAL_BEFORE)
    assert refund.gateway_refunded_after == Decimal("10.00")
    assert externals() == ONE_OF_TEN
    assert amounts(payment) == ("115.00", "10.00", "57.50")
    assert calls_back(gateway_standin) == 0


def test_row35_while_ours_waits_for_a_person_unsent_another_one_is_booked_too(gateway_standin, payment, support):
    dashboard(gateway_standin, payment, 1000)
    refund = ask_refund(support, payment)

    found = record(payment, "25.00")

    assert (f"{found.amount:.2f}", found.status) == ("15.00", Status.EXTERNAL)
    assert reload(refund).status == Status.REVIEW
    assert amounts(payment) == ("115.00", "25.00", "57.50")


def test_row35_what_does_not_fit_beside_the_reserve_is_not_booked(gateway_standin, payment, support):
    dashboard(gateway_standin, payment, 6000)

    refund = ask_refund(support, payment)

    assert (refund.status, externals()) == (Status.REVIEW, [])
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    assert calls_back(gateway_standin) == 0


def test_row35_a_refund_that_waits_for_a_second_person_goes_on_waiting(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    refund = ask_refund(support, payment)

    record(payment, "10.00")

    assert (reload(refund).status, externals()) == (Status.REQUESTED, ONE_OF_TEN)


@pytest.mark.parametrize("amount", ["57.50", "115.00"])
def test_r8_a_refund_given_up_and_carried_out_late_is_ours_after_all(
    gateway_standin, payment, house, support, clock, impatient, amount
):
    clock.shift(timedelta(hours=3))  # it cannot be undone any more
    gateway_standin.control.inject("refund", "late_apply")
    refund = ask_refund(support, payment, amount)
    pass_by(clock, *[timedelta(hours=1)] * 3)
    assert reload(refund).status == Status.NOT_APPLIED
    services.give_up_refund(actor=house.manager, refund_id=refund.pk, explanation="She does not want it")
    gateway_standin.control.apply_late()

    done = record(payment, amount)

    assert (done, done.status, done.failure_reason) == (refund, Status.SUCCEEDED, "")
    assert done.gateway_refunded_after == Decimal(amount)
    assert states_of(done)[-1] == (Status.SUCCEEDED, support.pk, "Served late")
    assert (externals(), amounts(payment)) == ([], ("115.00", amount, "0.00"))
    assert TaxDocument.objects.filter(refund=refund).count() == 1
    assert record(payment, amount) is None


def test_r8_one_that_is_not_given_up_is_ours_also_when_a_second_one_would_not_fit(
    gateway_standin, payment, support, clock, impatient
):
    gateway_standin.control.inject("refund", "late_apply")
    refund = ask_refund(support, payment, "57.51")
    pass_by(clock, *SCHEDULE)
    assert reload(refund).status == Status.NOT_APPLIED
    gateway_standin.control.apply_late()

    assert record(payment, "57.51") == refund

    assert (externals(), amounts(payment)) == ([], ("115.00", "57.51", "0.00"))


def test_r8_another_amount_than_that_of_the_late_one_is_external(gateway_standin, payment, support):
    refuse(gateway_standin)
    refund = ask_refund(support, payment)

    record(payment, "10.00")

    assert (reload(refund).status, externals()) == (Status.FAILED, ONE_OF_TEN)


def test_r8_a_rejected_refund_was_never_sent_and_is_not_the_late_one(gateway_standin, payment, house, support):
    house.salon.refund_limit = Decimal(0)
    house.salon.save()
    refund = ask_refund(support, payment, "10.00")
    services.reject_refund(actor=house.manager, refund_id=refund.pk, reason="No grounds")

    record(payment, "10.00")

    assert (reload(refund).status, externals()) == (Status.FAILED, ONE_OF_TEN)


def test_what_hides_a_refund_that_was_sent_is_for_a_person(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment, "50.00")
    pass_by(clock, *SCHEDULE)
    assert reload(refund).status == Status.NOT_APPLIED

    assert record(payment, "60.00") is None

    assert (reload(refund).status, externals()) == (Status.REVIEW, [])
    assert record(payment, "60.00") is None
    assert amounts(payment) == ("115.00", "0.00", "50.00")


def test_less_than_ours_moves_nothing(gateway_standin, payment, support):
    ask_refund(support, payment)

    assert record(payment, "10.00") is None
    assert amounts(payment) == ("115.00", "57.50", "0.00")


@pytest.mark.django_db(transaction=True)
def test_rf13_many_readings_at_once_book_it_once(gateway_standin, payment):
    results = race(8, lambda number: record(payment, "10.00"))

    assert sum(isinstance(result, Refund) for result in results) == 1
    assert [result for result in results if isinstance(result, Exception)] == []
    assert (externals(), amounts(payment)) == (ONE_OF_TEN, ("115.00", "10.00", "0.00"))
