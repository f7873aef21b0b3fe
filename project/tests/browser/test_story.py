"""The admin part of the main job in headless Chromium, as a manager and a support agent click through it."""

import base64
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.accounts.tests.factories import app_code
from apps.bookings import services
from apps.bookings.models import Booking
from apps.payments.models import Payment, Refund
from apps.payments.standin import Standin
from apps.salons.models import Service, Staff
from apps.salons.tests.factories import ServiceFactory, StaffFactory, StaffServiceFactory, WeeklyHoursFactory
from project.admin_site.navigation import GROUPS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RIYADH = ZoneInfo("Asia/Riyadh")
LISTS = Path(__file__).parents[3] / "fixtures"


def import_list(desk, file):
    desk.open("/admin/salons/service/import/")
    desk.page.set_input_files("[name=import_file]", LISTS / file)
    desk.page.fill("[name=default_duration]", "45")
    desk.page.locator("form:has([name=import_file]) [type=submit]").click()
    desk.page.wait_for_load_state()


def create_stylist(desk, name, service):
    page = desk.page
    desk.open("/admin/salons/staff/add/")
    page.fill("[name=name_en]", name)
    page.locator("#tabs-items a[href='#staff_services']").click()
    page.locator("#staff_services-group a.add-row").click()
    page.select_option("[name=staff_services-0-service]", label=service)
    page.locator("#tabs-items a[href='#weekly_hours']").click()
    for weekday in range(7):
        page.locator("#weekly_hours-group a.add-row").click()
        row = f"[name=weekly_hours-{weekday}"
        page.select_option(f"{row}-weekday]", value=str(weekday))
        page.fill(f"{row}-opens]", "09:00")
        page.fill(f"{row}-closes]", "22:00")
    desk.press("Save")
    page.wait_for_url(re.compile(r"/admin/salons/staff/(#.*)?$"))
    return Staff.objects.get(name_en=name)


def test_the_managers_and_supports_part_of_the_story(desk, people, tmp_path, settings):
    now = timezone.now()
    with time_machine.travel(now, tick=True) as clock, Standin(tmp_path / "ledger.sqlite3") as gateway:
        settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
        page = desk.page
        desk.sign_in(people["manager"])

        import_list(desk, "riyadh_price_list.csv")
        assert "400 - 300" in page.content()
        assert Service.objects.count() == 0
        import_list(desk, "riyadh_price_list_corrected.csv")
        page.locator("form:has([name=import_file_name]) [type=submit]").click()
        page.wait_for_url("**/admin/salons/service/")
        assert Service.objects.count() == 71

        anna = create_stylist(desk, "Anna", "Haircut")
        assert (anna.staff_services.count(), anna.weekly_hours.count()) == (1, 7)

        customer = User.objects.create_user("+966551234567", name="Sara", locale="en")
        visit = datetime.combine(now.astimezone(RIYADH).date() + timedelta(days=2), time(12), RIYADH)
        haircut = Service.objects.get(name_en="Haircut")
        booking = services.book_appointment(actor=customer, person=customer, service_id=haircut.pk, starts_at=visit)
        change = f"/admin/bookings/booking/{booking.pk}/change/"
        desk.open(change)
        desk.take("confirm")
        assert Booking.objects.get().status == "confirmed"

        payment = pay_online(booking, gateway)
        clock.move_to(visit + timedelta(minutes=5))
        desk.sign_in(people["manager"])
        desk.open(change)
        desk.take("arrive")
        desk.take("complete")
        assert Booking.objects.get().status == "completed"

        desk.sign_in(people["support"])
        desk.open(f"/admin/payments/payment/{payment.pk}/change/")
        desk.take("refund", amount="65.00", reason="Colour was not as agreed")
        refund = Refund.objects.get()
        assert (refund.status, refund.amount) == ("succeeded", Decimal("65.00"))
        assert gateway.control.report()["payments"][0]["refunded"] == 6500


