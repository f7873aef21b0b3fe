"""Changing the world never loses a visit: pages that change hours, people or services ask about those they hit."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from io import StringIO
from threading import Thread
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import roles
from apps.accounts.models import User
from apps.accounts.roles import SalonRole
from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.bookings import services
from apps.bookings.errors import SlotNotOffered
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.common.testing.race import race
from apps.common.testing.web import Page
from apps.salons.models import (
    PrayerTime,
    Salon,
    ScheduleException,
    Service,
    ServiceCategory,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)
from apps.salons.tests.factories import (
    CustomerFactory,
    ScheduleExceptionFactory,
    StaffFactory,
    StaffServiceFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)
from apps.salons.tests.price_lists import HEADINGS, csv_of

Status = Booking.Status
WORLD = [Salon, ServiceCategory, Service, Staff, StaffService, WeeklyHours, ScheduleException, TimeOff, PrayerTime]
KEEP, CANCEL = "keep", "cancel"
REASON, FOR_ALL = "stranded-reason", "stranded-for_all"
WHY = "agreed by phone"
ROUNDS = 4
RIYADH = ZoneInfo("Asia/Riyadh")


# --- A person at the desk ---


@pytest.fixture
def desk(client, house):
    client.force_login(house.manager)
    return client


@pytest.fixture
def visit(house):
    """Sara comes to Anna on Monday at 15:00."""
    return visit_of(house, house.at(30))


def visit_of(house, starts_at, staff=None, **fields):
    person = fields.pop("person", house.customer)
    card = person.customer_cards.filter(salon=house.salon).first() or CustomerFactory(salon=house.salon, user=person)
    staff = staff or house.staff[0]
    house.service.refresh_from_db()
    given = {"salon": house.salon, "service": house.service, "staff": staff, "customer": card, **fields}
    return BookingFactory(starts_at=starts_at, **given)


def url(model, page, *args):
    return reverse(f"admin:salons_{model}_{page}", args=args)


def as_page(response, address=""):
    return Page(
        SimpleNamespace(
            status_code=response.status_code, url=address, text=response.content.decode(), headers=response.headers
        )
    )


def fill(client, address, marker, **said):
    """What a browser sends from the page `address`: the form with the field `marker`, changed by `said`."""
    form = as_page(client.get(address)).form(marker)
    return address, {**form.values, "_save": "Save", **said}


def answer(client, asked, *, follow=False, **said):
    """Send the decisions of the page that asks, together with everything it carries along."""
    form = as_page(asked).form(REASON)
    return client.post(form.action, {**form.values, REASON: WHY, **said}, follow=follow)


def asks(response):
    return response.status_code == 200 and f'name="{REASON}"' in response.content.decode()


def choice_of(visit):
    return f"stranded-{visit.pk}.{visit.version}"


def choices(asked, visit):
    """Values offered for `visit`, in the order of the page."""
    values = []
    for value, label in asked.context["form"].fields[f"{visit.pk}.{visit.version}"].choices:
        values += [inner for inner, _text in label] if isinstance(label, list) else [value]
    return [str(value) for value in values if value]


def places(asked, visit):
    return [value for value in choices(asked, visit) if value not in (KEEP, CANCEL)]


def stored():
    """Every row that a change of the world or a decision may touch, history and the admin's log included."""
    tables = [*WORLD, Booking, *(model.history.model for model in [*WORLD, Booking]), LogEntry]
    return {table._meta.label: list(table._base_manager.order_by("pk").values()) for table in tables}


# --- Every door ---


def time_off_added(desk, house):
    return fill(desk, url("timeoff", "add"), "starts_at_0", staff=house.staff[0].pk, **span("starts_at", "ends_at"))


def span(starts, ends, first="14:00", last="16:00", prefix="", day="2026-11-23"):
    moments = {starts: first, ends: last}
    return {
        f"{prefix}{name}_{part}": value for name, clock in moments.items() for part, value in enumerate([day, clock])
    }


