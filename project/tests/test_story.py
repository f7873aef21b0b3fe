"""The main job as one story, over real HTTP: a started server, a gateway in a process of its own, people with cookies.

A manager sets up the salon, a customer books and pays, the visit takes place, support gives half of it back.
"""

import re
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import requests
import time_machine
from django.core.management import call_command

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.testing.web import Page, Visitor, wait_until
from apps.notifications.models import MessageSettings, Notification
from apps.payments.models import Payment, Refund, TaxDocument, WebhookEvent
from apps.salons.models import Membership, Salon, Service, ServiceCategory, Staff

RIYADH = ZoneInfo("Asia/Riyadh")
PASSWORD = "a long password of people"
LISTS = Path(__file__).parents[2] / "fixtures"
MANAGER, SUPPORT, CUSTOMER = "+966500000102", "+966500000104", "+966551234567"


@pytest.fixture
def gateway(tmp_path, live_server, settings):
    """Moyasar's stand-in in a process of its own, sending its webhooks to the started server."""
    command = [sys.executable, "-m", "apps.payments.standin", "--ledger", str(tmp_path / "ledger.sqlite3")]
    command += ["--webhook-url", f"{live_server.url}/api/v1/webhooks/moyasar/"]
    command += ["--webhook-secret", settings.MOYASAR_WEBHOOK_SECRET, "--secret-key", settings.MOYASAR_SECRET_KEY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=LISTS.parent)
    ready = process.stdout.readline()
    address = re.fullmatch(r"standin ready (http://127\.0\.0\.1:\d+)/\n", ready).group(1)
    settings.MOYASAR_BASE_URL = f"{address}/v1"
    settings.PUBLIC_BASE_URL = live_server.url
    yield address
    process.terminate()
    process.wait(10)


@pytest.fixture
def salon(transactional_db):
    """A salon that confirms by hand, with a manager and a support agent: what the platform's owner prepares."""
    salon = Salon.objects.create(
        slug="reem",
        name_ar="صالون الريم",
        name_en="Reem Salon",
        vat_number="310122393500003",
        confirmation=Salon.Confirmation.BY_HAND,
    )
    manager = User.objects.create_user(MANAGER, PASSWORD, name="Huda", locale="en")
    Membership.objects.create(salon=salon, user=manager, role="manager")
    support = User.objects.create_user(SUPPORT, PASSWORD, name="Omar", locale="en")
    support.groups.set([support.groups.model.objects.get(name="support")])
    return salon


