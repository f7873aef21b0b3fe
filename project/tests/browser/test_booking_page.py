"""The page of a visit in Chromium: stepping, moving and cancelling, by two people and on a phone."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.bookings import services
from apps.bookings.models import Booking
from apps.payments.models import Payment, Refund
from apps.payments.services import refresh_payment, start_payment
from apps.payments.standin import Standin
from apps.salons.models import Membership
from apps.salons.tests.factories import ServiceFactory, StaffFactory, StaffServiceFactory, WeeklyHoursFactory
from project.tests.browser.desk import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RIYADH = ZoneInfo("Asia/Riyadh")


def noon_in(days):
    """Far enough ahead to be moved and cancelled free of charge, whatever the hour of the test."""
    return datetime.combine(timezone.now().astimezone(RIYADH).date() + timedelta(days=days), time(12), RIYADH)


@pytest.fixture
def booking(people):
    """Confirmed, in four days at noon."""
    salon = people["salon"]
    service, staff = ServiceFactory(salon=salon, price_amount=Decimal(115)), StaffFactory(salon=salon)
    StaffServiceFactory(salon=salon, staff=staff, service=service)
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, staff=None, weekday=weekday, opens=time(9), closes=time(21))
    customer = User.objects.create_user("+966551234567", name="Sara", locale="en")
    made = services.book_appointment(actor=customer, person=customer, service_id=service.pk, starts_at=noon_in(4))
    return services.confirm_booking(actor=people["manager"], booking_id=made.pk)


def page_of(booking):
    return f"/admin/bookings/booking/{booking.pk}/change/"


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_a_paid_visit_is_cancelled_and_its_money_goes_back_before_the_eyes(desk, people, booking, tmp_path, settings):
    with Standin(tmp_path / "ledger.sqlite3") as gateway:
        settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
        payment = start_payment(actor=booking.booked_by, booking_id=booking.pk, return_url="http://127.0.0.1/")
        gateway.control.pay(payment.gateway_invoice_id)
        refresh_payment(payment_id=payment.pk)
        desk.sign_in(people["manager"])
        desk.open(page_of(booking))

        desk.page.locator(".visit-menu summary").click()
        desk.page.locator("a[hx-get*='/cancel/']").click()
        dialog = desk.page.locator("#dialog")
        dialog.get_by_text("the fee is 0.00 SAR, and 115.00 SAR goes back").first.wait_for()
        dialog.locator("[name=reason]").fill("travelling")
        with desk.page.expect_navigation():
            dialog.locator("[type=submit]").click()

        assert Booking.objects.get().status == "cancelled"
        refund = Refund.objects.get()
        assert (refund.status, refund.amount, refund.reason) == ("succeeded", Decimal(115), "travelling")
        desk.page.locator(".visit-story").get_by_text("Money went back: 115.00 SAR").wait_for()
        assert Payment.objects.get().refundable_amount == 0


def test_a_visit_moves_to_a_free_time_of_the_day_that_was_picked(desk, people, booking):
    desk.sign_in(people["manager"])
    page = desk.page
    desk.open(page_of(booking))

    page.locator(".visit-menu summary").click()
    page.locator("a[hx-get*='/reschedule/']").click()
    page.locator("#dialog [name=reason]").fill("Anna is ill")
    target = noon_in(6) + timedelta(hours=3)
    # The times of that day are loaded by the change alone.
    page.locator("#dialog [name=day]").fill(target.date().isoformat())
    page.locator(f"#dialog [value='{target.isoformat()}']").check(force=True)
    with page.expect_navigation():
        page.locator("#dialog [type=submit]").click()

    moved = Booking.objects.get()
    assert moved.starts_at == target
    assert moved.history.latest().history_change_reason == "Anna is ill"
    page.locator(".visit-story").get_by_text("Moved", exact=True).wait_for()


def test_whoever_is_late_is_told_who_was_faster(new_desk, people, booking):
    colleague = User.objects.create_user("+966500000103", PASSWORD, name="Maha", locale="en")
    Membership.objects.create(salon=people["salon"], user=colleague, role="receptionist")
    first, second = new_desk(), new_desk()
    first.sign_in(people["manager"])
    second.sign_in(colleague)
    for one in (first, second):
        one.open(page_of(booking))

    first.take("cancel", reason="closed")
    second.take("cancel", reason="travelling")

    second.page.get_by_text("Huda changed this booking at").wait_for()
    assert Booking.objects.get().history.latest().history_change_reason == "closed"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_nothing_is_cut_and_every_step_is_within_reach(desk, people, booking, language):
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    desk.sign_in(people["manager"])
    desk.speak(language)
    desk.open(page_of(booking))

    page.locator(".visit-menu summary").click()
    for box in [link.bounding_box() for link in page.locator(".visit-menu nav a").all()]:
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert overflow(page) <= 0
    assert desk.barriers() == []
    page.keyboard.press("Escape")
    assert not page.locator(".visit-menu nav").is_visible()