def time_off_lengthened(desk, house):
    row = TimeOffFactory(salon=house.salon, staff=house.staff[0], starts_at=house.at(27), ends_at=house.at(28))
    return fill(desk, url("timeoff", "change", row.pk), "ends_at_0", ends_at_1="16:00")


def time_off_inside_the_persons_page(desk, house):
    said = {"time_off-TOTAL_FORMS": "1", "time_off-0-reason": "wedding"}
    return change_staff(desk, house, **said, **span("starts_at", "ends_at", prefix="time_off-0-"))


def change_staff(desk, house, **said):
    return fill(desk, url("staff", "change", house.staff[0].pk), "color", **said)


def closed_day(desk, house):
    said = {"name_en": "National mourning", "kind": "closed", "starts_on": "2026-11-23", "ends_on": "2026-11-23"}
    return fill(desk, url("scheduleexception", "add"), "kind", **said)


def special_hours(desk, house):
    said = {"name_en": "Stocktaking", "kind": "special_hours", "starts_on": "2026-11-23", "ends_on": "2026-11-23"}
    return fill(desk, url("scheduleexception", "add"), "kind", **said, **hours_inside("0", "09:00", "12:00"))


def hours_inside(weekday, opens, closes):
    hours = {"weekday": weekday, "opens": opens, "closes": closes, "staff": ""}
    return {"weekly_hours-TOTAL_FORMS": "1", **{f"weekly_hours-0-{name}": value for name, value in hours.items()}}


def season_moved_by_a_day(desk, house):
    season = ScheduleExceptionFactory(
        salon=house.salon, kind="season", starts_on=house.at(48).date(), ends_on=house.at(24 * 31).date()
    )
    for weekday in range(7):
        WeeklyHoursFactory(salon=house.salon, exception=season, weekday=weekday, opens=time(20), closes=time(23))
    return fill(desk, url("scheduleexception", "change", season.pk), "kind", starts_on="2026-11-23")


def special_hours_deleted(desk, house):
    longer = ScheduleExceptionFactory(
        salon=house.salon, kind="special_hours", starts_on=house.at(24).date(), ends_on=house.at(24).date()
    )
    WeeklyHoursFactory(salon=house.salon, exception=longer, weekday=0, opens=time(9), closes=time(23))
    monday(house).delete()
    return delete(desk, "scheduleexception", longer)


def monday(house):
    return WeeklyHours.objects.get(salon=house.salon, weekday=0, exception=None)


def delete(desk, model, row):
    return fill(desk, url(model, "delete", row.pk), "post")


def hours_shortened(desk, house):
    return fill(desk, url("weeklyhours", "change", monday(house).pk), "closes", closes="14:00")


def hours_moved_to_another_day(desk, house):
    return fill(desk, url("weeklyhours", "change", monday(house).pk), "weekday", weekday="1")


def hours_deleted(desk, house):
    return delete(desk, "weeklyhours", monday(house))


def hours_deleted_in_bulk(desk, house):
    rows = WeeklyHours.objects.filter(salon=house.salon, weekday__in=[0, 1])
    return delete_in_bulk(desk, "weeklyhours", rows)


def delete_in_bulk(desk, model, rows):
    address = url(model, "changelist")
    picked = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    return address, as_page(desk.post(address, picked)).form("post").values


def break_added(desk, house):
    said = {"staff": house.staff[0].pk, "weekday": "0", "opens": "14:30", "closes": "15:30", "is_break": "on"}
    return fill(desk, url("weeklyhours", "add"), "opens", **said)


def own_hours_inside_the_persons_page(desk, house):
    hours = {"weekday": "0", "opens": "09:00", "closes": "12:00"}
    said = {f"weekly_hours-0-{name}": value for name, value in hours.items()}
    return change_staff(desk, house, **{"weekly_hours-TOTAL_FORMS": "1"}, **said)


def prayer_pause_switched_on(desk, house):
    PrayerTime.objects.create(
        salon=house.salon,
        prayer="asr",
        called_at=time(15),
        starts_on=house.at(0).date(),
        ends_on=house.at(99).date(),
    )
    return fill(desk, url("salon", "change", house.salon.pk), "city", prayer_pause="salon")


