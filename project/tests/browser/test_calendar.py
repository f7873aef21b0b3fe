"""The calendar of the day as a desk works with it: by mouse, by keyboard, on a phone, and two at once."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.bookings import services
from apps.bookings.models import Booking
from apps.salons.models import Membership
from apps.salons.tests.factories import ServiceFactory, StaffFactory, StaffServiceFactory, WeeklyHoursFactory
from project.tests.browser.desk import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RIYADH = ZoneInfo("Asia/Riyadh")
HOUR = 96  # pixels


@pytest.fixture
def day(people):
    """A day to come, 10:00 to 16:00, with Anna and Basma; Sara comes to Anna at 11:00, Mona to Basma at 13:00."""
    salon = people["salon"]
    service = ServiceFactory(salon=salon, name_en="Haircut", name_ar="قص شعر", duration_minutes=60)
    staff = [StaffFactory(salon=salon, name_en=name, position=place) for place, name in enumerate(["Anna", "Basma"])]
    for person in staff:
        StaffServiceFactory(salon=salon, staff=person, service=service)
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, staff=None, weekday=weekday, opens=time(10), closes=time(16))
    date = timezone.now().astimezone(RIYADH).date() + timedelta(days=3)
    people |= {"date": date, "service": service, "staff": staff}
    people["desk"] = User.objects.create_user("+966500000105", PASSWORD, name="Rima", locale="en")
    Membership.objects.create(salon=salon, user=people["desk"], role="receptionist")
    for name, place, hour in (("Sara", 0, 11), ("Mona", 1, 13)):
        customer = User.objects.create_user(f"+96655123450{place}", name=name)
        people[name] = services.book_appointment(
            actor=people["manager"],
            person=customer,
            service_id=service.pk,
            staff_id=staff[place].pk,
            starts_at=at(date, hour),
            source=Booking.Source.DESK,
        )
    return people


def at(date, hour):
    return datetime.combine(date, time(hour), RIYADH)


def place_of(booking):
    booking.refresh_from_db()
    return booking.starts_at.astimezone(RIYADH).hour, booking.staff.name_en


def open_day(desk, day, person="desk", width=1400):
    desk.page.set_viewport_size({"width": width, "height": 1100})
    desk.sign_in(day[person])
    desk.open(f"/admin/bookings/booking/calendar/?date={day['date']}")
    desk.page.locator("[data-visit]").first.wait_for()


def card(desk, booking):
    return desk.page.locator(f"[data-visit='{booking.pk}']:not(.ec-ghost):not(.ec-preview)")


def drag(desk, booking, hours, columns=0):
    """Pull the card of `booking` by so many hours down and so many columns along."""
    page, box = desk.page, card(desk, booking).bounding_box()
    width = page.locator(".ec-col-head").nth(1).bounding_box()["width"]
    x, y = box["x"] + box["width"] / 2, box["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    for part in (0.3, 0.7, 1):
        page.mouse.move(x + columns * width * part, y + hours * HOUR * part)
    page.mouse.up()


def stretch(desk, booking, hours):
    """Pull the lower edge of the card of `booking` by so many hours, and give a reason."""
    page = desk.page
    card(desk, booking).hover()
    edge = card(desk, booking).locator(".ec-resizer").bounding_box()
    x, y = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in (0.3, 0.7, 1):
        page.mouse.move(x, y + hours * HOUR * part)
    page.mouse.up()
    page.locator("#calendar-ask textarea").fill("Long hair")
    page.locator("#calendar-ask [type=submit]").click()


def touch(desk, booking, hours, *, held):
    """Pull the card of `booking` with a finger by so many hours, at once or after the finger was `held` on it."""
    finger, box = desk.page.context.new_cdp_session(desk.page), card(desk, booking).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 20

    def send(kind, *points):
        touched = [{"x": x, "y": y + hours * HOUR * part} for part in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    send("touchStart", 0)
    if held:
        desk.page.locator(".ec-preview").wait_for()
    for part in (0.3, 0.7, 1):
        send("touchMove", part)
    send("touchEnd")


def back_in_place(desk, booking, box):
    """Wait until the card of `booking` stands where and as large as it was."""
    desk.page.wait_for_function(
        """([id, x, y, height]) => {
            const box = document.querySelector(`[data-visit='${id}']`)?.getBoundingClientRect();
            return box && [box.x - x, box.y - y, box.height - height].every((off) => Math.abs(off) < 2);
        }""",
        arg=[str(booking.pk), box["x"], box["y"], box["height"]],
    )


def shown(desk, label, within=30):
    """Wait so many seconds for a card that begins with `label`."""
    desk.page.locator(f"[data-visit][aria-label^='{label}']").first.wait_for(timeout=within * 1000)


def notice(desk, kind):
    box = desk.page.locator(f".notice-{kind}")
    box.wait_for()
    return box.inner_text()


def test_a_visit_is_dragged_to_another_time_and_to_another_person(desk, day):
    open_day(desk, day)

    drag(desk, day["Sara"], 3, columns=1)

    assert "Sara" in notice(desk, "done")
    assert place_of(day["Sara"]) == (14, "Basma")
    shown(desk, "14:00–15:00, Sara")


def test_a_refused_drag_goes_back_and_says_why(desk, day):
    open_day(desk, day)
    before = card(desk, day["Sara"]).bounding_box()

    drag(desk, day["Sara"], 2, columns=1)

    assert day["Mona"].display_reference in notice(desk, "refused")
    back_in_place(desk, day["Sara"], before)
    assert (place_of(day["Sara"]), day["Sara"].version) == ((11, "Anna"), 1)


def test_who_may_book_outside_the_rules_is_asked_why(desk, day):
    WeeklyHoursFactory(
        salon=day["salon"], staff=None, weekday=day["date"].weekday(), opens=time(14), closes=time(15), is_break=True
    )
    open_day(desk, day, "manager")

    drag(desk, day["Sara"], 3)
    ask = desk.page.locator("#calendar-ask")
    ask.locator("textarea").fill("She flies tonight")
    assert "Break from 14:00 to 15:00" in ask.inner_text()
    ask.locator("[type=submit]").click()

    notice(desk, "done")
    assert (place_of(day["Sara"]), day["Sara"].override_reason) == ((14, "Anna"), "She flies tonight")


def test_a_visit_is_pulled_longer_at_its_edge_and_says_why(desk, day):
    open_day(desk, day)

    stretch(desk, day["Sara"], 0.5)

    assert "Sara" in notice(desk, "done")
    shown(desk, "11:00–12:30, Sara")
    day["Sara"].refresh_from_db()
    latest = day["Sara"].history.latest()
    assert (day["Sara"].duration_minutes, day["Sara"].version) == (90, 2)
    assert (latest.history_user, latest.history_change_reason) == (day["desk"], "Long hair")


def test_a_visit_pulled_into_the_next_one_goes_back_and_says_why(desk, day):
    following = services.book_appointment(
        actor=day["manager"],
        person=User.objects.create_user("+966551234509", name="Lama"),
        service_id=day["service"].pk,
        staff_id=day["staff"][0].pk,
        starts_at=at(day["date"], 12),
        source=Booking.Source.DESK,
    )
    open_day(desk, day)
    before = card(desk, day["Sara"]).bounding_box()

    stretch(desk, day["Sara"], 0.5)

    assert following.display_reference in notice(desk, "refused")
    back_in_place(desk, day["Sara"], before)
    day["Sara"].refresh_from_db()
    assert (day["Sara"].duration_minutes, day["Sara"].version, day["Sara"].history.count()) == (60, 1, 1)


def test_a_finger_that_stays_on_a_visit_drags_it_and_one_that_swipes_does_not(new_desk, day):
    desk = new_desk(has_touch=True)
    open_day(desk, day, width=820)
    sent = []
    desk.page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)

    touch(desk, day["Sara"], 3, held=False)
    assert (sent, place_of(day["Sara"]), day["Sara"].version) == ([], (11, "Anna"), 1)

    touch(desk, day["Sara"], 3, held=True)
    assert "Sara" in notice(desk, "done")
    shown(desk, "14:00–15:00, Sara")
    assert (sent, place_of(day["Sara"])) == (["POST"], (14, "Anna"))


def test_phone_service_go(desk, day):
    for weekday in range(7):
        hours = {"weekday": weekday, "opens": time(0), "closes": time(0), "ends_next_day": True}
        WeeklyHoursFactory(salon=day["salon"], staff=None, **hours)
    open_day(desk, day)

    page = desk.page
    page.keyboard.press("n")
    page.keyboard.type("0551112233")
    page.keyboard.press("Tab")
    page.keyboard.type("Haircut")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    notice(desk, "done")
    booking = Booking.objects.get(customer__user__phone="+966551112233")
    assert (booking.status, booking.source, booking.service.name_en) == ("arrived", "desk", "Haircut")


def test_by_keyboard_a_visit_is_found_opened_and_left_and_days_are_turned(desk, day):
    open_day(desk, day)
    page = desk.page
    card(desk, day["Sara"]).focus()

    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.visit") == str(day["Mona"].pk)
    page.keyboard.press("Enter")
    page.locator("#calendar-panel h2:has-text('Mona')").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Mona"
    page.locator("#calendar-panel a[hx-get*='/reschedule/']").focus()
    page.keyboard.press("Enter")
    page.locator("#modal-content [name=starts_at]").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("#modal-content").wait_for(state="hidden")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.visit") == str(day["Mona"].pk)

    page.keyboard.press("]")
    page.wait_for_url(f"**date={day['date'] + timedelta(days=1)}*")
    page.keyboard.press("t")
    page.wait_for_url(f"**date={timezone.now().astimezone(RIYADH).date()}*")


def tab_to(desk, selector, most=200):
    """Press Tab until the focus is on an element that `selector` matches."""
    for _press in range(most):
        if desk.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        desk.page.keyboard.press("Tab")
    raise AssertionError(f"no Tab reaches {selector}")


def test_by_keyboard_alone_a_visit_is_made_longer(desk, day):
    open_day(desk, day)
    page = desk.page

    tab_to(desk, f"[data-visit='{day['Sara'].pk}']")
    page.keyboard.press("Enter")
    page.locator("#calendar-panel h2:has-text('Sara')").wait_for()
    tab_to(desk, "#calendar-panel a[hx-get*='/length/']")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.name === 'minutes'")
    page.keyboard.type("90")
    page.keyboard.press("Tab")
    page.keyboard.type("Long hair")
    tab_to(desk, "[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    shown(desk, "11:00–12:30, Sara")
    day["Sara"].refresh_from_db()
    latest = day["Sara"].history.latest()
    assert (day["Sara"].duration_minutes, day["Sara"].version) == (90, 2)
    assert (latest.history_user, latest.history_change_reason) == (day["desk"], "Long hair")


def test_of_two_who_move_one_visit_the_slower_one_is_told_and_sees_where_it_is(new_desk, day):
    here, there = new_desk(), new_desk()
    open_day(here, day)
    open_day(there, day, "manager")

    drag(there, day["Sara"], 1)
    notice(there, "done")
    drag(here, day["Sara"], 3)

    assert "Huda changed this booking" in notice(here, "refused")
    assert place_of(day["Sara"]) == (12, "Anna")
    shown(here, "12:00–13:00, Sara")


def test_what_somebody_else_did_appears_without_a_reload(desk, day):
    open_day(desk, day)
    services.reschedule_booking(actor=day["manager"], booking_id=day["Sara"].pk, starts_at=at(day["date"], 14))

    shown(desk, "14:00–15:00, Sara", within=15)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_one_person_at_a_time_stands_in_the_window(desk, day, language):
    desk.speak(language)
    open_day(desk, day, width=390)
    page = desk.page

    assert page.locator("[data-visit]").count() == 1
    page.select_option("#calendar-staff", str(day["staff"][1].pk))
    card(desk, day["Mona"]).wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert (page.locator("[data-visit]").count(), overflow) == (1, 0)


def test_in_arabic_the_first_person_stands_on_the_right_and_nothing_is_in_the_way(desk, day):
    desk.speak("ar")
    open_day(desk, day)

    anna, basma = (card(desk, day[name]).bounding_box() for name in ("Sara", "Mona"))
    assert anna["x"] > basma["x"]
    assert desk.barriers() == []
