"""What became of a refund that was sent is what the gateway's total says, however it answered."""

from datetime import timedelta

import pytest

from apps.payments import reasons, services
from apps.payments.errors import RefundInProgress
from apps.payments.models import Payment, Refund, TaxDocument
from apps.payments.tests.support import amounts, ask_refund, paid, refunds_made, reload, states_of, truth

pytestmark = pytest.mark.django_db
Status = Refund.Status


def test_an_unreachable_gateway_leaves_the_refund_approved_and_a_pass_sends_it(
    gateway_standin, payment, support, clock
):
    gateway_standin.control.inject("fetch_payment", "error_503")

    refund = ask_refund(support, payment)

    assert (refund.status, refund.sent_at) == (Status.APPROVED, None)
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    assert services.resolve_refunds() == 0
    clock.shift(timedelta(minutes=3))
    assert services.resolve_refunds() == 1
    assert reload(refund).status == Status.SUCCEEDED
    assert refunds_made(gateway_standin) == 1


@pytest.mark.parametrize("fault", ["reset_after", "error_500_after", "html_200_after", "truncated_json", "huge_body"])
def test_rf07_a_lost_answer_is_unknown_until_the_total_tells(gateway_standin, payment, support, clock, fault):
    gateway_standin.control.inject("refund", fault)

    refund = ask_refund(support, payment)

    assert refund.status == Status.UNKNOWN
    assert refund.failure_reason.startswith(reasons.NO_CLEAR_ANSWER)
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    clock.shift(timedelta(minutes=3))
    services.resolve_refunds()
    refund = reload(refund)
    assert (refund.status, refund.failure_reason) == (Status.SUCCEEDED, "")
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    assert gateway_standin.control.report()["calls"]["refund"] == 1
    assert [state for state, _who, _why in states_of(refund)] == [
        Status.APPROVED,
        Status.SENDING,
        Status.UNKNOWN,
        Status.SUCCEEDED,
    ]


def test_a_timeout_after_the_gateway_did_it_is_found_by_the_total(gateway_standin, payment, support, clock, impatient):
    gateway_standin.control.inject("refund", "timeout_after")

    assert ask_refund(support, payment).status == Status.UNKNOWN
    clock.shift(timedelta(minutes=3))
    services.resolve_refunds()

    assert Refund.objects.get().status == Status.SUCCEEDED
    assert gateway_standin.control.report()["calls"]["refund"] == 1
    assert truth(gateway_standin, payment.gateway_payment_id)["refunded"] == 5750


def test_a_timeout_before_the_gateway_did_it_is_not_applied_after_a_quiet_time(
    gateway_standin, payment, support, clock, impatient
):
    gateway_standin.control.inject("refund", "timeout_before")

    refund = ask_refund(support, payment)

    clock.shift(timedelta(minutes=14))
    services.resolve_refunds()
    assert reload(refund).status == Status.UNKNOWN
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    clock.shift(timedelta(minutes=3))
    services.resolve_refunds()
    refund = reload(refund)
    assert (refund.status, refund.failure_reason) == (Status.NOT_APPLIED, reasons.NOT_SHOWN)
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert gateway_standin.control.report()["calls"]["refund"] == 1
    assert ask_refund(support, payment).status == Status.SUCCEEDED


def test_a_process_that_died_while_sending_is_judged_by_the_total(gateway_standin, payment, support, clock):
    refund = ask_refund(support, payment)
    Refund.objects.filter(pk=refund.pk).update(status=Status.SENDING, settled_at=None)
    Payment.objects.filter(pk=payment.pk).update(refunded_amount=0, refund_reserved_amount="57.50")
    TaxDocument.objects.filter(refund=refund).delete()
    clock.shift(timedelta(minutes=3))

    services.resolve_refunds()

    assert reload(refund).status == Status.SUCCEEDED
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    assert gateway_standin.control.report()["calls"]["refund"] == 1


def test_rf08_a_clear_refusal_fails_and_frees_the_amount(gateway_standin, payment, support):
    body = {"type": "invalid_request_error", "message": "Insufficient balance", "errors": None}
    gateway_standin.control.inject("refund", "answer", status=400, body=body)

    refund = ask_refund(support, payment)

    assert refund.status == Status.FAILED
    assert refund.failure_reason == "the gateway refused (invalid_request_error: Insufficient balance)"
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert ask_refund(support, payment).status == Status.SUCCEEDED


def test_a_refusal_after_it_was_done_all_the_same_is_a_success(gateway_standin, payment, support):
    body = {"type": "invalid_request_error", "message": "already refunded", "errors": None}
    gateway_standin.control.inject("refund", "answer", status=400, body=body, executed=True)

    assert ask_refund(support, payment).status == Status.SUCCEEDED
    assert amounts(payment) == ("115.00", "57.50", "0.00")


def test_a_refusal_that_cannot_be_checked_is_unknown(gateway_standin, payment, support):
    body = {"type": "invalid_request_error", "message": "no", "errors": None}
    gateway_standin.control.inject("refund", "answer", status=400, body=body)
    gateway_standin.control.inject("fetch_payment", "chunked")
    gateway_standin.control.inject("fetch_payment", "error_500")

    assert ask_refund(support, payment).status == Status.UNKNOWN
    assert amounts(payment) == ("115.00", "0.00", "57.50")


def test_a_refund_made_in_the_dashboard_stops_ours_for_a_person(gateway_standin, payment, support):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)

    refund = ask_refund(support, payment)

    assert (refund.status, refund.failure_reason) == (Status.REVIEW, reasons.OTHER_TOTAL_BEFORE)
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    assert gateway_standin.control.report()["calls"].get("refund", 0) == 0


def test_a_refund_made_in_the_dashboard_during_ours_stops_it_too(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment)
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)
    clock.shift(timedelta(minutes=3))

    services.resolve_refunds()

    assert (reload(refund).status, reload(refund).failure_reason) == (Status.REVIEW, reasons.OTHER_TOTAL_AFTER)
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    with pytest.raises(RefundInProgress):
        ask_refund(support, payment, "1.00")


def test_one_unreadable_refund_does_not_keep_the_others_waiting(gateway_standin, payment, support, house, book, clock):
    other = paid(gateway_standin, book(house, hours=30))
    gateway_standin.control.inject("fetch_payment", "error_500", times=3)
    first = ask_refund(support, payment)
    clock.shift(1)
    second = ask_refund(support, other)
    clock.shift(timedelta(minutes=3))

    services.resolve_refunds(limit=1)
    services.resolve_refunds(limit=1)

    assert (reload(first).status, reload(second).status) == (Status.APPROVED, Status.SUCCEEDED)