def prayer_time_by_hand(desk, house):
    Salon.objects.update(prayer_pause="salon", prayer_minutes_after=5)
    said = {"prayer": "isha", "called_at": "15:10", "starts_on": "2026-11-23", "ends_on": "2026-11-23"}
    return fill(desk, url("prayertime", "add"), "called_at", **said)


def staff_deactivated(desk, house):
    return change_staff(desk, house, is_active=[])


def service_deactivated(desk, house):
    return fill(desk, url("service", "change", house.service.pk), "duration_minutes", is_active=[])


def category_hidden(desk, house):
    return fill(desk, url("servicecategory", "change", house.service.category_id), "position", is_active=[])


def service_taken_from_a_person(desk, house):
    return change_staff(desk, house, **{"staff_services-0-DELETE": "on"})


def person_taken_from_a_service(desk, house):
    row = StaffService.objects.get(staff=house.staff[0])
    address = url("service", "change", house.service.pk)
    values = as_page(desk.get(address)).form("duration_minutes").values
    number = next(n for n in range(2) if values[f"staff_services-{n}-id"] == [str(row.pk)])
    return fill(desk, address, "duration_minutes", **{f"staff_services-{number}-DELETE": "on"})


def who_does_what_deleted(desk, house):
    return delete(desk, "staffservice", StaffService.objects.get(staff=house.staff[0]))


def salon_closed_for_good(desk, house):
    desk.force_login(OwnerFactory())
    return fill(desk, url("salon", "change", house.salon.pk), "city", is_active=[])


