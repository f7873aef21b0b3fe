"""Customers on the storefront, on a phone and on a desktop, in both languages, against the whole installation."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.payments.standin.service import Standin
from apps.salons.models import Salon
from project.tests.browser.shopper import DESKTOP, PHONE, Shopper

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_TAPS = 10


@pytest.fixture
def new_shopper(live_server, new_context, settings):
    """Makes customers, each with a browser of their own."""
    settings.PUBLIC_BASE_URL = live_server.url
    shoppers = []

    def make(language="ar", **context):
        page = new_context(**(context or PHONE)).new_page()
        shoppers.append(Shopper(page, live_server.url, language))
        return shoppers[-1]

    yield make
    assert [problem for shopper in shoppers for problem in shopper.problems] == []


@pytest.fixture
def codes(capsys):
    """The codes that phones got since the last call."""
    return lambda: re.findall(r"^\[otp\] to=\S+ code=(\d{6})$", capsys.readouterr().out, re.MULTILINE)


@pytest.fixture
def gateway(tmp_path, settings):
    with Standin(tmp_path / "ledger.sqlite3") as gateway:
        settings.MOYASAR_BASE_URL, settings.MOYASAR_SECRET_KEY = gateway.api_url, gateway.secret_key
        yield gateway


@pytest.fixture
def house():
    return open_salon(slug="reem", name_ar="صالون الريم", name_en="Reem Salon")


def service_address(house):
    return f"/salons/{house.salon.slug}/{house.service.public_id}/"


def visit_in(house, hours, person, **fields):
    """A booking of `person`, so many hours from now."""
    return BookingFactory(
        salon=house.salon,
        service=house.service,
        staff=house.staff[0],
        customer__salon=house.salon,
        customer__user=person,
        starts_at=(timezone.now() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0),
        **fields,
    )


@pytest.mark.parametrize(("language", "window"), [("ar", PHONE), ("en", DESKTOP)])
def test_a_customer_finds_a_salon_books_and_pays(new_shopper, house, gateway, codes, language, window):
    Salon.objects.update(confirmation="payment", deposit_percent=30)
    shopper = new_shopper(language, **window)
    shopper.gateway = gateway.url
    shopper.open("/")
    shopper.tap(shopper.page.get_by_role("link", name=re.compile("الريم|Reem")))
    shopper.tap(shopper.page.locator(f"a[href*='{house.service.public_id}']"))
    shopper.pick_time()
    shopper.sign_in_by_code("0551234567", codes)
    before_code = shopper.taps
    shopper.tap("confirm.book_and_pay")
    shopper.page.locator("button[value=paid]").click()

    shopper.page.wait_for_url("**/payment/**")
    name = {"ar": house.service.name_ar, "en": house.service.name_en}[language]
    salon = {"ar": house.salon.name_ar, "en": house.salon.name_en}[language]
    shopper.sees("return.paid", service=name, salon=salon)
    shopper.tap("return.to_booking")
    shopper.sees("visit.confirmed.title")

    booking = Booking.objects.get()
    assert (booking.status, booking.customer.user.phone) == ("confirmed", "+966551234567")
    assert booking.payments.get().status == "paid"
    assert before_code <= 5
