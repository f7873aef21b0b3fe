"""The pages of hours: what is refused, what is warned of, and what is stored all the same."""

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.roles import SalonRole
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import PrayerTime, ScheduleException, Staff, WeeklyHours
from apps.salons.tests.factories import (
    MembershipFactory,
    PrayerTimeFactory,
    ScheduleExceptionFactory,
    StaffFactory,
    WeeklyHoursFactory,
)

pytestmark = pytest.mark.django_db

SUNDAY, MONDAY = WeeklyHours.Weekday.SUNDAY, WeeklyHours.Weekday.MONDAY


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-22T06:00:00Z", tick=False) as traveller:
        yield traveller


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def told(response, level="warning"):
    return [str(message) for message in get_messages(response.wsgi_request) if message.level_tag == level]


def window(opens, closes, **fields):
    return {"weekday": SUNDAY, "opens": opens, "closes": closes, **fields}


def inline(*rows, initial=0):
    values = {"weekly_hours-TOTAL_FORMS": len(rows), "weekly_hours-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        values |= {f"weekly_hours-{number}-{name}": value for name, value in row.items()}
    return values


def staff_form(staff, *rows):
    return {
        "name_ar": staff.name_ar,
        "name_en": staff.name_en,
        "gender": staff.gender,
        "color": staff.color,
        "position": 0,
        "is_active": "on",
        "keeps_prayer_pause": "on",
        "staff_services-TOTAL_FORMS": 0,
        "staff_services-INITIAL_FORMS": 0,
        "time_off-TOTAL_FORMS": 0,
        "time_off-INITIAL_FORMS": 0,
        **inline(*rows),
    }


def season_form(starts_on, ends_on, *rows, kind="season", staff=""):
    return {
        "name_ar": "",
        "name_en": "Ramadan",
        "kind": kind,
        "staff": staff,
        "starts_on": starts_on,
        "ends_on": ends_on,
        **inline(*rows),
    }


# --- What is refused ---


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(window("09:00", "09:00"), id="AV05-no-length"),
        pytest.param(window("22:00", "02:00"), id="AV06-end-before-start"),
        pytest.param(window("09:00", "17:00", ends_next_day="on"), id="AV06-longer-than-a-day"),
        pytest.param(window("13:00", "13:00", is_break="on"), id="AV05-break-of-no-length"),
    ],
)
def test_a_window_that_does_not_end_after_its_start_is_refused_with_the_way_out(client, manager, hours):
    refusal = "The end lies after the start; for a night shift or 24:00 tick “until the next day”."

    response = client.post(url(WeeklyHours, "add"), hours)

    assert response.context["adminform"].form.non_field_errors() == [refusal]
    assert not WeeklyHours.objects.exists()


def test_av06_a_window_past_midnight_is_stored_with_its_flag(client, manager):
    client.post(url(WeeklyHours, "add"), window("22:00", "02:00", ends_next_day="on"))

    stored = WeeklyHours.objects.get()
    assert (stored.opens, stored.closes, stored.ends_next_day) == (time(22), time(2), True)


# --- What is warned of and stored ---


def test_a_lawful_roster_is_saved_without_a_word(client, manager, salon):
    staff = StaffFactory(salon=salon)

    response = client.post(url(WeeklyHours, "add"), window("09:00", "14:00", staff=staff.pk))

    assert response.status_code == 302
    assert told(response) == []


def test_av48_long_hours_are_saved_and_said_with_person_day_and_figure(client, manager, salon):
    staff = StaffFactory(salon=salon, name_en="Sara")

    response = client.post(url(WeeklyHours, "add"), window("09:00", "22:00", staff=staff.pk))

    assert WeeklyHours.objects.get().staff == staff
    assert told(response) == [
        "Sara: 13:00 hours of work on Sunday. The law allows 8:00 a day.",
        "Sara: 13:00 hours without a break of 30 minutes on Sunday. The law allows 5:00.",
        "Sara: 13:00 hours from coming to leaving on Sunday. The law allows 12:00.",
    ]


