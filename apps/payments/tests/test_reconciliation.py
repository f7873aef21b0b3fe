"""Comparing with the gateway's list: what arrived unannounced is taken over, what differs is written down once."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Conflict, Forbidden
from apps.payments import services
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun
from apps.payments.tests.support import amounts, link, reload

pytestmark = pytest.mark.django_db
Kind = ReconciliationFinding.Kind


def findings():
    return [
        (one.kind, one.gateway_payment_id, one.ours, one.theirs, one.payment, one.salon)
        for one in ReconciliationFinding.objects.order_by("pk")
    ]


def test_equal_books_leave_nothing_to_explain(gateway_standin, payment):
    run = services.reconcile_payments()

    assert (run.compared_count, run.since) == (1, timezone.now() - timedelta(hours=48))
    assert run.finished_at == timezone.now()
    assert findings() == []


def test_rf13_a_refund_made_in_the_dashboard_is_found_once(gateway_standin, payment, clock):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)

    services.reconcile_payments()
    clock.shift(3600)
    services.reconcile_payments()

    salon = payment.salon
    assert findings() == [(Kind.REFUNDED, payment.gateway_payment_id, "0.00", "15.00", payment, salon)]
    assert amounts(payment) == ("115.00", "0.00", "0.00")


def test_an_explained_difference_is_not_written_down_again(gateway_standin, payment, clock):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    services.reconcile_payments()
    finding, support = ReconciliationFinding.objects.get(), PlatformUserFactory()

    services.explain_finding(actor=support, finding_id=finding.pk, explanation="Goodwill, by phone")
    services.reconcile_payments()

    finding = reload(finding)
    assert (finding.resolution, finding.resolved_at) == ("Goodwill, by phone", timezone.now())
    assert finding.history.first().history_user == support
    assert ReconciliationFinding.objects.count() == 1
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 500)
    services.reconcile_payments()
    assert [theirs for _kind, _id, _ours, theirs, _payment, _salon in findings()] == ["15.00", "20.00"]


def test_an_explanation_is_given_once_and_by_who_may(gateway_standin, payment, house):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    services.reconcile_payments()
    finding, support = ReconciliationFinding.objects.get(), PlatformUserFactory()

    with pytest.raises(Forbidden):
        services.explain_finding(actor=house.manager, finding_id=finding.pk, explanation="Fine")
    services.explain_finding(actor=support, finding_id=finding.pk, explanation="Goodwill")
    with pytest.raises(Conflict):
        services.explain_finding(actor=support, finding_id=finding.pk, explanation="Something else")

    assert reload(finding).resolution == "Goodwill"


def test_a_payment_nobody_here_knows_belongs_to_no_salon_yet(gateway_standin, db):
    theirs = gateway_standin.control.add_payment(9900)

    services.reconcile_payments()

    assert findings() == [(Kind.MISSING_HERE, theirs["id"], "", "99.00", None, None)]


def test_another_amount_is_found(gateway_standin, payment):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)

    services.reconcile_payments()

    salon = payment.salon
    assert findings() == [(Kind.AMOUNT, payment.gateway_payment_id, "115.00", "114.00", payment, salon)]


def test_a_payment_voided_in_the_dashboard_is_found(gateway_standin, payment):
    gateway_standin.control.dashboard("void", payment.gateway_payment_id)

    services.reconcile_payments()

    assert findings() == [(Kind.STATUS, payment.gateway_payment_id, "paid", "voided", payment, payment.salon)]


def test_a_payment_both_sides_call_voided_is_no_difference(gateway_standin, payment):
    gateway_standin.control.dashboard("void", payment.gateway_payment_id)
    Payment.objects.filter(pk=payment.pk).update(status=Payment.Status.VOIDED, captured_amount=0)

    run = services.reconcile_payments()

    assert run.findings.count() == 0


def test_money_under_review_stays_visible(gateway_standin, prepaid, book):
    payment = link(book(prepaid))
    gateway_standin.control.switch(coupon_discount=1000)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    services.reconcile_payments()

    payment = reload(payment)
    assert payment.status == Payment.Status.REVIEW
    assert findings() == [(Kind.STATUS, payment.gateway_payment_id, "review", "paid", payment, payment.salon)]


def test_money_of_which_no_webhook_told_is_taken_over(gateway_standin, prepaid, book):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    services.reconcile_payments()

    assert reload(payment).status == Payment.Status.PAID
    assert reload(booking).status == "confirmed"
    assert findings() == []


def test_a_refund_that_is_being_resolved_is_no_difference(gateway_standin, payment, clock):
    gateway_standin.control.inject("refund", "reset_after")
    support = PlatformUserFactory()
    refund = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(15), reason="Late")
    services.send_refund(refund_id=refund.pk)

    services.reconcile_payments()
    assert findings() == []

    clock.shift(180)
    services.resolve_refunds()
    services.reconcile_payments()
    assert findings() == []


def test_attempts_that_failed_at_the_gateway_are_no_difference(gateway_standin, house, book):
    payment = link(book(house))
    gateway_standin.control.pay(payment.gateway_invoice_id, "4201320000311101")

    assert services.reconcile_payments().compared_count == 1

    assert findings() == []


def test_every_page_of_the_list_is_read(gateway_standin, db):
    for _ in range(41):
        gateway_standin.control.add_payment(100)

    run = services.reconcile_payments()

    assert (run.compared_count, run.findings.count()) == (41, 41)
    assert gateway_standin.control.report()["calls"]["list_payments"] == 2


def test_a_gateway_that_fails_leaves_the_run_unfinished(gateway_standin, payment):
    gateway_standin.control.inject("list_payments", "error_500")

    with pytest.raises(GatewayUnavailable):
        services.reconcile_payments()

    assert ReconciliationRun.objects.get().finished_at is None


def test_the_command_says_what_it_found_and_refuses_a_wrong_date(gateway_standin, db):
    gateway_standin.control.add_payment(9900)
    out = StringIO()

    call_command("reconcile_payments", since="2026-11-21", stdout=out)

    assert out.getvalue() == "compared 1, new differences 1\n"
    assert ReconciliationRun.objects.get().since.isoformat() == "2026-11-20T21:00:00+00:00"
    with pytest.raises(CommandError, match="2026-01-31"):
        call_command("reconcile_payments", since="yesterday")


def test_the_resolving_command_looks_at_payments_and_refunds(gateway_standin, house, book, clock):
    link(book(house))
    clock.shift(180)
    out = StringIO()

    call_command("resolve_payments", stdout=out)

    assert out.getvalue() == "payments 1\nrefunds 0\n"