DOORS: dict[str, Callable] = {
    "AV24": time_off_added,
    "AV24-lengthened": time_off_lengthened,
    "AV24-inside a person": time_off_inside_the_persons_page,
    "AV21": closed_day,
    "AV21-special hours": special_hours,
    "AV44": season_moved_by_a_day,
    "special hours deleted": special_hours_deleted,
    "hours shortened": hours_shortened,
    "hours moved": hours_moved_to_another_day,
    "hours deleted": hours_deleted,
    "hours deleted in bulk": hours_deleted_in_bulk,
    "own hours": own_hours_inside_the_persons_page,
    "break": break_added,
    "prayer pause": prayer_pause_switched_on,
    "prayer time": prayer_time_by_hand,
    "AV41": staff_deactivated,
    "AV40": service_deactivated,
    "category hidden": category_hidden,
    "service taken from a person": service_taken_from_a_person,
    "person taken from a service": person_taken_from_a_service,
    "who does what deleted": who_does_what_deleted,
    "salon closed": salon_closed_for_good,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_a_change_that_hits_a_visit_is_stored_with_the_decision_or_not_at_all(desk, house, visit, door):
    elsewhere = open_salon()
    visit_of(elsewhere, elsewhere.at(30), person=UserFactory(name="Of another salon"))
    change = door(desk, house)
    before, actor = stored(), User.objects.get(pk=desk.session["_auth_user_id"])

    asked = desk.post(*change)

    assert asks(asked)
    assert stored() == before
    assert [question.customer for question, *_rest in asked.context["form"].questions()] == ["Sara"]
    page = asked.content.decode()
    assert all(text in page for text in ("Sara", str(house.customer.phone), visit.service_name, str(visit.staff)))
    assert "Of another salon" not in page

    done = answer(desk, asked, **{choice_of(visit): KEEP})

    assert done.status_code == 302
    after = stored()
    assert any(after[model._meta.label] != before[model._meta.label] for model in WORLD)
    kept = Booking.objects.get(pk=visit.pk)
    assert (kept.status, kept.starts_at, kept.staff, kept.version) == (Status.CONFIRMED, house.at(30), visit.staff, 1)
    assert past_of(visit) == [(actor, f"Kept, although its time can no longer be booked: {WHY}"), (None, None)]


def past_of(visit):
    """`[(who, why), …]` of the visit's history, newest first."""
    return [(row.history_user, row.history_change_reason) for row in visit.history.all()]


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_every_page_that_changes_the_schedule_asks():
    pages = {model: admin for model, admin in site._registry.items() if model in WORLD}

    assert set(pages) == set(WORLD)
    assert [model for model, page in pages.items() if not hasattr(page, "question_template")] == []


# --- What may be decided ---


@pytest.fixture
def asked(desk, house, visit):
    """The page that asks about the visit, before Anna's time off on Monday from 14:00 to 16:00."""
    return desk.post(*time_off_added(desk, house))


def test_av24_the_page_says_why_in_words(asked):
    [(question, when, _field)] = asked.context["form"].questions()

    assert question.reasons == ["Time off from Monday 23 November 14:00 to Monday 23 November 16:00."]
    assert when == "Monday 23 November · 15:00"


def test_av24_a_visit_is_cancelled_at_the_salons_wish_and_free_of_charge(desk, house, visit, asked):
    Booking.objects.update(free_cancellation_hours=48)

    done = answer(desk, asked, **{choice_of(visit): CANCEL})

    assert done.status_code == 302
    cancelled = Booking.objects.get()
    assert (cancelled.status, cancelled.cancelled_by, cancelled.cancellation_fee_amount) == ("cancelled", "salon", 0)
    assert past_of(visit)[0] == (house.manager, WHY)
    assert TimeOff.objects.count() == 1


def test_av24_a_visit_moves_to_a_free_time_of_the_same_person_or_to_somebody_else(desk, house, asked, visit):
    anna, basma = house.staff
    offered = places(asked, visit)

    assert f"{house.at(30).isoformat()}/{basma.pk}" in offered
    assert f"{house.at(31).isoformat()}/{anna.pk}" in offered
    assert not [value for value in offered if value.endswith(f"/{anna.pk}") and "2026-11-23T15" in value]
    assert len(offered) == 24

    answer(desk, asked, **{choice_of(visit): f"{house.at(31).isoformat()}/{anna.pk}"})

    moved = Booking.objects.get()
    assert (moved.starts_at, moved.staff, moved.status) == (house.at(31), anna, Status.CONFIRMED)
    assert past_of(visit)[0] == (house.manager, WHY)
    assert TimeOff.objects.count() == 1


def test_free_times_are_those_of_the_changed_world(desk, house, visit):
    """Hours that the change adds are offered, hours that it takes away are not."""
    row = WeeklyHours.objects.get(salon=house.salon, weekday=0)
    asked = desk.post(*fill(desk, url("weeklyhours", "change", row.pk), "opens", opens="06:00", closes="14:00"))

    on_monday = [value for value in places(asked, visit) if value.startswith("2026-11-23")]

    assert on_monday
    assert max(on_monday) < "2026-11-23T13:30"


def test_who_is_ill_today_hands_over_at_once_although_the_notice_has_passed(desk, house):
    visit, basma = visit_of(house, house.at(0.5)), house.staff[1]
    said = {"staff": house.staff[0].pk, **span("starts_at", "ends_at", "09:00", "21:00", day="2026-11-22")}
    asked = desk.post(*fill(desk, url("timeoff", "add"), "starts_at_0", **said))

    answer(desk, asked, **{choice_of(visit): f"{visit.starts_at.astimezone(RIYADH).isoformat()}/{basma.pk}"})

    moved = Booking.objects.get()
    assert (moved.staff, moved.starts_at, moved.override_reason) == (basma, house.at(0.5), WHY)


def test_a_visit_of_a_service_that_is_off_sale_moves_nowhere(desk, house, visit):
    asked = desk.post(*service_deactivated(desk, house))

    assert choices(asked, visit) == [KEEP, CANCEL]


def test_a_customer_who_is_here_already_can_only_be_kept(desk, house):
    visit = visit_of(house, house.at(30), status=Status.ARRIVED)
    asked = desk.post(*time_off_added(desk, house))
    before = stored()

    assert choices(asked, visit) == [KEEP]
    assert asks(answer(desk, asked, **{choice_of(visit): CANCEL}))
    assert asks(answer(desk, asked, **{FOR_ALL: CANCEL}))
    assert stored() == before


@pytest.mark.parametrize(
    ("taken", "left"),
    [({"cancel"}, "move"), ({"reschedule"}, "cancel"), ({"cancel", "reschedule"}, "keep")],
    ids=["no right to cancel", "no right to move", "neither"],
)
def test_rights_on_bookings_limit_what_is_offered(desk, house, visit, monkeypatch, taken, left):
    kept = roles.PERMISSIONS[SalonRole.MANAGER] - {f"bookings.{verb}_booking" for verb in taken}
    monkeypatch.setitem(roles.PERMISSIONS, SalonRole.MANAGER, kept)
    asked = desk.post(*time_off_added(desk, house))
    before, free = stored(), f"{house.at(31).isoformat()}/{house.staff[0].pk}"

    offered = {KEEP} | {CANCEL for value in choices(asked, visit) if value == CANCEL}
    offered |= {"move" for _place in places(asked, visit)}

    assert offered == {KEEP, left}
    for forbidden in taken:
        assert asks(answer(desk, asked, **{choice_of(visit): {"cancel": CANCEL, "reschedule": free}[forbidden]}))
    assert stored() == before


# --- Several visits ---


def test_av41_each_of_twelve_visits_of_somebody_who_leaves_gets_its_own_decision(desk, house):
    anna, basma = house.staff
    visits = [visit_of(house, house.at(24 * day + 2), person=UserFactory(locale="en")) for day in range(1, 13)]
    asked = desk.post(*staff_deactivated(desk, house))
    assert [question.starts_at for question, *_rest in asked.context["form"].questions()] == [
        visit.starts_at for visit in visits
    ]

    said = {choice_of(visit): KEEP for visit in visits[:4]}
    said |= {choice_of(visit): CANCEL for visit in visits[4:8]}
    said |= {choice_of(visit): f"{visit.starts_at.isoformat()}/{basma.pk}" for visit in visits[8:]}
    done = answer(desk, asked, follow=True, **said)

    assert messages_of(done)[0] == "Visits kept: 4, moved: 4, cancelled: 4."
    assert not Staff.objects.get(pk=anna.pk).is_active
    now = [Booking.objects.get(pk=visit.pk) for visit in visits]
    assert [(visit.status, visit.staff_id) for visit in now] == [
        *[(Status.CONFIRMED, anna.pk)] * 4,
        *[(Status.CANCELLED, anna.pk)] * 4,
        *[(Status.CONFIRMED, basma.pk)] * 4,
    ]


def test_one_choice_for_all_counts_where_a_visit_has_none_of_its_own(desk, house, visit):
    other = visit_of(house, house.at(29.25))
    asked = desk.post(*time_off_added(desk, house))

    answer(desk, asked, **{FOR_ALL: CANCEL, choice_of(other): KEEP})

    assert [Booking.objects.get(pk=one.pk).status for one in (visit, other)] == ["cancelled", "confirmed"]


def test_a_visit_without_a_decision_brings_the_page_back_with_what_was_chosen(desk, house, visit):
    other = visit_of(house, house.at(29.25))
    asked = desk.post(*time_off_added(desk, house))
    before = stored()

    again = answer(desk, asked, **{choice_of(other): CANCEL})

    assert asks(again)
    assert stored() == before
    form = as_page(again).form(REASON)
    assert form.values[choice_of(other)] == [CANCEL]
    assert form.values[REASON] == [WHY]
    assert "Please choose what is to become of this visit." in again.content.decode()
    assert answer(desk, again, **{choice_of(visit): KEEP}).status_code == 302
    assert TimeOff.objects.count() == 1


def test_without_a_reason_nothing_is_stored(desk, visit, asked):
    before = stored()

    assert asks(answer(desk, asked, **{choice_of(visit): KEEP, REASON: "  "}))
    assert stored() == before


def test_a_page_lists_so_many_and_the_choice_for_all_reaches_the_others(desk, house, monkeypatch):
    monkeypatch.setattr("apps.salons.admin.consequences.MOST_LISTED", 2)
    visits = [visit_of(house, house.at(24 * day + 2)) for day in range(1, 5)]
    asked = desk.post(*staff_deactivated(desk, house))
    before = stored()
    assert [question.starts_at for question, *_rest in asked.context["form"].questions()] == [
        visit.starts_at for visit in visits[:2]
    ]
    assert "Listed are the first 2 of 4 visits." in asked.content.decode()

    chosen = {choice_of(visit): KEEP for visit in visits[:2]}
    again = answer(desk, asked, **chosen)
    assert again.context["form"].errors == {"for_all": ["Please choose what is to become of this visit."]}
    assert stored() == before
    answer(desk, asked, **chosen, **{FOR_ALL: CANCEL})

    assert [Booking.objects.get(pk=visit.pk).status for visit in visits] == [*["confirmed"] * 2, *["cancelled"] * 2]


def test_the_owner_is_asked_about_the_visits_of_every_salon_a_bulk_action_reaches(client, house, visit):
    elsewhere = open_salon()
    other = visit_of(elsewhere, elsewhere.at(30))
    client.force_login(OwnerFactory())
    rows = WeeklyHours.objects.filter(weekday=0)
    assert rows.count() == 2

    asked = client.post(*delete_in_bulk(client, "weeklyhours", rows))
    assert {question.key for question, *_rest in asked.context["form"].questions()} == {
        f"{one.pk}.1" for one in (visit, other)
    }
    answer(client, asked, **{choice_of(visit): CANCEL, choice_of(other): KEEP})

    assert not rows.all().exists()
    assert [Booking.objects.get(pk=one.pk).status for one in (visit, other)] == ["cancelled", "confirmed"]


# --- What is not asked ---


def test_a_change_that_hits_no_visit_is_stored_at_once(desk, house, visit):
    said = {"staff": house.staff[1].pk, **span("starts_at", "ends_at")}

    assert desk.post(*fill(desk, url("timeoff", "add"), "starts_at_0", **said)).status_code == 302
    assert TimeOff.objects.count() == 1


def test_what_was_kept_once_is_asked_again_only_for_another_reason(desk, house, visit, asked):
    answer(desk, asked, **{choice_of(visit): KEEP})
    row = TimeOff.objects.get()

    elsewhere = {"staff": house.staff[0].pk, **span("starts_at", "ends_at", day=house.at(54).date().isoformat())}
    another_day = desk.post(*fill(desk, url("timeoff", "add"), "starts_at_0", **elsewhere))
    longer = desk.post(*fill(desk, url("timeoff", "change", row.pk), "ends_at_0", ends_at_1="17:00"))
    leaving = desk.post(*staff_deactivated(desk, house))

    assert (asks(another_day), asks(longer), asks(leaving)) == (False, True, True)


def test_a_visit_outside_the_hours_is_asked_about_when_its_day_is_closed(desk, house):
    """It was in nobody's hours before either; that is no reason to forget it."""
    person = house.customer
    late = services.book_appointment(
        actor=house.manager,
        person=person,
        service_id=house.service.pk,
        staff_id=house.staff[0].pk,
        starts_at=house.at(37.5),
        source=Booking.Source.DESK,
        override_reason="A bride",
    )

    asked = desk.post(*closed_day(desk, house))

    assert asks(asked)
    assert [visit.key for visit in asked.context["form"].stranded] == [f"{late.pk}.1"]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED, Status.COMPLETED, Status.NO_SHOW])
