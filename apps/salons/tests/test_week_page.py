"""A week on one page: what is stored, what stays untouched, what two people do at once, and the visits in the way."""

from datetime import date, datetime, time
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
from apps.salons.models import ScheduleException, WeeklyHours
from apps.salons.services import Window
from apps.salons.tests.factories import (
    MembershipFactory,
    ScheduleExceptionFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    WeeklyHoursFactory,
)

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:salons_weeklyhours_week_action")
RIYADH = ZoneInfo("Asia/Riyadh")
MONDAY, TUESDAY, SUNDAY = 0, 1, 6


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-22T06:00:00Z", tick=False) as traveller:
        yield traveller


def address(**asked):
    return f"{PAGE}?{'&'.join(f'{name}={row.pk}' for name, row in asked.items())}"


def of(row):
    """What the page sends of a row that is there."""
    values = {name: getattr(row, name) for name in Window._fields[1:]}
    shown = {"opens": f"{row.opens:%H:%M}", "closes": f"{row.closes:%H:%M}", "row": row.pk}
    return {name: value for name, value in {**values, **shown}.items() if value is not None and value is not False}


def window(weekday, opens, closes, **fields):
    return {"weekday": weekday, "opens": opens, "closes": closes, **fields}


def send(client, page, *windows, **more):
    """The page as it is, sent with `windows`."""
    seen = more.pop("seen", None) or client.get(page).context["mark"]
    sent = {"seen": seen, "reason": "Agreed", "week-TOTAL_FORMS": len(windows), "week-INITIAL_FORMS": 0, **more}
    for number, row in enumerate(windows):
        sent |= {f"week-{number}-{name}": value for name, value in row.items()}
    return client.post(page, sent), sent


def stored(**filters):
    rows = WeeklyHours.objects.filter(**filters).order_by("weekday", "opens")
    return [(row.weekday, f"{row.opens:%H:%M}", f"{row.closes:%H:%M}", row.is_break) for row in rows]


def told(response, level):
    return [str(message) for message in get_messages(response.wsgi_request) if message.level_tag == level]


def test_a_week_is_stored_as_it_was_typed_with_actor_and_reason(client, manager, salon):
    page = PAGE

    answer, _sent = send(
        client,
        page,
        window(SUNDAY, "09:00", "17:00"),
        window(SUNDAY, "13:00", "13:30", is_break="on"),
        window(MONDAY, "16:00", "00:30", ends_next_day="on"),
    )

    assert answer.status_code == 302
    assert stored(salon=salon, staff=None) == [
        (MONDAY, "16:00", "00:30", False),
        (SUNDAY, "09:00", "17:00", False),
        (SUNDAY, "13:00", "13:30", True),
    ]
    for version in WeeklyHours.history.all():
        assert (version.history_user, version.history_change_reason) == (manager, "Agreed")


def test_only_what_differs_gets_a_line_in_the_history_and_dates_stay(client, manager, salon):
    anna = StaffFactory(salon=salon)
    kept = WeeklyHoursFactory(salon=salon, staff=anna, weekday=SUNDAY, valid_until=date(2026, 12, 31))
    moved = WeeklyHoursFactory(salon=salon, staff=anna, weekday=MONDAY, opens=time(9), closes=time(13))
    gone = WeeklyHoursFactory(salon=salon, staff=anna, weekday=TUESDAY)
    page = address(staff=anna)

    send(client, page, of(kept), {**of(moved), "closes": "14:00"})

    kept.refresh_from_db()
    assert stored(staff=anna) == [(MONDAY, "09:00", "14:00", False), (SUNDAY, "09:00", "17:00", False)]
    assert (kept.valid_until, kept.history.count(), moved.history.count()) == (date(2026, 12, 31), 1, 2)
    assert WeeklyHours.history.filter(id=gone.pk).first().history_type == "-"


def test_a_season_has_a_week_of_its_own_and_the_usual_one_stays(client, manager, salon):
    usual = WeeklyHoursFactory(salon=salon, weekday=SUNDAY)
    ramadan = ScheduleExceptionFactory(
        salon=salon,
        kind=ScheduleException.Kind.SEASON,
        name_en="Ramadan",
        starts_on=date(2027, 2, 8),
        ends_on=date(2027, 3, 9),
    )

    send(client, address(season=ramadan), window(SUNDAY, "20:00", "02:00", ends_next_day="on"))

    assert stored(exception=ramadan) == [(SUNDAY, "20:00", "02:00", False)]
    assert (stored(exception=None), usual.history.count()) == ([(SUNDAY, "09:00", "17:00", False)], 1)


def test_a_season_of_one_person_is_offered_for_that_person_only(client, manager, salon):
    anna, rana = StaffFactory(salon=salon), StaffFactory(salon=salon)
    season = ScheduleExceptionFactory(
        salon=salon, staff=anna, kind="season", starts_on=date(2027, 1, 1), ends_on=date(2027, 1, 9)
    )

    assert client.get(address(staff=anna)).context["whose"].exceptions == [season]
    assert client.get(address(staff=rana, season=season)).status_code == 404


def test_a_week_somebody_else_changed_is_refused_and_nothing_is_overwritten(client, manager, salon):
    row = WeeklyHoursFactory(salon=salon, weekday=SUNDAY)
    seen = client.get(PAGE).context["mark"]
    row.closes = time(21)
    row.save()

    answer, _sent = send(client, PAGE, {**of(row), "closes": "15:00"}, seen=seen)

    assert (answer.status_code, len(told(answer, "error"))) == (302, 1)
    assert stored(salon=salon) == [(SUNDAY, "09:00", "21:00", False)]


