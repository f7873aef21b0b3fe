"""A visit that takes longer or shorter than its service usually does."""

from datetime import timedelta

import pytest

from apps.bookings import services
from apps.bookings.errors import ReasonRequired, SlotNotOffered, SlotTaken
from apps.bookings.models import Booking
from apps.common.errors import InvalidTransition
from apps.notifications.models import Notification

HOUR = timedelta(hours=1)


def book(house, hours=3, **kwargs):
    arguments = {"actor": house.customer, "person": house.customer, "service_id": house.service.pk, **kwargs}
    return services.book_appointment(starts_at=house.at(hours), staff_id=house.staff[0].pk, **arguments)


def resize(house, booking, minutes, **kwargs):
    said = {"reason": "Long hair", **kwargs}
    return services.change_duration(actor=house.manager, booking_id=booking.pk, minutes=minutes, **said)


def test_a_visit_is_made_longer_for_the_price_that_was_agreed_and_history_says_why(house):
    booking = book(house)
    before = booking.version, booking.price_amount

    resize(house, booking, 90)

    booking.refresh_from_db()
    assert (booking.duration_minutes, booking.ends_at - booking.starts_at) == (90, 1.5 * HOUR)
    assert (booking.version, booking.price_amount) == (before[0] + 1, before[1])
    latest = booking.history.latest()
    assert (latest.history_user, latest.history_change_reason) == (house.manager, "Long hair")


def test_a_longer_visit_never_runs_into_the_next_one(house):
    booking, following = book(house), book(house, hours=4)

    with pytest.raises(SlotTaken):
        resize(house, booking, 90)
    with pytest.raises(SlotTaken):
        resize(house, booking, 90, override_reason="She insists")

    booking.refresh_from_db()
    following.refresh_from_db()
    assert (booking.duration_minutes, booking.version, booking.override_reason) == (45, 1, "")
    assert following.version == 1


def test_with_a_reason_a_visit_runs_on_after_closing_time(house):
    booking = book(house, hours=11.25)

    with pytest.raises(SlotTaken):
        resize(house, booking, 60)
    resize(house, booking, 60, override_reason="She flies tonight")

    booking.refresh_from_db()
    assert (booking.duration_minutes, booking.override_reason) == (60, "She flies tonight")


def test_a_visit_that_was_squeezed_in_keeps_clear_of_its_neighbour_when_it_becomes_shorter(house):
    house.service.buffer_after_minutes = 15
    house.service.save()
    booking = book(house)
    services.book_appointment(
        actor=house.manager,
        person=house.customer,
        service_id=house.service.pk,
        staff_id=house.staff[0].pk,
        starts_at=house.at(3.75),
        override_reason="In a hurry",
    )

    resize(house, booking, 40)

    booking.refresh_from_db()
    assert (booking.ends_at, booking.occupied_until) == (house.at(3) + timedelta(minutes=40), house.at(3.75))


def test_somebody_who_sits_in_the_chair_may_take_longer_and_a_visit_that_is_over_may_not(house, clock):
    booking = book(house)
    clock.move_to(house.at(3))
    services.mark_arrived(actor=house.manager, booking_id=booking.pk)

    assert resize(house, booking, 60).duration_minutes == 60

    services.complete_booking(actor=house.manager, booking_id=booking.pk)
    with pytest.raises(InvalidTransition):
        resize(house, booking, 90)
    assert Booking.objects.get().duration_minutes == 60


@pytest.mark.parametrize("minutes", [-5, 0, 4, 1441, 10**9])
def test_a_length_that_no_service_has_is_refused(house, minutes):
    booking = book(house)

    with pytest.raises(SlotNotOffered) as refused:
        resize(house, booking, minutes)
    assert str(refused.value) == "A visit takes between 5 minutes and 24 hours."
    assert refused.value.field == "minutes"
    assert Booking.objects.get().duration_minutes == 45


def test_another_length_needs_a_reason_and_the_same_length_changes_nothing(house):
    booking = book(house)

    with pytest.raises(ReasonRequired) as silent:
        resize(house, booking, 60, reason=" ")
    assert silent.value.field == "reason"
    resize(house, booking, 45)

    assert (Booking.objects.get().version, booking.history.count()) == (1, 1)


def test_who_knows_the_time_already_is_not_told_of_another_length(house, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        booking = book(house)
    told = Notification.objects.count()

    with django_capture_on_commit_callbacks(execute=True):
        resize(house, booking, 60)

    assert (told, Notification.objects.count()) == (1, 1)


def test_a_visit_squeezed_in_up_to_the_next_one_takes_its_buffer_and_not_its_time(house):
    house.service.buffer_before_minutes = 15
    house.service.save()
    following = book(house, hours=4)
    desk = {"actor": house.manager, "override_reason": "In a hurry"}

    squeezed = book(house, hours=3.25, **desk)

    following.refresh_from_db()
    assert (squeezed.ends_at, squeezed.occupied_until) == (house.at(4), house.at(4))
    assert (following.starts_at, following.occupied_from) == (house.at(4), house.at(4))
    latest = following.history.latest()
    told = f"Buffer given up for booking {squeezed.display_reference}: In a hurry"
    assert (latest.history_user, latest.history_change_reason) == (house.manager, told)


def test_with_a_reason_a_visit_takes_the_buffer_of_the_next_one_whose_history_says_so(house):
    house.service.buffer_before_minutes = 15
    house.service.save()
    booking, following = book(house), book(house, hours=4)

    resize(house, booking, 60, override_reason="Long hair")

    following.refresh_from_db()
    latest = following.history.latest()
    told = f"Buffer given up for booking {booking.display_reference}: Long hair"
    assert following.occupied_from == house.at(4)
    assert (latest.history_user, latest.history_change_reason) == (house.manager, told)


def test_who_is_in_the_way_is_named_by_the_clock_of_the_salon(house):
    house.salon.timezone = "Asia/Dubai"
    house.salon.save()
    other = book(house, hours=3)

    with pytest.raises(SlotTaken) as refused:
        book(house, hours=3.5, actor=house.manager, override_reason="In a hurry")

    assert str(refused.value) == f"Booking {other.display_reference} takes this time from 13:00 to 13:45."