def test_visits_that_are_over_are_not_asked_about(desk, house, status):
    visit_of(house, house.at(30), status=status)

    assert not asks(desk.post(*time_off_added(desk, house)))


def test_a_hold_that_ran_out_is_not_asked_about(desk, house):
    visit_of(house, house.at(30), status=Status.PENDING, hold_expires_at=house.at(-1))

    assert not asks(desk.post(*time_off_added(desk, house)))


# --- What happens meanwhile ---


def test_a_visit_that_moved_meanwhile_is_asked_about_again(desk, house, visit, asked):
    services.reschedule_booking(actor=house.manager, booking_id=visit.pk, starts_at=house.at(29.25))
    before = stored()

    again = answer(desk, asked, **{choice_of(visit): CANCEL, FOR_ALL: CANCEL})

    assert asks(again)
    assert stored() == before
    visit.refresh_from_db()
    assert answer(desk, again, **{choice_of(visit): CANCEL}).status_code == 302


def test_a_visit_booked_meanwhile_is_asked_about_and_the_choice_for_all_does_not_reach_it(desk, house, visit, asked):
    other = visit_of(house, house.at(29.25))
    before = stored()

    again = answer(desk, asked, **{FOR_ALL: CANCEL})

    assert asks(again)
    assert stored() == before
    assert [
        field.errors
        for question, _when, field in again.context["form"].questions()
        if question.key[:36] == str(other.pk)
    ] == [["Please choose what is to become of this visit."]]


