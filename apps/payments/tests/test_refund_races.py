"""Many clicks and many silences: one call to the gateway for one refund, and nothing counts as failed that was not."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest

from apps.bookings.models import Booking
from apps.common.testing.race import race, race_rounds
from apps.common.testing.thorough import THOROUGH
from apps.payments import services
from apps.payments.errors import RefundExceedsPaid, RefundInProgress
from apps.payments.models import Payment, Refund
from apps.payments.moyasar import client as moyasar_client
from apps.payments.services import sending
from apps.payments.tests.support import (
    amounts,
    ask_refund,
    calls_back,
    given_back,
    pass_by,
    refunds_made,
    reload,
)
from apps.payments.tests.test_refund_outcomes import SCHEDULE

pytestmark = pytest.mark.django_db(transaction=True)
Status = Refund.Status
CLICKS, ROUNDS = 50, 20 if THOROUGH else 4
PAYMENTS, SILENCES = 20, 200 if THOROUGH else 40


@pytest.fixture
def payments(gateway_standin, house, support):
    """`payments(n, booking)`: so many online payments of 115.00 SAR, all of them owed. No limit is in the way."""
    house.salon.refund_limit = house.salon.refund_daily_limit = Decimal(100_000)
    house.salon.save()

    def make(number, booking):
        Booking.objects.filter(pk=booking.pk).update(price_amount=115 * number)
        rows = []
        for _ in range(number):
            theirs = gateway_standin.control.add_payment(11500)
            row = Payment(salon=house.salon, booking=booking, status=Payment.Status.PAID, amount=115)
            row.captured_amount, row.gateway_payment_id = Decimal(115), theirs["id"]
            row.save()
            rows.append(row)
        return rows

    return make


@pytest.fixture
def quick(monkeypatch):
    """Gives up on an answer sooner than `impatient` does: there are hundreds of them."""
    init = moyasar_client.MoyasarClient.__init__

    def hurried(self, secret_key, base_url):
        init(self, secret_key, base_url, connect_timeout=5, read_timeout=1)

    monkeypatch.setattr(moyasar_client.MoyasarClient, "__init__", hurried)


@pytest.mark.parametrize(("amount", "rounds"), [("60.00", ROUNDS), ("115.00", 3)], ids=["a part", "the whole"])
def test_rf05_fifty_clicks_at_once_are_one_call_in_each_round(
    gateway_standin, house, book, support, payments, amount, rounds
):
    """Half of the clicks are of one form, the others of people who do not know of each other."""
    rows, nonces = payments(rounds, book(house)), [uuid4() for _ in range(rounds)]

    def click(turn, number):
        return ask_refund(support, rows[turn], amount, nonce=nonces[turn] if number % 2 else uuid4())

    for turn, results in enumerate(race_rounds(CLICKS, rounds, click)):
        assert all(isinstance(one, Refund | RefundInProgress | RefundExceedsPaid) for one in results)
        assert len({one.pk for one in results if isinstance(one, Refund)}) == 1
        assert amounts(rows[turn]) == ("115.00", amount, "0.00")
        assert given_back(gateway_standin, rows[turn]) == int(Decimal(amount) * 100)
    assert Refund.objects.filter(status=Status.SUCCEEDED).count() == Refund.objects.count() == rounds
    assert (calls_back(gateway_standin), refunds_made(gateway_standin)) == (rounds, rounds)


def test_silences_are_never_recorded_as_failed(gateway_standin, house, book, support, payments, clock, quick):
    """Before and after the gateway acted, in turns. What it did is found out, what it did not a person sends again."""
    rows, rounds = payments(PAYMENTS, book(house)), SILENCES // PAYMENTS
    for _ in range(rounds):
        for number in range(PAYMENTS):
            gateway_standin.control.inject("refund", "timeout_after" if number % 2 else "timeout_before")
        asked = race(PAYMENTS, lambda number: ask_refund(support, rows[number], "1.00"))
        assert Counter(refund.status for refund in asked) == {Status.UNKNOWN: PAYMENTS}
        pass_by(clock, *SCHEDULE)
        found = Counter(reload(refund).status for refund in asked)
        assert found == {Status.SUCCEEDED: PAYMENTS // 2, Status.NOT_APPLIED: PAYMENTS // 2}
        for refund in asked:
            if reload(refund).status == Status.NOT_APPLIED:
                services.send_refund_again(actor=house.manager, refund_id=refund.pk, explanation="Not there")

    assert Refund.objects.filter(status=Status.SUCCEEDED).count() == SILENCES
    assert not Refund.history.filter(status__in=[Status.FAILED, Status.REVIEW]).exists()
    assert refunds_made(gateway_standin) == SILENCES
    assert calls_back(gateway_standin) == SILENCES + SILENCES // 2
    for row in rows:
        assert amounts(row) == ("115.00", f"{rounds}.00", "0.00")
        assert given_back(gateway_standin, row) == rounds * 100


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_many_passes_at_once_resolve_a_refund_once(gateway_standin, house, book, support, payments, clock, fault):
    [payment] = payments(1, book(house))
    gateway_standin.control.inject("refund", fault)
    refund = ask_refund(support, payment)

    for wait in SCHEDULE:
        clock.shift(wait)
        race(8, lambda number: services.resolve_refunds())

    refund = reload(refund)
    expected = (Status.SUCCEEDED, 0) if fault == "reset_after" else (Status.NOT_APPLIED, len(SCHEDULE))
    assert (refund.status, refund.equal_reads) == expected
    assert calls_back(gateway_standin) == 1
    assert refund.history.filter(status=refund.status).count() == 1


def test_two_people_who_send_again_at_once_send_once(gateway_standin, house, book, support, payments, clock):
    [payment] = payments(1, book(house))
    gateway_standin.control.inject("refund", "reset_before")
    refund = ask_refund(support, payment)
    pass_by(clock, *SCHEDULE)

    race(8, lambda number: services.send_refund_again(actor=support, refund_id=refund.pk, explanation="Not there"))

    assert reload(refund).status == Status.SUCCEEDED
    assert (calls_back(gateway_standin), refunds_made(gateway_standin)) == (2, 1)
    assert amounts(payment) == ("115.00", "57.50", "0.00")


def test_control_without_the_lock_one_refund_is_sent_by_many(
    gateway_standin, house, book, support, payments, monkeypatch
):
    [payment] = payments(1, book(house))
    refund = services.request_refund(actor=support, payment_id=payment.pk, amount=Decimal(10), reason="Late")

    def unlocked(refund_id):
        row = Refund.objects.select_related("payment__salon").get(pk=refund_id)
        row.status = Status.APPROVED  # as every one of them read it before the others wrote
        return row.payment, row

    monkeypatch.setattr(sending, "lock_refund", unlocked)
    monkeypatch.setattr(sending, "keep", lambda row, **_said: row)
    together, fetch = Barrier(4), moyasar_client.MoyasarClient.fetch_payment

    def fetch_beside_the_others(client, payment_id):
        seen = fetch(client, payment_id)
        # Once one has sent, who reads the total sees it and stops: that is another guard.
        together.wait(timeout=20)
        return seen

    monkeypatch.setattr(moyasar_client.MoyasarClient, "fetch_payment", fetch_beside_the_others)

    race(4, lambda number: services.send_refund(refund_id=refund.pk))

    assert calls_back(gateway_standin) == 4


def test_a_poisoned_refund_does_not_keep_the_others_waiting(
    gateway_standin, house, book, support, payments, clock, caplog
):
    poisoned, sound = payments(2, book(house))
    for payment in (poisoned, sound):
        gateway_standin.control.inject("refund", "reset_after")
        ask_refund(support, payment)
        clock.shift(1)
    Refund.objects.filter(payment=poisoned).update(gateway_refunded_before=None)

    clock.shift(timedelta(seconds=30))
    services.resolve_refunds(limit=1)
    services.resolve_refunds(limit=1)

    assert reload(sound.refunds.get()).status == Status.SUCCEEDED
    assert "could not be resolved" in caplog.text
