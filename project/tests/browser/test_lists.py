"""Lists on a phone, and history that leads back into a form."""

import pytest

from apps.common.history import save_as
from apps.salons.tests.factories import CustomerFactory, ServiceFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_a_row_is_a_small_card_that_opens_with_one_tap(new_desk, people, language):
    customer = CustomerFactory(salon=people["salon"], user__name="نورة العتيبي")
    desk = new_desk(**PHONE)
    desk.speak(language)
    desk.sign_in(people["owner"])

    desk.open("/admin/salons/customer/")
    card = desk.page.locator("#result_list .data-row").first
    box = card.bounding_box()
    width = desk.page.evaluate("document.documentElement.scrollWidth")
    desk.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
    desk.page.wait_for_url(f"**/salons/customer/{customer.pk}/change/")
    desk.open(f"/admin/salons/customer/{customer.pk}/history/")
    parts = desk.page.locator("#header-inner h1 > .truncate:visible").count()

    assert box["height"] <= 160
    assert width == 390
    assert parts == 1


def test_an_edit_begins_with_the_values_of_a_version_and_is_saved_as_an_edit(desk, people):
    service = ServiceFactory(salon=people["salon"], name_en="Cut", name_ar="قص")
    service.name_en = "Haircut"
    save_as(service, actor=people["owner"])
    desk.sign_in(people["owner"])

    desk.open(f"/admin/salons/service/{service.pk}/history/")
    desk.page.get_by_role("link", name="Edit with these values").click()
    desk.page.wait_for_url("**/change/?version=*")
    desk.page.locator("button[name=_save]").first.click()
    desk.page.wait_for_load_state("load")

    service.refresh_from_db()
    assert service.name_en == "Cut"
    assert [version.name_en for version in service.history.all()] == ["Cut", "Haircut", "Cut"]
