"""Payments, messages and history of every booking, written by SQL: what a salon has after years."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from apps.bookings.models import Booking
from apps.notifications.models import Channel, Kind, Notification
from apps.payments.models import Payment
from project.bench.timetable import DIALECTS, without_indexes
from project.bench.world import World, columns_of

BOOKINGS = Booking._meta.db_table
VERSIONS = "(SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3) version"


def add_ledgers(world: World) -> None:
    """A paid payment and a delivered message for every booking that has none yet, and three versions of the booking."""
    example = world.booking(0, world.staff[0], world.first_day)
    begun = {"created_at": world.first_day, "updated_at": world.first_day}
    payment = Payment(
        salon=world.salon,
        booking=example,
        amount=example.price_amount,
        captured_amount=example.price_amount,
        status=Payment.Status.PAID,
        **begun,
    )
    message = Notification(
        salon=world.salon,
        booking=example,
        booking_version=1,
        kind=Kind.values[0],
        channel=Channel.SMS,
        recipient=world.customers[0][0].phone,
        locale="ar",
        body="رسالة",
        status=Notification.Status.DELIVERED,
        **begun,
    )
    with without_indexes(*(model._meta.db_table for model in (Payment, Notification, Booking.history.model))):
        for row in (payment, message):
            _for_each_booking(row)
        _remember_bookings()


def _for_each_booking(row: Model) -> None:
    options = row._meta
    columns = columns_of(row)
    given: dict[str, str] = {"booking_id": "b.id", "salon_id": "b.salon_id"}
    given |= dict.fromkeys(("created_at", "updated_at"), "b.starts_at")
    if isinstance(row, Payment):
        given["id"] = DIALECTS[connection.vendor]["id"]
    else:
        columns.pop("id")
    values = ", ".join(given.get(column, f"%({column})s") for column in columns)
    _execute(
        f"INSERT INTO {options.db_table} ({', '.join(columns)}) SELECT {values} FROM {BOOKINGS} b"  # noqa: S608
        f" WHERE b.id NOT IN (SELECT booking_id FROM {options.db_table})"
        " ORDER BY b.starts_at",
        columns,
    )


def _remember_bookings() -> None:
    """Three versions of each: as it was made, and two changes with hours between them."""
    history = Booking.history.model._meta
    own = {field.column for field in Booking._meta.concrete_fields}
    kept = [field.column for field in history.concrete_fields if field.column in own]
    earlier = {
        "postgresql": "b.starts_at - (3 - version.number) * interval '1 hour'",
        "sqlite": "datetime(b.starts_at, (version.number - 3) || ' hours')",
    }[connection.vendor]
    about = {
        "history_date": earlier,
        "history_type": "CASE version.number WHEN 1 THEN '+' ELSE '~' END",
        "history_change_reason": "''",
    }
    _execute(
        f"INSERT INTO {history.db_table} ({', '.join([*kept, *about])})"  # noqa: S608 - names of our own
        f" SELECT {', '.join(f'b.{column}' for column in kept)}, {', '.join(about.values())}"
        f" FROM {BOOKINGS} b CROSS JOIN {VERSIONS}"
        f" WHERE b.id NOT IN (SELECT id FROM {history.db_table}) ORDER BY b.starts_at",
        {},
    )


def _execute(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def days_for(bookings: int, staff: int) -> timedelta:
    """How many days of `staff` people hold `bookings` visits, seven for each of them a day."""
    return timedelta(days=-(-bookings // (7 * staff)))
