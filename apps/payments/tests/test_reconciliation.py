"""Comparing with the gateway's list: what arrived unannounced is taken over, what differs is written down once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Conflict, Forbidden
from apps.common.secrets import keyed_hash
from apps.payments import reasons, services
from apps.payments.errors import GatewayUnavailable
from apps.payments.journal import broken_payments
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun
from apps.payments.moyasar import MoyasarClient
from apps.payments.services.findings import seal_of
from apps.payments.tests.support import amounts, ask_refund, link, paid, reload, truth
from apps.payments.tests.test_wallets import cancel, charge

pytestmark = pytest.mark.django_db
Kind = ReconciliationFinding.Kind
SEALED_TEXTS = ("kind", "gateway_payment_id", "ours", "theirs")


def findings():
    return [
        (one.kind, one.gateway_payment_id, one.ours, one.theirs, one.payment, one.salon)
        for one in ReconciliationFinding.objects.order_by("pk")
    ]


def resolutions():
    return list(ReconciliationFinding.objects.order_by("pk").values_list("kind", "theirs", "resolution"))


def test_equal_books_leave_nothing_to_explain(gateway_standin, payment):
    run = services.reconcile_payments()

    assert (run.compared_count, run.since) == (1, timezone.now() - timedelta(hours=48))
    assert run.finished_at == timezone.now()
    assert findings() == []


def test_rf13_a_refund_made_in_the_dashboard_is_recorded_once_and_told(gateway_standin, payment, clock):
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)

    services.reconcile_payments()
    clock.shift(3600)
    services.reconcile_payments()

    salon = payment.salon
    assert findings() == [(Kind.EXTERNAL_REFUND, payment.gateway_payment_id, "0.00", "15.00", payment, salon)]
    assert resolutions() == [(Kind.EXTERNAL_REFUND, "15.00", reasons.RECORDED_HERE)]
    assert amounts(payment) == ("115.00", "15.00", "0.00")
    refund = payment.refunds.get()
    assert (refund.status, refund.way, refund.amount, refund.requested_by) == ("external", "external", 15, None)
    assert refund.tax_document.gross_amount == 15
    assert payment.events.order_by("sequence").last().reason == reasons.MADE_ELSEWHERE
    assert list(broken_payments()) == []


@pytest.mark.parametrize("was_compared", [True, False])
def test_after_days_without_a_comparison_nothing_falls_between(gateway_standin, payment, clock, was_compared):
    if was_compared:
        services.reconcile_payments()
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)
    paid_at = timezone.now()

    clock.shift(timedelta(days=5).total_seconds())
    services.reconcile_payments(since=timezone.now() - timedelta(hours=1))
    run = services.reconcile_payments()

    assert paid_at - timedelta(hours=2) < run.since < paid_at
    assert amounts(payment) == ("115.00", "15.00", "0.00")


def test_a_comparison_begins_an_hour_before_the_last_whole_one_that_came_to_its_end(gateway_standin, payment, clock):
    clock.shift(timedelta(days=3))
    whole = services.reconcile_payments()
    clock.shift(timedelta(days=5))
    gateway_standin.control.inject("list_payments", "error_500")
    with pytest.raises(GatewayUnavailable):
        services.reconcile_payments()
    clock.shift(timedelta(hours=1))

    run = services.reconcile_payments()

    assert whole.since == payment.created_at - timedelta(hours=1)
    assert run.since == whole.started_at - timedelta(hours=1)


def test_what_the_gateway_shows_is_kept_beside_ours_without_a_change_of_the_money(gateway_standin, payment, clock):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    clock.shift(3600)

    services.reconcile_payments()

    now = reload(payment)
    assert (now.checked_at, now.gateway_status, now.gateway_amount) == (timezone.now(), "paid", 114)
    assert (now.history.count(), now.captured_amount) == (payment.history.count(), 115)


def test_money_that_came_under_a_withdrawn_link_before_the_first_comparison_is_found(
    gateway_standin, prepaid, book, clock
):
    gateway_standin.control.switch(allow_late_payment=True)
    booking = book(prepaid)
    payment = link(booking)
    cancel(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)

    clock.shift(timedelta(days=3).total_seconds())
    services.reconcile_payments()

    assert reload(payment).status == "paid"


def test_rf13_our_own_refund_is_never_taken_for_one_of_the_dashboard(gateway_standin, payment, support):
    assert ask_refund(support, payment).status == "succeeded"

    services.reconcile_payments()

    assert findings() == []
    assert payment.refunds.count() == 1


def test_a_payment_voided_in_the_dashboard_is_recorded_as_given_back(gateway_standin, payment):
    gateway_standin.control.dashboard("void", payment.gateway_payment_id)

    services.reconcile_payments()
    services.reconcile_payments()

    assert resolutions() == [(Kind.EXTERNAL_REFUND, "115.00", reasons.RECORDED_HERE)]
    assert amounts(payment) == ("115.00", "115.00", "0.00")


def test_a_dashboard_refund_that_does_not_fit_beside_ours_waits_for_a_person(gateway_standin, payment, house):
    salon = house.salon
    salon.refund_limit = Decimal(0)
    salon.save()
    services.request_refund(actor=house.manager, payment_id=payment.pk, amount=Decimal(110), reason="Late")
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 1500)

    services.reconcile_payments()

    assert resolutions() == [(Kind.EXTERNAL_REFUND, "15.00", "")]
    assert amounts(payment) == ("115.00", "0.00", "110.00")


def test_a_refund_that_was_given_up_and_carried_out_late_is_that_refund(gateway_standin, payment, support):
    gateway_standin.control.inject("refund", "html_403")
    refund = ask_refund(support, payment)
    assert refund.status == "failed"
    gateway_standin.control.dashboard("refund", payment.gateway_payment_id, 5750)

    services.reconcile_payments()

    refund = reload(refund)
    assert (refund.status, payment.refunds.count()) == ("succeeded", 1)
    assert amounts(payment) == ("115.00", "57.50", "0.00")
    assert resolutions() == [(Kind.EXTERNAL_REFUND, "57.50", reasons.RECORDED_HERE)]


def test_an_explained_difference_is_not_written_down_again(gateway_standin, payment, clock):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    services.reconcile_payments()
    finding, support = ReconciliationFinding.objects.get(), PlatformUserFactory()

    services.explain_finding(actor=support, finding_id=finding.pk, explanation="A coupon of the bank")
    services.reconcile_payments()

    finding = reload(finding)
    assert (finding.resolution, finding.resolved_at) == ("A coupon of the bank", timezone.now())
    assert finding.history.first().history_user == support
    assert ReconciliationFinding.objects.count() == 1
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11300)
    services.reconcile_payments()
    assert [theirs for _kind, _id, _ours, theirs, _payment, _salon in findings()] == ["114.00", "113.00"]


def test_a_difference_that_is_gone_is_closed_and_one_that_comes_back_is_new(gateway_standin, payment, clock):
    def show(amount):
        clock.shift(60)
        gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=amount)
        services.reconcile_payments()

    show(11400)
    show(11300)
    assert resolutions() == [(Kind.AMOUNT, "114.00", reasons.OTHER_VALUES), (Kind.AMOUNT, "113.00", "")]
    show(11500)
    assert resolutions()[1:] == [(Kind.AMOUNT, "113.00", reasons.AGREES_NOW)]
    show(11400)
    assert resolutions()[2:] == [(Kind.AMOUNT, "114.00", "")]
    closed = ReconciliationFinding.objects.order_by("pk")[1]
    assert (closed.history.first().history_user, closed.history.first().history_change_reason) == (
        None,
        reasons.AGREES_NOW,
    )


def test_an_explanation_is_given_once_and_by_who_may(gateway_standin, payment, house):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    services.reconcile_payments()
    finding, support = ReconciliationFinding.objects.get(), PlatformUserFactory()

    with pytest.raises(Forbidden):
        services.explain_finding(actor=house.manager, finding_id=finding.pk, explanation="Fine")
    services.explain_finding(actor=support, finding_id=finding.pk, explanation="Goodwill")
    with pytest.raises(Conflict):
        services.explain_finding(actor=support, finding_id=finding.pk, explanation="Something else")

    latest = reload(finding).history.first()
    assert reload(finding).resolution == "Goodwill"
    assert (latest.history_user, latest.history_change_reason) == (support, "Goodwill")


def test_a_payment_nobody_here_knows_belongs_to_no_salon_yet(gateway_standin, db):
    theirs = gateway_standin.control.add_payment(9900)

    services.reconcile_payments()

    assert findings() == [(Kind.MISSING_HERE, theirs["id"], "", "99.00", None, None)]


def test_another_amount_is_found(gateway_standin, payment):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)

    services.reconcile_payments()

    salon = payment.salon
    assert findings() == [(Kind.AMOUNT, payment.gateway_payment_id, "115.00", "114.00", payment, salon)]


def test_another_currency_is_found(gateway_standin, payment):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, currency="USD")

    services.reconcile_payments()

    assert findings() == [(Kind.CURRENCY, payment.gateway_payment_id, "SAR", "USD", payment, payment.salon)]


def test_a_payment_the_gateway_calls_failed_is_found(gateway_standin, payment):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, status="failed")

    services.reconcile_payments()

    assert findings() == [(Kind.STATUS, payment.gateway_payment_id, "paid", "failed", payment, payment.salon)]
    assert amounts(payment) == ("115.00", "0.00", "0.00")


def test_a_refund_that_only_we_know_is_found(gateway_standin, payment, support):
    ask_refund(support, payment)
    gateway_standin.control.edit_payment(payment.gateway_payment_id, refunded=0, status="paid")

    services.reconcile_payments()

    assert findings() == [(Kind.REFUNDED, payment.gateway_payment_id, "57.50", "0.00", payment, payment.salon)]


def test_a_payment_the_gateway_forgot_is_asked_for_by_its_number(gateway_standin, payment, clock):
    gateway_standin.control.forget_payment(payment.gateway_payment_id)

    run = services.reconcile_payments()

    assert (run.compared_count, run.fetched_count) == (0, 1)
    expected = [(Kind.MISSING_THERE, payment.gateway_payment_id, "115.00", "", payment, payment.salon)]
    assert findings() == expected
    # Long after the window an open difference is still looked at, and still written once.
    clock.shift(10 * 24 * 3600)
    assert services.reconcile_payments().fetched_count == 1
    assert findings() == expected


def test_outside_the_window_only_what_moved_or_is_open_is_asked_for(gateway_standin, house, book, support, clock):
    moved, doubtful, _quiet = (paid(gateway_standin, book(house, hours=hours)) for hours in (27, 28, 29))
    gateway_standin.control.edit_payment(doubtful.gateway_payment_id, amount=11400)
    services.reconcile_payments()
    clock.shift(timedelta(days=3))
    ask_refund(support, moved)
    gateway_standin.control.forget_payment(moved.gateway_payment_id)

    def read():
        return services.reconcile_payments(since=timezone.now() - timedelta(minutes=1)).fetched_count

    assert read() == 2
    assert resolutions() == [(Kind.AMOUNT, "114.00", ""), (Kind.MISSING_THERE, "", "")]
    clock.shift(3600)
    for finding, left in zip(ReconciliationFinding.objects.order_by("pk"), (1, 0), strict=True):
        services.explain_finding(actor=support, finding_id=finding.pk, explanation="Known")
        assert read() == left


def test_a_difference_of_a_payment_that_the_gateway_forgot_is_that_it_is_missing(gateway_standin, payment, clock):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    services.reconcile_payments()
    clock.shift(60)
    gateway_standin.control.forget_payment(payment.gateway_payment_id)

    services.reconcile_payments()

    assert resolutions() == [(Kind.AMOUNT, "114.00", reasons.AGREES_NOW), (Kind.MISSING_THERE, "", "")]


def test_what_moved_while_the_gateway_was_asked_is_left_to_the_next_run(gateway_standin, payment, support, monkeypatch):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    fetch = MoyasarClient.fetch_payment
    moved = []

    def meanwhile(self, payment_id):
        theirs = fetch(self, payment_id)
        if not moved:
            moved.append(payment_id)
            ask_refund(support, payment)
        return theirs

    monkeypatch.setattr(MoyasarClient, "fetch_payment", meanwhile)
    services.reconcile_payments()
    assert findings() == []

    services.reconcile_payments()
    assert [kind for kind, *_rest in findings()] == [Kind.AMOUNT]


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
    assert findings() == []  # a webhook may still have been on its way


def test_wh12_money_whose_webhooks_are_all_lost_is_taken_over_and_told(gateway_standin, prepaid, book, clock):
    booking = book(prepaid)
    payment = link(booking)
    gateway_standin.control.pay(payment.gateway_invoice_id)
    clock.shift(4 * 3600)

    services.reconcile_payments()
    services.reconcile_payments()

    payment = reload(payment)
    assert (payment.status, payment.captured_amount) == (Payment.Status.PAID, 115)
    assert findings() == [
        (Kind.MISSING_HERE, payment.gateway_payment_id, "", "115.00", payment, payment.salon),
    ]
    assert resolutions() == [(Kind.MISSING_HERE, "115.00", reasons.TAKEN_OVER)]


@pytest.mark.parametrize("forgotten", ["gateway_invoice_id", "everything"])
def test_row125_an_older_database_takes_over_what_names_a_payment_of_ours(
    gateway_standin, prepaid, book, clock, forgotten
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    clock.shift(3600)
    # As the restored row stood before the link was made.
    Payment.objects.filter(pk=payment.pk).update(
        status="submitted", gateway_invoice_id="", payment_url="", updated_at=timezone.now() - timedelta(hours=1)
    )
    if forgotten == "everything":
        erased = gateway_standin.control.add_payment(4200, metadata={"payment_id": str(uuid4())})

    services.reconcile_payments(since=timezone.now() - timedelta(days=7))

    assert reload(payment).status == Payment.Status.PAID
    assert ReconciliationFinding.objects.get(payment=payment).resolution == reasons.TAKEN_OVER
    if forgotten == "everything":
        missing = ReconciliationFinding.objects.get(payment=None)
        assert (missing.kind, missing.gateway_payment_id, missing.theirs) == (Kind.MISSING_HERE, erased["id"], "42.00")
        assert missing.resolved_at is None


def test_pay10_a_payment_abandoned_in_3d_secure_is_read_and_ends(gateway_standin, prepaid, book, clock):
    payment = link(book(prepaid))
    clock.shift(2 * 3600)

    services.reconcile_payments()

    assert reload(payment).status == Payment.Status.EXPIRED
    assert findings() == []


@pytest.mark.parametrize(("age", "reads"), [(3599, 0), (3600, 1)])
def test_a_link_is_read_once_it_is_an_hour_old(gateway_standin, house, book, clock, age, reads):
    link(book(house))
    clock.shift(age)

    services.reconcile_payments()

    assert gateway_standin.control.report()["calls"].get("fetch_invoice", 0) == reads


def test_wh18_what_webhooks_told_today_and_the_list_of_the_gateway_differ_by_what_was_lost(
    gateway_standin, house, book, clock
):
    heard = [paid(gateway_standin, book(house, hours=hours)) for hours in (27, 28)]
    lost = link(book(house, hours=29))
    gateway_standin.control.pay(lost.gateway_invoice_id)
    clock.shift(3600)

    run = services.reconcile_payments()

    assert run.compared_count == 3
    assert [(one.kind, one.payment) for one in run.findings.all()] == [(Kind.MISSING_HERE, lost)]
    received = Payment.objects.settled().values_list("captured_amount", flat=True)
    assert sum(received) == Decimal("345.00")
    assert {payment.pk for payment in heard} < set(Payment.objects.settled().values_list("pk", flat=True))


def test_a_finished_run_is_sealed_and_a_changed_report_shows(gateway_standin, payment):
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)
    run = services.reconcile_payments()
    assert len(run.digest) == 64
    assert services.is_intact(reload(run))

    finding = run.findings.get()
    services.explain_finding(actor=PlatformUserFactory(), finding_id=finding.pk, explanation="A coupon")
    assert services.is_intact(reload(run))

    changes = [(ReconciliationFinding.objects.filter(pk=finding.pk), {name: "changed"}) for name in SEALED_TEXTS]
    moment = timezone.now() - timedelta(seconds=1)
    reports = ReconciliationRun.objects.filter(pk=run.pk)
    changes += [(reports, {name: 7}) for name in ("compared_count", "fetched_count", "settlement_line_count")]
    changes += [(reports, {name: moment}) for name in ("started_at", "since", "finished_at")]
    for rows, change in changes:
        before = rows.values(*change).get()
        rows.update(**change)
        assert not services.is_intact(reload(run))
        rows.update(**before)
    assert services.is_intact(reload(run))


def test_a_report_that_an_earlier_release_sealed_is_whole(db):
    """The text under the seal stays as it is: every report of the past was sealed over it."""
    moment = datetime(2026, 11, 22, 9, tzinfo=UTC)
    counts = {"compared_count": 3, "fetched_count": 2, "settlement_line_count": 1}
    run = ReconciliationRun.objects.create(pk=5, since=moment - timedelta(days=2), finished_at=moment, **counts)
    ReconciliationRun.objects.filter(pk=5).update(started_at=moment - timedelta(minutes=1))
    about = {"gateway_payment_id": "pay-1", "ours": "115.00", "theirs": "114.00"}
    for pk, kind in ((9, Kind.STATUS), (8, Kind.AMOUNT)):
        ReconciliationFinding.objects.create(pk=pk, run=run, kind=kind, **about)

    told = (
        "2026-11-22T08:59:00+00:00|2026-11-20T09:00:00+00:00|2026-11-22T09:00:00+00:00|3|2|1"
        "|8,amount,pay-1,115.00,114.00|9,status,pay-1,115.00,114.00"
    )
    assert seal_of(reload(run)) == keyed_hash("reconciliation", told)


def test_a_refund_that_is_being_resolved_is_no_difference(gateway_standin, payment, clock):
    gateway_standin.control.inject("refund", "reset_after")
    support = PlatformUserFactory()
    refund = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(15), reason="Late")
    services.send_refund(refund_id=refund.pk)

    assert services.reconcile_payments().fetched_count == 0
    assert findings() == []

    clock.shift(180)
    services.resolve_refunds()
    services.reconcile_payments()
    assert findings() == []


def test_of_a_payment_whose_refund_has_no_answer_the_rest_is_compared(gateway_standin, payment, support):
    gateway_standin.control.inject("refund", "reset_after")
    refund = ask_refund(support, payment)
    gateway_standin.control.edit_payment(payment.gateway_payment_id, amount=11400)

    services.reconcile_payments()

    assert resolutions() == [(Kind.AMOUNT, "114.00", "")]
    assert reload(refund).status == "unknown"
    assert amounts(payment) == ("115.00", "0.00", "57.50")


def test_a_card_charged_without_an_answer_is_taken_over_by_the_key_it_was_charged_under(
    gateway_standin, prepaid, book, clock
):
    booking = book(prepaid)
    gateway_standin.control.inject("create_payment", "reset_after")
    with pytest.raises(GatewayUnavailable):
        charge(booking)
    payment = Payment.objects.get()
    assert (payment.status, payment.gateway_payment_id) == (Payment.Status.UNKNOWN, "")
    clock.shift(3600)

    services.reconcile_payments()

    payment = reload(payment)
    assert (payment.status, payment.gateway_payment_id) == (Payment.Status.AUTHORIZED, str(payment.pk))
    assert findings() == [(Kind.MISSING_HERE, str(payment.pk), "", "115.00", payment, payment.salon)]


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

    run = ReconciliationRun.objects.get()
    assert (run.finished_at, run.digest) == (None, "")


def test_the_command_says_what_it_found_and_refuses_a_wrong_date(gateway_standin, db):
    gateway_standin.control.add_payment(9900)
    out = StringIO()

    call_command("reconcile_payments", since="2026-11-21", stdout=out)

    assert out.getvalue() == "compared 1, read 0, settlement lines 0, new differences 1\n"
    assert ReconciliationRun.objects.get().since.isoformat() == "2026-11-20T21:00:00+00:00"
    with pytest.raises(CommandError, match="2026-01-31"):
        call_command("reconcile_payments", since="yesterday")


def test_the_resolving_command_looks_at_payments_and_refunds(gateway_standin, house, book, clock):
    link(book(house))
    clock.shift(180)
    out = StringIO()

    call_command("resolve_payments", stdout=out)

    assert out.getvalue() == "payments 1\nrefunds 0\n"


@pytest.mark.parametrize(("age", "is_repair"), [(599, False), (600, True), (3600, True)])
def test_reserved_money_captured_in_the_dashboard_is_followed_and_told(
    gateway_standin, house, book, clock, age, is_repair
):
    """What happened within ten minutes may still be told by a webhook: taking it over is no repair."""
    payment = charge(book(house))
    assert payment.status == Payment.Status.AUTHORIZED
    gateway_standin.control.dashboard("capture", payment.gateway_payment_id)
    clock.shift(age)

    services.reconcile_payments()
    services.reconcile_payments()

    assert reload(payment).status == Payment.Status.CAPTURED
    assert amounts(payment) == ("115.00", "0.00", "0.00")
    expected = [(Kind.STATUS, payment.gateway_payment_id, "authorized", "captured", payment, payment.salon)]
    assert findings() == expected * is_repair
    assert resolutions() == [(Kind.STATUS, "captured", reasons.TAKEN_OVER)] * is_repair
    assert list(broken_payments()) == []


@pytest.mark.parametrize(("age", "is_repair"), [(599, False), (600, True)])
def test_money_that_arrived_within_ten_minutes_is_on_its_way_by_webhook(
    gateway_standin, prepaid, book, clock, age, is_repair
):
    payment = link(book(prepaid))
    gateway_standin.control.pay(payment.gateway_invoice_id)
    clock.shift(age)

    services.reconcile_payments()

    assert reload(payment).status == Payment.Status.PAID
    assert resolutions() == [(Kind.MISSING_HERE, "115.00", reasons.TAKEN_OVER)] * is_repair


def test_a_void_of_ours_that_is_still_being_resolved_is_not_followed_as_somebody_elses(
    gateway_standin, payment, support
):
    gateway_standin.control.inject("void", "reset_after")
    refund = ask_refund(support, payment, "115.00")
    assert (refund.status, truth(gateway_standin, payment.gateway_payment_id)["status"]) == ("unknown", "voided")
    before = list(payment.events.values_list("pk", flat=True))

    services.reconcile_payments()

    assert findings() == []
    assert reload(refund).status == "unknown"
    assert amounts(payment) == ("115.00", "0.00", "115.00")
    assert list(payment.events.values_list("pk", flat=True)) == before


def test_money_of_nobody_that_shows_another_amount_is_another_difference(gateway_standin, db, clock):
    theirs = gateway_standin.control.add_payment(9900, currency="USD")
    services.reconcile_payments()
    clock.shift(60)
    gateway_standin.control.edit_payment(theirs["id"], amount=9800)

    services.reconcile_payments()

    assert resolutions() == [
        (Kind.MISSING_HERE, "99.00 USD", reasons.OTHER_VALUES),
        (Kind.MISSING_HERE, "98.00 USD", ""),
    ]


def test_money_that_names_a_payment_in_cash_is_not_taken_for_it(gateway_standin, house, book, clock):
    cash = services.record_payment(actor=house.manager, booking_id=book(house).pk, amount=Decimal(115), method="cash")
    theirs = gateway_standin.control.add_payment(11500, metadata={"payment_id": str(cash.pk)})
    clock.shift(3600)

    services.reconcile_payments()

    assert findings() == [(Kind.MISSING_HERE, theirs["id"], "", "115.00", None, None)]
    assert reload(cash).gateway_payment_id == ""