def test_a_time_that_is_gone_by_now_brings_the_page_back(desk, house, visit, asked):
    gone = f"{house.at(30).isoformat()}/{house.staff[1].pk}"
    visit_of(house, house.at(30), house.staff[1])
    before = stored()

    again = answer(desk, asked, **{choice_of(visit): gone})

    assert asks(again)
    assert "This time is not free any more. Please choose again." in again.content.decode()
    assert gone not in places(again, visit)
    assert stored() == before


def test_two_visits_cannot_move_to_one_time_and_neither_does(desk, house, visit):
    other = visit_of(house, house.at(54))
    days = {**span("starts_at", "ends_at"), "ends_at_0": "2026-11-24"}
    asked = desk.post(*fill(desk, url("timeoff", "add"), "starts_at_0", staff=house.staff[0].pk, **days))
    before, wanted = stored(), f"{house.at(55).isoformat()}/{house.staff[0].pk}"

    again = answer(desk, asked, **{choice_of(visit): wanted, choice_of(other): wanted})

    assert asks(again)
    assert "This time has just been taken. Please choose another one." in again.content.decode()
    assert stored() == before


@pytest.mark.parametrize("decision", [KEEP, CANCEL, "move"])
def test_the_same_answer_sent_twice_counts_once(desk, house, visit, asked, decision):
    chosen = places(asked, visit)[0] if decision == "move" else decision
    answer(desk, asked, **{choice_of(visit): chosen})
    before = stored()

    twice = answer(desk, asked, follow=True, **{choice_of(visit): chosen})

    assert messages_of(twice)[-1] == "This changed in the meantime. Please look again."
    assert stored() == before
    assert TimeOff.objects.count() == 1


