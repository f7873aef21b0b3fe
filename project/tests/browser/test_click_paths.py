"""Six things people do, from the first page on, by what is in sight; docs/admin.md names the same clicks."""

import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone, translation
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.bookings import services
from apps.bookings.models import Booking
from apps.notifications import reasons
from apps.notifications.models import Kind, Notification
from apps.payments.models import Refund
from apps.payments.services import refresh_payment, start_payment
from apps.payments.standin import Standin
from apps.salons.models import Membership, Service
from apps.salons.tests.factories import ServiceFactory, StaffFactory, StaffServiceFactory, WeeklyHoursFactory
from project.tests.browser.desk import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RIYADH = ZoneInfo("Asia/Riyadh")
PAGE = Path(__file__).parents[3] / "docs" / "admin.md"
LINE = re.compile(r"^\| (?P<thing>[^|]+) \| [^|]+ \| (?P<path>[^|]+) \| (?P<count>\d+) \|$", re.MULTILINE)
HEADINGS = "Category (Arabic),Category (English),Service (Arabic),Service (English),Price incl. VAT,Duration (minutes)"


def documented(thing):
    """What docs/admin.md says is clicked for `thing`, in order. It prints each in bold."""
    found = next(line for line in LINE.finditer(PAGE.read_text("utf-8")) if line["thing"] == thing)
    clicked = re.findall(r"\*\*(.+?)\*\*", found["path"])
    assert len(clicked) == int(found["count"])
    return clicked


class Person:
    """Somebody who sees the first page, and clicks on what is in sight. `clicked` is what, in English."""

    def __init__(self, desk, user, language="en"):
        self.page, self.language, self.clicked = desk.page, language, []
        desk.speak(language)
        desk.sign_in(user)

    def words(self, english):
        with translation.override(self.language):
            return gettext(english)

    def click(self, name, role="link", within="body", exact=True):
        place = self.page.locator(within)
        self.press(place.get_by_role(role, name=self.words(name), exact=exact), name)

    def press(self, target, name):
        target.click()
        self.clicked.append(name)

    def choose(self, select, choice):
        """Open a list and take one of its lines: two clicks, of which the second is outside the page."""
        box = self.page.get_by_role("combobox", name=self.words(select), exact=True)
        self.press(box, select)
        self.page.keyboard.press("Escape")
        box.select_option(label=choice)
        self.clicked.append(choice.split(" · ")[0])

    def type(self, text):
        self.page.keyboard.type(text)

    def waits_in(self, box):
        """Whoever types now types into `box`, over what it holds, without a click."""
        self.page.wait_for_function(
            """name => {
                const box = document.activeElement;
                return box?.name === name && box.selectionEnd - box.selectionStart === box.value.length;
            }""",
            arg=box,
        )

    def sees(self, text):
        self.page.get_by_text(text).filter(visible=True).first.wait_for()


@pytest.fixture
def clock():
    """A Sunday one to two weeks ahead, 11:00 in Riyadh, whatever the day and the hour of the test."""
    today = timezone.now().astimezone(RIYADH).date()
    sunday = today + timedelta(days=7 + (6 - today.weekday()) % 7)
    with time_machine.travel(datetime.combine(sunday, time(11), RIYADH), tick=True) as traveller:
        yield traveller


@pytest.fixture
def salon(clock, people):
    """Haircuts by Anna, 115.00 SAR, every day from 9 to 22, and a receptionist."""
    salon = people["salon"]
    people["haircut"] = ServiceFactory(
        salon=salon, name_en="Haircut", name_ar="قص شعر", duration_minutes=60, price_amount=Decimal(115)
    )
    anna = StaffFactory(salon=salon, name_en="Anna", name_ar="آنا")
    StaffServiceFactory(salon=salon, staff=anna, service=people["haircut"])
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, staff=None, weekday=weekday, opens=time(9), closes=time(22))
    people["desk"] = User.objects.create_user("+966500000103", PASSWORD, name="Rima", locale="en")
    Membership.objects.create(salon=salon, user=people["desk"], role="receptionist")
    people["customer"] = User.objects.create_user("+966551234567", name="Sara", locale="en")
    return people


def day(days, hour):
    return datetime.combine(timezone.now().astimezone(RIYADH).date() + timedelta(days=days), time(hour), RIYADH)


def booked(salon, starts_at):
    return services.book_appointment(
        actor=salon["manager"],
        person=salon["customer"],
        service_id=salon["haircut"].pk,
        starts_at=starts_at,
        source=Booking.Source.DESK,
    )


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_walk_in_is_booked(desk, salon, language):
    person = Person(desk, salon["desk"], language)

    person.click("Walk-in")
    person.waits_in("phone")
    person.type("0559998877")
    person.choose("Service", {"en": "Haircut", "ar": "قص شعر"}[language] + " · 60")
    person.click("Book", role="button")
    desk.page.locator(".notice-done").wait_for()

    visit = Booking.objects.get()
    assert (visit.customer.user.phone, visit.status, visit.service) == ("+966559998877", "arrived", salon["haircut"])
    assert len(person.clicked) == len(documented("Book a walk-in"))
    assert language == "ar" or person.clicked == documented("Book a walk-in")


