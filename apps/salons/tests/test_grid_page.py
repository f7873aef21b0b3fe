"""Who does what as a grid: saved in one go, never past what was seen, and never losing a visit."""

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory
from apps.common.errors import Forbidden, Missing
from apps.common.testing.queries import assert_constant_queries
from apps.salons import services
from apps.salons.models import StaffService
from apps.salons.services import Skill, skill_mark
from apps.salons.tests.factories import (
    MembershipFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    WeeklyHoursFactory,
)

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:salons_staffservice_grid_action")
RIYADH = ZoneInfo("Asia/Riyadh")


@pytest.fixture
def anna(salon):
    return StaffFactory(salon=salon, name_en="Anna")


@pytest.fixture
def haircut(salon):
    return ServiceFactory(salon=salon, name_en="Haircut")


def said(*skills, **more):
    return {"changes": json.dumps(skills), "reason": "New season", **more}


def pairs():
    return set(StaffService.objects.values_list("staff__name_en", "service__name_en"))


def told(response):
    return [message.level_tag for message in get_messages(response.wsgi_request)]


def test_boxes_are_saved_together_with_actor_and_reason(client, manager, salon, anna, haircut):
    dye = ServiceFactory(salon=salon, name_en="Dye")
    old = StaffServiceFactory(salon=salon, staff=anna, service=dye)

    answer = client.post(PAGE, said([anna.pk, haircut.pk, "", True], [anna.pk, dye.pk, skill_mark(old), False]))

    assert (answer.status_code, told(answer), pairs()) == (302, ["success"], {("Anna", "Haircut")})
    made, gone = StaffService.objects.get().history.get(), StaffService.history.filter(history_type="-").get()
    for version in (made, gone):
        assert (version.history_user, version.history_change_reason) == (manager, "New season")


def test_a_box_that_was_ticked_already_keeps_its_own_price(client, manager, salon, anna, haircut):
    StaffServiceFactory(salon=salon, staff=anna, service=haircut, price_amount=Decimal("120.00"))

    answer = client.post(PAGE, said([anna.pk, haircut.pk, "", True]))

    row = StaffService.objects.get()
    assert (told(answer), row.price_amount, row.history.count()) == (["success"], Decimal("120.00"), 1)


def test_a_stale_box_is_refused_with_its_name_and_what_was_ticked_waits_on_the_page(
    client, manager, salon, anna, haircut
):
    row = StaffServiceFactory(salon=salon, staff=anna, service=haircut)
    seen, dye = skill_mark(row), ServiceFactory(salon=salon, name_en="Dye")
    row.price_amount = Decimal("120.00")
    row.save()
    client.cookies["django_language"] = "en"
    sent = said([anna.pk, haircut.pk, seen, False], [anna.pk, dye.pk, "", True])

    answer = client.post(PAGE, sent)

    assert "Anna · Haircut" in str([str(message) for message in answer.context["messages"]])
    assert (answer.status_code, answer.context["pending"], pairs()) == (200, sent["changes"], {("Anna", "Haircut")})


def test_a_double_click_saves_once_and_is_no_error(client, manager, salon, anna, haircut):
    for _click in range(2):
        assert told(client.post(PAGE, said([anna.pk, haircut.pk, "", True])))[-1] == "success"

    assert (pairs(), StaffService.history.count()) == ({("Anna", "Haircut")}, 1)


