"""A refund that stopped has a way out: a person says what became of it, and the gateway's total has to agree."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.bookings.tests.conftest import NOW
from apps.common.errors import Forbidden, InvalidTransition, ProofNeeded
from apps.payments import reasons, services
from apps.payments.errors import GatewayUnavailable, NotProven, OwnBooking
from apps.payments.journal import broken_payments
from apps.payments.models import Payment, Refund
from apps.payments.services import Finding
from apps.payments.tests.support import (
    amounts,
    ask_refund,
    calls_back,
    given_back,
    pass_by,
    refunds_made,
    reload,
    states_of,
)
from apps.payments.tests.test_refund_outcomes import SCHEDULE
from apps.salons.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
Status = Refund.Status
QUIET = timedelta(minutes=15)
ALL = [Finding.CARRIED_OUT, Finding.SEND, Finding.NOT_WANTED]


def dashboard(standin, payment, halalas):
    standin.control.dashboard("refund", payment.gateway_payment_id, halalas)


def decide(actor, refund, finding, **values):
    return services.decide_refund(
        actor=actor, refund_id=refund.pk, finding=finding, explanation="I looked", **({"proven_at": None} | values)
    )


def offered(refund):
    return services.look_into_refund(refund_id=refund.pk)[1]


def externals():
    return [f"{row.amount:.2f}" for row in Refund.objects.filter(status=Status.EXTERNAL)]


@pytest.fixture
def stopped(gateway_standin, payment, support):
    """57.50 SAR, never sent: 10.00 SAR had been refunded in the dashboard, and are booked as that."""
    dashboard(gateway_standin, payment, 1000)
    refund = ask_refund(support, payment)
    assert refund.status == Status.REVIEW
    return refund


@pytest.fixture
def contradicted(gateway_standin, payment, support, clock):
    """20.00 SAR, sent without an answer and never executed, while 10.00 SAR were refunded in the dashboard."""
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment, "20.00")
    dashboard(gateway_standin, payment, 1000)
    pass_by(clock, SCHEDULE[0])
    assert (reload(refund).status, reload(refund).failure_reason) == (Status.REVIEW, reasons.OTHER_TOTAL_AFTER)
    return reload(refund)


@pytest.fixture
def not_applied(gateway_standin, payment, support, clock):
    """50.00 SAR of 115.00, sent once and not carried out; a second one would fit as well."""
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment, "50.00")
    pass_by(clock, *SCHEDULE)
    assert reload(refund).status == Status.NOT_APPLIED
    return reload(refund)


# --- Stopped for a person ---


def test_what_was_stopped_is_sent_when_it_is_still_wanted(gateway_standin, payment, stopped, house):
    assert offered(stopped) == [Finding.SEND, Finding.NOT_WANTED]

    done = decide(house.manager, stopped, Finding.SEND)

    assert (done.status, done.resolution, done.resolved_by) == (Status.SUCCEEDED, "I looked", house.manager)
    assert amounts(payment) == ("115.00", "67.50", "0.00")
    assert given_back(gateway_standin, payment) == 6750
    assert (Status.APPROVED, house.manager.pk, "I looked") in states_of(stopped)


def test_what_was_stopped_and_is_no_longer_wanted_frees_its_amount(gateway_standin, payment, stopped, house):
    done = decide(house.manager, stopped, Finding.NOT_WANTED)

    assert (done.status, done.failure_reason) == (Status.FAILED, "given up by a person (I looked)")
    assert amounts(payment) == ("115.00", "10.00", "0.00")
    assert states_of(payment)[-1] == (Payment.Status.PAID, house.manager.pk, "I looked")
    assert calls_back(gateway_standin) == 0


def test_what_the_total_does_not_show_cannot_be_said(gateway_standin, payment, stopped, house):
    before = (states_of(stopped), amounts(payment))

    with pytest.raises(NotProven):
        decide(house.manager, stopped, Finding.CARRIED_OUT)

    assert (states_of(stopped), amounts(payment), reload(stopped).resolution) == (*before, "")
    assert calls_back(gateway_standin) == 0


def test_a_refund_made_in_the_dashboard_instead_of_ours_is_ours(gateway_standin, payment, support, house):
    dashboard(gateway_standin, payment, 5800)
    refund = ask_refund(support, payment)
    assert (refund.status, offered(refund)) == (Status.REVIEW, [Finding.CARRIED_OUT, Finding.NOT_WANTED])

    done = decide(house.manager, refund, Finding.CARRIED_OUT)

    assert (done.status, f"{done.gateway_refunded_after:.2f}") == (Status.SUCCEEDED, "58.00")
    assert (done.resolution, done.resolved_by) == ("I looked", house.manager)
    assert (externals(), amounts(payment)) == (["0.50"], ("115.00", "58.00", "0.00"))
    assert calls_back(gateway_standin) == 0


def test_what_did_not_fit_beside_ours_is_booked_once_ours_is_not_wanted(gateway_standin, payment, support, house):
    dashboard(gateway_standin, payment, 6000)
    refund = ask_refund(support, payment)

    decide(house.manager, refund, Finding.NOT_WANTED)

    assert (externals(), amounts(payment)) == (["60.00"], ("115.00", "60.00", "0.00"))


def test_what_was_sent_is_not_denied_while_it_may_still_come(gateway_standin, payment, contradicted, house, clock):
    assert offered(contradicted) == []
    with pytest.raises(NotProven):
        decide(house.manager, contradicted, Finding.SEND)

    clock.shift(QUIET)
    assert offered(contradicted) == [Finding.SEND, Finding.NOT_WANTED]
    done = decide(house.manager, contradicted, Finding.SEND)

    assert (done.status, externals()) == (Status.SUCCEEDED, ["10.00"])
    assert amounts(payment) == ("115.00", "30.00", "0.00")
    assert (given_back(gateway_standin, payment), refunds_made(gateway_standin)) == (3000, 1)
    assert list(broken_payments()) == []


def test_what_was_sent_and_may_be_in_the_total_is_never_sent_again(gateway_standin, payment, support, house, clock):
    gateway_standin.control.inject("refund", "reset_after")
    refund = ask_refund(support, payment, "20.00")
    dashboard(gateway_standin, payment, 1000)
    pass_by(clock, SCHEDULE[0])
    clock.shift(QUIET)
    assert offered(refund) == [Finding.CARRIED_OUT]

    with pytest.raises(NotProven):
        decide(house.manager, refund, Finding.SEND)
    done = decide(house.manager, refund, Finding.CARRIED_OUT)

    assert (done.status, externals()) == (Status.SUCCEEDED, ["10.00"])
    assert amounts(payment) == ("115.00", "30.00", "0.00")
    assert calls_back(gateway_standin) == 1


def test_a_gateway_that_shows_less_than_ours_proves_nothing(gateway_standin, payment, stopped, house):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, refunded=0)

    assert offered(stopped) == []
    for finding in ALL:
        with pytest.raises(NotProven):
            decide(house.manager, stopped, finding)
    assert (reload(stopped).status, amounts(payment)) == (Status.REVIEW, ("115.00", "10.00", "57.50"))


def test_a_silent_gateway_decides_nothing(gateway_standin, payment, stopped, house):
    gateway_standin.control.inject("fetch_payment", "error_503", times=2)

    with pytest.raises(GatewayUnavailable):
        services.look_into_refund(refund_id=stopped.pk)
    with pytest.raises(GatewayUnavailable):
        decide(house.manager, stopped, Finding.NOT_WANTED)

    assert (reload(stopped).status, reload(stopped).resolution) == (Status.REVIEW, "")


def test_row41_deciding_is_for_those_who_may_approve_with_fresh_proof_above_the_limit(
    gateway_standin, payment, stopped, house
):
    desk = MembershipFactory(salon=house.salon, role="receptionist").user
    MembershipFactory(salon=house.salon, user=house.customer)
    house.salon.refund_limit = Decimal(50)
    house.salon.save()
    before = states_of(stopped)

    for actor, refusal in [(desk, Forbidden), (house.customer, OwnBooking), (house.manager, ProofNeeded)]:
        with pytest.raises(refusal):
            decide(actor, stopped, Finding.NOT_WANTED)

    assert states_of(stopped) == before
    assert decide(house.manager, stopped, Finding.NOT_WANTED, proven_at=NOW).status == Status.FAILED


@pytest.mark.parametrize("finding", ALL)
def test_only_what_was_stopped_is_decided(gateway_standin, payment, support, house, finding):
    refund = ask_refund(support, payment)

    with pytest.raises(InvalidTransition):
        decide(house.manager, refund, finding)

    assert (reload(refund).status, amounts(payment)) == (Status.SUCCEEDED, ("115.00", "57.50", "0.00"))


# --- Not carried out ---


def test_a_person_who_looked_sends_it_again(gateway_standin, payment, not_applied, house):
    done = services.send_refund_again(actor=house.manager, refund_id=not_applied.pk, explanation="Not there")

    assert (done.status, done.attempt, done.resolution, done.resolved_by) == (
        Status.SUCCEEDED,
        2,
        "Not there",
        house.manager,
    )
    assert amounts(payment) == ("115.00", "50.00", "0.00")
    assert refunds_made(gateway_standin) == 1
    assert (Status.SENDING, house.manager.pk, "Not there") in states_of(not_applied)


def test_sending_again_finds_out_first_whether_it_came_late(gateway_standin, payment, not_applied, house):
    dashboard(gateway_standin, payment, 5000)

    done = services.send_refund_again(actor=house.manager, refund_id=not_applied.pk, explanation="Not there")

    assert (done.status, done.attempt) == (Status.SUCCEEDED, 1)
    assert calls_back(gateway_standin) == 1
    assert amounts(payment) == ("115.00", "50.00", "0.00")


def test_a_silent_gateway_sends_nothing_again(gateway_standin, payment, not_applied, house):
    gateway_standin.control.inject("fetch_payment", "error_503")

    with pytest.raises(GatewayUnavailable):
        services.send_refund_again(actor=house.manager, refund_id=not_applied.pk, explanation="Not there")

    assert (reload(not_applied).status, reload(not_applied).resolution) == (Status.NOT_APPLIED, "")


def test_what_is_given_up_frees_its_amount_and_keeps_the_reason(gateway_standin, payment, not_applied, house, support):
    done = services.give_up_refund(actor=house.manager, refund_id=not_applied.pk, explanation="Paid in cash")

    assert (done.status, done.failure_reason) == (Status.FAILED, "given up by a person (Paid in cash)")
    assert (done.resolution, done.resolved_by) == ("Paid in cash", house.manager)
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    assert ask_refund(support, payment, "5.00").status == Status.SUCCEEDED


def test_row41_sending_again_and_giving_up_are_for_those_who_may_approve(gateway_standin, payment, not_applied, house):
    desk = MembershipFactory(salon=house.salon, role="receptionist").user
    house.salon.refund_limit = Decimal(49)
    house.salon.save()

    for use_case in (services.send_refund_again, services.give_up_refund):
        with pytest.raises(Forbidden):
            use_case(actor=desk, refund_id=not_applied.pk, explanation="x")
    with pytest.raises(ProofNeeded):
        services.send_refund_again(actor=house.manager, refund_id=not_applied.pk, explanation="x")

    assert (reload(not_applied).status, calls_back(gateway_standin)) == (Status.NOT_APPLIED, 1)


def test_what_the_rules_asked_for_does_not_come_back_by_itself_when_it_is_given_up(
    gateway_standin, payment, house, clock, django_capture_on_commit_callbacks
):
    refund = services.return_money_of(payment, amount=Decimal("50.00"), reason=reasons.BOOKING_CANCELLED)
    gateway_standin.control.inject("refund", "reset_before")
    services.send_refund(refund_id=refund.pk)
    pass_by(clock, *SCHEDULE)

    with django_capture_on_commit_callbacks(execute=True):
        services.give_up_refund(actor=house.manager, refund_id=refund.pk, explanation="Paid in cash")

    assert list(Refund.objects.values_list("status", flat=True)) == [Status.FAILED]
    assert Payment.objects.get().refund_reserved_amount == 0