def test_a_booking_is_moved(desk, salon):
    visit = booked(salon, day(0, 14))
    person = Person(desk, salon["desk"])

    person.click("Sara", exact=False)
    person.click("Move")
    person.click("16:00", role="radio", within="#dialog")
    with desk.page.expect_navigation():
        person.click("Move", role="button", within="#dialog")

    visit.refresh_from_db()
    assert visit.starts_at == day(0, 16)
    assert person.clicked == documented("Move a booking")


def test_a_no_show_is_marked(desk, salon, clock):
    visit = booked(salon, day(0, 14))
    clock.move_to(day(0, 14) + timedelta(minutes=25))
    person = Person(desk, salon["desk"])

    person.click("Sara", exact=False)
    person.sees("Should have started 25 min ago. Is the customer here?")
    person.click("No-show")
    person.waits_in("reason")
    person.type("She did not answer")
    with desk.page.expect_navigation():
        person.click("Mark as no-show", role="button", within="#dialog")

    visit.refresh_from_db()
    assert visit.status == "no_show"
    assert person.clicked == documented("Mark a no-show")


@pytest.mark.parametrize(("role", "language"), [("support", "en"), ("manager", "ar")], ids=["support", "arabic"])
def test_fifty_riyals_are_given_back(desk, salon, clock, tmp_path, settings, role, language):
    with Standin(tmp_path / "ledger.sqlite3") as gateway:
        settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
        visit = booked(salon, day(0, 14))
        payment = start_payment(actor=salon["customer"], booking_id=visit.pk, return_url="http://127.0.0.1/")
        gateway.control.pay(payment.gateway_invoice_id)
        refresh_payment(payment_id=payment.pk)
        clock.move_to(day(0, 15))
        services.mark_arrived(actor=salon["manager"], booking_id=visit.pk)
        services.complete_booking(actor=salon["manager"], booking_id=visit.pk)
        clock.move_to(day(1, 11))
        person = Person(desk, salon[role], language)

        person.click("Search", role="button", exact=False)
        person.type(visit.display_reference)
        person.press(desk.page.get_by_role("option").filter(has_text=visit.display_reference), "the visit")
        person.click("Refund", within=".visit-steps")
        person.waits_in("amount")
        person.type("50")
        desk.page.keyboard.press("Tab")
        person.type("Colour was not as agreed")
        with desk.page.expect_navigation():
            person.click("Refund", role="button", within="#dialog")

        refund = Refund.objects.get()
        assert (refund.status, refund.amount) == ("succeeded", Decimal(50))
        assert gateway.control.report()["payments"][0]["refunded"] == 5000
    assert person.clicked == documented("Refund 50 SAR")


@pytest.mark.parametrize("role", ["support", "manager"])
def test_why_yesterdays_message_failed_is_found(desk, salon, clock, role):
    reason = reasons.with_code(reasons.BAD_NUMBER, "30006")
    booked(salon, day(3, 12))
    message = Notification.objects.select_related("booking").get(kind=Kind.BOOKING_CONFIRMED)
    Notification.objects.filter(pk=message.pk).update(status="failed", reason=reason)
    clock.move_to(day(1, 11))
    person = Person(desk, salon[role])

    person.click("Failed messages, 7 days", exact=False)

    row = desk.page.get_by_role("row").filter(has_text=message.booking.display_reference)
    row.wait_for()
    assert "this number cannot receive messages (30006)" in row.inner_text().lower()
    message.refresh_from_db()
    assert (message.status, Notification.objects.filter(status="failed").count()) == ("failed", 1)
    assert person.clicked == documented("Find why yesterday's SMS failed")


def test_ten_services_are_imported(desk, salon):
    rows = [f"الأظافر,Nails,خدمة {number},Service {number},{number * 10},30" for number in range(1, 11)]
    file = {"name": "prices.csv", "mimeType": "text/csv", "buffer": "\n".join([HEADINGS, *rows]).encode()}
    person = Person(desk, salon["manager"])

    person.click("Import a price list")
    with desk.page.expect_file_chooser() as chooser:
        box = desk.page.get_by_role("textbox", name="Choose file to upload")
        person.press(desk.page.locator("label").filter(has=box), "Choose file to upload")
    chooser.value.set_files(file)
    person.click("Look at what would happen", role="button")
    person.click("Import this", role="button")
    person.sees("Imported: 10 new, 0 changed, 0 the same, 0 left out.")

    prices = Service.objects.filter(name_en__startswith="Service ").order_by("price_amount")
    assert [(one.name_en, one.price_amount) for one in prices] == [
        (f"Service {number}", Decimal(number * 10)) for number in range(1, 11)
    ]
    assert person.clicked == documented("Import ten services")
