"""Operators are told in words why a time is not offered: on a page of the admin, and by a command."""

import io
from datetime import date, time
from html import escape

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.tests.factories import PlatformUserFactory
from apps.bookings import services
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import Salon, StaffService, WeeklyHours
from apps.salons.tests.factories import (
    MembershipFactory,
    ScheduleExceptionFactory,
    StaffFactory,
    TimeOffFactory,
    WeeklyHoursFactory,
)

PAGE = reverse("admin:bookings_booking_why_not_action")
ADD = reverse("admin:bookings_booking_add")
# Page and sidebar, the choices of the form, the reasons of one person, the free times around.
QUERIES = 23
WRITES = "INSERT", "UPDATE", "DELETE", "WITH"


@pytest.fixture
def desk(client, house):
    client.cookies["django_language"] = "en"
    client.force_login(house.manager)
    return client


def asked(house, hours, **said):
    """What the form sends about Anna, `hours` from now."""
    moment = house.at(hours)
    when = {"starts_at_0": moment.date().isoformat(), "starts_at_1": f"{moment:%H:%M}"}
    return {"service": house.service.pk, "staff": house.staff[0].pk, **when, **said}


# --- Every reason ---


def book(house, hours):
    said = {"actor": house.customer, "person": house.customer, "service_id": house.service.pk}
    return services.book_appointment(**said, staff_id=house.staff[0].pk, starts_at=house.at(hours))


def set_buffer(house, minutes=30):
    house.service.buffer_after_minutes = minutes
    house.service.save()


def booked(house):
    return book(house, 25).display_reference


def booked_with_buffer(house):
    set_buffer(house)
    return booked(house)


def on_time_off(reason):
    def prepare(house):
        TimeOffFactory(
            salon=house.salon, staff=house.staff[0], starts_at=house.at(34), ends_at=house.at(36), reason=reason
        )

    return prepare


def on_break(house):
    WeeklyHoursFactory(salon=house.salon, staff=None, weekday=0, opens=time(13), closes=time(13, 30), is_break=True)


def praying(house):
    Salon.objects.filter(pk=house.salon.pk).update(prayer_pause=Salon.PrayerPause.SALON, prayer_minutes_after=20)


def closed(house):
    monday = date(2026, 11, 23)
    ScheduleExceptionFactory(salon=house.salon, name_en="Founding Day", starts_on=monday, ends_on=monday)


def off_on_monday(house):
    WeeklyHours.objects.filter(weekday=0).delete()


def switched_off(name):
    def prepare(house):
        row = {"salon": house.salon, "service": house.service, "staff": house.staff[0]}[name]
        row.is_active = False
        row.save()

    return prepare


def unable(house):
    house.staff[0].staff_services.all().delete()


REASONS = {
    "passed": (None, -1, "This moment has passed."),
    "too_soon": (None, 0.5, "The salon needs notice: possible from Sunday 22 November 10:00."),
    "too_far": (None, 24 * 61 + 3, "Bookings are possible until Thursday 21 January."),
    "outside_hours": (None, 36, "Outside hours: {anna} works 09:00 to 21:00 on this day."),
    "off_grid": (None, 25.1, "Start times lie 15 minutes apart, the next one is 10:15."),
    "break": (on_break, 28, "Break from 13:00 to 13:30."),
    "prayer": (praying, 32, "Prayer pause (Maghrib) from 17:04 to 17:24."),
    "wedding": (
        on_time_off("wedding"),
        34,
        "Time off “wedding” from Monday 23 November 19:00 to Monday 23 November 21:00.",
    ),
    "time_off": (on_time_off(""), 34, "Time off from Monday 23 November 19:00 to Monday 23 November 21:00."),
    "booking": (booked, 25, "Booking {made} from 10:00 to 10:45."),
    "buffer": (booked_with_buffer, 25.75, "Buffer of booking {made}, which takes its time from 10:00 to 11:15."),
    "own_buffer": (
        booked_with_buffer,
        24,
        "The visit's own buffer would run into booking {made} from 10:00 to 10:45.",
    ),
    "closed_day": (closed, 25, "Closed: Founding Day."),
    "day_off": (off_on_monday, 25, "{anna} does not work on this day."),
    "salon_closed": (switched_off("salon"), 25, "The salon is closed for business."),
    "service_inactive": (switched_off("service"), 25, "“{service}” can no longer be booked."),
    "staff_inactive": (switched_off("staff"), 25, "{anna} takes no bookings."),
    "not_able": (unable, 25, "{anna} does not do this service."),
}


