"""The language of the back office, chosen once by the person who works in it."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def direction(desk):
    return desk.page.locator("html").get_attribute("dir")


def sign_in_by_own_language(desk, person):
    desk.page.context.clear_cookies(name="django_language")
    desk.sign_in(person)


def test_a_language_once_chosen_is_there_after_the_next_sign_in_on_any_computer(new_desk, people):
    manager = people["manager"]
    manager.locale = "ar"
    manager.save()
    desk, elsewhere = new_desk(), new_desk()
    sign_in_by_own_language(desk, manager)
    assert direction(desk) == "rtl"

    desk.page.locator(".salon-user").press("Enter")
    with desk.page.expect_navigation():
        desk.page.get_by_role("button", name="English", exact=True).click()
    assert direction(desk) == "ltr"

    desk.page.context.clear_cookies(name="sessionid")
    desk.sign_in(manager)
    sign_in_by_own_language(elsewhere, manager)
    assert (direction(desk), direction(elsewhere)) == ("ltr", "ltr")
