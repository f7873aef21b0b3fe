"""What a fetched object means for a payment, case by case; no row is stored and nobody is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from apps.payments import reasons
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayInvoice, GatewayPayment
from apps.payments.verdicts import Verdict, decline_of, judge, reading_of, returned_there

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OURS = UUID(int=7)
Status, Decline = Payment.Status, Payment.Decline


def payment(status=Status.INITIATED, **changes):
    return Payment(**{"id": OURS, "status": status, "amount": Decimal("115.00"), "failure_reason": "why"} | changes)


def charge(status="paid", **changes):
    told = {
        "id": str(OURS),
        "status": status,
        "amount": 11500,
        "currency": "SAR",
        "captured": 0,
        "refunded": 0,
        "invoice_id": "inv_1",
        "metadata": {"payment_id": str(OURS)},
        "message": "",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return GatewayPayment(**told | changes)


def invoice(*payments, status="initiated", **changes):
    told = {
        "id": "inv_1",
        "status": status,
        "amount": 11500,
        "currency": "SAR",
        "url": "https://pay.example/1",
        "expires_at": None,
        "metadata": {"payment_id": str(OURS)},
        "payments": payments,
    }
    return GatewayInvoice(**told | changes)


def review(problem, proof=None, **more):
    return Verdict(Status.REVIEW, proof, problem=problem, **more)


# --- A link ---


def test_a_link_without_payers_waits():
    assert judge(payment(), invoice(), NOW) == Verdict(Status.INITIATED)


@pytest.mark.parametrize("closed", ["expired", "canceled", "failed", "voided"])
def test_a_closed_link_without_money_is_over(closed):
    assert judge(payment(), invoice(status=closed), NOW) == Verdict(Status.EXPIRED)


@pytest.mark.parametrize("arrived", ["paid", "captured", "refunded"])
def test_money_in_a_link_pays_and_is_its_own_proof(arrived):
    money = charge(arrived)

    assert judge(payment(), invoice(money, status="paid"), NOW) == Verdict(Status.PAID, money)


def test_the_first_of_several_payers_pays_and_the_others_are_surplus():
    later = charge(id="a", created_at=NOW + SECOND)
    first, second = charge(id="x"), charge(id="y")

    verdict = judge(payment(), invoice(later, second, first, status="paid"), NOW)

    assert verdict == Verdict(Status.PAID, first, (second, later))


def test_the_recorded_payer_stays_the_proof_whoever_came_first():
    first, recorded = charge(id="x"), charge(id="y", created_at=NOW + SECOND)

    verdict = judge(payment(gateway_payment_id="y"), invoice(first, recorded, status="paid"), NOW)

    assert verdict == Verdict(Status.PAID, recorded, (first,))


def test_a_link_without_the_recorded_payer_is_for_a_person_and_shows_who_else_paid():
    other = charge(id="x")

    verdict = judge(payment(gateway_payment_id="y"), invoice(other, status="paid"), NOW)

    assert verdict == review(reasons.PROOF_GONE, surplus=(other,))


def test_a_recorded_payer_who_was_undone_voids_it():
    undone = charge("voided", id="y")

    assert judge(payment(gateway_payment_id="y"), invoice(undone), NOW) == Verdict(Status.VOIDED, undone)
    assert judge(payment(gateway_payment_id="z"), invoice(undone), NOW) == review(reasons.PROOF_GONE)


def test_an_undone_payer_voids_a_link_that_takes_no_more_and_no_other():
    undone = charge("voided")

    assert judge(payment(), invoice(undone, status="paid"), NOW) == Verdict(Status.VOIDED, undone)
    assert judge(payment(), invoice(undone), NOW) == Verdict(Status.INITIATED)


def test_a_link_tells_the_last_refusal_and_who_is_at_it():
    old = charge("failed", id="a", message="insufficient funds")
    new = charge("failed", id="b", message="daily limit", created_at=NOW + SECOND)
    trying = charge("initiated", id="c")

    assert judge(payment(), invoice(new, old), NOW) == Verdict(Status.INITIATED, decline=Decline.DAILY_LIMIT)
    assert judge(payment(), invoice(trying, old), NOW) == Verdict(
        Status.INITIATED, decline=Decline.INSUFFICIENT_FUNDS, is_under_way=True
    )


@pytest.mark.parametrize("metadata", [{}, {"payment_id": str(UUID(int=8))}])
def test_another_owners_link_is_for_a_person(metadata):
    assert judge(payment(), invoice(charge(), metadata=metadata), NOW) == review(reasons.OTHER_OWNER)


@pytest.mark.parametrize("changes", [{"amount": 11501}, {"currency": "USD"}])
def test_a_link_over_something_else_is_for_a_person(changes):
    assert judge(payment(), invoice(charge(), **changes), NOW) == review(reasons.OTHER_LINK_AMOUNT)


# --- A charge ---


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        ("paid", Status.PAID),
        ("authorized", Status.AUTHORIZED),
        ("voided", Status.VOIDED),
        ("initiated", Status.INITIATED),
    ],
)
def test_a_charge_is_what_the_gateway_says(told, ours):
    money = charge(told)

    assert judge(payment(), money, NOW) == Verdict(ours, money, is_under_way=told == "initiated")


def test_a_charge_is_ours_by_both_numbers_or_when_it_is_the_recorded_one():
    other = {"payment_id": str(UUID(int=8))}
    recorded = charge(id="y", metadata=other)

    assert judge(payment(gateway_payment_id="y"), recorded, NOW) == Verdict(Status.PAID, recorded)
    for foreign in (charge(metadata={}), charge(metadata=other), charge(id="y"), recorded):
        assert judge(payment(), foreign, NOW) == review(reasons.OTHER_OWNER)


def test_a_failed_charge_says_why():
    money = charge("failed", message="3-D Secure failed")

    assert judge(payment(), money, NOW) == Verdict(
        Status.FAILED, money, problem="the bank declined (3-D Secure failed)", decline=Decline.NOT_AUTHENTICATED
    )


def test_a_payer_has_a_day_after_the_end_to_come_back():
    row, trying = payment(expires_at=NOW - timedelta(hours=24)), charge("initiated")

    assert judge(row, trying, NOW) == Verdict(Status.EXPIRED, trying, problem=reasons.ABANDONED)
    assert judge(row, trying, NOW - SECOND) == Verdict(Status.INITIATED, trying, is_under_way=True)
    assert judge(payment(), trying, NOW).status == Status.INITIATED
    assert judge(row, charge(), NOW).status == Status.PAID


def test_a_refunded_charge_had_been_paid_or_taken():
    paid, taken = charge("refunded", refunded=100), charge("refunded", captured=11500, refunded=100)

    assert judge(payment(), paid, NOW) == Verdict(Status.PAID, paid)
    assert judge(payment(Status.AUTHORIZED), taken, NOW) == Verdict(Status.CAPTURED, taken)


def test_an_unknown_word_is_for_a_person():
    money = charge("chargeback")

    assert judge(payment(), money, NOW) == review("the gateway shows a state we do not know (chargeback)", money)


@pytest.mark.parametrize("changes", [{"amount": 11499}, {"amount": 11501}, {"currency": "USD"}])
def test_another_sum_or_currency_is_for_a_person(changes):
    money = charge(**changes)

    assert judge(payment(), money, NOW) == review(reasons.OTHER_AMOUNT_PAID, money)


def test_a_sum_that_a_person_took_for_good_stays_so():
    less, foreign = charge(amount=10000), charge(amount=10000, currency="USD")
    row = payment(Status.PAID, captured_amount=Decimal("100.00"))

    assert judge(row, less, NOW) == Verdict(Status.PAID, less)
    assert judge(row, foreign, NOW).problem == reasons.OTHER_AMOUNT_PAID
    assert judge(row, charge(amount=10001), NOW).problem == reasons.OTHER_AMOUNT_PAID
    assert judge(payment(captured_amount=Decimal("100.00")), less, NOW).problem == reasons.OTHER_AMOUNT_PAID
    assert judge(row, charge(amount=12000, captured=10000), NOW).problem == ""


def test_what_is_neither_link_nor_charge_is_our_own_mistake():
    with pytest.raises(TypeError, match="str"):
        judge(payment(), "paid", NOW)


# --- What our row adds ---


def test_a_person_keeps_what_is_theirs():
    money = charge()

    assert judge(payment(Status.REVIEW), money, NOW) == review("why", money)


@pytest.mark.parametrize("settled", [Status.PAID, Status.CAPTURED])
def test_received_money_stays_received(settled):
    undone = charge("voided")

    assert judge(payment(settled), undone, NOW) == Verdict(settled, undone)


def test_an_undone_payment_stays_undone_until_money_comes_that_it_never_had():
    void, again = charge("voided"), charge()

    assert judge(payment(Status.VOIDED), void, NOW) == Verdict(Status.VOIDED, void, problem="why")
    assert judge(payment(Status.VOIDED, captured_amount=Decimal("115.00")), again, NOW) == Verdict(
        Status.VOIDED, again, problem="why"
    )
    assert judge(payment(Status.VOIDED), again, NOW) == review(reasons.IMPOSSIBLE_MOVE, again)


def test_an_undone_payment_keeps_the_surplus_of_its_link():
    first, second = charge(id="x"), charge(id="y")
    row = payment(Status.VOIDED, captured_amount=Decimal("115.00"))

    assert judge(row, invoice(first, second, status="paid"), NOW) == Verdict(Status.VOIDED, first, (second,), "why")


def test_a_failed_payment_takes_late_money_and_no_other_news():
    refused = charge("initiated", message="")
    late = charge()

    assert judge(payment(Status.FAILED), late, NOW) == Verdict(Status.PAID, late)
    assert judge(payment(Status.EXPIRED), refused, NOW) == Verdict(Status.EXPIRED, problem="why")
    link = invoice(charge("failed", message="daily limit"))
    assert judge(payment(Status.FAILED), link, NOW) == Verdict(
        Status.FAILED, problem="why", decline=Decline.DAILY_LIMIT
    )


def test_what_cannot_follow_is_for_a_person():
    money = charge("captured", captured=11500)

    assert judge(payment(Status.FAILED), money, NOW) == review(reasons.IMPOSSIBLE_MOVE, money)


# --- Readings ---


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("3D Secure", Decline.NOT_AUTHENTICATED),
        ("3-D secure", Decline.NOT_AUTHENTICATED),
        ("Authentication failed", Decline.NOT_AUTHENTICATED),
        ("wrong OTP", Decline.NOT_AUTHENTICATED),
        ("INSUFFICIENT FUNDS", Decline.INSUFFICIENT_FUNDS),
        ("daily limit reached", Decline.DAILY_LIMIT),
        ("above the maximum", Decline.TRANSACTION_LIMIT),
        ("over limit", Decline.TRANSACTION_LIMIT),
        ("timed out", Decline.TIMED_OUT),
        ("card expired", Decline.EXPIRED_CARD),
        ("adopting", Decline.DECLINED),
        ("", Decline.DECLINED),
    ],
)
def test_the_gateways_words_are_one_of_our_reasons(message, reason):
    assert decline_of(message) == reason


def test_a_reading_keeps_what_was_seen_in_riyals():
    row = payment(captured_amount=Decimal("90.00"))

    assert reading_of(row, charge(amount=11500, captured=9000, refunded=250), NOW) == {
        "checked_at": NOW,
        "gateway_status": "paid",
        "gateway_amount": Decimal("90.00"),
        "gateway_refunded_amount": Decimal("2.50"),
    }
    assert reading_of(row, invoice(), NOW) == {
        "checked_at": NOW,
        "gateway_status": "initiated",
        "gateway_amount": Decimal("115.00"),
        "gateway_refunded_amount": Decimal("0.00"),
    }


def test_what_was_undone_went_back_whole():
    row, money = payment(captured_amount=Decimal("90.00")), charge("voided", refunded=100)

    assert returned_there(row, money) == Decimal("90.00")
    assert reading_of(row, money, NOW)["gateway_refunded_amount"] == Decimal("90.00")
    assert returned_there(row, replace(money, status="refunded")) == Decimal("1.00")