def test_a_tampered_answer_is_no_decision(desk, visit, asked):
    before = stored()

    for value in ("delete", "2026-11-23T16:00:00+03:00/999999", "x/y", "~"):
        assert asks(answer(desk, asked, **{choice_of(visit): value}))
    assert asks(answer(desk, asked, **{"stranded-seen": "nonsense", FOR_ALL: KEEP}))
    assert stored() == before


# --- The price list ---


@pytest.mark.parametrize("door", ["page", "command"])
def test_av40_an_import_that_takes_a_service_off_sale_counts_its_visits_and_keeps_them(desk, house, door, tmp_path):
    """AV39 too: what is booked keeps its length, whatever the file says."""
    visits = [visit_of(house, house.at(30)), visit_of(house, house.at(33)), visit_of(house, house.at(-3))]
    service = house.service
    line = f"{service.code};{service.category.name_ar};{service.category.name_en};{service.name_ar};{service.name_en}"
    content = csv_of(f"{line};115.00;60;no", headings=f"{HEADINGS};active")

    if door == "page":
        said = {"resource": "0", "format": "0", "salon": house.salon.pk}
        preview = desk.post(url("service", "import"), {**said, "import_file": SimpleUploadedFile("list.csv", content)})
        assert Service.objects.get().is_active
        told = preview.content.decode()
        desk.post(url("service", "process_import"), as_page(preview).form("previewed").values)
    else:
        (tmp_path / "list.csv").write_bytes(content)
        out = StringIO()
        call_command("import_catalog", str(tmp_path / "list.csv"), salon=house.salon.slug, language="en", stdout=out)
        told = out.getvalue()

    assert re.search(r"Visits ahead of services that can no longer be booked, all kept\D+2\b", told)
    assert (Service.objects.get().is_active, Service.objects.get().duration_minutes) == (False, 60)
    assert Booking.objects.filter(status=Status.CONFIRMED, duration_minutes=45, version=1).count() == len(visits)


