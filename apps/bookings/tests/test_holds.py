"""A visit that is held until it is paid: kept for a payer who is at it, made firm by the money, ended without it."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import QuerySet

from apps.bookings import services
from apps.bookings.events import BookingConfirmed, BookingExpired
from apps.bookings.models import Booking
from apps.bookings.tests.conftest import NOW
from apps.bookings.tests.test_services import book
from apps.bookings.tests.test_stale_pages import visit

Status = Booking.Status
END = NOW + timedelta(minutes=15)


def reload(booking):
    return Booking.objects.get(pk=booking.pk)


def steps_of(booking):
    """(state, end of the hold, why) of every version, oldest first."""
    return list(
        booking.history.order_by("history_id").values_list("status", "hold_expires_at", "history_change_reason")
    )


@pytest.fixture
def hold(prepaid):
    """15 minutes for a visit in three hours, with the first staff member."""
    return book(prepaid, staff_id=prepaid.staff[0].pk)


def test_a_hold_is_kept_longer_for_a_payer_who_is_at_it_and_says_why(hold):
    services.extend_hold(booking_id=hold.pk, until=END + timedelta(minutes=10), reason="at the bank")

    assert steps_of(hold) == [
        (Status.PENDING, END, ""),
        (Status.PENDING, END + timedelta(minutes=10), "at the bank"),
    ]


@pytest.mark.parametrize("until", [END, END - timedelta(minutes=1)])
def test_a_hold_that_lasts_as_long_stays_as_it_is(hold, until):
    assert services.extend_hold(booking_id=hold.pk, until=until, reason="at the bank") == hold

    assert steps_of(hold) == [(Status.PENDING, END, "")]


def test_a_hold_that_has_ended_is_not_kept_longer(hold):
    Booking.objects.filter(pk=hold.pk).update(status=Status.EXPIRED)

    services.extend_hold(booking_id=hold.pk, until=END + timedelta(minutes=10), reason="at the bank")

    assert (reload(hold).hold_expires_at, hold.history.count()) == (END, 1)


@pytest.mark.parametrize("status", Status)
def test_money_makes_firm_what_waits_for_it_and_finds_firm_what_is(prepaid, status, news):
    booking = visit(prepaid, status, 3)
    before = steps_of(booking)
    stays_firm = status in {Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED}
    becomes_firm = status in {Status.PENDING, Status.EXPIRED}

    is_firm = services.confirm_paid_booking(booking_id=booking.pk, reason="paid")

    assert is_firm is (stays_firm or becomes_firm)
    assert steps_of(booking) == before + ([(Status.CONFIRMED, None, "paid")] if becomes_firm else [])
    assert news == ([BookingConfirmed(booking.pk)] if becomes_firm else [])


@pytest.mark.parametrize(("late", "is_firm"), [(-1, True), (0, False)])
def test_a_hold_that_ran_out_is_not_given_its_time_again_once_that_has_begun(hold, clock, late, is_firm):
    clock.shift(16 * 60)
    services.expire_holds()
    clock.move_to(hold.starts_at + timedelta(seconds=late))

    assert services.confirm_paid_booking(booking_id=hold.pk) is is_firm

    assert reload(hold).status == (Status.CONFIRMED if is_firm else Status.EXPIRED)


def test_money_that_comes_before_a_pass_ended_the_hold_keeps_it_and_ends_no_other(prepaid, hold, clock, news):
    theirs = book(prepaid, 5, staff_id=prepaid.staff[1].pk)
    clock.move_to(END + timedelta(minutes=1))
    news.clear()

    assert services.confirm_paid_booking(booking_id=hold.pk) is True

    assert news == [BookingConfirmed(hold.pk)]
    assert steps_of(hold) == [(Status.PENDING, END, ""), (Status.CONFIRMED, None, "")]
    assert reload(theirs).status == Status.PENDING


def test_late_money_for_a_time_that_another_hold_lost_meanwhile_ends_that_one(prepaid, hold, clock, news):
    clock.move_to(END)
    other = book(prepaid, staff_id=prepaid.staff[0].pk, actor=prepaid.manager, person=prepaid.manager)
    clock.move_to(END + timedelta(minutes=15))
    news.clear()

    assert services.confirm_paid_booking(booking_id=hold.pk) is True

    assert news == [BookingExpired(other.pk), BookingConfirmed(hold.pk)]
    assert (reload(other).status, reload(hold).status) == (Status.EXPIRED, Status.CONFIRMED)


def test_a_pass_ends_the_holds_of_everybody_once_and_tells_it(prepaid, hold, clock, news):
    other = book(prepaid, 5, staff_id=prepaid.staff[1].pk)
    firm = visit(prepaid, Status.CONFIRMED, 6)
    clock.move_to(END)
    news.clear()

    assert services.expire_holds() == 2
    assert services.expire_holds() == 0

    assert Counter(news) == {BookingExpired(hold.pk): 1, BookingExpired(other.pk): 1}
    assert steps_of(hold)[-1] == (Status.EXPIRED, END, "")
    assert reload(firm).status == Status.CONFIRMED


def test_a_pass_for_another_moment_goes_by_that_one(hold):
    assert services.expire_holds(now=END - timedelta(seconds=1)) == 0
    assert services.expire_holds(now=END) == 1


def test_a_pass_asks_for_what_nobody_else_is_ending_and_who_needs_the_time_waits_for_it(hold, monkeypatch):
    """What the database makes of it is tried by the races on PostgreSQL."""
    select_for_update, asked = QuerySet.select_for_update, []

    def listening(rows, **how):
        asked.append(how)
        return select_for_update(rows, **how)

    monkeypatch.setattr(QuerySet, "select_for_update", listening)

    services.expire_holds()
    services.expire_holds(staff_ids=[hold.staff_id])

    assert asked == [{"skip_locked": True, "no_key": True}, {"skip_locked": False, "no_key": True}]
