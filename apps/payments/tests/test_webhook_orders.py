"""Events in every order, lost, repeated and at once: one state at the end, the one that a plain reading gives."""

import json

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.common.testing.race import race
from apps.payments import services
from apps.payments.models import Payment, Refund, TaxDocument, WebhookEvent
from apps.payments.services import refusals
from apps.payments.services import webhooks as inbox
from apps.payments.standin import DECLINED_CARD
from apps.payments.tests.conftest import WEBHOOK_SECRET
from apps.payments.tests.support import link, reload

URL = "/api/v1/webhooks/moyasar/"
KINDS = (
    "payment_failed",
    "payment_faild",
    "payment_paid",
    "payment_refunded",
    "payment_refunded",
    "payment_refunded",
)


class Story:
    """One booking whose payer fails twice and pays, and of which three parts go back at the gateway's dashboard."""

    def __init__(self, standin, booking):
        self.booking, self.payment = booking, link(booking)
        told = [standin.control.pay(self.payment.gateway_invoice_id, DECLINED_CARD) for _ in range(2)]
        paid = standin.control.pay(self.payment.gateway_invoice_id)
        told += [paid, *(standin.control.dashboard("refund", paid["id"], 1000) for _ in range(3))]
        self.bodies = [
            json.dumps({"id": f"evt-{n}", "type": kind, "secret_token": WEBHOOK_SECRET, "live": False, "data": data})
            for n, (kind, data) in enumerate(zip(KINDS, told, strict=True))
        ]
        self.client = APIClient()

    def deliver(self, number):
        answer = self.client.generic("POST", URL, self.bodies[number], content_type="application/json")
        assert answer.status_code == 200
        services.process_webhooks()

    def state(self):
        """Everything that the money of this story has come to."""
        payment = reload(self.payment)
        return (
            payment.status,
            *(f"{value:.2f}" for value in (payment.captured_amount, payment.refunded_amount)),
            f"{payment.refund_reserved_amount:.2f}",
            payment.gateway_payment_id,
            payment.failure_reason,
            payment.history.count(),
            sorted(Refund.objects.values_list("status", "amount")),
            sorted(TaxDocument.objects.values_list("kind", "gross_amount")),
            Booking.objects.values_list("status", "version").get(pk=self.booking.pk),
        )

    def read(self):
        """The state after a plain reading, of which nothing stays."""
        return self.undone(lambda: services.refresh_payment(payment_id=self.payment.pk) and self.state())

    def walk(self, visit):
        """Deliver the events in every order, and `visit` every state that is reached.

        What a set of delivered events has led to is walked on from once: whoever comes to the same set in another order
        must find the very same state, so that what follows is the same too. Returns how many orders that covers.
        """
        reached = {}

        def go_on(delivered):
            state = (self.state(), self.inbox())
            if delivered in reached:
                assert state == reached[delivered][0], f"the order of {set(delivered)} matters"
                return reached[delivered][1]
            visit(delivered)
            left = [number for number in range(len(KINDS)) if number not in delivered]
            orders = sum(self.undone(lambda number=number: step(delivered, number)) for number in left) or 1
            reached[delivered] = state, orders
            return orders

        def step(delivered, number):
            self.deliver(number)
            return go_on(delivered | {number})

        return go_on(frozenset())

    def inbox(self):
        return sorted(WebhookEvent.objects.values_list("event_id", "kind", "status", "attempts", "error"))

    def undone(self, act):
        """Savepoints and no atomic block: the gateway is not called inside a transaction."""
        savepoint = transaction.savepoint()
        try:
            return act()
        finally:
            transaction.savepoint_rollback(savepoint)


@pytest.fixture
def story(gateway_standin, prepaid, book, monkeypatch):
    monkeypatch.setattr(refusals, "tally", refusals.Tally())
    return Story(gateway_standin, book(prepaid))


@pytest.mark.django_db
def test_wh02_wh12_in_720_orders_and_whichever_are_lost_events_end_in_one_state(story, clock):
    """After every set of delivered events the passes run, so that the lost ones are made up for: the 32 sets of lost
    ones among the first five, with the last one delivered and with that one lost as well.
    """
    expected, ends, left = story.read(), {}, {}

    def pass_by():
        clock.shift(10 * 60)
        services.process_webhooks()
        services.resolve_payments()
        clock.shift(-10 * 60)
        return story.state(), {status for _id, _kind, status, *_rest in story.inbox()}

    def visit(delivered):
        ends[delivered], left[delivered] = story.undone(pass_by)

    orders = story.walk(visit)

    assert expected[:2] == (Payment.Status.PAID, "115.00")
    assert (orders, len(ends), len([delivered for delivered in ends if 5 in delivered])) == (720, 64, 32)
    assert [delivered for delivered, end in ends.items() if end != expected] == []
    assert set().union(*left.values()) == {WebhookEvent.Status.PROCESSED}


@pytest.mark.django_db
@pytest.mark.parametrize("copies", [1, 2, 5, 20])
def test_wh01_however_often_an_event_is_repeated_it_has_one_effect(story, copies):
    expected = story.read()

    for _ in range(copies):
        for number in (2, 3, 4, 5):
            story.deliver(number)

    assert story.state() == expected
    assert WebhookEvent.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_wh01_twenty_copies_at_once_are_one_row_and_one_effect(story):
    def deliver(number):
        answer = APIClient().generic("POST", URL, story.bodies[2], content_type="application/json")
        return answer.status_code, services.process_webhooks()

    results = race(20, deliver)

    assert {status for status, _taken in results} == {200}
    assert WebhookEvent.objects.count() == 1
    payment = reload(story.payment)
    assert (payment.status, f"{payment.captured_amount:.2f}") == (Payment.Status.PAID, "115.00")
    assert payment.history.filter(status=Payment.Status.PAID).exclude(history_type="+").exists()
    assert TaxDocument.objects.filter(kind=TaxDocument.Kind.INVOICE).count() == 1
    assert reload(story.booking).status == Booking.Status.CONFIRMED


@pytest.mark.django_db
def test_wh47_the_answer_does_not_wait_for_the_lock_of_the_payment(story, django_assert_max_num_queries):
    """An event is kept by one row in a short transaction; nothing of money is read or locked."""
    with django_assert_max_num_queries(6) as queries:
        story.client.generic("POST", URL, story.bodies[2], content_type="application/json")

    touched = [query["sql"] for query in queries.captured_queries if "payments_payment" in query["sql"]]
    assert touched == []
    assert connection.in_atomic_block


# --- The control: what an event says decides ---


@pytest.mark.django_db
def test_the_control_believing_the_body_ends_in_many_states(story, monkeypatch):
    def believe(data):
        Payment.objects.filter(gateway_invoice_id=data["invoice_id"]).update(status=data["status"])
        return [reload(story.payment)]

    monkeypatch.setattr(inbox, "_read_payments", believe)
    ends = set()

    with pytest.raises(AssertionError, match="the order of"):
        story.walk(lambda delivered: ends.add(reload(story.payment).status))

    assert ends == {"initiated", "failed", "paid", "refunded"}