# --- What it costs ---


def test_the_page_costs_the_same_however_many_people_and_visits(desk, house):
    def queries():
        change = time_off_added(desk, house)
        with CaptureQueriesContext(connection) as captured:
            asked = desk.post(*change)
        assert asks(asked)
        return [query["sql"] for query in captured.captured_queries]

    visit_of(house, house.at(30))
    few = queries()
    for person in StaffFactory.create_batch(8, salon=house.salon):
        StaffServiceFactory(salon=house.salon, staff=person, service=house.service)
    visit_of(house, house.at(29.25), person=UserFactory())
    many = queries()

    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= 60


# --- Against a booking at the same moment ---


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.django_db(transaction=True)
def test_av24_time_off_and_a_booking_at_once_are_never_both_stored_unseen():
    house = open_salon()
    anna, people = house.staff[0].pk, UserFactory.create_batch(ROUNDS)
    desk = signed_in(house.manager)
    for number, person in enumerate(people):
        day = house.at(24 * (number + 1))
        said = {"staff": anna, **span("starts_at", "ends_at", day=f"{day:%Y-%m-%d}")}
        change = fill(desk, url("timeoff", "add"), "starts_at_0", **said)

        def act(racer, person=person, starts_at=day + timedelta(hours=6), change=change):
            if racer:
                return desk.post(*change)
            return services.book_appointment(
                actor=person, person=person, service_id=house.service.pk, staff_id=anna, starts_at=starts_at
            )

        booked, answered = race(2, act)
        if asks(answered):
            assert [question.key for question, *_rest in answered.context["form"].questions()] == [f"{booked.pk}.1"]
        else:
            assert isinstance(booked, SlotNotOffered)

    assert Booking.objects.count() + TimeOff.objects.count() == ROUNDS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control without the lock"])
def test_av24_a_change_waits_for_the_booking_that_has_just_looked_at_the_calendar(monkeypatch, is_locked):
    """Without the lock both are stored and nobody is asked; on SQLite the transaction itself is the lock."""
    house = open_salon()
    desk, answers = signed_in(house.manager), []
    change = time_off_added(desk, house)
    insert, can_overtake = services.placing._insert, connection.vendor == "postgresql" and not is_locked
    if not is_locked:
        monkeypatch.setattr("apps.salons.admin.consequences.lock_schedule", lambda salon_id: None)

    def send():
        try:
            answers.append(desk.post(*change))
        finally:
            connections.close_all()

    change_at_work = Thread(target=send)

    def insert_after_the_change_began(*given, **kwargs):
        change_at_work.start()
        change_at_work.join(20 if can_overtake else 0.5)
        return insert(*given, **kwargs)

    monkeypatch.setattr(services.placing, "_insert", insert_after_the_change_began)
    services.book_appointment(
        actor=house.customer,
        person=house.customer,
        service_id=house.service.pk,
        staff_id=house.staff[0].pk,
        starts_at=house.at(30),
    )
    change_at_work.join()

    assert Booking.objects.count() == 1
    assert asks(answers[0]) is not can_overtake
    assert TimeOff.objects.exists() is can_overtake
