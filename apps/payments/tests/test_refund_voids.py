"""The whole of a fresh payment is undone rather than refunded: it can only happen once, whatever is lost on the way."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.common.errors import Rejected
from apps.payments import services
from apps.payments.daily import beside_gateway
from apps.payments.errors import OnlyAuthorized, RefundExceedsPaid
from apps.payments.journal import broken_payments
from apps.payments.models import Payment, Refund, TaxDocument
from apps.payments.tests.support import (
    amounts,
    ask_refund,
    calls_back,
    given_back,
    pass_by,
    refunds_made,
    reload,
    states_of,
    truth,
)

pytestmark = pytest.mark.django_db
Status, Way = Refund.Status, Refund.Way
SOON, HOUR = timedelta(seconds=30), timedelta(hours=1)


def calls(standin):
    told = standin.control.report()["calls"]
    return told.get("void", 0), told.get("refund", 0)


def test_row39_the_whole_of_a_fresh_payment_is_undone(gateway_standin, payment, support):
    refund = ask_refund(support, payment, "115.00")

    assert (refund.status, refund.way, refund.attempt) == (Status.SUCCEEDED, Way.VOID, 1)
    assert (reload(payment).status, reload(payment).gateway_status) == (Payment.Status.VOIDED, "voided")
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert truth(gateway_standin, payment.gateway_payment_id)["status"] == "voided"
    assert calls(gateway_standin) == (1, 0)
    assert list(broken_payments()) == []
    note = TaxDocument.objects.get(refund=refund)
    assert (note.kind, f"{note.gross_amount:.2f}") == (TaxDocument.Kind.CREDIT_NOTE, "115.00")


def test_row39_what_was_undone_reads_as_undone_and_given_back_afterwards(gateway_standin, payment, support, clock):
    ask_refund(support, payment, "115.00")
    clock.shift(timedelta(minutes=1))

    again = services.refresh_payment(payment_id=payment.pk)

    assert (again.status, again.gateway_status) == (Payment.Status.VOIDED, "voided")
    (beside,) = beside_gateway(Payment.objects.filter(pk=payment.pk))
    assert (beside.shown_received, beside.shown_returned) == (Decimal("115.00"), Decimal("115.00"))


@pytest.mark.parametrize(
    ("age", "amount", "way"),
    [
        (timedelta(minutes=100) - timedelta(seconds=1), "115.00", Way.VOID),
        (timedelta(minutes=100), "115.00", Way.REFUND),
        (timedelta(hours=2), "115.00", Way.REFUND),
        (timedelta(0), "114.99", Way.REFUND),
    ],
)
def test_row39_a_part_and_an_older_payment_are_refunded(gateway_standin, payment, support, clock, age, amount, way):
    clock.shift(age)

    refund = ask_refund(support, payment, amount)

    assert (refund.status, refund.way) == (Status.SUCCEEDED, way)
    assert amounts(payment) == ("115.00", amount, "0.00")
    assert calls(gateway_standin) == ((1, 0) if way == Way.VOID else (0, 1))


def test_what_is_left_of_a_payment_refunded_in_part_is_refunded(gateway_standin, payment, support):
    ask_refund(support, payment, "15.00")

    assert ask_refund(support, payment, "100.00").way == Way.REFUND
    assert reload(payment).status == Payment.Status.PAID
    assert calls(gateway_standin) == (0, 2)


@pytest.mark.parametrize("switch", [{"void_scope": "authorized"}, {"void_window_seconds": 0}])
def test_rf22_a_payment_that_is_settled_already_goes_back_as_a_refund_at_once(
    gateway_standin, payment, support, clock, switch
):
    gateway_standin.control.switch(**switch)
    clock.shift(1)

    refund = ask_refund(support, payment, "115.00")

    assert (refund.status, refund.way, refund.attempt, refund.failure_reason) == (Status.SUCCEEDED, Way.REFUND, 2, "")
    assert reload(payment).status == Payment.Status.PAID
    assert amounts(payment) == ("115.00", "115.00", "0.00")
    assert calls(gateway_standin) == (1, 1)
    told = [(state, why) for state, _who, why in states_of(refund)]
    assert told == [
        (Status.APPROVED, "Served late"),
        (Status.SENDING, "Served late"),
        (
            Status.APPROVED,
            "the gateway refused (invalid_request_error: The payment cannot be voided.)",
        ),
        (Status.SENDING, "Served late"),
        (Status.SUCCEEDED, "Served late"),
    ]
    assert refund.history.order_by("history_id")[2].failure_reason == told[2][1]


def test_rf22_a_refusal_that_cannot_be_checked_sends_nothing(gateway_standin, payment, support, clock):
    gateway_standin.control.switch(void_scope="authorized")
    gateway_standin.control.inject("fetch_payment", "chunked")
    gateway_standin.control.inject("fetch_payment", "error_500")

    refund = ask_refund(support, payment, "115.00")

    assert (refund.status, calls(gateway_standin)) == (Status.UNKNOWN, (1, 0))
    pass_by(clock, SOON)
    assert (reload(refund).status, reload(refund).way) == (Status.SUCCEEDED, Way.REFUND)
    assert refunds_made(gateway_standin) == 1


@pytest.mark.parametrize("fault", ["reset_after", "error_500_after", "html_200_after", "truncated_json"])
def test_a_lost_answer_to_an_undoing_is_found_by_the_state(gateway_standin, payment, support, clock, fault):
    gateway_standin.control.inject("void", fault)

    refund = ask_refund(support, payment, "115.00")

    assert (refund.status, amounts(payment)) == (Status.UNKNOWN, ("115.00", "0.00", "115.00"))
    pass_by(clock, SOON)
    assert (reload(refund).status, reload(refund).way) == (Status.SUCCEEDED, Way.VOID)
    assert reload(payment).status == Payment.Status.VOIDED
    assert calls(gateway_standin) == (1, 0)


def test_a_lost_undoing_is_asked_for_again_inside_the_window(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("void", "reset_before")

    refund = ask_refund(support, payment, "115.00")
    pass_by(clock, SOON)

    assert (reload(refund).status, reload(refund).way, reload(refund).attempt) == (Status.SUCCEEDED, Way.VOID, 2)
    assert calls(gateway_standin) == (2, 0)
    assert refunds_made(gateway_standin) == 1


def test_a_lost_undoing_becomes_a_refund_after_the_window(gateway_standin, payment, support, clock):
    clock.shift(timedelta(minutes=99, seconds=45))
    gateway_standin.control.inject("void", "reset_before")

    refund = ask_refund(support, payment, "115.00")
    pass_by(clock, SOON)

    assert (reload(refund).status, reload(refund).way) == (Status.SUCCEEDED, Way.REFUND)
    assert calls(gateway_standin) == (1, 1)


def test_an_undoing_that_comes_late_finds_the_payment_refunded(gateway_standin, payment, support, clock, impatient):
    clock.shift(timedelta(minutes=99, seconds=45))
    gateway_standin.control.inject("void", "late_apply")
    refund = ask_refund(support, payment, "115.00")

    pass_by(clock, SOON)
    gateway_standin.control.apply_late()

    assert (reload(refund).status, reload(refund).way) == (Status.SUCCEEDED, Way.REFUND)
    assert (given_back(gateway_standin, payment), refunds_made(gateway_standin)) == (11500, 1)


def test_an_undoing_that_is_never_heard_of_waits_for_a_person_in_the_end(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("void", "reset_before", times=9)
    refund = ask_refund(support, payment, "115.00")

    pass_by(clock, *[SOON] * 4, *[HOUR] * 5)

    assert (reload(refund).status, reload(refund).attempt) == (Status.NOT_APPLIED, 3)
    assert amounts(payment) == ("115.00", "0.00", "115.00")
    assert calls_back(gateway_standin) == 3


def test_a_payment_undone_in_the_dashboard_is_no_refund_of_ours(gateway_standin, payment, support):
    gateway_standin.control.dashboard("void", payment.gateway_payment_id)

    refund = ask_refund(support, payment, "115.00")

    assert (refund.status, calls_back(gateway_standin)) == (Status.REVIEW, 0)
    total, findings = services.look_into_refund(refund_id=refund.pk)
    assert (f"{total:.2f}", findings) == ("115.00", [services.Finding.CARRIED_OUT, services.Finding.NOT_WANTED])


def test_a_reading_after_the_undoing_changes_nothing(gateway_standin, payment, support):
    ask_refund(support, payment, "115.00")
    before = (states_of(payment), amounts(payment))

    again = services.refresh_payment(payment_id=payment.pk)

    assert (again.status, again.failure_reason) == (Payment.Status.VOIDED, "")
    assert (states_of(payment), amounts(payment)) == before


def test_rf19_an_authorised_payment_is_let_go_and_not_refunded(gateway_standin, house, book, support):
    payment = Payment.objects.create(
        salon=house.salon, booking=book(house), amount=115, status=Payment.Status.AUTHORIZED, gateway_payment_id="p1"
    )

    with pytest.raises(OnlyAuthorized):
        ask_refund(support, payment, "115.00")

    assert issubclass(OnlyAuthorized, Rejected)
    assert not Refund.objects.exists()
    assert calls_back(gateway_standin) == 0


def test_rf19_of_a_voided_payment_nothing_is_left_to_refund(gateway_standin, payment, support):
    ask_refund(support, payment, "115.00")

    with pytest.raises(RefundExceedsPaid):
        ask_refund(support, payment, "0.01")

    assert Refund.objects.count() == 1
    assert calls(gateway_standin) == (1, 0)
