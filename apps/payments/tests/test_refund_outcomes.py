"""What became of a refund that was sent is what the gateway's total says, however it answered."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.payments import reasons, services
from apps.payments.errors import RefundInProgress
from apps.payments.models import Payment, Refund, TaxDocument
from apps.payments.moyasar import MoyasarClient
from apps.payments.services import sending
from apps.payments.tests.support import (
    amounts,
    ask_refund,
    calls_back,
    given_back,
    paid,
    pass_by,
    refunds_made,
    refuse,
    reload,
    states_of,
    truth,
)

pytestmark = pytest.mark.django_db
Status = Refund.Status


def test_an_unreachable_gateway_leaves_the_refund_approved_and_a_pass_sends_it(
    gateway_standin, payment, support, clock, caplog
):
    gateway_standin.control.inject("fetch_payment", "error_503")

    refund = ask_refund(support, payment)

    assert (refund.status, refund.sent_at) == (Status.APPROVED, None)
    why = "fetch_payment: HTTP 503, api_connection_error: Service unavailable"
    assert f"refund {refund.pk} waits, the payment could not be read: {why}" in caplog.messages
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    assert services.resolve_refunds() == 0
    clock.shift(timedelta(minutes=3))
    assert services.resolve_refunds() == 1
    refund = reload(refund)
    assert (refund.status, refund.way, refund.gateway_refunded_after) == (
        Status.SUCCEEDED,
        Refund.Way.REFUND,
        Decimal("57.50"),
    )
    assert refunds_made(gateway_standin) == 1


def test_a_refund_whose_look_nobody_planned_is_looked_at_after_a_lease_before_what_was_due_later(
    gateway_standin, payment, support, house, book, clock
):
    gateway_standin.control.inject("fetch_payment", "error_503")
    unplanned = ask_refund(support, payment)
    Refund.objects.update(next_check_at=None)
    clock.shift(1)
    other = paid(gateway_standin, book(house, hours=30))
    gateway_standin.control.inject("fetch_payment", "error_503")
    planned = ask_refund(support, other)

    clock.shift(sending.SENDING_LEASE - timedelta(seconds=2))
    assert services.resolve_refunds() == 0
    clock.shift(2)
    assert services.resolve_refunds(limit=1) == 1

    assert (reload(unplanned).status, reload(planned).status) == (Status.SUCCEEDED, Status.APPROVED)


def test_what_is_handed_back_by_a_person_is_nothing_for_a_pass(gateway_standin, house, book, support, clock):
    booking = book(house)
    cash = services.record_payment(actor=house.manager, booking_id=booking.pk, amount=Decimal("115.00"), method="cash")
    refund = services.request_refund(actor=support, payment_id=cash.pk, amount=Decimal("57.50"), reason="Served late")

    clock.shift(timedelta(days=1))

    assert services.resolve_refunds() == 0
    assert (reload(refund).status, amounts(cash)) == (Status.APPROVED, ("115.00", "0.00", "57.50"))


def test_what_the_gateway_shows_is_kept_with_its_moment(gateway_standin, payment, support, clock):
    clock.shift(60)

    ask_refund(support, payment)

    seen = reload(payment)
    assert (seen.checked_at, seen.gateway_status, seen.gateway_refunded_amount) == (
        timezone.now(),
        "refunded",
        Decimal("57.50"),
    )


def test_who_comes_with_an_old_copy_of_a_refund_that_went_back_sends_nothing(gateway_standin, payment, support):
    gateway_standin.control.inject("fetch_payment", "error_503")
    old = ask_refund(support, payment)
    services.send_refund(refund_id=old.pk)
    assert old.status == Status.APPROVED

    done = sending.read_and_send(old)

    assert (done.status, done.attempt, refunds_made(gateway_standin)) == (Status.SUCCEEDED, 1, 1)
    assert amounts(payment) == ("115.00", "57.50", "0.00")


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

    refund = Refund.objects.get()
    assert (refund.status, refund.gateway_refunded_after) == (Status.SUCCEEDED, Decimal("57.50"))
    assert states_of(refund)[-1] == (Status.SUCCEEDED, support.pk, "Served late")
    assert gateway_standin.control.report()["calls"]["refund"] == 1
    assert truth(gateway_standin, payment.gateway_payment_id)["refunded"] == 5750


SCHEDULE = [timedelta(seconds=30), timedelta(seconds=90), timedelta(minutes=8), timedelta(minutes=20)]


def test_a_timeout_before_the_gateway_did_it_is_not_applied_after_three_equal_readings_and_a_quiet_time(
    gateway_standin, payment, support, clock, impatient
):
    gateway_standin.control.inject("refund", "timeout_before")

    refund = ask_refund(support, payment, "50.00")

    pass_by(clock, *SCHEDULE[:3])
    assert (reload(refund).status, reload(refund).equal_reads) == (Status.UNKNOWN, 3)
    assert amounts(payment) == ("115.00", "0.00", "50.00")
    pass_by(clock, SCHEDULE[3])
    refund = reload(refund)
    assert (refund.status, refund.failure_reason, refund.equal_reads) == (Status.NOT_APPLIED, reasons.NOT_SHOWN, 4)
    assert amounts(payment) == ("115.00", "0.00", "50.00")
    assert calls_back(gateway_standin) == 1
    with pytest.raises(RefundInProgress):
        ask_refund(support, payment, "1.00")


def test_the_quiet_time_is_over_to_the_second(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment)
    pass_by(clock, *SCHEDULE[:3])
    Refund.objects.update(next_check_at=reload(refund).sent_at + sending.QUIET)

    clock.shift(timedelta(minutes=5))
    services.resolve_refunds()

    assert timezone.now() == reload(refund).sent_at + timedelta(minutes=15)
    assert (reload(refund).status, reload(refund).equal_reads) == (Status.NOT_APPLIED, 4)


def test_one_late_reading_is_not_enough(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment)

    pass_by(clock, timedelta(hours=1))

    assert (reload(refund).status, reload(refund).equal_reads) == (Status.UNKNOWN, 1)


def test_an_unanswered_refund_is_read_after_growing_times_and_then_every_hour(
    gateway_standin, payment, support, clock, caplog
):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment)
    gateway_standin.control.inject("fetch_payment", "error_500", times=6)

    for wait in [*SCHEDULE, timedelta(hours=1), timedelta(hours=1)]:
        clock.shift(wait - timedelta(seconds=1))
        assert services.resolve_refunds() == 0
        clock.shift(1)
        assert services.resolve_refunds() == 1

    assert (reload(refund).status, reload(refund).equal_reads) == (Status.UNKNOWN, 0)
    why = "fetch_payment: HTTP 500, api_error: Something went wrong"
    assert caplog.messages.count(f"refund {refund.pk} could not be read: {why}") == 6
    assert amounts(payment) == ("115.00", "0.00", "57.50")


def test_what_fits_only_once_is_sent_again_by_itself(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment, "57.51")

    pass_by(clock, *SCHEDULE)
    assert reload(refund).status == Status.NOT_APPLIED
    pass_by(clock, timedelta(0))

    assert (reload(refund).status, reload(refund).attempt) == (Status.SUCCEEDED, 2)
    assert amounts(payment) == ("115.00", "57.51", "0.00")
    assert refunds_made(gateway_standin) == 1


def test_r8_the_first_one_comes_late_and_the_second_no_longer_fits(gateway_standin, payment, support, clock, impatient):
    gateway_standin.control.inject("refund", "late_apply")
    refund = ask_refund(support, payment, "57.51")
    pass_by(clock, *SCHEDULE)
    gateway_standin.control.inject("refund", "late_apply")
    pass_by(clock, timedelta(0))
    assert (reload(refund).status, reload(refund).attempt) == (Status.UNKNOWN, 2)

    gateway_standin.control.apply_late()
    pass_by(clock, SCHEDULE[0])

    assert reload(refund).status == Status.SUCCEEDED
    assert (given_back(gateway_standin, payment), refunds_made(gateway_standin)) == (5751, 1)


def test_it_is_sent_three_times_at_most_without_a_person(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before", times=9)
    refund = ask_refund(support, payment, "100.00")

    for _ in range(5):
        pass_by(clock, *SCHEDULE, timedelta(0))

    assert (reload(refund).status, reload(refund).attempt) == (Status.NOT_APPLIED, 3)
    assert calls_back(gateway_standin) == 3
    assert amounts(payment) == ("115.00", "0.00", "100.00")


def test_what_fits_twice_waits_for_a_person_and_is_found_when_it_comes_late(
    gateway_standin, payment, support, clock, impatient
):
    gateway_standin.control.inject("refund", "late_apply")
    refund = ask_refund(support, payment)
    pass_by(clock, *SCHEDULE, *[timedelta(hours=1)] * 5)
    assert (reload(refund).status, reload(refund).attempt) == (Status.NOT_APPLIED, 1)

    gateway_standin.control.apply_late()
    pass_by(clock, timedelta(hours=1))

    assert reload(refund).status == Status.SUCCEEDED
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    assert calls_back(gateway_standin) == 1


def test_control_sent_again_on_unknown_the_money_leaves_twice(
    gateway_standin, payment, support, clock, impatient, monkeypatch
):
    monkeypatch.setattr(sending, "EQUAL_READS", 1)
    monkeypatch.setattr(sending, "QUIET", timedelta(0))
    monkeypatch.setattr(sending, "goes_again_by_itself", lambda refund: True)
    gateway_standin.control.inject("refund", "late_apply")
    ask_refund(support, payment, "50.00")

    pass_by(clock, SCHEDULE[0], timedelta(0))
    gateway_standin.control.apply_late()

    assert refunds_made(gateway_standin) == 2
    assert given_back(gateway_standin, payment) == 10000


def test_an_answer_that_shows_nothing_is_read_again(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "patch", patch={"refunded": 0, "status": "paid"})

    refund = ask_refund(support, payment)

    assert (refund.status, refund.failure_reason) == (Status.UNKNOWN, reasons.NOT_SHOWN)
    pass_by(clock, SCHEDULE[0])
    assert reload(refund).status == Status.SUCCEEDED


def test_the_answer_of_an_earlier_send_counts_no_more(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before", times=2)
    refund = ask_refund(support, payment, "100.00")
    earlier = reload(refund)
    pass_by(clock, *SCHEDULE)
    Refund.objects.filter(pk=refund.pk).update(status=Status.SENDING, attempt=2)

    late = sending._doubt(earlier, "too late")

    assert (late.status, late.attempt) == (Status.SENDING, 2)


def test_rf18_a_payment_that_the_gateway_shows_in_another_currency_is_for_a_person(gateway_standin, payment, support):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, currency="USD")

    refund = ask_refund(support, payment)

    assert (refund.status, refund.failure_reason) == (Status.REVIEW, reasons.OTHER_CURRENCY)
    assert refund.gateway_refunded_after == Decimal("0.00")
    assert calls_back(gateway_standin) == 0
    assert amounts(payment) == ("115.00", "0.00", "57.50")


def test_rf06_a_process_that_died_while_sending_is_judged_by_the_total(gateway_standin, payment, support, clock):
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
    refuse(gateway_standin)

    refund = ask_refund(support, payment)

    assert refund.status == Status.FAILED
    assert refund.failure_reason == "the gateway refused (invalid_request_error: Insufficient balance)"
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert states_of(payment)[-1] == (Payment.Status.PAID, None, refund.failure_reason)
    assert ask_refund(support, payment).status == Status.SUCCEEDED


def test_a_refusal_after_it_was_done_all_the_same_is_a_success(gateway_standin, payment, support):
    body = {"type": "invalid_request_error", "message": "already refunded", "errors": None}
    gateway_standin.control.inject("refund", "answer", status=400, body=body, executed=True)

    refund = ask_refund(support, payment)

    assert (refund.status, refund.gateway_refunded_after) == (Status.SUCCEEDED, Decimal("57.50"))
    assert states_of(refund)[-1] == (Status.SUCCEEDED, support.pk, "Served late")
    assert amounts(payment) == ("115.00", "57.50", "0.00")


def test_a_refusal_while_the_dashboard_gave_something_back_stops_for_a_person(
    gateway_standin, payment, support, monkeypatch
):
    refund_payment = MoyasarClient.refund_payment

    def overtaken(client, *args):
        gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)
        return refund_payment(client, *args)

    monkeypatch.setattr(MoyasarClient, "refund_payment", overtaken)
    refuse(gateway_standin)

    refund = ask_refund(support, payment)

    assert (refund.status, refund.failure_reason) == (Status.REVIEW, reasons.OTHER_TOTAL_AFTER)
    assert refund.gateway_refunded_after == Decimal("10.00")
    assert amounts(payment) == ("115.00", "0.00", "57.50")


def test_a_refusal_that_cannot_be_checked_is_unknown(gateway_standin, payment, support):
    body = {"type": "invalid_request_error", "message": "no", "errors": None}
    gateway_standin.control.inject("refund", "answer", status=400, body=body)
    gateway_standin.control.inject("fetch_payment", "chunked")
    gateway_standin.control.inject("fetch_payment", "error_500")

    assert ask_refund(support, payment).status == Status.UNKNOWN
    assert amounts(payment) == ("115.00", "0.00", "57.50")


def test_a_refund_made_in_the_dashboard_during_ours_stops_it_too(gateway_standin, payment, support, clock):
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment)
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1000)
    clock.shift(timedelta(minutes=3))

    services.resolve_refunds()

    assert (reload(refund).status, reload(refund).failure_reason) == (Status.REVIEW, reasons.OTHER_TOTAL_AFTER)
    assert reload(refund).gateway_refunded_after == Decimal("10.00")
    assert amounts(payment) == ("115.00", "0.00", "57.50")
    with pytest.raises(RefundInProgress):
        ask_refund(support, payment, "1.00")


def test_a_refund_that_breaks_a_pass_is_named_in_the_log_and_keeps_no_other_waiting(
    gateway_standin, payment, support, house, book, clock, monkeypatch, caplog
):
    other = paid(gateway_standin, book(house, hours=30))
    gateway_standin.control.inject("fetch_payment", "error_500", times=2)
    broken, whole = ask_refund(support, payment), ask_refund(support, other)
    send = sending.send_refund

    def fails_for_one(*, refund_id):
        if refund_id == broken.pk:
            raise RuntimeError("unexpected")
        return send(refund_id=refund_id)

    monkeypatch.setattr(sending, "send_refund", fails_for_one)
    clock.shift(timedelta(minutes=3))

    assert services.resolve_refunds() == 2

    assert f"{broken.pk} could not be resolved by _look" in caplog.messages
    assert (reload(broken).status, reload(whole).status) == (Status.APPROVED, Status.SUCCEEDED)


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
