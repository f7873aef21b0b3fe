"""A visit that one person drags in the calendar while another one calls it off."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.bookings.errors import SlotTaken
from apps.bookings.events import BookingCancelled, BookingMoved
from apps.bookings.models import Booking
from apps.bookings.services import moving, steps
from apps.bookings.tests.races.support import HOUR, book, keys_between, noon, on, people_of, states, visit
from apps.common.testing.race import Halt, beside, race, race_rounds, wait_for_blocked
from apps.notifications.models import Kind, Notification
from apps.salons.tests.factories import MembershipFactory

DRAG = reverse("admin:bookings_booking_calendar_move")
ROUNDS = 4
MOVED, CANCELLED = [("confirmed", 1), ("confirmed", 2)], [("confirmed", 1), ("cancelled", 2)]


@pytest.fixture
def desks(house):
    """Who drags, and who calls off."""
    return [desk_of(house, name) for name in ("Mona", "Noura")]


def desk_of(house, name):
    client = Client()
    client.force_login(MembershipFactory(salon=house.salon, user__name=name, user__locale="en").user)
    client.cookies["django_language"] = "en"
    return client


def drag(desk, booking, staff, starts_at):
    """What the page sends when a card it showed in its first version is dropped; the refusal in words, or None."""
    place = {"staff": staff.pk, "starts_at": f"{starts_at:%Y-%m-%dT%H:%M}", "reason": ""}
    answer = desk.post(DRAG, {"booking": booking.pk, "version": 1, **place}).json()
    return None if answer["done"] else answer["text"]


def cancel(desk, booking):
    """What the dialog sends that was opened over the same card; the refusal in words, or None."""
    address = reverse("admin:bookings_booking_cancel_action", args=[booking.pk])
    answer = desk.post(f"{address}?version=1", {"_form_submitted": "true", "by": "salon", "reason": "Closed"})
    *_not_shown_yet, said = get_messages(answer.wsgi_request)
    return None if said.level_tag == "success" else str(said)


def occupied(house, booking):
    """Which of the two places, the old one with Anna and the new one with Basma, the visit keeps for itself."""
    start, new = booking.starts_at, booking.starts_at + 2 * HOUR
    places = zip(house.staff, (start, new), strict=True)
    return [booking.pk in keys_between(staff, at, at + HOUR) for staff, at in places]


def told(booking):
    kinds = [Kind.BOOKING_MOVED, Kind.BOOKING_CANCELLED]
    return list(Notification.objects.filter(booking=booking, kind__in=kinds).values_list("kind", flat=True).distinct())


def faster(name):
    return f"{name} changed this booking at 09:00. Look at it again."


def test_row5_of_a_drag_and_a_cancellation_at_once_one_is_carried_out_and_the_other_told_by_whom(house, desks):
    visits = [visit(house, noon(house, day)) for day in range(1, ROUNDS + 1)]

    def act(turn, number):
        if number == 0:
            return drag(desks[0], visits[turn], house.staff[1], visits[turn].starts_at + 2 * HOUR)
        return cancel(desks[1], visits[turn])

    results = race_rounds(2, ROUNDS, act)

    for booking, said in zip(visits, results, strict=True):
        is_moved = said[0] is None
        assert said == ([None, faster("Mona")] if is_moved else [faster("Noura"), None])
        assert states(booking) == (MOVED if is_moved else CANCELLED)
        assert occupied(house, booking) == [False, is_moved]
        assert told(booking) == [Kind.BOOKING_MOVED if is_moved else Kind.BOOKING_CANCELLED]


def test_row5_what_is_being_dragged_is_not_called_off_and_only_its_new_place_is_taken(house, desks, monkeypatch):
    booking, dragging, people = visit(house, noon(house, 1)), Halt(), people_of(house, 2)
    new = booking.starts_at + 2 * HOUR
    on(monkeypatch, BookingMoved, dragging.here)

    with beside(lambda: drag(desks[0], booking, house.staff[1], new)) as first:
        dragging.wait()
        with beside(lambda: cancel(desks[1], booking)) as second:
            wait_for_blocked(second)
            dragging.lift()

    assert (first.result(), second.result()) == (None, faster("Mona"))
    assert (states(booking), occupied(house, booking)) == (MOVED, [False, True])
    assert book(house, people[0], booking.starts_at).staff == house.staff[0]
    with pytest.raises(SlotTaken):
        book(house, people[1], new, staff=1)


def test_row5_what_is_being_called_off_is_not_dragged_and_both_places_are_free(house, desks, monkeypatch):
    booking, cancelling, people = visit(house, noon(house, 1)), Halt(), people_of(house, 2)
    new = booking.starts_at + 2 * HOUR
    on(monkeypatch, BookingCancelled, cancelling.here)

    with beside(lambda: cancel(desks[1], booking)) as first:
        cancelling.wait()
        with beside(lambda: drag(desks[0], booking, house.staff[1], new)) as second:
            wait_for_blocked(second)
            cancelling.lift()

    assert (first.result(), second.result()) == (None, faster("Noura"))
    assert (states(booking), occupied(house, booking)) == (CANCELLED, [False, False])
    assert book(house, people[0], booking.starts_at).staff == house.staff[0]
    assert book(house, people[1], new, staff=1).staff == house.staff[1]


def test_row5_control_without_a_look_at_the_version_what_was_dragged_is_called_off_where_nobody_saw_it(
    house, desks, monkeypatch
):
    booking = visit(house, noon(house, 1))
    for module in (moving, steps):
        monkeypatch.setattr(module, "ensure_seen", lambda *_args, **_said: None)

    assert drag(desks[0], booking, house.staff[1], booking.starts_at + 2 * HOUR) is None
    assert cancel(desks[1], booking) is None

    assert states(booking) == [*MOVED, ("cancelled", 3)]


def test_row5_control_where_both_have_read_before_either_writes_there_are_two_second_versions(
    house, desks, monkeypatch
):
    booking = visit(house, noon(house, 1))
    for module, name in ((moving, "lock_visit"), (steps, "lock_booking")):
        read_before = Booking.objects.select_related("salon", "customer__user", "staff", "service").get(pk=booking.pk)
        monkeypatch.setattr(module, name, lambda *_keys, read_before=read_before: read_before)

    def act(number):
        if number == 0:
            return drag(desks[0], booking, house.staff[1], booking.starts_at + 2 * HOUR)
        return cancel(desks[1], booking)

    results = race(2, act)

    assert results == [None, None]
    assert sorted(states(booking)) == [("cancelled", 2), *MOVED]
