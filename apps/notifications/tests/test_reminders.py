from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from apps.bookings.tests.factories import BookingFactory
from apps.notifications import services
from apps.notifications.models import Kind, MessageSettings, Notification
from apps.notifications.tests.factories import TemplateFactory
from apps.notifications.tests.helpers import NOW
from apps.salons.tests.factories import SalonFactory

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


def test_msg11_a_booking_made_after_its_reminders_moment_keeps_the_reason_and_is_not_reminded(provider):
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


def test_rs08_msg09_a_moved_booking_is_reminded_of_once_for_its_new_time(provider):
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


# At the hours that the salon chose


@pytest.fixture
def booking():
    with time_machine.travel(NOW - timedelta(days=30), tick=False):
        return BookingFactory(starts_at=NOW + timedelta(hours=47))


def choose(booking, *hours):
    return MessageSettings.objects.update_or_create(salon=booking.salon, defaults={"reminder_hours": list(hours)})


def run(hours):
    """The passes at so many hours from now; returns how many messages were looked at."""
    with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
        services.plan_reminders()
        return services.deliver_due()


def states():
    reminders = Notification.objects.filter(kind=Kind.REMINDER)
    return {row.occasion: (row.status, row.reason) for row in reminders}


def test_a_salon_reminds_as_often_as_it_chose(provider, booking):
    choose(booking, 24, 3)

    assert [run(hours) for hours in (0, 22.9, 23, 43.9, 44, 46)] == [0, 0, 1, 0, 1, 0]
    assert states() == {"24h": ("sent", ""), "3h": ("sent", "")}


def test_a_salon_without_hours_reminds_of_nothing(provider, booking):
    choose(booking)

    assert [run(hours) for hours in (0, 23, 46)] == [0, 0, 0]
    assert states() == {}


def test_the_hours_of_one_salon_are_not_those_of_another(provider, booking):
    other = BookingFactory(starts_at=booking.starts_at)
    choose(other, 2)

    run(0)
    run(22)

    assert set(Notification.objects.values_list("salon", "occasion")) == {
        (booking.salon_id, "24h"),
        (other.salon_id, "2h"),
    }


def test_msg10_a_salon_that_reminds_later_now_does_so_once(provider, booking):
    run(0)
    choose(booking, 3)

    assert [run(hours) for hours in (23, 43.9, 44)] == [1, 0, 1]
    assert states() == {"24h": ("suppressed", "the salon reminds at other hours now"), "3h": ("sent", "")}
    assert len(provider.messages) == 1


def test_msg10_a_salon_that_reminds_earlier_now_loses_no_reminder(provider, booking):
    choose(booking, 3)
    run(30)
    choose(booking, 24)

    assert [run(hours) for hours in (31, 44)] == [1, 1]
    assert states() == {"24h": ("sent", ""), "3h": ("suppressed", "the salon reminds at other hours now")}
    assert len(provider.messages) == 1


def test_a_reminder_added_too_late_leaves_it_to_the_next_one(provider, booking):
    choose(booking, 24)
    run(10)
    choose(booking, 40, 24)

    run(10)

    assert states() == {"24h": ("pending", ""), "40h": ("suppressed", "a later reminder takes its place")}


def test_msg21_after_a_long_silence_only_the_reminder_that_is_still_of_use_goes_out(provider, booking):
    choose(booking, 24, 3)
    late, gone = (
        BookingFactory(starts_at=NOW + timedelta(hours=47)),
        BookingFactory(starts_at=NOW + timedelta(hours=30)),
    )
    for one in (late, gone):
        choose(one, 24)
    run(21)

    run(45)

    assert {(row.booking_id, row.occasion, row.status, row.reason) for row in Notification.objects.all()} == {
        (booking.pk, "24h", "suppressed", "a later reminder takes its place"),
        (booking.pk, "3h", "sent", ""),
        (late.pk, "24h", "sent", ""),
        (gone.pk, "24h", "sent", ""),
    }


def test_msg10_a_text_that_was_edited_meanwhile_is_the_one_that_goes_out(provider, booking):
    run(0)
    TemplateFactory(salon=booking.salon, kind=Kind.REMINDER, body_ar="نراك {customer}", body_en="See you, {customer}")
    person = booking.customer.user
    person.name, person.locale = "سارة", "ar"
    person.save()

    run(23)

    assert [(message.body, message.locale) for message in provider.messages] == [("نراك سارة", "ar")]
    assert Notification.objects.get().body == "نراك سارة"


def test_a_text_that_was_switched_off_meanwhile_does_not_go_out(provider, booking):
    run(0)
    TemplateFactory(salon=booking.salon, kind=Kind.REMINDER, is_active=False)

    run(23)

    assert states() == {"24h": ("suppressed", "switched off by the salon")}
    assert provider.messages == []


@pytest.mark.parametrize(
    "hours", [[0], [169], [1.5], ["24"], [True], [24, 24], [1, 2, 3, 4, 5], "24", {"24": 1}, [None]]
)
def test_hours_that_make_no_sense_are_refused(hours):
    with pytest.raises(ValidationError):
        MessageSettings(salon=SalonFactory(), reminder_hours=hours).full_clean()


def test_hours_are_refused_in_their_own_words():
    with pytest.raises(ValidationError) as refused:
        MessageSettings(salon=SalonFactory(), reminder_hours=["24"]).full_clean()

    assert refused.value.messages == ["Whole hours from 1 to 168, with commas between them."]
