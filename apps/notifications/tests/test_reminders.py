from datetime import timedelta

import pytest
import time_machine

from apps.bookings.tests.factories import BookingFactory
from apps.notifications import services
from apps.notifications.models import Kind, Notification
from apps.notifications.tests.helpers import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def reminders():
    return list(
        Notification.objects.filter(kind=Kind.REMINDER).order_by("pk").values_list("status", "due_at", "reason")
    )


def test_a_reminder_is_planned_for_24_hours_before_the_visit():
    booking = BookingFactory(starts_at=NOW + timedelta(hours=47))

    assert services.plan_reminders() == 1

    assert reminders() == [("pending", NOW + timedelta(hours=23), "")]
    assert Notification.objects.get().booking_version == booking.version


def test_planning_twice_plans_once():
    BookingFactory(starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()

    assert services.plan_reminders() == 0
    assert len(reminders()) == 1


def test_a_booking_further_away_is_planned_later():
    BookingFactory(starts_at=NOW + timedelta(hours=48, seconds=1))

    assert services.plan_reminders() == 0
    assert services.plan_reminders(NOW + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("status", ["pending", "arrived", "completed", "no_show", "cancelled", "expired"])
def test_only_confirmed_bookings_are_reminded_of(status):
    BookingFactory(status=status, starts_at=NOW + timedelta(hours=30))

    assert services.plan_reminders() == 0
    assert reminders() == []


def test_a_booking_made_after_its_reminders_moment_keeps_the_reason_and_is_not_reminded(provider):
    BookingFactory(starts_at=NOW + timedelta(minutes=20))

    assert services.plan_reminders() == 1
    assert services.deliver_due() == 0

    moment = NOW + timedelta(minutes=20) - timedelta(hours=24)
    assert reminders() == [("suppressed", moment, "booked or changed after the moment of the reminder")]
    assert provider.messages == []


def test_a_reminder_the_planner_was_late_for_still_goes_out(provider, django_capture_on_commit_callbacks):
    with time_machine.travel(NOW - timedelta(days=5), tick=False):
        BookingFactory(starts_at=NOW + timedelta(hours=22))

    with django_capture_on_commit_callbacks(execute=True):
        services.plan_reminders()

    assert reminders() == [("sent", NOW - timedelta(hours=2), "")]


def test_rs08_a_moved_booking_is_reminded_of_once_for_its_new_time(provider):
    booking = BookingFactory(starts_at=NOW + timedelta(hours=30))
    services.plan_reminders()
    booking.place(staff=booking.staff, starts_at=NOW + timedelta(hours=40))
    booking.version += 1
    booking.save()

    services.plan_reminders()
    with time_machine.travel(NOW + timedelta(hours=20), tick=False):
        services.deliver_due()

    assert reminders() == [
        ("suppressed", NOW + timedelta(hours=6), "booking changed"),
        ("sent", NOW + timedelta(hours=16), ""),
    ]
    assert len(provider.messages) == 1


def test_one_salon_with_a_broken_time_zone_does_not_cost_the_others_their_reminders(caplog):
    BookingFactory(salon__timezone="Nowhere/Never", starts_at=NOW + timedelta(hours=30))
    BookingFactory(starts_at=NOW + timedelta(hours=31))

    assert services.plan_reminders() == 1

    assert reminders() == [("pending", NOW + timedelta(hours=7), "")]
    assert "no reminder could be planned" in caplog.text
