"""The salon in which the suites measure: its people, its customers and where in its calendar a turn aims."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import IdempotencyKey, User
from apps.accounts.roles import SalonRole
from apps.bookings.models import Booking
from apps.common.money import VAT_RATE, vat_included
from apps.notifications.models import Notification
from apps.salons.models import Customer, Membership, Salon, Service, ServiceCategory, Staff, StaffService, WeeklyHours

Shifts = list[tuple[time, time]]
ZONE = ZoneInfo("Asia/Riyadh")
SLUG, MANAGER = "bench", "+966500000000"
HORIZON_DAYS = 366
# A split shift; with 45 minutes and 10 for cleaning up, a visit every full hour fits.
SHIFTS: Shifts = [(time(9), time(13, 30)), (time(15), time(21))]
HOURLY = [time(hour) for hour in (9, 10, 11, 12, 15, 16, 17, 18, 19, 20)]
# Times that leave room for a start up to half an hour later, so that unequal times still collide.
CONTESTED = [time(9), time(10, 30), time(12), time(15), time(16, 30), time(18), time(19, 30)]
UNEQUAL_MINUTES = (0, 15, 30)
WRITTEN = [Booking, Booking.history.model, Notification, IdempotencyKey]


@dataclass(frozen=True, slots=True)
class World:
    """One salon, open all year; `customers` hold (person, id of their card). Plain enough to travel to a worker."""

    salon: Salon
    service: Service
    staff: list[Staff]
    customers: list[tuple[User, int]]
    manager: User

    @property
    def made_at(self) -> datetime:
        """Its present, from which all its times count."""
        return self.salon.created_at

    @property
    def first_day(self) -> datetime:
        """Midnight of the day after the next."""
        day = timezone.localtime(self.made_at, ZONE) + timedelta(days=2)
        return day.replace(hour=0, minute=0, second=0, microsecond=0)

    def free(self, number: int) -> tuple[Staff, datetime]:
        """The `number`-th of many times that do not touch each other: spread over all staff, hour after hour."""
        turn, person = divmod(number, len(self.staff))
        return self.staff[person], self._at(turn, HOURLY)

    def free_of_one(self, number: int) -> tuple[Staff, datetime]:
        """The same in the calendar of a single staff member."""
        return self.staff[0], self._at(number, HOURLY)

    def contested(self, number: int, racer: int) -> tuple[Staff, datetime]:
        """Where `racer` aims in race `number`: all at one time, in every other race at times that overlap."""
        turn, person = divmod(number, len(self.staff))
        later = UNEQUAL_MINUTES[racer % len(UNEQUAL_MINUTES)] if number % 2 else 0
        return self.staff[person], self._at(turn, CONTESTED) + timedelta(minutes=later)

    def customer(self, number: int) -> tuple[User, int]:
        """Many people take turns, so that nobody reaches the most one person may book."""
        return self.customers[number % len(self.customers)]

    def booking(self, number: int, staff: Staff, starts_at: datetime) -> Booking:
        """The booking of that attempt, not stored."""
        person, card = self.customer(number)
        return new_booking(self.salon, self.service, person, card, staff, starts_at)

    def _at(self, turn: int, times: list[time]) -> datetime:
        days, place = divmod(turn, len(times))
        return datetime.combine(self.first_day + timedelta(days=days), times[place], ZONE)


def make_world(*, staff: int, customers: int) -> World:
    """Fill an empty database with one salon, its customers and its manager."""
    salon, service, people = make_salon(SLUG, staff=staff, shifts=SHIFTS, cleaning_up=10)
    manager = User.objects.create_user(MANAGER, name="Manager", locale=User.Locale.ENGLISH)
    Membership.objects.create(salon=salon, user=manager, role=SalonRole.MANAGER)
    return World(salon, service, people, _customers(salon, customers), manager)


def load_world() -> World:
    """The world that was made in the present database, perhaps on an earlier day."""
    salon = Salon.objects.get(slug=SLUG)
    service = Service.objects.select_related("salon").get(salon=salon, code="CUT")
    people = list(Staff.objects.filter(salon=salon).order_by("position"))
    cards = Customer.objects.filter(salon=salon).select_related("user").order_by("pk")
    return World(salon, service, people, [(card.user, card.pk) for card in cards], User.objects.get(phone=MANAGER))


def make_salon(slug: str, *, staff: int, shifts: Shifts, cleaning_up: int) -> tuple[Salon, Service, list[Staff]]:
    """A salon whose people all do one service of 45 minutes, in `shifts` on every day, with minutes of cleaning up."""
    salon = Salon.objects.create(
        slug=slug, name_en=slug, vat_number="300000000000003", horizon_days=HORIZON_DAYS, max_active_bookings=100
    )
    category = ServiceCategory.objects.create(salon=salon, name_en="Hair")
    service = Service.objects.create(
        salon=salon,
        category=category,
        code="CUT",
        name_ar="قص",
        name_en="Cut",
        duration_minutes=45,
        buffer_after_minutes=cleaning_up,
        price_amount=Decimal("115.00"),
    )
    return salon, service, [_staff_member(service, number, shifts) for number in range(staff)]


def new_booking(salon: Salon, service: Service, person: User, card: int, staff: Staff, starts_at: datetime) -> Booking:
    """A booking with every copy made, not stored."""
    booking = Booking(
        salon=salon,
        customer_id=card,
        service=service,
        status=Booking.Status.CONFIRMED,
        service_name_ar=service.name_ar,
        service_name_en=service.name_en,
        duration_minutes=service.duration_minutes,
        buffer_before_minutes=service.buffer_before_minutes,
        buffer_after_minutes=service.buffer_after_minutes,
        price_amount=service.price_amount,
        vat_rate=VAT_RATE,
        vat_amount=vat_included(service.price_amount, VAT_RATE),
        free_cancellation_hours=salon.free_cancellation_hours,
        late_cancellation_percent=salon.late_cancellation_percent,
        protected_starts_at=starts_at,
        booked_by=person,
    )
    booking.place(staff=staff, starts_at=starts_at)
    return booking


def example_row(world: World) -> dict[str, Any]:
    """A complete row of a booking as the driver takes it, by column."""
    booking = world.booking(0, world.staff[0], world.first_day)
    booking.created_at = booking.updated_at = world.first_day
    return columns_of(booking)


def columns_of(row: Model) -> dict[str, Any]:
    """What the driver takes for `row`, by column."""
    fields = row._meta.concrete_fields
    return {str(field.column): field.get_db_prep_save(field.value_from_object(row), connection) for field in fields}


def forget_bookings() -> None:
    """Back to the world as it was made."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in WRITTEN]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            # The planner would go on believing that the tables are full.
            cursor.execute(f"ANALYZE {', '.join(tables)}")
        else:
            for table in reversed(tables):
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own


def _staff_member(service: Service, number: int, shifts: Shifts) -> Staff:
    salon = service.salon
    person = Staff.objects.create(salon=salon, name_en=f"Stylist {number}", position=number)
    StaffService.objects.create(salon=salon, staff=person, service=service)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(salon=salon, staff=person, weekday=weekday, opens=opens, closes=closes)
        for weekday in range(7)
        for opens, closes in shifts
    )
    return person


def _customers(salon: Salon, count: int) -> list[tuple[User, int]]:
    people = User.objects.bulk_create(User(phone=f"+9665{number:08d}", name="Sara") for number in range(1, count + 1))
    cards: list[Any] = Customer.objects.bulk_create(Customer(salon=salon, user=person) for person in people)
    return [(person, card.pk) for person, card in zip(people, cards, strict=True)]
