"""Every text of every row holds payloads and Chromium runs none: at the desk, in the calendar, on the storefront.

`project/tests/test_xss.py` parses every page of the back office. Here a browser judges, and the storefront's script
writes the page. The content security policy is off, because it would hide that a payload came through.
"""

import pytest

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.testing.thorough import THOROUGH
from apps.salons.models import Customer, Salon, Service
from project.tests.browser.desk import PASSWORD
from project.tests.browser.shopper import Shopper
from project.tests.pages import page, write_texts
from project.tests.test_xss import PAYLOADS, infected
from project.tests.two_salons import every_row, shown_models
from project.tests.walls.calls import open_the_salon

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SPRUNG = "window.xq9 = () => { window.__xss = true }"


@pytest.fixture
def rows(settings):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"
    rows = every_row()
    open_the_salon(rows)
    assert write_texts(infected(0)) >= 150
    return rows


@pytest.fixture
def visitor(live_server, new_context):
    """Somebody with a browser in which a payload that runs leaves a mark, and whatever asks or complains is noted."""
    context = new_context(bypass_csp=True)
    context.add_init_script(SPRUNG)
    visitor = Shopper(context.new_page(), live_server.url, "en")
    visitor.page.on("dialog", lambda dialog: visitor.problems.append(dialog.message) or dialog.dismiss())
    return visitor


def is_sprung(page):
    return page.evaluate("window.__xss === true")


def test_no_page_of_the_desk_runs_what_a_text_holds(visitor, rows):
    owner = User.objects.create_superuser("+966500000101", PASSWORD, name="Owner", locale="en")
    lists = [page(model, "changelist") for model in shown_models()]
    forms = [page(model, "change", rows[model].pk) for model in shown_models()]
    visitor.sign_in(owner)
    sprung = []
    for address in ["/admin/", *(lists + forms)[:: 1 if THOROUGH else 6]]:
        visitor.open(address)
        sprung += [address] if is_sprung(visitor.page) else []

    assert sprung == []
    assert visitor.problems == []


def test_the_calendar_and_its_panel_run_nothing(visitor, rows):
    owner = User.objects.create_superuser("+966500000101", PASSWORD, name="Owner", locale="en")
    visit = rows[Booking]
    visitor.sign_in(owner)
    visitor.open(f"/admin/bookings/booking/calendar/?salon={rows[Salon].pk}&date={visit.starts_at:%Y-%m-%d}")
    card = visitor.page.locator(f"[data-visit='{visit.pk}']").first
    card.wait_for()
    with visitor.page.expect_response("**/calendar/panel/**") as told:
        card.click()

    assert PAYLOADS[0].replace("<", "&lt;").replace(">", "&gt;") in told.value.text()
    visitor.page.locator(f"a[href*='/{visit.pk}/change/']").first.wait_for()
    assert not is_sprung(visitor.page)
    assert visitor.problems == []


def test_no_page_of_the_storefront_runs_what_a_text_holds(visitor, rows, settings):
    settings.PUBLIC_BASE_URL = visitor.base
    salon, service, visit = rows[Salon], rows[Service], rows[Booking]
    visitor.carry_sign_in(rows[Customer].user)
    shown = f"/salons/{salon.slug}/"
    sprung = []
    for address in ["/", shown, f"{shown}{service.public_id}/", "/bookings/", f"/bookings/{visit.pk}/", "/profile/"]:
        visitor.open(address)
        visitor.page.wait_for_load_state("networkidle")
        sprung += [address] if is_sprung(visitor.page) else []
    visitor.open(shown)
    visitor.page.get_by_text("xq9()").first.wait_for()

    assert sprung == []
    assert visitor.problems == []


def test_control_a_payload_that_comes_through_leaves_its_mark(visitor):
    visitor.open("/")
    assert not is_sprung(visitor.page)
    visitor.page.evaluate("payload => { document.body.innerHTML = payload }", "<img src=x onerror=xq9()>")

    visitor.page.wait_for_function("window.__xss === true")