def test_av48_seven_hours_on_every_day_of_ramadan_are_said(client, manager, salon):
    StaffFactory(salon=salon, name_en="Sara")
    StaffFactory(salon=salon, name_en="Huda")
    StaffFactory(salon=salon, name_en="Left", is_active=False)
    rows = [{"weekday": day, "opens": "13:00", "closes": "16:00"} for day in range(7)]
    rows += [{"weekday": day, "opens": "20:00", "closes": "00:00", "ends_next_day": "on"} for day in range(7)]

    response = client.post(url(ScheduleException, "add"), season_form("2027-02-08", "2027-03-09", *rows))

    assert WeeklyHours.objects.filter(exception__name_en="Ramadan").count() == 14
    week = "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"
    assert told(response) == [
        f"Sara, Huda: 7:00 hours of work on {week}. In Ramadan the law allows Muslim staff 6:00 a day.",
        "Sara, Huda: 49:00 hours of work in the week. In Ramadan the law allows Muslim staff 36:00.",
    ]


def test_seven_hours_outside_ramadan_are_not_said(client, manager, salon):
    StaffFactory(salon=salon)
    row = window("13:00", "20:00")
    pause = window("16:00", "17:00", is_break="on")

    response = client.post(url(ScheduleException, "add"), season_form("2027-06-01", "2027-08-31", row, pause))

    assert response.status_code == 302
    assert told(response) == []


def test_a_season_that_is_over_is_not_judged(client, manager, salon):
    StaffFactory(salon=salon)

    response = client.post(
        url(ScheduleException, "add"), season_form("2026-02-18", "2026-03-19", window("09:00", "20:00"))
    )

    assert response.status_code == 302
    assert told(response) == []


def test_the_week_of_a_staff_page_is_judged_as_it_was_saved(client, manager, salon):
    staff = StaffFactory(salon=salon, name_en="Sara")
    WeeklyHoursFactory(salon=salon, staff=StaffFactory(salon=salon), opens=time(6), closes=time(23))

    response = client.post(url(Staff, "change", staff.pk), staff_form(staff, window("09:00", "18:30")))

    assert WeeklyHours.objects.filter(staff=staff).count() == 1
    assert told(response) == [
        "Sara: 9:30 hours of work on Sunday. The law allows 8:00 a day.",
        "Sara: 9:30 hours without a break of 30 minutes on Sunday. The law allows 5:00.",
    ]


def test_a_break_in_the_same_form_makes_the_day_lawful(client, manager, salon):
    staff = StaffFactory(salon=salon)
    rows = [window("09:00", "18:30"), window("12:00", "13:30", is_break="on")]

    response = client.post(url(Staff, "change", staff.pk), staff_form(staff, *rows))

    assert told(response) == []
    assert list(WeeklyHours.objects.filter(staff=staff).values_list("opens", "closes", "is_break")) == [
        (time(9), time(18, 30), False),
        (time(12), time(13, 30), True),
    ]


def test_opening_hours_are_the_roster_of_those_without_hours_of_their_own(client, manager, salon):
    StaffFactory(salon=salon, name_en="Sara")
    busy = StaffFactory(salon=salon, name_en="Huda")
    WeeklyHoursFactory(salon=salon, staff=busy, opens=time(10), closes=time(14))
    StaffFactory(name_en="Elsewhere")

    response = client.post(url(WeeklyHours, "add"), window("10:00", "22:00"))

    assert told(response) == [
        "Sara: 12:00 hours of work on Sunday. The law allows 8:00 a day.",
        "Sara: 12:00 hours without a break of 30 minutes on Sunday. The law allows 5:00.",
    ]


def test_a_refused_form_warns_of_nothing(client, manager, salon):
    staff = StaffFactory(salon=salon)

    response = client.post(url(WeeklyHours, "add"), window("22:00", "09:00", staff=staff.pk))

    assert response.status_code == 200
    assert told(response) == []