@time_machine.travel("2026-11-22T06:00:00Z", tick=False)
def test_adr21_taking_a_service_away_asks_about_its_visits_and_keeps_them(client, manager, salon, anna, haircut):
    row = StaffServiceFactory(salon=salon, staff=anna, service=haircut)
    WeeklyHoursFactory(salon=salon, staff=None, weekday=0)
    monday = datetime(2026, 11, 23, 12, tzinfo=RIYADH)
    visit = BookingFactory(salon=salon, staff=anna, service=haircut, starts_at=monday, status=Booking.Status.CONFIRMED)
    sent = said([anna.pk, haircut.pk, skill_mark(row), False])

    asked = client.post(PAGE, sent)

    assert (asked.status_code, pairs()) == (200, {("Anna", "Haircut")})
    assert dict(asked.context["said"]) == sent

    [stranded] = asked.context["form"].stranded
    answer = client.post(
        PAGE, {**sent, "stranded-seen": stranded.key, "stranded-reason": "agreed", "stranded-for_all": "keep"}
    )

    visit.refresh_from_db()
    assert (answer.status_code, pairs(), visit.status) == (302, set(), Booking.Status.CONFIRMED)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param("{", id="cut"),
        pytest.param("[1]", id="flat"),
        pytest.param("[[1, 2]]", id="short"),
        pytest.param('[["1", 2, "", true]]', id="text"),
        pytest.param("[[1, 2, 3, true]]", id="number"),
        pytest.param('[[1, 2, "", 1]]', id="not-a-bool"),
        pytest.param("[" * 5000, id="deep"),
        pytest.param(f'[[{2**70}, 1, "", true]]', id="large"),
    ],
)
def test_what_no_page_of_ours_sends_is_refused_and_changes_nothing(client, manager, anna, haircut, changes):
    answer = client.post(PAGE, {"changes": changes})

    assert (answer.status_code, told(answer), pairs()) == (302, ["error"], set())


def test_people_and_services_of_another_salon_are_not_there(client, manager, salon, anna, haircut):
    stranger, theirs = StaffFactory(name_en="Stranger"), ServiceFactory()

    for staff, service in ((stranger, haircut), (anna, theirs), (stranger, theirs)):
        with pytest.raises(Missing):
            services.change_skills(
                actor=manager, salon_id=salon.pk, skills=[Skill(staff.pk, service.pk, "", wanted=True)]
            )
        client.post(PAGE, said([staff.pk, service.pk, "", True]))
    with pytest.raises(Forbidden):
        services.change_skills(actor=manager, salon_id=stranger.salon_id, skills=[])

    assert pairs() == set()
    assert "Stranger" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("role", [SalonRole.RECEPTIONIST, PlatformRole.AUDITOR])
def test_who_may_not_change_it_reads_the_grid_without_boxes(client, salon, anna, haircut, role):
    here = role in SalonRole.values
    client.force_login(MembershipFactory(salon=salon, role=role).user if here else PlatformUserFactory(role=role))
    StaffServiceFactory(salon=salon, staff=anna, service=haircut)

    page, refused = client.get(PAGE), client.post(PAGE, said([anna.pk, haircut.pk, "", True]))

    assert (page.status_code, refused.status_code) == (200, 403)
    assert 'type="checkbox"' not in page.content.decode().split("data-grid", 1)[1].split("</table>")[0]


def test_own_prices_and_durations_are_marked_with_the_way_to_them(client, manager, salon, anna, haircut):
    row = StaffServiceFactory(
        salon=salon, staff=anna, service=haircut, price_amount=Decimal("120.00"), duration_minutes=60
    )
    client.cookies["django_language"] = "en"

    page = client.get(PAGE)

    [(_category, [shown])] = page.context["groups"]
    [(staff, cell)] = shown["cells"]
    assert (staff, cell["own"]) == (anna.pk, ["120.00", "60 min"])
    assert cell["address"] == reverse("admin:salons_staffservice_change", args=[row.pk])


def test_thirty_people_and_two_hundred_services_cost_the_queries_of_a_few(client, manager, salon):
    def add_rows(people=28, sold=198):
        staff = [StaffFactory.build(salon=salon, search_text=str(n)) for n in range(people)]
        StaffFactory._meta.model.objects.bulk_create(staff)
        category = ServiceFactory(salon=salon).category
        rows = [ServiceFactory.build(salon=salon, category=category, search_text=f"x{n}") for n in range(sold - 1)]
        ServiceFactory._meta.model.objects.bulk_create(rows)
        StaffService.objects.bulk_create(
            StaffService(salon=salon, staff=person, service=service) for person in staff for service in rows[::3]
        )

    add_rows(2, 2)

    assert_constant_queries(client, [PAGE], add_rows)
    assert client.get(PAGE).content.count(b"aria-labelledby") == 30 * 200
