"""The catalogue's own pages in Chromium: a price where it stands, who does what, a week of hours."""

from datetime import time
from decimal import Decimal

import pytest

from apps.salons.models import StaffService, WeeklyHours
from apps.salons.tests.factories import ServiceFactory, StaffFactory, WeeklyHoursFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MONDAY, SUNDAY = WeeklyHours.Weekday.MONDAY, WeeklyHours.Weekday.SUNDAY


def test_a_price_is_changed_where_it_stands_and_two_managers_do_not_overwrite_each_other(new_desk, people):
    service = ServiceFactory(salon=people["salon"], name_en="Haircut", price_amount=Decimal("100.00"))
    first, second = new_desk(), new_desk()
    for desk in (first, second):
        desk.sign_in(people["manager"])
        desk.open("/admin/salons/service/prices/")
    row = "[data-price-row]:has([name=price])"

    first.page.fill(f"{row} [name=price]", "١٢٠")
    first.page.press(f"{row} [name=price]", "Enter")
    first.page.locator(f"{row} .salon-price-saved").wait_for()
    second.page.fill(f"{row} [name=price]", "130")
    second.page.locator("[data-save-all]").click()
    second.page.locator(f"{row} .salon-price-errors").wait_for()

    service.refresh_from_db()
    assert service.price_amount == Decimal("120.00")
    assert second.page.input_value(f"{row} [name=price]") == "130"
    assert first.page.locator("[data-unsaved-count]").is_hidden()
    assert first.barriers() == []


def test_boxes_of_the_grid_are_saved_together(desk, people):
    salon = people["salon"]
    anna, services = StaffFactory(salon=salon), [ServiceFactory(salon=salon) for _number in range(2)]
    ServiceFactory(salon=salon, category=services[0].category)
    desk.sign_in(people["manager"])
    desk.open("/admin/salons/staffservice/grid/")

    desk.page.locator("[data-all]").first.check()
    assert desk.page.inner_text("[data-unsaved-count]") == "2"
    assert desk.barriers() == []
    with desk.page.expect_navigation():
        desk.page.locator("[data-grid-form] [type=submit]").click()

    assert StaffService.objects.filter(staff=anna, service__category=services[0].category).count() == 2
    assert StaffService.objects.count() == 2


@pytest.mark.parametrize(("language", "opens_first"), [("en", "left"), ("ar", "right")])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_times_of_a_row_are_read_from_start_to_end(desk, people, language, opens_first, width):
    WeeklyHoursFactory(salon=people["salon"], weekday=SUNDAY, opens=time(10), closes=time(22))
    desk.page.set_viewport_size({"width": width, "height": 900})
    desk.speak(language)
    desk.sign_in(people["manager"])
    desk.open("/admin/salons/weeklyhours/week/")

    opens, closes = (
        desk.page.locator(f"[data-day='{SUNDAY}'] [data-name={name}]").bounding_box() for name in ("opens", "closes")
    )
    assert opens["y"] == closes["y"]
    assert ("left" if opens["x"] < closes["x"] else "right") == opens_first


def test_a_day_is_copied_to_others_and_the_week_is_saved(desk, people):
    salon = people["salon"]
    WeeklyHoursFactory(salon=salon, weekday=SUNDAY, opens=time(16), closes=time(23))
    desk.sign_in(people["manager"])
    desk.open("/admin/salons/weeklyhours/week/")
    page, sunday = desk.page, f"[data-day='{SUNDAY}']"

    page.fill(f"{sunday} [data-name=closes]", "01:00")
    assert page.is_checked(f"{sunday} [data-name=ends_next_day]")
    assert page.inner_text(f"{sunday} [data-total]") == "9:00"
    page.locator(f"{sunday} .salon-week-copy summary").click()
    page.check(f"{sunday} [data-to='{MONDAY}']")
    page.locator(f"{sunday} [data-copy]").click()
    assert page.locator(f"[data-day='{MONDAY}'] .salon-week-bar").count() == 1
    assert desk.barriers() == []
    with page.expect_navigation():
        page.locator("[data-week] [type=submit]").click()

    stored = WeeklyHours.objects.values_list("weekday", "opens", "closes", "ends_next_day")
    assert set(stored) == {(SUNDAY, time(16), time(1), True), (MONDAY, time(16), time(1), True)}
