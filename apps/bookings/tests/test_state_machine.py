"""Days in a salon at random: whatever people do and in which order, what must hold holds after every step.

Hypothesis chooses the steps. Planted bugs prove that the machine would notice.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.accounts.tests.factories import UserFactory
from apps.bookings import policies, services
from apps.bookings.errors import SlotTaken, TooManyBookings
from apps.bookings.models import Booking
from apps.bookings.selectors import free_slots
from apps.bookings.tests.conftest import NOW
from apps.common.errors import DomainError
from apps.common.history import save_as
from apps.common.money import vat_included
from apps.salons.tests.factories import ServiceFactory, StaffServiceFactory, TimeOffFactory
from project.invariants import overlapping_bookings, rows_between_salons

Status, Source = Booking.Status, Booking.Source
RIYADH = ZoneInfo("Asia/Riyadh")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
GRACE = 15 * MINUTE
GAVE_WAY = "Buffer given up"
OVERLAPS = """
SELECT one.id, other.id FROM bookings_booking one JOIN bookings_booking other ON one.staff_id = other.staff_id
WHERE one.id < other.id AND one.occupied_from < other.occupied_until AND other.occupied_from < one.occupied_until
AND one.status IN ('pending', 'confirmed', 'arrived') AND other.status IN ('pending', 'confirmed', 'arrived')
"""

people, members, offers = st.integers(0, 2), st.integers(0, 1), st.integers(0, 1)
# Quarters of an hour from ten o'clock, today or tomorrow: few, so that people meet.
moments = st.tuples(st.integers(0, 1), st.integers(0, 8))
wishes, sources = st.sampled_from(Booking.CancelledBy.values), st.sampled_from(Source.values)
numbers = st.integers(0, 99)
# Each step with the states from which it leads somewhere.
STEPS = [
    ("confirm_booking", [Status.PENDING]),
    ("mark_arrived", [Status.CONFIRMED]),
    ("complete_booking", [Status.ARRIVED]),
    ("mark_no_show", [Status.CONFIRMED, Status.ARRIVED]),
    ("undo_step", [Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW]),
]


class DaysInASalon(RuleBasedStateMachine):
    """Two people at work, two services (one with buffers), three customers; online bookings are held until paid."""

    house: ClassVar[Any]

    def __init__(self):
        super().__init__()
        self.bookings = []
        self.travel = time_machine.travel(NOW, tick=False)
        self.clock = self.travel.start()
        self.database = transaction.atomic()
        self.database.__enter__()

    def teardown(self):
        try:
            assert list(rows_between_salons()) == []
        finally:
            transaction.set_rollback(True)
            self.database.__exit__(None, None, None)
            self.travel.stop()

    # --- What people do ---

    @initialize(wishes=st.lists(st.tuples(people, members, offers, moments, sources), min_size=2, max_size=4))
    def some_have_booked(self, wishes):
        for person, member, offer, moment, source in wishes:
            self.try_to_book(person, self.house.services[offer], self.house.staff[member], self.at(moment), source)

    @rule(person=people, member=st.none() | members, offer=offers, moment=moments, source=sources)
    def book(self, person, member, offer, moment, source):
        staff = None if member is None else self.house.staff[member]
        self.try_to_book(person, self.house.services[offer], staff, self.at(moment), source)

    @rule(number=numbers, person=people, source=sources, patient=st.booleans())
    def want_what_somebody_has(self, number, person, source, patient):
        if wanted := self.some(number, *Booking.ACTIVE):
            if patient:
                self.wait_until(wanted.hold_expires_at)
            self.try_to_book(person, wanted.service, wanted.staff, wanted.starts_at, source)

    @rule(person=people, member=members, offer=offers, moment=moments)
    def book_outside_the_rules(self, person, member, offer, moment):
        service, staff, starts_at = self.house.services[offer], self.house.staff[member], self.at(moment)
        is_taken = self.is_taken(staff, starts_at, starts_at + service.duration_minutes * MINUTE)
        where = {"starts_at": starts_at, "staff_id": staff.pk, "override_reason": "she is here already"}
        booked = self.try_use_case("book_appointment", **self.order(person, service, Source.DESK), **where)
        assert isinstance(booked, SlotTaken if is_taken else Booking)

    @rule(number=numbers, member=st.none() | members, moment=moments, by=wishes, source=sources, override=st.booleans())
    def move(self, number, member, moment, by, source, override):
        if booking := self.some(number, *Booking.MOVABLE):
            where = {"starts_at": self.at(moment), "staff_id": member and self.house.staff[member].pk}
            reason = {"override_reason": "she asked"} if override else {}
            self.try_use_case("reschedule_booking", booking_id=booking.pk, by=by, source=source, **where, **reason)

    @rule(number=numbers, offer=offers)
    def change_service(self, number, offer):
        if booking := self.some(number, *Booking.MOVABLE):
            service = self.house.services[offer]
            self.try_use_case("change_service", booking_id=booking.pk, service_id=service.pk)

    @rule(number=numbers, by=wishes)
    def cancel(self, number, by):
        if booking := self.some(number, *Booking.MOVABLE):
            self.try_use_case("cancel_booking", booking_id=booking.pk, by=by)

    @rule(number=numbers, step=st.sampled_from(STEPS), in_time=st.booleans())
    def go_on(self, number, step, in_time):
        name, states = step
        if booking := self.some(number, *states):
            if in_time:
                self.wait_until(booking.starts_at + GRACE)
            self.try_use_case(name, booking_id=booking.pk, reason="so it was")

    @rule(number=numbers)
    def pay(self, number):
        if booking := self.some(number, Status.PENDING, Status.EXPIRED):
            is_firm = services.confirm_paid_booking(booking_id=booking.pk)
            booking.refresh_from_db()
            assert is_firm == (booking.status in (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED))

    @rule()
    def end_holds(self):
        services.expire_holds()
        assert not Booking.objects.overdue_holds(timezone.now()).exists()

    @rule(member=members, moment=moments, hours=st.integers(1, 2), is_ill=st.booleans())
    def take_time_off(self, member, moment, hours, is_ill):
        staff, starts_at = self.house.staff[member], self.at(moment)
        TimeOffFactory(salon=self.house.salon, staff=staff, starts_at=starts_at, ends_at=starts_at + hours * HOUR)
        if is_ill:
            self.try_use_case("reassign_day", staff_id=staff.pk, day=starts_at.date(), reason="she is ill")

    @rule(minutes=st.sampled_from([1, 15, 60, 1440]))
    def wait(self, minutes):
        self.clock.shift(minutes * MINUTE)

    # --- What holds after every step ---

    @invariant()
    def what_must_hold_holds(self):
        bookings, past = list(Booking.objects.all()), defaultdict(list)
        for row in Booking.history.order_by("history_id"):
            past[row.id].append(row)
        nobody_is_in_two_places()
        for booking in bookings:
            the_visit_has_its_length_and_buffers(booking, past[booking.pk])
            every_step_is_one_of_the_lifecycle_and_grows_the_version(booking, past[booking.pk])
            the_money_adds_up(booking)
            only_what_is_pending_is_held(booking)

    # --- Helpers ---

    def try_to_book(self, person, service, staff, starts_at, source):
        """Book, which must succeed exactly when the time is listed (a customer may have too many bookings)."""
        where = {"starts_at": starts_at, "staff_id": staff and staff.pk}
        is_listed = self.is_listed(service, **where)
        booked = self.try_use_case("book_appointment", **self.order(person, service, source), **where)
        if not (source == Source.ONLINE and isinstance(booked, TooManyBookings)):
            assert isinstance(booked, Booking) == is_listed

    def try_use_case(self, name, **arguments):
        """What the use case answers, or its refusal; then nothing has changed. Any other error is a failure."""
        before = Booking.history.count()
        try:
            answer = getattr(services, name)(actor=self.house.manager, **arguments)
        except DomainError as refusal:
            assert Booking.history.count() == before
            return refusal
        if name == "book_appointment":
            self.bookings.append(answer.pk)
        return answer

    def order(self, person, service, source):
        return {"person": self.house.people[person], "service_id": service.pk, "source": source}

    def some(self, number, *states):
        """A booking, mostly one in these states if there is one; None while there is none at all."""
        by_key = Booking.objects.in_bulk(self.bookings)
        fitting = [key for key in self.bookings if by_key[key].status in states]
        keys = fitting if fitting and number % 4 else self.bookings
        return by_key[keys[number // 4 % len(keys)]] if keys else None

    def wait_until(self, moment):
        if moment is not None and timezone.now() < moment:
            self.clock.move_to(moment)

    def at(self, moment):
        days, quarters = moment
        today = timezone.localtime(timezone.now(), RIYADH).date()
        return datetime.combine(today, time(10), RIYADH) + days * 24 * HOUR + quarters * 15 * MINUTE

    def is_listed(self, service, *, starts_at, staff_id):
        day = timezone.localtime(starts_at, RIYADH).date()
        slots = free_slots(service, first=day, last=day, now=timezone.now(), staff_id=staff_id)
        return starts_at in [slot.starts_at for slot in slots]

    def is_taken(self, staff, starts_at, ends_at):
        visits = Booking.objects.active().filter(staff=staff, starts_at__lt=ends_at, ends_at__gt=starts_at)
        return visits.exclude(status=Status.PENDING, hold_expires_at__lte=timezone.now()).exists()


def nobody_is_in_two_places():
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        assert cursor.fetchall() == []
    assert list(overlapping_bookings()) == []


def the_visit_has_its_length_and_buffers(booking, past):
    assert booking.ends_at - booking.starts_at == booking.duration_minutes * MINUTE
    before, after = booking.starts_at - booking.occupied_from, booking.occupied_until - booking.ends_at
    agreed = booking.buffer_before_minutes * MINUTE, booking.buffer_after_minutes * MINUTE
    if booking.override_reason or any(row.history_change_reason.startswith(GAVE_WAY) for row in past):
        assert 0 * MINUTE <= before <= agreed[0]
        assert 0 * MINUTE <= after <= agreed[1]
    else:
        assert (before, after) == agreed


def every_step_is_one_of_the_lifecycle_and_grows_the_version(booking, past):
    assert (past[0].version, past[0].status in (Status.PENDING, Status.CONFIRMED)) == (1, True)
    assert (past[-1].version, past[-1].status) == (booking.version, booking.status)
    for row, following in pairwise(past):
        gave_way = following.history_change_reason.startswith(GAVE_WAY)
        assert following.version == row.version + (not gave_way)
        assert following.status == row.status or following.status in Booking.ALLOWED[row.status]


def the_money_adds_up(booking):
    assert booking.vat_amount == vat_included(booking.price_amount, booking.vat_rate)
    assert 0 <= booking.prepay_amount <= booking.price_amount
    assert 0 <= booking.cancellation_fee_amount <= booking.price_amount
    if booking.cancelled_by != Booking.CancelledBy.CUSTOMER:
        assert booking.cancellation_fee_amount == 0


def only_what_is_pending_is_held(booking):
    if booking.hold_expires_at is not None:
        assert booking.status in (Status.PENDING, Status.EXPIRED)
    if booking.status == Status.EXPIRED:
        assert booking.hold_expires_at <= timezone.now()


@pytest.fixture
def machine(prepaid):
    """The machine in a salon that holds online bookings for 15 minutes."""
    prepaid.service.buffer_before_minutes, prepaid.service.buffer_after_minutes = 15, 20
    prepaid.service.save()
    prepaid.services = [prepaid.service, ServiceFactory(salon=prepaid.salon, duration_minutes=30)]
    for member in prepaid.staff:
        StaffServiceFactory(salon=prepaid.salon, staff=member, service=prepaid.services[1])
    prepaid.people = UserFactory.create_batch(3)
    return type("Days", (DaysInASalon,), {"house": prepaid})


def run(machine, *, seeds, phases=(Phase.generate, Phase.shrink)):
    """Several short runs: within one, Hypothesis soon comes back to what it has tried before."""
    short = settings(max_examples=6, stateful_step_count=30, deadline=None, derandomize=False, database=None)
    for number in seeds:
        run_state_machine_as_test(seed(number)(machine), settings=settings(short, phases=phases))


def test_whatever_people_do_what_must_hold_holds(machine):
    run(machine, seeds=range(3))


# --- Planted bugs ---


def holds_never_end(monkeypatch):
    for module in (services, services.holds):
        monkeypatch.setattr(module, "expire_holds", lambda **names: 0)


def visits_take_no_buffers(monkeypatch):
    place = Booking.place

    def place_bare(booking, **where):
        place(booking, **where)
        booking.occupied_from, booking.occupied_until = booking.starts_at, booking.ends_at

    monkeypatch.setattr(Booking, "place", place_bare)


def a_move_leaves_the_version_alone(monkeypatch):
    def save_moved(booking, *, actor, reason):
        return save_as(booking, actor=actor, reason=reason, update_fields=services.moving.PLACE)

    monkeypatch.setattr(services.moving, "_save_moved", save_moved)


def any_step_may_follow_any(monkeypatch):
    for module in (services.steps, services.writing):
        monkeypatch.setattr(module, "ensure_transition", lambda *args, **names: None)


def salons_take_fees_for_what_they_cancel(monkeypatch):
    monkeypatch.setattr(policies, "cancellation_fee", lambda booking, **names: booking.price_amount)


@pytest.mark.parametrize(
    "plant",
    [
        holds_never_end,
        visits_take_no_buffers,
        a_move_leaves_the_version_alone,
        any_step_may_follow_any,
        salons_take_fees_for_what_they_cancel,
    ],
)
def test_the_machine_notices_a_planted_bug(machine, monkeypatch, plant):
    plant(monkeypatch)

    with pytest.raises((AssertionError, DatabaseError)):
        run(machine, seeds=range(20), phases=[Phase.generate])
