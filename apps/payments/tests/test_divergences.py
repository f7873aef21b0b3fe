"""Ten divergences of each kind among sound payments: all found, what a fetched object proves repaired, no more."""

from collections import Counter
from decimal import Decimal
from types import SimpleNamespace

import pytest

from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.race import race
from apps.payments import journal, reasons, services
from apps.payments.errors import GatewayUnavailable
from apps.payments.journal import broken_payments
from apps.payments.models import Payment, ReconciliationFinding, ReconciliationRun, Refund, TaxDocument
from apps.payments.tests.support import ask_refund, link, paid

Kind = ReconciliationFinding.Kind
EACH = 10
SOUND = 50
OPEN = ""
# What becomes of the findings of each kind. Money that arrived unheard is one more of the first kind.
EXPECTED = Counter(
    {
        (Kind.MISSING_HERE, OPEN): EACH,
        (Kind.MISSING_HERE, reasons.TAKEN_OVER): EACH,
        (Kind.MISSING_THERE, OPEN): EACH,
        (Kind.AMOUNT, OPEN): EACH,
        (Kind.STATUS, OPEN): EACH,
        (Kind.CURRENCY, OPEN): EACH,
        (Kind.REFUNDED, OPEN): EACH,
        (Kind.EXTERNAL_REFUND, reasons.RECORDED_HERE): EACH,
        (Kind.SETTLEMENT, OPEN): 3 * EACH,
        (Kind.CHARGEBACK, OPEN): 2 * EACH,
    }
)


def found():
    return Counter(ReconciliationFinding.objects.values_list("kind", "resolution"))


def booked(house, count):
    house.service.refresh_from_db()
    return [BookingFactory(salon=house.salon, service=house.service) for _number in range(count)]


def payments_of(standin, house, count):
    return [paid(standin, booking) for booking in booked(house, count)]


def plant(standin, house, support, clock, *, each=EACH, sound=SOUND):
    """`sound` payments in which both sides agree, some of them refunded, and `each` divergences of every kind."""
    control = standin.control
    world = SimpleNamespace(sound=payments_of(standin, house, sound))
    for payment in world.sound[: sound // 5]:
        ask_refund(support, payment)
    names = ("forgotten", "amount", "status", "currency", "refunded", "external", "line")
    for name in names:
        setattr(world, name, payments_of(standin, house, each))
    for payment in world.refunded:
        ask_refund(support, payment)
    control.settle()
    world.unheard = [link(booking) for booking in booked(house, each)]
    for payment in world.unheard:
        control.pay(payment.gateway_invoice_id)
    for number in range(each):
        control.add_payment(9900 + number)
        control.forget_payment(world.forgotten[number].gateway_payment_id)
        control.edit_payment(world.amount[number].gateway_payment_id, amount=11400)
        control.edit_payment(world.status[number].gateway_payment_id, status="failed")
        control.edit_payment(world.currency[number].gateway_payment_id, currency="USD")
        control.edit_payment(world.refunded[number].gateway_payment_id, refunded=0, status="paid")
        control.dashboard("refund", world.external[number].gateway_payment_id, 1500)
        line = world.line[number].gateway_payment_id
        control.add_settlement_line(line, 10000, "payment", payment_amount=11400)
        control.add_settlement_line(line, -1000, "refund", payment_amount=11500)
        control.add_settlement_line(f"unknown-{number}", 5000, "payment")
        control.add_settlement_line(line, -11500, "chargeback", payment_amount=11500)
        control.add_settlement_line(line, -5000, "chargeback_penalty", payment_amount=11500)
    clock.shift(3600)
    return world


@pytest.mark.django_db
def test_every_planted_divergence_is_found_and_only_what_is_proven_is_repaired(gateway_standin, house, support, clock):
    world = plant(gateway_standin, house, support, clock)
    untouched = Payment.objects.in_bulk([row.pk for row in (*world.sound, *world.amount, *world.status)])

    run = services.reconcile_payments()

    assert found() == EXPECTED
    assert not ReconciliationFinding.objects.filter(payment__in=world.sound).exists()
    assert (run.settlement_line_count, services.is_intact(run)) == (SOUND + 8 * EACH + SOUND // 5 + 5 * EACH, True)
    unheard = Payment.objects.filter(pk__in=[row.pk for row in world.unheard])
    assert set(unheard.values_list("status", "captured_amount")) == {("paid", 115)}
    external = Refund.objects.filter(payment__in=world.external).values_list("status", "way", "amount")
    assert list(external) == [("external", "external", 15)] * EACH
    assert TaxDocument.objects.filter(refund__payment__in=world.external, kind="credit_note").count() == EACH
    for pk, before in untouched.items():
        after = Payment.objects.get(pk=pk)
        assert (after.status, after.captured_amount, after.refunded_amount) == (
            before.status,
            before.captured_amount,
            before.refunded_amount,
        )
    assert list(broken_payments()) == []

    clock.shift(3600)
    again = services.reconcile_payments()
    assert (again.findings.count(), found()) == (0, EXPECTED)


@pytest.mark.django_db
@pytest.mark.parametrize("call", ["list_payments", "fetch_payment", "list_settlements", "list_settlement_lines"])
def test_a_run_whose_gateway_fails_stays_unfinished_and_the_next_one_does_all(
    gateway_standin, house, support, clock, call
):
    plant(gateway_standin, house, support, clock, each=1, sound=5)
    gateway_standin.control.inject(call, "error_500")

    with pytest.raises(GatewayUnavailable):
        services.reconcile_payments()
    broken = ReconciliationRun.objects.get()
    assert (broken.finished_at, broken.digest) == (None, "")

    run = services.reconcile_payments()
    assert found() == Counter({key: number // EACH for key, number in EXPECTED.items()})
    assert services.is_intact(run)


@pytest.mark.django_db(transaction=True)
def test_row126_runs_at_once_do_nothing_double(gateway_standin, house, support, clock):
    world = plant(gateway_standin, house, support, clock, each=2, sound=3)

    runs = race(3, lambda number: services.reconcile_payments())

    assert [type(run) for run in runs] == [ReconciliationRun] * 3
    assert found() == Counter({key: number // EACH * 2 for key, number in EXPECTED.items()})
    assert Refund.objects.filter(payment__in=world.external).count() == 2
    assert all(services.is_intact(run) for run in runs)
    assert list(broken_payments()) == []


def test_the_journal_is_checked_while_money_moves(gateway_standin, house, book, payment, support, monkeypatch):
    """Rows and steps are read one after the other; what moves in between is no broken seal."""
    other, group = book(house, hours=29), journal.groupby

    def moving(events, key):
        ask_refund(support, payment)
        services.record_payment(actor=house.manager, booking_id=other.pk, amount=Decimal(115), method="cash")
        return group(events, key)

    monkeypatch.setattr(journal, "groupby", moving)

    assert list(journal.broken_payments()) == []
