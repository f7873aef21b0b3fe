"""A small salon at a fixed hour: Sunday 22 November 2026, 09:00 in Riyadh."""

from datetime import datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine

from apps.accounts.tests.factories import UserFactory
from apps.salons.models import Salon
from apps.salons.tests.factories import (
    MembershipFactory,
    SalonFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    WeeklyHoursFactory,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Asia/Riyadh"))


def open_salon(**fields):
    """A salon open 09:00–21:00 every day, in which Anna and Basma do the same service of 45 minutes for 115 SAR."""
    salon = SalonFactory(vat_number="300000000000003", lead_time_minutes=60, **fields)
    service = ServiceFactory(salon=salon, price_amount="115.00")
    staff = StaffFactory.create_batch(2, salon=salon)
    for person in staff:
        StaffServiceFactory(salon=salon, staff=person, service=service)
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, staff=None, weekday=weekday, opens=time(9), closes=time(21))
    return SimpleNamespace(
        salon=salon,
        service=service,
        staff=staff,
        customer=UserFactory(name="Sara", locale="en"),
        manager=MembershipFactory(salon=salon).user,
        at=lambda hours: NOW + timedelta(hours=hours),
    )


@pytest.fixture(autouse=True)
def clock():
    """The hour of all tests here; they move it with `clock.shift(seconds)` or `clock.move_to(moment)`."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(db):
    """A salon that confirms at once."""
    return open_salon()


@pytest.fixture
def by_hand(db):
    """A salon that confirms by hand."""
    return open_salon(confirmation=Salon.Confirmation.BY_HAND)


@pytest.fixture
def prepaid(db):
    """A salon that holds a booking 15 minutes until 30 % are paid."""
    return open_salon(confirmation=Salon.Confirmation.PAYMENT, deposit_percent=30)