@pytest.mark.parametrize("case", REASONS)
def test_the_page_gives_each_reason_once_and_in_words(client, house, case):
    prepare, hours, sentence = REASONS[case]
    made = prepare(house) if prepare else None
    # An owner reaches a salon that is closed for business, too.
    client.force_login(PlatformUserFactory(role="auditor"))
    client.cookies["django_language"] = "en"

    page = client.get(PAGE, asked(house, hours, salon=house.salon.pk)).content.decode()

    told = sentence.format(anna=house.staff[0], service=house.service, made=made)
    assert page.count(escape(told)) == 1
    assert "This time is free." not in page


def test_a_second_of_the_clock_is_no_start_time(desk, house):
    page = desk.get(PAGE, asked(house, 25, starts_at_1="10:00:30")).content.decode()

    assert "Choose a full minute within reach of the calendar." in page


def test_the_reasons_are_told_in_arabic(desk, house):
    desk.cookies["django_language"] = "ar"

    answer = desk.get(PAGE, asked(house, 36))

    [(_anna, [reason], _link)] = answer.context["answers"]
    isolated = f"\u2068{house.staff[0].name_ar}\u2069"
    assert reason.text == f"خارج الدوام: دوام {isolated} في هذا اليوم 09:00 إلى 21:00."
    assert 'dir="rtl"' in answer.content.decode()


# --- A free time ---


def test_a_free_time_leads_to_the_form_filled_in(desk, house):
    anna = house.staff[0]

    answer = desk.get(PAGE, asked(house, 25))

    [(person, reasons, link)] = answer.context["answers"]
    assert (person, reasons) == (anna, [])
    assert "This time is free." in answer.content.decode()
    form = desk.get(link).context["adminform"].form
    assert [str(form.initial[name]) for name in ("service", "staff")] == [str(house.service.pk), str(anna.pk)]
    assert f"{form.initial['starts_at']:%Y-%m-%d %H:%M}" == "2026-11-23 10:00"


def test_who_may_not_book_is_offered_no_form(client, house):
    client.force_login(PlatformUserFactory(role="support"))

    answer = client.get(PAGE, asked(house, 25, salon=house.salon.pk))

    assert [link for _person, _reasons, link in answer.context["answers"]] == [""]
    assert ADD not in answer.content.decode()


def test_everybody_who_does_the_service_is_explained_one_by_one(desk, house):
    booking = book(house, 25)
    StaffFactory(salon=house.salon)
    gone = StaffFactory(salon=house.salon, is_active=False)
    StaffService.objects.create(salon=house.salon, staff=gone, service=house.service)

    answer = desk.get(PAGE, asked(house, 25, staff=""))

    told = [(person, [str(reason) for reason in reasons]) for person, reasons, _link in answer.context["answers"]]
    anna, basma = house.staff
    assert told == [(anna, [f"Booking {booking.display_reference} from 10:00 to 10:45."]), (basma, [])]


def test_the_nearest_free_times_are_offered_around_the_one_that_is_not(desk, house):
    book(house, 25)

    answer = desk.get(PAGE, asked(house, 25))

    hours = [text.partition("· ")[2] for text, _names, _link in answer.context["nearest"]]
    assert hours == [
        "09:00",
        "09:15",
        "10:45",
        "11:00",
        "11:15",
        "11:30",
        "11:45",
        "12:00",
        "12:15",
        "12:30",
        "12:45",
        "13:00",
    ]


def test_the_nearest_free_times_say_with_whom_where_nobody_was_named(desk, house):
    """And not once more the time that was asked for, if somebody has it."""
    book(house, 25)

    nearest = desk.get(PAGE, asked(house, 25, staff="")).context["nearest"]

    anna, basma = map(str, house.staff)
    free = [(text.partition("· ")[2], names) for text, names, _link in nearest]
    assert free[:3] == [("09:00", f"{anna} +1"), ("09:15", f"{anna} +1"), ("09:30", basma)]
    assert "10:00" not in dict(free)