def test_a_double_click_saves_once_and_is_no_error(client, manager, salon):
    _answer, sent = send(client, PAGE, window(SUNDAY, "09:00", "17:00"))
    again = client.post(PAGE, sent)

    assert (told(again, "error"), WeeklyHours.history.count()) == ([], 1)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(window(SUNDAY, "17:00", "09:00"), id="ends-before-it-starts"),
        pytest.param(window(SUNDAY, "", "09:00"), id="no-start"),
        pytest.param(window(SUNDAY, "25:00", "26:00"), id="no-such-time"),
        pytest.param(window(7, "09:00", "17:00"), id="no-such-day"),
        pytest.param(window("x", "09:00", "17:00"), id="no-day"),
        pytest.param(window(SUNDAY, "09:00", "17:00", row=2**70), id="no-such-row"),
        pytest.param(
            window(SUNDAY, "09:00", "17:00", valid_from="2026-12-02", valid_until="2026-12-01"), id="days-reversed"
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(client, manager, salon, row):
    answer, _sent = send(client, PAGE, window(MONDAY, "09:00", "17:00"), row)

    assert answer.status_code == 200
    assert answer.context["forms"].errors[1]
    assert (stored(), WeeklyHours.history.count()) == ([], 0)


def test_more_windows_than_a_page_holds_are_refused(client, manager):
    answer, _sent = send(client, PAGE, *[window(SUNDAY, "09:00", "17:00")] * 100, **{"week-TOTAL_FORMS": 5000})

    assert (answer.status_code, stored()) == (200, [])


def test_adr21_shorter_hours_ask_about_their_visits_before_they_are_stored(client, manager, salon):
    anna, cut = StaffFactory(salon=salon), ServiceFactory(salon=salon)
    StaffServiceFactory(salon=salon, staff=anna, service=cut)
    row = WeeklyHoursFactory(salon=salon, staff=anna, weekday=MONDAY)
    visit = BookingFactory(
        salon=salon,
        staff=anna,
        service=cut,
        starts_at=datetime(2026, 11, 23, 16, tzinfo=RIYADH),
        status=Booking.Status.CONFIRMED,
    )
    page = address(staff=anna)

    asked, sent = send(client, page, {**of(row), "closes": "13:00"})

    assert stored(staff=anna) == [(MONDAY, "09:00", "17:00", False)]
    [stranded] = asked.context["form"].stranded
    decided = {"stranded-seen": stranded.key, "stranded-reason": "agreed", "stranded-for_all": "keep"}
    answer = client.post(page, {**sent, **decided})

    visit.refresh_from_db()
    assert (answer.status_code, stored(staff=anna)) == (302, [(MONDAY, "09:00", "13:00", False)])
    assert visit.status == Booking.Status.CONFIRMED


def test_av48_long_hours_are_saved_and_said(client, manager, salon):
    StaffFactory(salon=salon)

    answer, _sent = send(client, PAGE, window(SUNDAY, "09:00", "22:00"))

    assert (stored(), len(told(answer, "warning"))) == ([(SUNDAY, "09:00", "22:00", False)], 3)


def test_weeks_of_another_salon_are_not_there(client, manager, salon):
    stranger = StaffFactory()
    theirs = WeeklyHoursFactory(salon=stranger.salon, staff=stranger)
    whose = {"staff_id": None, "exception_id": None}
    wanted = [Window(theirs.pk, SUNDAY, time(1), time(2))]

    assert client.get(address(staff=stranger)).status_code == 404
    assert client.post(address(staff=stranger), {}).status_code == 404
    mark = services.week_mark([], salon_id=salon.pk, **whose)
    for salon_id, refusal in ((salon.pk, Missing), (stranger.salon_id, Forbidden)):
        with pytest.raises(refusal):
            services.change_week(actor=manager, salon_id=salon_id, seen=mark, windows=wanted, **whose)
    with pytest.raises(Missing):
        services.change_week(
            actor=manager, salon_id=salon.pk, staff_id=stranger.pk, exception_id=None, seen=mark, windows=[]
        )

    assert stored() == [(SUNDAY, "09:00", "17:00", False)]


@pytest.mark.parametrize("role", [SalonRole.RECEPTIONIST, PlatformRole.AUDITOR])
def test_who_may_not_change_hours_reads_the_week(client, salon, role):
    here = role in SalonRole.values
    client.force_login(MembershipFactory(salon=salon, role=role).user if here else PlatformUserFactory(role=role))
    WeeklyHoursFactory(salon=salon, weekday=SUNDAY)

    page = client.get(PAGE)
    refused, _sent = send(client, PAGE, window(SUNDAY, "09:00", "10:00"))

    assert (page.status_code, page.context["may_change"], refused.status_code) == (200, False, 403)
    assert stored() == [(SUNDAY, "09:00", "17:00", False)]


def test_the_page_costs_the_same_for_few_windows_and_for_many(client, manager, salon):
    anna = StaffFactory(salon=salon)

    def add_rows(count=10):
        for number in range(count):
            StaffFactory(salon=salon)
            WeeklyHoursFactory(salon=salon, staff=anna, weekday=number % 7)
            WeeklyHoursFactory(salon=salon, weekday=number % 7)

    add_rows(1)

    assert_constant_queries(client, [PAGE, address(staff=anna)], add_rows)
