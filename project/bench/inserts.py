"""What a booking writes, and nothing of what it reads: its one guarded INSERT, or all of its rows."""

from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError, connection, transaction

from apps.accounts.api.idempotency import ONCE_PER_PERSON
from apps.accounts.models import IdempotencyKey
from apps.bookings.models import Booking
from apps.bookings.services import NO_OVERLAP
from apps.common.history import insert_unless
from apps.common.statements import prepared_cursor
from apps.notifications.models import Kind, Notification
from apps.notifications.services.writing import ONCE_PER_VERSION
from apps.salons.models import Staff
from project.bench.doors import CREATED, Book
from project.bench.world import World

FIELDS = Booking._meta.concrete_fields
COLUMNS, PLACES = ", ".join(str(field.column) for field in FIELDS), ", ".join("%s" for _field in FIELDS)
STATEMENT = (
    f"INSERT INTO {Booking._meta.db_table} ({COLUMNS}) VALUES ({PLACES})"  # noqa: S608 - names of our own
    f" ON CONFLICT ON CONSTRAINT {NO_OVERLAP} DO NOTHING"
)


def with_history(world: World) -> Book:
    """What the use case does when it has decided."""

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        booking = world.booking(number, staff, starts_at)
        return bool(insert_unless(booking, rule=NO_OVERLAP, actor=booking.booked_by))

    return book


def without_history(world: World) -> Book:
    """The same insert of the same row alone, through the same cursor."""

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        booking = world.booking(number, staff, starts_at)
        return _insert(booking) if connection.vendor == "postgresql" else _save(booking)

    return book


def everything_written(world: World) -> Book:
    """The rows that the use case leaves behind, in one transaction: booking, message and kept answer, with history.

    More than this share of the raw INSERT no use case that stores them can reach.
    """

    def book(number: int, staff: Staff, starts_at: datetime) -> bool:
        person, _card = world.customer(number)
        booking = world.booking(number, staff, starts_at)
        message = Notification(
            salon=world.salon, booking=booking, booking_version=1, kind=Kind.BOOKING_CONFIRMED, recipient=person.phone
        )
        answer = IdempotencyKey(
            user=person, key=uuid4().hex, method="POST", response_status=CREATED, response_body="{}"
        )
        with transaction.atomic():
            return (
                insert_unless(booking, rule=NO_OVERLAP, actor=person)
                and insert_unless(message, rule=ONCE_PER_VERSION)
                and insert_unless(answer, rule=ONCE_PER_PERSON)
            )

    return book


def _insert(booking: Booking) -> bool:
    values = [field.get_db_prep_save(field.pre_save(booking, add=True), connection) for field in FIELDS]
    with prepared_cursor() as cursor:
        cursor.execute(STATEMENT, values)
        return bool(cursor.rowcount)


def _save(booking: Booking) -> bool:
    booking.skip_history_when_saving = True  # type: ignore[attr-defined]  # as its library asks
    try:
        booking.save()
    except IntegrityError as error:
        if NO_OVERLAP not in str(error):
            raise
        return False
    return True
