"""The terms of one visit at their edges; no row is stored."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.bookings import policies
from apps.bookings.models import Booking
from apps.salons.models import Salon

STARTS = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FREE_UNTIL = STARTS - timedelta(hours=24)
Status, By, Source = Booking.Status, Booking.CancelledBy, Booking.Source


def visit(status=Status.CONFIRMED, **changes):
    terms = {
        "starts_at": STARTS,
        "protected_starts_at": STARTS,
        "free_cancellation_hours": 24,
        "late_cancellation_percent": 50,
        "price_amount": Decimal("115.00"),
    }
    return Booking(status=status, **terms | changes)


def test_it_is_free_until_the_agreed_hours_before_the_protected_start():
    earlier = STARTS - timedelta(hours=5)

    assert policies.free_until(visit()) == FREE_UNTIL
    assert policies.free_until(visit(protected_starts_at=earlier)) == FREE_UNTIL - timedelta(hours=5)
    assert policies.free_until(visit(free_cancellation_hours=0)) == STARTS


@pytest.mark.parametrize(
    ("by", "now", "fee"),
    [
        (By.CUSTOMER, FREE_UNTIL - SECOND, "0.00"),
        (By.CUSTOMER, FREE_UNTIL, "0.00"),
        (By.CUSTOMER, FREE_UNTIL + SECOND, "57.50"),
        (By.SALON, FREE_UNTIL + SECOND, "0.00"),
    ],
)
def test_cancelling_costs_the_customer_the_agreed_share_after_the_free_hours(by, now, fee):
    assert str(policies.cancellation_fee(visit(), by=by, now=now)) == fee


def test_cancelling_an_unpaid_hold_costs_nothing():
    held = visit(Status.PENDING, hold_expires_at=FREE_UNTIL + timedelta(hours=1))

    assert str(policies.cancellation_fee(held, by=By.CUSTOMER, now=FREE_UNTIL + SECOND)) == "0.00"


@pytest.mark.parametrize("status", Status)
def test_only_a_coming_visit_may_be_cancelled_or_moved(status):
    comes = status in {Status.PENDING, Status.CONFIRMED}

    assert policies.can_cancel_until(visit(status)) == (STARTS if comes else None)
    assert policies.can_reschedule_until(visit(status)) == (FREE_UNTIL if comes else None)


@pytest.mark.parametrize(
    ("ahead", "allowed"),
    [
        (-timedelta(hours=24) - SECOND, False),
        (-timedelta(hours=24), True),
        (timedelta(0), True),
        (timedelta(days=732), True),
        (timedelta(days=732) + SECOND, False),
    ],
)
def test_the_desk_enters_a_visit_from_a_day_ago_to_two_years_ahead(ahead, allowed):
    assert policies.may_be_entered(STARTS + ahead, STARTS) is allowed


@pytest.mark.parametrize(
    ("confirmation", "tolerated", "no_shows", "percent"),
    [
        (Salon.Confirmation.PAYMENT, 0, 0, 30),
        (Salon.Confirmation.AUTOMATIC, 0, 5, 0),
        (Salon.Confirmation.AUTOMATIC, 1, 0, 0),
        (Salon.Confirmation.AUTOMATIC, 1, 1, 30),
        (Salon.Confirmation.AUTOMATIC, 2, 1, 0),
        (Salon.Confirmation.AUTOMATIC, 2, 2, 30),
        (Salon.Confirmation.AUTOMATIC, 2, 3, 30),
    ],
)
def test_an_advance_is_asked_online_from_everybody_or_from_who_stayed_away_too_often(
    confirmation, tolerated, no_shows, percent
):
    salon = Salon(confirmation=confirmation, prepay_after_no_shows=tolerated, deposit_percent=30)

    assert policies.advance_percent(salon, source=Source.ONLINE, no_shows=no_shows) == percent
    assert {policies.advance_percent(salon, source=s, no_shows=no_shows) for s in Source if s != Source.ONLINE} == {0}


@pytest.mark.parametrize(
    ("price", "percent", "advance"),
    [
        ("115.00", 30, "34.50"),
        ("115.00", 100, "115.00"),
        ("115.00", 0, "0.00"),
        ("3.00", 30, "1.00"),
        ("3.33", 30, "1.00"),
        ("3.35", 30, "1.01"),
        ("1.00", 1, "1.00"),
        ("0.99", 100, "0.00"),
    ],
)
def test_an_advance_is_never_less_than_can_be_paid_online(price, percent, advance):
    assert policies.advance_amount(Decimal(price), percent) == Decimal(advance)
