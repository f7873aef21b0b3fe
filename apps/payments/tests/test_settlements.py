"""What the gateway paid out, line by line: what our books cannot explain is written down with both sides."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.payments import reasons, services
from apps.payments.models import Payment, ReconciliationFinding
from apps.payments.tests.support import amounts, ask_refund, link, paid, reload
from apps.payments.tests.test_reconciliation import findings, resolutions
from apps.payments.tests.test_wallets import charge

pytestmark = pytest.mark.django_db
Kind = ReconciliationFinding.Kind


@pytest.fixture
def add_line(gateway_standin):
    """`add_line(payment_id, amount, type, payment_amount=…)` plants a line; amounts in halalas."""
    return gateway_standin.control.add_settlement_line


def test_a_payout_that_our_books_explain_leaves_nothing(gateway_standin, payment):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    gateway_standin.control.settle()

    run = services.reconcile_payments()

    assert run.settlement_line_count == 2
    assert resolutions() == [(Kind.EXTERNAL_REFUND, "15.00", reasons.RECORDED_HERE)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ((10000, "payment", 11400, "SAR"), (Kind.SETTLEMENT, "115.00", "payment 114.00")),
        ((11500, "payment", 11500, "USD"), (Kind.SETTLEMENT, "115.00", "payment 115.00 USD")),
        ((-1500, "refund", 11500, "SAR"), (Kind.SETTLEMENT, "0.00", "refund -15.00")),
        ((-1500, "refund", 11400, "SAR"), (Kind.SETTLEMENT, "115.00", "refund -15.00")),
        ((-11500, "void", 11500, "SAR"), (Kind.SETTLEMENT, "0.00", "void -115.00")),
        ((-11500, "chargeback", 11500, "SAR"), (Kind.CHARGEBACK, "115.00", "chargeback -115.00")),
        ((-5000, "chargeback_penalty", 11500, "SAR"), (Kind.CHARGEBACK, "115.00", "chargeback_penalty -50.00")),
    ],
)
def test_a_line_that_differs_says_both_sides(add_line, payment, line, expected):
    amount, kind, of_payment, currency = line
    add_line(payment.gateway_payment_id, amount, kind, payment_amount=of_payment, currency=currency)

    services.reconcile_payments()
    services.reconcile_payments()

    about, ours, theirs = expected
    assert findings() == [(about, payment.gateway_payment_id, ours, theirs, payment, payment.salon)]
    assert amounts(payment) == ("115.00", "0.00", "0.00")


@pytest.mark.parametrize(("kind", "about"), [("payment", Kind.SETTLEMENT), ("chargeback", Kind.CHARGEBACK)])
def test_a_line_about_a_payment_nobody_here_knows_belongs_to_no_salon(add_line, db, kind, about):
    add_line("unknown-1", 5000, kind, payment_amount=5100)

    services.reconcile_payments()
    services.reconcile_payments()

    told = "payment 51.00" if kind == "payment" else "chargeback 50.00"
    assert findings() == [(about, "unknown-1", "", told, None, None)]


def test_fees_and_lines_without_a_payment_are_counted_and_say_nothing(add_line, payment):
    add_line(payment.gateway_payment_id, -700, "fee")
    add_line(None, -700, "payment")
    add_line(None, -900, "platform_duties")

    assert services.reconcile_payments().settlement_line_count == 3

    assert findings() == []


def test_a_payout_of_a_reservation_that_was_let_go_is_found(add_line, house, book):
    payment = charge(book(house))
    services.release_reserved(actor=house.manager, payment_id=payment.pk)
    assert (reload(payment).status, amounts(payment)[0]) == (Payment.Status.VOIDED, "0.00")
    add_line(payment.gateway_payment_id, 11500, "payment", payment_amount=11500)

    services.reconcile_payments()

    assert findings() == [
        (Kind.SETTLEMENT, payment.gateway_payment_id, "0.00", "payment 115.00", payment, payment.salon)
    ]


def test_a_refund_of_ours_without_an_answer_explains_its_line(gateway_standin, payment, support):
    gateway_standin.control.inject("refund", "reset_after")
    assert ask_refund(support, payment).status == "unknown"
    gateway_standin.control.settle()

    assert services.reconcile_payments().settlement_line_count == 2

    assert findings() == []


def test_a_line_that_comes_right_closes_its_difference(gateway_standin, add_line, payment, clock):
    add_line(payment.gateway_payment_id, -1500, "refund", payment_amount=11500)
    services.reconcile_payments()
    assert findings() == [
        (Kind.SETTLEMENT, payment.gateway_payment_id, "0.00", "refund -15.00", payment, payment.salon)
    ]
    assert resolutions() == [(Kind.SETTLEMENT, "refund -15.00", "")]

    clock.shift(60)
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    services.reconcile_payments()

    assert resolutions() == [
        (Kind.SETTLEMENT, "refund -15.00", reasons.AGREES_NOW),
        (Kind.EXTERNAL_REFUND, "15.00", reasons.RECORDED_HERE),
    ]


def test_a_payment_that_agrees_closes_no_difference_of_its_payout(add_line, payment, clock):
    add_line(payment.gateway_payment_id, -1500, "refund", payment_amount=11500)
    services.reconcile_payments()
    clock.shift(timedelta(days=3))

    run = services.reconcile_payments(since=timezone.now() - timedelta(hours=1))

    assert (run.fetched_count, run.settlement_line_count) == (1, 0)
    assert resolutions() == [(Kind.SETTLEMENT, "refund -15.00", "")]


def test_every_page_of_the_lines_is_read(add_line, gateway_standin, db):
    for number in range(41):
        add_line(f"unknown-{number}", 5000)

    run = services.reconcile_payments()

    assert (run.settlement_line_count, run.findings.count()) == (41, 41)
    assert gateway_standin.control.report()["calls"]["list_settlement_lines"] == 2


def test_settlements_are_read_up_to_the_first_one_made_before_the_time_asked_for(
    gateway_standin, house, book, clock, add_line
):
    for hours in (27, 28, 29):
        paid(gateway_standin, book(house, hours=hours))
        gateway_standin.control.settle()
        clock.shift(3600)

    since = timezone.now() - timedelta(hours=2)
    run = services.reconcile_payments(since=since)

    assert (run.since, run.settlement_line_count, findings()) == (since, 2, [])  # the very moment asked for counts
    assert gateway_standin.control.report()["calls"]["list_settlements"] == 1


def test_forty_settlements_fill_a_page_and_the_next_one_is_read(gateway_standin, house, book):
    payment = link(book(house))
    for _ in range(40):
        gateway_standin.control.settle()
    gateway_standin.control.pay(payment.gateway_invoice_id)
    gateway_standin.control.settle()

    assert services.reconcile_payments().settlement_line_count == 1
    assert gateway_standin.control.report()["calls"]["list_settlements"] == 2