@pytest.mark.parametrize("prepare", [switched_off("service"), switched_off("salon"), closed])
def test_what_is_not_sold_has_no_free_times_and_a_closed_day_those_of_others(client, house, prepare):
    prepare(house)
    client.force_login(PlatformUserFactory(role="auditor"))

    nearest = client.get(PAGE, asked(house, 25, salon=house.salon.pk)).context["nearest"]

    assert len(nearest) == (12 if prepare is closed else 0)


def test_times_are_typed_and_shown_by_the_clock_of_the_salon(desk, house):
    Salon.objects.filter(pk=house.salon.pk).update(timezone="Asia/Karachi")

    answer = desk.get(PAGE, asked(house, 0, starts_at_0="2026-11-23", starts_at_1="20:45"))

    [(_anna, [reason], _link)] = answer.context["answers"]
    assert str(reason) == f"Outside hours: {house.staff[0]} works 09:00 to 21:00 on this day."
    assert answer.context["asked"].endswith("20:45 · 45 min")


# --- Whose page it is ---


@pytest.mark.parametrize("role", ["manager", "receptionist"])
def test_who_sees_all_bookings_of_the_salon_may_ask(client, house, role):
    client.force_login(MembershipFactory(salon=house.salon, role=role).user)

    assert PAGE in client.get(reverse("admin:bookings_booking_changelist")).content.decode()
    assert client.get(PAGE).status_code == 200


def test_a_stylist_and_a_stranger_may_not_ask(client, house):
    anna = house.staff[0]
    anna.user = MembershipFactory(salon=house.salon, role="stylist").user
    anna.save()

    for person, status in ((anna.user, 403), (house.customer, 302)):
        client.force_login(person)
        assert client.get(PAGE, asked(house, 25)).status_code == status


@pytest.mark.parametrize("name", ["salon", "service", "staff"])
def test_nothing_of_another_salon_is_offered_or_accepted(desk, house, name):
    other = open_salon(name_en="Elsewhere")
    theirs = {"salon": other.salon, "service": other.service, "staff": other.staff[0]}[name]

    answer = desk.get(PAGE, asked(house, 25, **{name: theirs.pk}))

    page = answer.content.decode()
    assert not any(str(row) in page for row in (other.salon, other.service, *other.staff))
    # Who works in one salon is not asked for it, and what is said about it does not count.
    assert ("answers" in answer.context) == (name == "salon")


def test_who_works_in_two_salons_asks_about_one_at_a_time(desk, house):
    other = open_salon()
    MembershipFactory(salon=other.salon, user=house.manager)

    first = desk.get(PAGE, {"salon": house.salon.pk})
    second = desk.get(PAGE, {"salon": other.salon.pk})
    mixed = desk.get(PAGE, asked(house, 25, salon=other.salon.pk))

    assert list(first.context["form"].fields["service"].queryset) == [house.service]
    assert list(second.context["form"].fields["staff"].queryset) == other.staff
    assert not first.context["form"].errors
    assert sorted(mixed.context["form"].errors) == ["service", "staff"]


# --- Whatever is sent ---

HUGE = "9" * 40


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"service": "abc"}, "service"),
        ({"service": HUGE}, "service"),
        ({"service": ""}, "service"),
        ({"service": "²"}, "service"),
        ({"staff": "-1"}, "staff"),
        ({"staff": f"-{HUGE}"}, "staff"),
        ({"starts_at_0": "2026-13-45"}, "starts_at"),
        ({"starts_at_0": HUGE}, "starts_at"),
        ({"starts_at_1": "25:61"}, "starts_at"),
        ({"starts_at_1": ""}, "starts_at"),
        ({"starts_at_0": "99999-01-01"}, "starts_at"),
        ({"starts_at_0": "٢٠٢٦-١١-٢٣", "starts_at_1": "١٠:٠٠"}, "starts_at"),
    ],
)
def test_what_cannot_be_understood_is_an_error_at_its_field(desk, house, said, wrong):
    answer = desk.get(PAGE, asked(house, 25, **said))

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [wrong]


