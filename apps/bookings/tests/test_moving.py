"""The dialog that moves a visit: a day, its free times, and days nearby where it has none."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.bookings import services
from apps.salons.tests.factories import ScheduleExceptionFactory


@pytest.fixture
def desk(client, house):
    client.force_login(house.manager)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def booking(house):
    """Tomorrow at 10:00 with Anna."""
    at = {"service_id": house.service.pk, "staff_id": house.staff[0].pk, "starts_at": house.at(25)}
    return services.book_appointment(actor=house.customer, person=house.customer, **at)


def dialog(client, booking, **asked):
    return client.get(reverse("admin:bookings_booking_reschedule_action", args=[booking.pk]), asked)


def times(answer):
    return [text for _moment, text in answer.context["form"].fields["starts_at"].widget.choices]


def test_the_day_of_the_visit_comes_first_and_another_is_loaded_by_itself(desk, house, booking):
    services.book_appointment(
        actor=house.manager,
        person=house.manager,
        service_id=house.service.pk,
        staff_id=house.staff[0].pk,
        starts_at=house.at(49),
    )

    own, next_day = dialog(desk, booking), dialog(desk, booking, day="2026-11-24")

    assert (times(own)[0], times(own)[-1], len(times(own))) == ("09:00", "20:15", 46)
    assert "10:00" not in times(next_day)
    assert "10:00" in times(dialog(desk, booking, day="2026-11-24", staff=house.staff[1].pk))
    assert own.context["form"]["day"].value().isoformat() == "2026-11-23"


def test_where_the_day_has_no_free_time_the_next_days_that_have_are_a_click_away(desk, house, booking):
    ScheduleExceptionFactory(salon=house.salon, starts_on=house.at(48).date(), ends_on=house.at(72).date())

    answer = dialog(desk, booking, day="2026-11-24", version=1)

    assert times(answer) == []
    page = answer.content.decode()
    assert "No free time on this day. The next ones:" in page
    assert "?version=1&amp;day=2026-11-26" in page
    assert "Thursday 26 November" in page


def test_where_no_day_has_a_free_time_it_says_so(desk, house, booking):
    ScheduleExceptionFactory(salon=house.salon, starts_on=house.at(0).date(), ends_on=house.at(24 * 60).date())

    answer = dialog(desk, booking)

    assert "No free time on this day, nor in the two weeks after it." in answer.content.decode()


@pytest.mark.parametrize(
    "day", ["x", "", "0001-01-01", "9999-12-31", "2026-13-45", "1" * 500], ids=lambda day: day[:10]
)
def test_a_day_that_is_none_is_answered_with_one_that_is(desk, booking, day):
    assert dialog(desk, booking, day=day).status_code == 200


def test_a_chosen_time_comes_back_chosen_with_its_day_when_it_was_taken_meanwhile(desk, house, booking):
    address = reverse("admin:bookings_booking_reschedule_action", args=[booking.pk])
    taken = services.book_appointment(
        actor=house.manager,
        person=house.manager,
        service_id=house.service.pk,
        staff_id=house.staff[0].pk,
        starts_at=house.at(50),
    )
    said = {"staff": house.staff[0].pk, "day": "2026-11-24", "starts_at": house.at(50).isoformat(), "by": "salon"}

    answer = desk.post(address, {"_form_submitted": "true", "reason": "", **said})

    form = answer.context["form"]
    assert form.errors == {"starts_at": [f"Booking {taken.display_reference} from 11:00 to 11:45."]}
    assert form["day"].value() == "2026-11-24"
    assert "11:00" not in times(answer)
    booking.refresh_from_db()
    assert booking.starts_at - house.at(25) == timedelta(0)
