"""The search box by keyboard alone, as somebody with a phone on her shoulder uses it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.tests.factories import UserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.salons.tests.factories import CustomerFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def card(people):
    return CustomerFactory(salon=people["salon"], user=UserFactory(phone="+966551234567", name="Sara"))


def test_a_phone_as_people_write_it_leads_to_the_customer(desk, people, card):
    page = desk.page
    desk.sign_in(people["manager"])

    page.keyboard.press("Control+k")
    page.keyboard.type("055 123 4567")
    # At once, as people do: it does not wait to see the answer.
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/admin/salons/customer/{card.pk}/change/")


def test_arrows_choose_among_the_hits_and_nothing_stays_behind(desk, people, card):
    visit = BookingFactory(salon=people["salon"], customer=card, starts_at=timezone.now() + timedelta(days=2))
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 800})
    desk.speak("ar")
    desk.sign_in(people["manager"])

    page.keyboard.press("Control+k")
    page.keyboard.type("٠٥٥١٢٣٤٥٦٧")
    page.locator("#find [role=option]").nth(1).wait_for()
    assert page.locator("#find [aria-selected=true]").get_attribute("href").endswith(f"{visit.pk}/change/")
    assert desk.barriers() == []
    page.keyboard.press("Escape")
    assert page.locator("#find").is_hidden()
    assert page.locator("#find [role=option]").count() == 0

    page.keyboard.press("Control+k")
    page.keyboard.type("sara")
    page.locator("#find [role=option]").nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/salons/customer/{card.pk}/change/")
