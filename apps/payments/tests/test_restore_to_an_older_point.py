"""The database of yesterday beside the gateway of today: what happened in between becomes facts and questions, and
no money moves a second time.
"""

from collections import Counter
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from apps.bookings.models import Booking
from apps.bookings.services import cancel_booking
from apps.payments import reasons, services
from apps.payments.models import Payment, ReconciliationFinding, Refund
from apps.payments.services import sending
from apps.payments.tests.support import amounts, ask_refund, given_back, link, paid, refunds_made, reload, truth
from project import invariants
from project.bench.database import empty_database, using
from project.passes import run_pass

pytestmark = pytest.mark.django_db(transaction=True)

Kind = ReconciliationFinding.Kind
MONEY_PASSES = ("expire_holds", "process_webhooks", "resolve_payments", "reconcile_payments")


def yesterday(standin, house, book, support):
    """Payments in each state in which a backup can catch them."""
    world = SimpleNamespace(settled=paid(standin, book(house, hours=27)), later=paid(standin, book(house, hours=28)))
    world.approved = paid(standin, book(house, hours=29))
    standin.control.inject("fetch_payment", "error_500")
    world.approved_refund = ask_refund(support, world.approved)
    world.unanswered = paid(standin, book(house, hours=30))
    standin.control.inject("refund", "error_500_after")
    world.unanswered_refund = ask_refund(support, world.unanswered)
    world.linked = link(book(house, hours=31))
    world.cancelled = paid(standin, book(house, hours=32))
    assert (world.approved_refund.status, world.unanswered_refund.status) == ("approved", "unknown")
    return world


def today(world, standin, house, book, support, clock):
    """What the backup knows nothing of."""
    ask_refund(support, world.later)
    services.send_refund(refund_id=world.approved_refund.pk)
    standin.control.pay(world.linked.gateway_invoice_id)
    services.refresh_payment(payment_id=world.linked.pk)
    cancel_booking(actor=support, booking_id=world.cancelled.booking_id, by="salon", reason="Water damage")
    world.unknown = paid(standin, book(house, hours=33))
    clock.shift(timedelta(hours=3))
    services.resolve_refunds()
    world.refunds, world.payments = refunds_made(standin), len(standin.control.report()["payments"])
    assert (world.refunds, world.payments) == (4, 7)


def let_a_day_go_by(clock):
    for _hour in range(24):
        clock.shift(3600)
        for name in MONEY_PASSES:
            assert run_pass(name) is not None, name


def found():
    return Counter(ReconciliationFinding.objects.values_list("kind", "resolution"))


@pytest.fixture
def restored(gateway_standin, house, book, support, clock, tmp_path, settings):
    """The world of a backup that is three hours old, in a database of its own; nothing has looked at it yet."""
    settings.MEDIA_ROOT = tmp_path / "pictures"
    world = yesterday(gateway_standin, house, book, support)
    call_command("backup", str(tmp_path / "backup"), stdout=StringIO())
    today(world, gateway_standin, house, book, support, clock)
    with empty_database() as name, using(name):
        call_command("restore", str(tmp_path / "backup"), stdout=StringIO())
        yield world


def test_row125_what_the_gateway_did_since_the_backup_becomes_facts_and_questions(restored, gateway_standin, clock):
    for name in MONEY_PASSES:
        assert run_pass(name) is not None

    # Money that went back is written down, whoever asked for it; what waited to be sent waits for a person now.
    assert amounts(restored.later) == ("115.00", "57.50", "0.00")
    assert amounts(restored.cancelled) == ("115.00", "115.00", "0.00")
    assert amounts(restored.approved) == ("115.00", "57.50", "57.50")
    assert reload(restored.approved_refund).status == Refund.Status.REVIEW
    # What was on its way is proven by the gateway's total, and a link that was paid is taken over.
    assert reload(restored.unanswered_refund).status == Refund.Status.SUCCEEDED
    assert reload(restored.linked).status == Payment.Status.PAID
    # A payment whose row is gone is a question.
    assert not Payment.objects.filter(pk=restored.unknown.pk).exists()
    missing = ReconciliationFinding.objects.get(kind=Kind.MISSING_HERE)
    told = (missing.gateway_payment_id, missing.theirs, missing.resolved_at)
    assert told == (restored.unknown.gateway_payment_id, "115.00", None)
    assert set(found()) <= {(Kind.MISSING_HERE, ""), (Kind.EXTERNAL_REFUND, reasons.RECORDED_HERE)}
    assert amounts(restored.settled) == ("115.00", "0.00", "0.00")


def test_row125_afterwards_nothing_is_paid_or_refunded_twice(restored, gateway_standin, support, clock):
    let_a_day_go_by(clock)

    assert refunds_made(gateway_standin) == restored.refunds
    assert len(gateway_standin.control.report()["payments"]) == restored.payments
    assert [f"{breach.rule} {breach.rows}" for breach in invariants.breaches()] == []

    # Somebody cancels again what was cancelled and given back after the backup: nothing is left to give back.
    booking = Booking.objects.get(pk=restored.cancelled.booking_id)
    assert booking.status == Booking.Status.CONFIRMED
    cancel_booking(actor=support, booking_id=booking.pk, by="salon", reason="Water damage, once more")
    # And what was given back in part goes back in its other part only.
    cancel_booking(actor=support, booking_id=restored.later.booking_id, by="salon", reason="Water damage")
    let_a_day_go_by(clock)

    assert given_back(gateway_standin, restored.cancelled) == 11500
    assert given_back(gateway_standin, restored.later) == 11500
    assert given_back(gateway_standin, restored.approved) == 5750
    assert refunds_made(gateway_standin) == restored.refunds + 1
    assert truth(gateway_standin, restored.unknown.gateway_payment_id)["refunded"] == 0
    assert [f"{breach.rule} {breach.rows}" for breach in invariants.breaches()] == []


def test_control_without_the_look_at_the_gateways_total_a_restored_refund_is_sent_again(
    restored, gateway_standin, monkeypatch, clock
):
    monkeypatch.setattr(sending, "take_reading", lambda payment, seen: payment.refunded_amount)
    clock.shift(3600)
    run_pass("resolve_payments")

    assert refunds_made(gateway_standin) == restored.refunds + 1
    assert given_back(gateway_standin, restored.approved) == 11500
