"""The salons that are soaked, and who works and books there."""

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory, UserFactory
from apps.bookings.tests.factories import BookingFactory
from apps.salons.models import Salon, Service, Staff
from apps.salons.tests.factories import (
    CustomerFactory,
    MembershipFactory,
    SalonFactory,
    ServiceFactory,
    StaffFactory,
    StaffServiceFactory,
    WeeklyHoursFactory,
)

STAFF = 3
CUSTOMER, RECEPTION, SUPPORT, MANAGER, AUDITOR = "customer", "reception", "support", "manager", "auditor"
# Twenty people; more of them are the same again.
CREW = [
    *(CUSTOMER, RECEPTION, CUSTOMER, SUPPORT, MANAGER, AUDITOR, CUSTOMER, RECEPTION, CUSTOMER, CUSTOMER),
    *(CUSTOMER, CUSTOMER, RECEPTION, CUSTOMER, CUSTOMER, SUPPORT, CUSTOMER, CUSTOMER, RECEPTION, CUSTOMER),
]


@dataclass(frozen=True)
class Shop:
    """One salon, with a service that all its staff do."""

    salon: Salon
    service: Service
    staff: list[Staff]

    def staff_key(self, public_id: str) -> int:
        return next(person.pk for person in self.staff if str(person.public_id) == public_id)


@dataclass(frozen=True)
class House:
    """`crew` holds (role, person) of everybody, `visits` (person, booking) of keys of visits not closed yet."""

    shops: list[Shop]
    crew: list[tuple[str, User]]
    visits: list[tuple[UUID, str]]


def furnish(users: int, visits_each: int) -> House:
    """Two salons, one of which holds a time for five minutes until a part is paid, in a migrated and empty database."""
    paid = _shop(confirmation=Salon.Confirmation.PAYMENT, deposit_percent=30, hold_minutes=5, slug="paid")
    free = _shop(slug="free")
    crew = [(CREW[number % len(CREW)], number) for number in range(users)]
    people = [(role, _person(role, [paid, free][number % 2])) for role, number in crew]
    customers = [person for role, person in people if role == CUSTOMER]
    visits = [(person.pk, key) for person in customers for key in _visits(free, person, visits_each)]
    return House([paid, free], people, visits)


def _shop(**fields):
    salon = SalonFactory(
        vat_number="300000000000003", lead_time_minutes=0, max_active_bookings=50, horizon_days=60, **fields
    )
    service = ServiceFactory(salon=salon, price_amount=Decimal("115.00"))
    staff = StaffFactory.create_batch(STAFF, salon=salon)
    for person in staff:
        StaffServiceFactory(salon=salon, staff=person, service=service)
    for weekday in range(7):
        WeeklyHoursFactory(salon=salon, staff=None, weekday=weekday, opens=time(9), closes=time(21))
    return Shop(salon, service, staff)


def _person(role, shop):
    if role == CUSTOMER:
        return UserFactory()
    if role in (SUPPORT, AUDITOR):
        return PlatformUserFactory(role=PlatformRole(role))
    known = {RECEPTION: SalonRole.RECEPTIONIST, MANAGER: SalonRole.MANAGER}[role]
    return MembershipFactory(salon=shop.salon, role=known).user


def _visits(shop, person, count):
    """Of the hours before now, with somebody who is booked no more."""
    card, stylist = CustomerFactory(salon=shop.salon, user=person), StaffFactory(salon=shop.salon)
    common = {"salon": shop.salon, "service": shop.service, "customer": card, "staff": stylist, "booked_by": person}
    moments = [timezone.now() - timedelta(hours=number + 1) for number in range(count)]
    return [str(BookingFactory(starts_at=moment, **common).pk) for moment in moments]
