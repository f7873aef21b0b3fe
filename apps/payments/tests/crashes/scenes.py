"""A customer's story that a crash interrupts: its steps, each through a door of the product, and what is left of it."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import PlatformUserFactory, UserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import NOW, open_salon
from apps.notifications.models import Notification
from apps.payments import services
from apps.payments.models import Payment, Refund, WebhookEvent
from apps.payments.standin import APPROVED_CARD
from apps.payments.tests.conftest import WEBHOOK_SECRET
from apps.payments.tests.crashes.judge import ARRIVED, complaints
from apps.salons.models import Salon

PASSES = ("process_webhooks", "resolve_payments", "expire_holds", "deliver_notifications")
# Seconds from one round of passes to the next: dense while holds and first readings end, over 25 hours in all.
ROUNDS = (10, 120, 300, 600, 900, 1800, 3600, 3600, 18000, 64800)
RETRY_AFTER, MOST_RETRIES = 45, 12
PART = Decimal("60.00")  # more than half: a second one would not fit, so it may be sent again


class Ground:
    """The salon, the gateway and the clock in which one story after the other takes place, some days apart."""

    def __init__(self, standin, clock):
        self.standin, self.clock, self.told = standin, clock, 0
        self.house = open_salon(confirmation=Salon.Confirmation.PAYMENT)
        self.support = PlatformUserFactory()
        self._switches = standin.control.switches()

    def scene(self):
        """The next story; it begins at nine in the morning and books noon of the day after."""
        self.told += 1
        self.standin.control.clear_faults()
        self.standin.control.switch(**self._switches)
        self.clock.move_to(NOW + timedelta(days=4 * self.told))
        return Scene(self, self.told)

    def rival(self, scene):
        """Somebody else, who wants the time of `scene`."""
        other = Scene(self, scene.number)
        other.nonce, other.keys = uuid4(), "rival"
        return other


class Scene:
    """One booking of one customer, with its money."""

    def __init__(self, ground, number):
        self.ground, self.number = ground, number
        self.standin, self.control, self.clock = ground.standin, ground.standin.control, ground.clock
        self.starts_at = NOW + timedelta(days=4 * number + 1, hours=3)
        self.person = UserFactory(locale="en")
        self.customer = _client(self.person)
        self.nonce = UUID(int=number)
        self.keys = "customer"

    # --- What people do ---

    def book(self):
        house = self.ground.house
        body = {"service": str(house.service.public_id), "starts_at": self.starts_at.isoformat()}
        body["staff"] = str(house.staff[0].public_id)
        return self._post("/api/v1/bookings/", body, key="book")

    def ask_link(self):
        return self._post(f"/api/v1/bookings/{self.booking().pk}/payment/", {}, key="link")

    def charge(self):
        """With a saved card about which the bank asks nothing."""
        wallet = {"type": "token", "token": "token_4111114005765430"}
        return self._post(f"/api/v1/bookings/{self.booking().pk}/payment/", {"wallet": wallet}, key="charge")

    def come_back(self):
        """From the gateway's page, whether paid or not."""
        return self._post(f"/api/v1/bookings/{self.booking().pk}/payment/refresh/", {})

    def cancel(self):
        return self._post(f"/api/v1/bookings/{self.booking().pk}/cancel/", {})

    def pay(self, card=APPROVED_CARD):
        return self.control.pay(self.links()[-1]["id"], card)

    def announce(self, kind="payment_paid"):
        """What the gateway is about to say of the latest payment."""
        theirs = self.theirs()[-1]
        self.event = {"id": f"event {self.number} {kind} {theirs['id']}", "type": kind, "live": False, "data": theirs}
        self.event |= {"created_at": theirs["updated_at"], "account_name": "Stand-in", "secret_token": WEBHOOK_SECRET}

    def hear(self):
        """It arrives."""
        return APIClient().generic("POST", "/api/v1/webhooks/moyasar/", json.dumps(self.event), "application/json")

    def tell(self, kind="payment_paid"):
        """The gateway's event about the latest payment arrives."""
        self.announce(kind)
        return self.hear()

    def give_back(self, amount=PART):
        """What the dialog does: ask for the refund and, where that is allowed, send it at once."""
        payment = self.payments().first()
        told = {"actor": self.ground.support, "payment_id": payment.pk, "amount": amount, "reason": "Served late"}
        refund = services.request_refund(**told, nonce=self.nonce)
        return services.send_refund(refund_id=refund.pk)

    def until_paid(self):
        """Booked, paid and known here as paid."""
        self.book()
        self.ask_link()
        self.pay()
        self.come_back()
        assert self.shows("payment") == {"payment": "paid"}

    def try_again(self, step):
        """As an app does that got no answer: the same step with the same key, until it is told something final."""
        self.customer = _client(self.person)
        for _attempt in range(MOST_RETRIES):
            answer = step()
            if answer.status_code not in (409, 503):
                return answer
            self.clock.shift(RETRY_AFTER)
            run_passes()
        raise AssertionError(answer.content)

    # --- What is left ---

    def booking(self):
        return Booking.objects.get(customer__user=self.person)

    def payments(self):
        return Payment.objects.filter(booking__customer__user=self.person).order_by("created_at", "pk")

    def links(self):
        """The gateway's links of this booking, oldest first."""
        references = {booking.reference for booking in Booking.objects.filter(customer__user=self.person)}
        found = self.control.report()["invoices"]
        return [one for one in found if (one["metadata"] or {}).get("booking") in references]

    def theirs(self):
        """The gateway's payments under those links, oldest first."""
        links = {one["id"] for one in self.links()}
        return [one for one in self.control.report()["payments"] if one["invoice_id"] in links]

    def shows(self, *names):
        """What is stored of the story and what the gateway did, by name."""
        return {name: getattr(self, f"_{name}")() for name in names}

    def _bookings(self):
        return [*Booking.objects.filter(customer__user=self.person).values_list("status", flat=True)]

    def _payment(self):
        return next((payment.status for payment in self.payments().reverse()), None)

    def _payments(self):
        return sorted(self.payments().values_list("status", flat=True))

    def _refunds(self):
        found = Refund.objects.filter(payment__booking__customer__user=self.person)
        return [*found.order_by("created_at").values_list("status", flat=True)]

    def _inbox(self):
        found = WebhookEvent.objects.filter(event_id__startswith=f"event {self.number} ")
        return [*found.order_by("pk").values_list("status", flat=True)]

    def _unsent(self):
        """Whether a message that is due has not gone out."""
        due = Notification.objects.filter(booking__customer__user=self.person, due_at__lte=timezone.now())
        return due.filter(status__in=["pending", "sending"]).exists()

    def _links(self):
        return len(self.links())

    def _paid_there(self):
        return sum(one["status"] in ARRIVED for one in self.theirs())

    def _returned_there(self):
        """How often the gateway sent money back."""
        keys = {one["id"] for one in self.theirs()}
        lines = self.control.report()["journal"]
        return sum(line["operation"] in ("refund", "void") and line["object_id"] in keys for line in lines)

    # --- How it goes on ---

    def recover(self):
        """Let more than a day pass with its periodic passes; nobody else does anything.

        A call that the gateway held goes on: it must not be taken for one of the next story.
        """
        self.control.release_held()
        for seconds in ROUNDS:
            self.clock.shift(seconds)
            run_passes(compare=seconds >= 1800)

    def settles(self):
        """Recovered, and nothing is wrong with the money."""
        self.recover()
        wrong = list(complaints(self.standin))
        assert not wrong, wrong
        assert self.shows("unsent") == {"unsent": False}

    def _post(self, path, body, *, key=None):
        named = {"idempotency-key": f"{key} {self.number} {self.keys}"} if key else {}
        return self.customer.post(path, body, format="json", headers=named)


def run_passes(*, compare=False):
    for name in (*PASSES, *(["reconcile_payments"] if compare else [])):
        call_command(name, stdout=_Silence())


class _Silence:
    def write(self, _text):
        """Says nothing."""


def _client(person):
    return APIClient(headers={"authorization": f"Bearer {issue_tokens(user=person).access}", "accept-language": "en"})