def test_a_change_that_is_asked_about_warns_of_nothing_before_it_is_stored(client, manager, salon):
    staff = StaffFactory(salon=salon, name_en="Sara")
    hours = WeeklyHoursFactory(salon=salon, staff=staff)
    booking = BookingFactory(salon=salon, staff=staff, starts_at=datetime(2026, 11, 29, 7, 0, tzinfo=UTC))
    changed = window("12:00", "20:00", staff=staff.pk)

    asked = client.post(url(WeeklyHours, "change", hours.pk), changed)
    stored = WeeklyHours.objects.get().closes
    agreed = {"stranded-seen": f"{booking.pk}.{booking.version}", "stranded-for_all": "keep", "stranded-reason": "-"}
    saved = client.post(url(WeeklyHours, "change", hours.pk), changed | agreed)

    assert (asked.status_code, told(asked), stored) == (200, [], time(17))
    assert (saved.status_code, WeeklyHours.objects.get().closes) == (302, time(20))
    assert told(saved) == ["Sara: 8:00 hours without a break of 30 minutes on Sunday. The law allows 5:00."]


# --- Breaks ---


def test_a_break_is_told_from_working_time_in_the_list_and_in_its_name(client, manager, salon):
    WeeklyHoursFactory(salon=salon)
    pause = WeeklyHoursFactory(salon=salon, weekday=MONDAY, opens=time(13), closes=time(13, 30), is_break=True)

    page = client.get(url(WeeklyHours, "changelist"), {"is_break__exact": "1"})

    assert list(page.context["cl"].result_list) == [pause]
    assert '13:00–13:30</bdi></bdi><bdi class="text-base-500">break</bdi>' in page.content.decode()
    assert str(pause) == "Monday 13:00–13:30 · break"


@pytest.mark.parametrize("factory", [StaffFactory, ScheduleExceptionFactory])
def test_a_break_can_be_entered_wherever_hours_can(client, manager, salon, factory):
    row = factory(salon=salon)

    page = client.get(url(type(row), "change", row.pk))

    formsets = [entry.formset for entry in page.context["inline_admin_formsets"]]
    [hours] = [formset for formset in formsets if formset.model is WeeklyHours]
    assert "is_break" in hours.empty_form.fields


# --- Prayer times ---


def test_a_manager_enters_a_prayer_time_of_their_salon(client, manager, salon):
    form = {"prayer": "maghrib", "called_at": "18:12", "starts_on": "2026-11-23", "ends_on": "2026-11-24"}

    response = client.post(url(PrayerTime, "add"), form)

    entered = PrayerTime.objects.get()
    assert response.status_code == 302
    assert (entered.salon, entered.prayer, entered.called_at) == (salon, "maghrib", time(18, 12))
    assert (entered.starts_on, entered.ends_on) == (date(2026, 11, 23), date(2026, 11, 24))
    assert entered.history.get().history_user == manager


def test_prayer_times_of_another_salon_are_not_there(client, manager, salon):
    theirs, ours = PrayerTimeFactory(), PrayerTimeFactory(salon=salon)

    page = client.get(url(PrayerTime, "changelist"))
    changed = client.post(url(PrayerTime, "change", theirs.pk), {"prayer": "fajr"})

    assert list(page.context["cl"].result_list) == [ours]
    assert "18:12" in page.content.decode()
    assert changed.status_code == 302  # to the list, as for a row that does not exist
    theirs.refresh_from_db()
    assert theirs.prayer == "maghrib"


@pytest.mark.parametrize(("role", "view", "add"), [(SalonRole.RECEPTIONIST, 200, 403), (SalonRole.STYLIST, 403, 403)])
def test_the_desk_reads_prayer_times_and_writes_none(client, salon, role, view, add):
    client.force_login(MembershipFactory(salon=salon, role=role).user)

    assert client.get(url(PrayerTime, "changelist")).status_code == view
    assert client.get(url(PrayerTime, "add")).status_code == add


@pytest.mark.parametrize(("model", "rows"), [(WeeklyHours, 1), (ScheduleException, 2)])
def test_nobody_chosen_reads_as_the_whole_salon(client, manager, model, rows):
    """At the row itself and, in a closed day or season, at each of its hours."""
    page = client.get(url(model, "add")).content.decode()

    assert page.count('<option value="" selected>the whole salon</option>') >= rows