@pytest.mark.parametrize(("day", "hour"), [("0001-01-01", "00:00"), ("9999-12-31", "23:59")])
def test_the_ends_of_the_calendar_are_answered_in_words(desk, house, day, hour):
    answer = desk.get(PAGE, asked(house, 25, starts_at_0=day, starts_at_1=hour))

    [(_anna, [reason], _link)] = answer.context["answers"]
    assert reason.code == "no_time"


def test_a_nul_is_refused(desk, house):
    assert desk.get(PAGE, asked(house, 25, starts_at_0="2026-11-23\x00")).status_code == 400


def test_asking_writes_nothing_and_reads_no_more_however_much_is_booked(desk, house):
    house.service.refresh_from_db()
    desk.get(PAGE, asked(house, 25))
    queries = []
    for hours in (26, 28, 30):
        BookingFactory(salon=house.salon, service=house.service, staff=house.staff[0], starts_at=house.at(hours))
        with CaptureQueriesContext(connection) as captured:
            desk.get(PAGE, asked(house, 25))
        queries.append(len(captured))
        assert not [query for query in captured if query["sql"].startswith(WRITES)]

    assert queries == [QUERIES] * 3


# --- The command ---


def said_by_command(house, staff, when, *, lang="en", **changed):
    """`(exit code, lines)` of the command."""
    out, code = io.StringIO(), 0
    place = {"salon": house.salon.slug, "service": house.service.code, **changed}
    try:
        call_command("why_not", place["salon"], place["service"], str(staff), when, lang=lang, stdout=out)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue().splitlines()


@pytest.mark.parametrize("named", ["pk", "public_id", "name_en", "name_ar"])
def test_the_command_says_that_a_time_is_free(house, named):
    assert said_by_command(house, getattr(house.staff[0], named), "2026-11-23 10:00") == (0, ["This time is free."])


@pytest.mark.parametrize("when", ["2026-11-22 09:10", "2026-11-22T09:10", "2026-11-22T06:10:00Z", "٢٠٢٦-١١-٢٢ ٠٩:١٠"])
def test_the_command_prints_a_reason_a_line_and_ends_with_1(house, when):
    assert said_by_command(house, house.staff[0].pk, when) == (
        1,
        [
            "The salon needs notice: possible from Sunday 22 November 10:00.",
            "Start times lie 15 minutes apart, the next one is 09:15.",
        ],
    )


@pytest.mark.parametrize(
    ("staff", "when", "changed", "message"),
    [
        ("Anna", "2026-11-23 10:00", {"salon": "nowhere"}, "There is no salon “nowhere”."),
        ("Anna", "2026-11-23 10:00", {"service": "X"}, "{salon} has no service with the code “X”."),
        ("Nobody", "2026-11-23 10:00", {}, "{salon} has no staff member “Nobody”."),
        (HUGE, "2026-11-23 10:00", {}, f"{{salon}} has no staff member “{HUGE}”."),
        ("", "2026-11-23 10:00", {}, "{salon} has no staff member “”."),
        ("Anna", "tomorrow", {}, "“tomorrow” is no time such as 2026-11-23 15:00."),
        ("Sara", "2026-11-23 10:00", {}, "Several staff members are called so, name one by id: {both}."),
    ],
)
def test_the_command_says_what_it_does_not_understand(house, staff, when, changed, message):
    anna = house.staff[0]
    anna.name_en = "Anna"
    anna.save()
    both = [StaffFactory(salon=house.salon, name_en="Sara", name_ar="") for _number in range(2)]
    StaffFactory(name_en="Nobody")

    with pytest.raises(CommandError) as refused:
        said_by_command(house, staff, when, **changed)

    known = ", ".join(f"{person.pk} Sara" for person in both)
    # The names of the salon's rows are told in the language of the answer.
    assert str(refused.value) == message.format(salon=house.salon.name_en, both=known)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("when", ["0001-01-01 00:00", "9999-12-31 23:59", "9999-12-31T23:59-12:00"])
def test_the_command_answers_at_the_ends_of_the_calendar(house, when):
    assert said_by_command(house, house.staff[0].pk, when) == (
        1,
        ["Choose a full minute within reach of the calendar."],
    )
