"""Pages for people who do not see well, or use no mouse: axe finds nothing serious, in light and in the dark."""

import re

import pytest

from project.tests.two_salons import every_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/admin/",
    "/admin/bookings/booking/",
    "/admin/bookings/booking/add/",
    "/admin/salons/service/",
    "/admin/salons/service/import/",
    "/admin/salons/customer/",
    "/admin/payments/tillcount/daily/",
    "/admin/account/",
]
LISTS_WITH_ROWS = ["/admin/bookings/booking/", "/admin/payments/payment/", "/admin/notifications/template/"]


@pytest.mark.parametrize(("language", "scheme"), [("ar", "light"), ("en", "dark")])
def test_the_main_pages_bar_nobody(new_desk, people, language, scheme):
    every_row()
    desk = new_desk(color_scheme=scheme, reduced_motion="reduce")
    desk.speak(language)
    desk.open("/admin/login/")
    found = {"login": desk.barriers()}
    desk.sign_in(people["owner"])

    for path in PAGES:
        desk.open(path)
        desk.page.wait_for_load_state("networkidle")
        found[path] = desk.barriers()
    for path in LISTS_WITH_ROWS:
        desk.open(path)
        desk.page.locator("#result_list th a[href*='/change/']").first.click()
        desk.page.wait_for_url(re.compile("/change/"))
        found[f"{path} row"] = desk.barriers()

    assert {path: barriers for path, barriers in found.items() if barriers} == {}


def test_what_a_mouse_presses_a_key_presses_too(desk, people):
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    desk.sign_in(people["owner"])

    menu = page.get_by_role("button", name="Menu").locator("visible=true")
    menu.press("Enter")
    page.get_by_role("button", name="Close").locator("visible=true").first.wait_for()

    assert page.locator("#nav-sidebar").is_visible()
