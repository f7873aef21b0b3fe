"""Why a time is not offered, in words; and which visits a schedule no longer covers."""

from datetime import date, time, timedelta

import pytest
from django.utils import timezone, translation

from apps.bookings.availability import Cause
from apps.bookings.explanations import stranded_visits, why_not
from apps.bookings.services import book_appointment
from apps.bookings.tests.conftest import open_salon
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import Salon
from apps.salons.tests.factories import ScheduleExceptionFactory, TimeOffFactory, WeeklyHoursFactory

pytestmark = pytest.mark.django_db


def reasons(house, hours, **given):
    anna = house.staff[0]
    house.service.refresh_from_db()
    return why_not(house.service, anna, house.at(hours), now=timezone.now(), **given)


def texts(house, hours):
    with translation.override("en"):
        return [str(reason) for reason in reasons(house, hours)]


def book(house, hours):
    arguments = {"actor": house.customer, "person": house.customer, "service_id": house.service.pk}
    return book_appointment(**arguments, staff_id=house.staff[0].pk, starts_at=house.at(hours))


def test_a_time_that_is_offered_has_no_reason_against_it(house):
    assert reasons(house, 3) == []


@pytest.fixture
def busy_day(house):
    """Tomorrow, 33 hours from now at 18:00: a salon with something of everything in its day."""
    anna, salon = house.staff[0], house.salon
    Salon.objects.filter(pk=salon.pk).update(prayer_pause=Salon.PrayerPause.SALON, prayer_minutes_after=20)
    WeeklyHoursFactory(salon=salon, staff=None, weekday=0, opens=time(13), closes=time(13, 30), is_break=True)
    TimeOffFactory(salon=salon, staff=anna, starts_at=house.at(34), ends_at=house.at(36), reason="wedding")
    salon.refresh_from_db()
    return house


def test_every_cause_has_its_sentence(busy_day):
    booking = book(busy_day, 25)
    asked = {
        -1: Cause.TOO_SOON,
        24 * 61 + 3: Cause.TOO_FAR,
        23: Cause.OUTSIDE_HOURS,
        24 + 1 / 60: Cause.OFF_GRID,
        25: Cause.BOOKING,
        28: Cause.BREAK,
        34: Cause.TIME_OFF,
        32: Cause.PRAYER,
    }

    found = {hours: [reason.code for reason in reasons(busy_day, hours)] for hours in asked}

    assert set(asked.values()) == set(Cause)
    assert {hours: cause in found[hours] for hours, cause in asked.items()} == dict.fromkeys(asked, True)
    assert [texts(busy_day, hours)[-1] for hours in (-1, 23, 24 + 1 / 60, 25, 28, 34, 32)] == [
        f"Outside hours: {busy_day.staff[0]} works 09:00 to 21:00 on this day.",
        f"Outside hours: {busy_day.staff[0]} works 09:00 to 21:00 on this day.",
        "Start times lie 15 minutes apart, the next one is 09:15.",
        f"Booking {booking.display_reference} from 10:00 to 10:45.",
        "Break from 13:00 to 13:30.",
        "Time off “wedding” from Monday 23 November 19:00 to Monday 23 November 21:00.",
        "Prayer pause (Maghrib) from 17:04 to 17:24.",
    ]


def test_a_buffer_in_the_way_is_told_from_the_visit_itself(house):
    house.service.buffer_after_minutes = 30
    house.service.save()
    booking = book(house, 25)

    assert texts(house, 25.75) == [
        f"Buffer of booking {booking.display_reference}, which takes its time from 10:00 to 11:15."
    ]
    assert texts(house, 24) == [
        f"The visit's own buffer would run into booking {booking.display_reference} from 10:00 to 10:45."
    ]


def test_what_is_off_sale_is_said_beside_the_time(house):
    anna = house.staff[0]
    anna.is_active = house.service.is_active = house.salon.is_active = False
    anna.save()
    house.service.save()
    house.salon.save()
    anna.staff_services.all().delete()

    assert [reason.code for reason in reasons(house, 25)] == [
        "salon_closed",
        "service_inactive",
        "staff_inactive",
        "not_able",
    ]


def test_a_closed_day_is_named(house):
    monday = date(2026, 11, 23)
    ScheduleExceptionFactory(salon=house.salon, name_en="Founding Day", starts_on=monday, ends_on=monday)

    assert texts(house, 25) == ["Closed: Founding Day."]


def test_a_moment_that_is_no_time_is_said_to_be_none(house):
    late = why_not(house.service, house.staff[0], house.at(3) + timedelta(seconds=1), now=timezone.now())

    assert [reason.code for reason in late] == ["no_time"]


def test_a_visit_is_stranded_by_the_schedule_and_not_by_its_neighbours(house):
    first, second = book(house, 25), book(house, 26)
    other = open_salon()
    other.service.refresh_from_db()
    BookingFactory(salon=other.salon, service=other.service, staff=other.staff[0], starts_at=other.at(25))
    assert stranded_visits(house.salon.pk, now=timezone.now()) == {}

    TimeOffFactory(salon=house.salon, staff=house.staff[0], starts_at=house.at(26.5), ends_at=house.at(28))

    found = stranded_visits(house.salon.pk, now=timezone.now())
    assert {pk: [reason.code for reason in why] for pk, why in found.items()} == {second.pk: ["time_off"]}
    assert first.pk not in found


def test_the_number_of_queries_does_not_grow_with_the_visits(house, django_assert_num_queries):
    for hours in range(25, 33):
        book(house, hours)
        with django_assert_num_queries(8):
            stranded_visits(house.salon.pk, now=timezone.now())