class Customer:
    """A client of the API, as a phone would be."""

    def __init__(self, base: str, phone: str, capsys):
        self.api, self.phone, self.capsys = f"{base}/api/v1/", phone, capsys
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = "en"

    def sign_in(self):
        challenge = self.post("auth/otp/request/", {"phone": self.phone}, 202)
        code = re.search(rf"\[otp\] to={re.escape(self.phone)} code=(\d{{6}})", self.capsys.readouterr().out).group(1)
        tokens = self.post("auth/otp/verify/", {"challenge_id": challenge["challenge_id"], "code": code}, 200)
        self.use(tokens)
        return tokens["user"]

    def use(self, tokens):
        self.refresh = tokens["refresh"]
        self.session.headers["Authorization"] = f"Bearer {tokens['access']}"

    def stay_signed_in(self):
        self.use(self.post("auth/token/refresh/", {"refresh": self.refresh}, 200))

    def get(self, path, **params):
        answer = self.session.get(self.api + path, params=params, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, body, status):
        answer = self.session.post(self.api + path, json=body, headers={"Idempotency-Key": str(uuid4())}, timeout=20)
        assert answer.status_code == status, answer.text
        return answer.json()

    def patch(self, path, body):
        answer = self.session.patch(self.api + path, json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def book(self, service, staff, day, hour):
        slots = self.get("salons/reem/slots/", **{"service": service["id"], "from": str(day), "to": str(day)})["slots"]
        moment = datetime.combine(day, time(hour), RIYADH).isoformat()
        (slot,) = [slot for slot in slots if slot["starts_at"] == moment]
        assert staff["id"] in slot["staff"]
        return self.post("bookings/", {"service": service["id"], "staff": staff["id"], "starts_at": moment}, 201)


def import_list(manager: Visitor, file: str, **said) -> Page:
    """Send a price list through the admin's import page; the answer is its preview."""
    page = manager.get("/admin/salons/service/import/")
    form = page.form("import_file")
    content = (LISTS / file).read_bytes()
    return manager.submit(page, form, {**said, "import_file": None}, files={"import_file": (file, content, "text/csv")})


def create_stylist(manager: Visitor, names: tuple[str, str], service: Service, day_off: date | None = None):
    page = manager.get("/admin/salons/staff/add/")
    form = page.form("name_ar", "name_en")
    hours: dict[str, object] = {}
    for weekday in range(7):
        row = f"weekly_hours-{weekday}"
        hours |= {f"{row}-weekday": weekday, f"{row}-opens": "09:00", f"{row}-closes": "22:00"}
    off: dict[str, object] = {"time_off-TOTAL_FORMS": 0}
    if day_off:
        off = {
            "time_off-TOTAL_FORMS": 1,
            "time_off-0-starts_at_0": str(day_off),
            "time_off-0-starts_at_1": "00:00",
            "time_off-0-ends_at_0": str(day_off + timedelta(days=1)),
            "time_off-0-ends_at_1": "00:00",
            "time_off-0-reason": "A day off",
        }
    said = {
        "name_ar": names[0],
        "name_en": names[1],
        "staff_services-TOTAL_FORMS": 1,
        "staff_services-0-service": service.pk,
        "weekly_hours-TOTAL_FORMS": 7,
        **hours,
        **off,
    }
    done = manager.submit(page, form, said)
    assert done.url.endswith("/admin/salons/staff/"), done.text
    return Staff.objects.get(name_en=names[1])


def take(person: Visitor, model: str, pk, step: str, **said) -> Page:
    """Open a dialog of a page, fill it in and send it."""
    dialog = person.get(f"/admin/{model}/{pk}/{step}/")
    return person.submit(dialog, dialog.form("_form_submitted"), said)


@pytest.mark.django_db(transaction=True)
def test_from_a_price_list_to_a_refund(salon, gateway, live_server, capsys):
    today = datetime.now(RIYADH).date()
    # Three days, not two: a visit within 48 hours has its reminder planned, and which it is would hang on the hour.
    day, other_day = today + timedelta(days=3), today + timedelta(days=5)
    with time_machine.travel(datetime.now(RIYADH), tick=True) as clock:
        manager = Visitor(live_server.url)
        assert manager.sign_in(MANAGER, PASSWORD).url == f"{live_server.url}/admin/"

        # The manager imports the list: its one bad row is named and nothing is written.
        preview = import_list(manager, "riyadh_price_list.csv", default_duration="45")
        assert "400 - 300" in preview.text
        assert (Service.objects.count(), ServiceCategory.objects.count()) == (0, 0)
        preview = import_list(manager, "riyadh_price_list_corrected.csv", default_duration="45")
        manager.submit(preview, preview.form("import_file_name"), {})
        assert (Service.objects.count(), ServiceCategory.objects.count()) == (71, 8)
        haircut = Service.objects.get(name_ar="قص شعر")
        assert (haircut.name_en, haircut.price_amount, haircut.duration_minutes) == ("Haircut", Decimal("130.00"), 45)

        # Three staff members with hours, one with a day off, and a service each can do.
        colour = Service.objects.get(name_en="Root colour")
        anna = create_stylist(manager, ("آنا", "Anna"), haircut)
        create_stylist(manager, ("بسمة", "Basma"), colour)
        create_stylist(manager, ("دانة", "Dana"), haircut, day_off=day)
        assert Staff.objects.filter(salon=salon).count() == 3

        # Customers are reminded a day and two hours before, and asked for reviews under the salon's own name.
        ways = manager.get("/admin/notifications/messagesettings/add/")
        manager.submit(
            ways, ways.form("promotional_sender"), {"reminder_hours": "24, 2", "promotional_sender": "REEM-AD"}
        )
        assert MessageSettings.objects.get(salon=salon).reminder_hours == [24, 2]

        # A customer signs in with a code, agrees to promotions and finds service, people and times.
        customer = Customer(live_server.url, CUSTOMER, capsys)
        assert customer.sign_in()["phone"] == CUSTOMER
        assert customer.patch("me/", {"marketing_consent": True})["marketing_consent"] is True
        services = customer.get("salons/reem/services/", page_size=100)["results"]
        (wanted,) = [service for service in services if service["name"] == "Haircut"]
        assert wanted["price"] == "130.00"
        able = customer.get("salons/reem/staff/", service=wanted["id"])["results"]
        assert [person["name"] for person in able] == ["Anna", "Dana"]
        free = customer.get("salons/reem/slots/", **{"service": wanted["id"], "from": str(day), "to": str(day)})[
            "slots"
        ]
        assert {person for slot in free for person in slot["staff"]} == {able[0]["id"]}

        booked = customer.book(wanted, able[0], day, hour=12)
        assert (booked["status"], booked["price"]["amount"], booked["price"]["vat"]) == ("pending", "130.00", "16.96")
        second = customer.book(wanted, able[1], other_day, hour=15)

        # The manager confirms.
        take(manager, "bookings/booking", booked["id"], "confirm")
        assert customer.get(f"bookings/{booked['id']}/")["status"] == "confirmed"

        # The customer gets a link, pays on the gateway's page, and the webhook lands.
        link = customer.post(f"bookings/{booked['id']}/payment/", {}, 201)
        assert (link["status"], link["amount"], link["currency"]) == ("initiated", "130.00", "SAR")
        payer = Visitor(gateway)
        checkout = payer.get(link["payment_url"])
        back = payer.submit(checkout, checkout.forms[0], {"outcome": "paid"})
        assert back.url.startswith(f"{live_server.url}/bookings/{booked['id']}/payment/?")
        assert '<div id="app"></div>' in back.text
        wait_until(lambda: WebhookEvent.objects.filter(kind="payment_paid").exists())
        assert Payment.objects.get().status == "initiated"
        call_command("tick", stdout=StringIO())
        assert customer.get(f"bookings/{booked['id']}/payment/")["status"] == "paid"
        payment = Payment.objects.get()
        assert (payment.captured_amount, payment.refundable_amount) == (Decimal("130.00"), Decimal("130.00"))
        invoice = TaxDocument.objects.get()
        assert (invoice.number, invoice.net_amount, invoice.vat_amount) == (1, Decimal("113.04"), Decimal("16.96"))

        # The day has come: the visit takes place. Sessions and tokens of three days ago have ended or are renewed.
        clock.move_to(datetime.combine(day, time(12, 5), RIYADH))
        assert "/login/" in manager.get("/admin/").url
        manager.sign_in(MANAGER, PASSWORD)
        customer.stay_signed_in()
        take(manager, "bookings/booking", booked["id"], "arrive")
        take(manager, "bookings/booking", booked["id"], "complete")
        assert customer.get(f"bookings/{booked['id']}/")["status"] == "completed"

        # Support gives half of it back, with a reason.
        support = Visitor(live_server.url)
        support.sign_in(SUPPORT, PASSWORD)
        take(support, "payments/payment", payment.pk, "refund", amount="65.00", reason="Colour was not as agreed")
        refund = Refund.objects.get()
        assert (refund.status, refund.amount, str(refund.requested_by)) == ("succeeded", Decimal("65.00"), "Omar")
        ledger = requests.get(f"{gateway}/control/ledger", timeout=20).json()
        assert [(paid["amount"], paid["refunded"]) for paid in ledger["payments"]] == [(13000, 6500)]
        payment.refresh_from_db()
        assert (payment.refunded_amount, payment.refund_reserved_amount) == (Decimal("65.00"), Decimal("0.00"))

        # The customer cancels the other booking in time: no fee.
        off = customer.post(f"bookings/{second['id']}/cancel/", {"reason": "I travel"}, 200)
        assert (off["status"], off["cancellation_fee"]) == ("cancelled", "0.00")

        # The audit list shows every message with its state.
        call_command("tick", stdout=StringIO())
        told = list(Notification.objects.order_by("created_at", "pk").values_list("kind", "status"))
        assert told == [
            ("booking_received", "sent"),
            ("booking_received", "sent"),
            ("booking_confirmed", "sent"),
            ("payment_link", "sent"),
            ("payment_received", "sent"),
            ("review_invitation", "sent"),
            ("refund_sent", "sent"),
            ("booking_cancelled", "sent"),
        ]
        audit = manager.get("/admin/notifications/notification/").text
        assert all(label in audit for label in ("booking received", "payment link", "refund on its way"))

        # History says who did what, when and why.
        story = manager.get(f"/admin/bookings/booking/{booked['id']}/history/").text
        assert all(word in story for word in ("Huda", CUSTOMER, "pending", "confirmed", "arrived", "completed"))
        cancelled = manager.get(f"/admin/bookings/booking/{second['id']}/history/").text
        assert "I travel" in cancelled
        refunded = support.get(f"/admin/payments/refund/{refund.pk}/history/").text
        assert all(word in refunded for word in ("Omar", "Colour was not as agreed"))
        paid = support.get(f"/admin/payments/payment/{payment.pk}/history/").text
        assert "read at the gateway" in paid

        call_command("check_invariants", stdout=StringIO())
        assert anna.bookings.get().status == Booking.Status.COMPLETED