def pay_online(booking, gateway):
    """The customer's part, which is not the admin's: a link, a payment on it, and the news of it."""
    from apps.payments.services import refresh_payment, start_payment

    payment = start_payment(actor=booking.booked_by, booking_id=booking.pk, return_url="http://127.0.0.1/")
    gateway.control.pay(payment.gateway_invoice_id)
    refresh_payment(payment_id=payment.pk)
    return Payment.objects.get()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("width", [1400, 390], ids=["desktop", "phone"])
def test_every_page_of_the_sidebar_stands_in_both_directions(desk, people, language, width):
    page = desk.page
    page.set_viewport_size({"width": width, "height": 900})
    desk.speak(language)
    desk.sign_in(people["owner"])
    labels = [label for _title, entries in GROUPS for label, _icon in entries]

    for label in labels:
        desk.open(f"/admin/{label.replace('.', '/')}/")
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{label} is {overflow} pixels wider than its window"


def test_an_operator_signs_in_in_two_steps_and_proves_themself_again_before_a_large_refund(
    desk, people, tmp_path, settings
):
    settings.OPERATOR_MFA = "required"
    salon, manager = people["salon"], people["manager"]
    salon.refund_limit = 0
    salon.save()
    now = timezone.now()
    with time_machine.travel(now, tick=True) as clock, Standin(tmp_path / "ledger.sqlite3") as gateway:
        settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
        refund = refund_that_waits(people, gateway)
        page = desk.page
        desk.speak("ar")
        desk.give_password(manager)
        page.wait_for_url("**/admin/otp/setup/**")
        page.locator("details summary").click()
        secret = page.locator(".salon-secret").inner_text().replace(" ", "")
        app = TOTPDevice(key=base64.b32decode(secret).hex())
        page.fill("[name=code]", app_code(app).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))
        page.press("[name=code]", "Enter")
        page.locator(".salon-recovery-codes").wait_for()
        assert page.locator(".salon-recovery-codes li").count() == 10
        page.locator("a:has-text('حفظت الرموز')").click()
        page.wait_for_url(f"{desk.base}/admin/")

        clock.move_to(now + timedelta(minutes=10))
        change = f"/admin/payments/refund/{refund.pk}/change/"
        desk.open(change)
        desk.take("approve")
        page.wait_for_url("**/admin/otp/?next=**")
        assert (Refund.objects.get().status, gateway.control.report()["payments"][0]["refunded"]) == ("requested", 0)
        page.fill("[name=code]", app_code(app))
        page.press("[name=code]", "Enter")
        page.wait_for_url(f"**{change}")
        desk.take("approve")
        assert (Refund.objects.get().status, gateway.control.report()["payments"][0]["refunded"]) == ("succeeded", 6500)

        page.context.clear_cookies(name="sessionid")
        clock.move_to(now + timedelta(minutes=15))
        desk.give_password(manager)
        page.wait_for_url("**/admin/otp/?next=**")
        desk.open("/admin/payments/refund/")
        page.wait_for_url("**/admin/otp/?next=**")
        page.fill("[name=code]", app_code(app))
        page.press("[name=code]", "Enter")
        page.wait_for_url("**/admin/payments/refund/")


def refund_that_waits(people, gateway):
    """65.00 SAR that support asked for and the manager may approve."""
    from apps.payments.services import request_refund

    service = ServiceFactory(salon=people["salon"])
    staff = StaffFactory(salon=people["salon"])
    StaffServiceFactory(salon=people["salon"], staff=staff, service=service)
    for weekday in range(7):
        WeeklyHoursFactory(salon=people["salon"], staff=None, weekday=weekday, opens=time(9), closes=time(21))
    customer = User.objects.create_user("+966551234567", name="Sara", locale="en")
    day = timezone.now().astimezone(RIYADH).date() + timedelta(days=2)
    booking = services.book_appointment(
        actor=customer, person=customer, service_id=service.pk, starts_at=datetime.combine(day, time(12), RIYADH)
    )
    services.confirm_booking(booking_id=booking.pk, actor=people["manager"])
    payment = pay_online(booking, gateway)
    return request_refund(actor=people["support"], payment_id=payment.pk, amount=Decimal(65), reason="Served late")
