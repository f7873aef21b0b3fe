"""Full calendars, written by SQL: for the search of free times among few bookings and among very many."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection

from apps.bookings.models import Booking
from apps.salons.models import Customer, Salon, ScheduleException, Service, ServiceCategory, Staff, TimeOff
from project.bench.world import HOURLY, World, example_row

TABLE = Booking._meta.db_table
# Of the ten hours of a working day seven are booked, other ones for every person and day.
FILL = """
    WITH RECURSIVE day(number) AS (SELECT %(first)s UNION ALL SELECT number + 1 FROM day WHERE number < %(last)s),
    place(number, minute) AS (VALUES {places}),
    person(number, id) AS (SELECT row_number() OVER (ORDER BY id), id FROM salons_staff WHERE salon_id = %(salon_id)s),
    visit(staff, number, start) AS (
        SELECT person.id, (day.number + 10000) * 10 + place.number, day.number * 1440 + place.minute
        FROM day CROSS JOIN place CROSS JOIN person
        WHERE ((day.number + 10000) * 3 + place.number * 7 + person.number) %% 10 < 7
    )
    INSERT INTO {table} ({columns}) SELECT {values} FROM visit ORDER BY staff, start
"""
DIALECTS = {
    "postgresql": {"id": "gen_random_uuid()", "moment": "%(midnight)s + ({minutes}) * interval '1 minute'"},
    "sqlite": {"id": "lower(hex(randomblob(16)))", "moment": "datetime(%(midnight)s, ({minutes}) || ' minutes')"},
}
OPEN_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('f', 'x')
"""
PLAIN_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = %s AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def fill(
    world: World, salon: Salon, *, first: int, last: int, open_of_five: int = 5, cards: range | None = None
) -> None:
    """Visits of all staff of `salon` from day `first` to day `last`, counted from the world's first one.

    Of five visits `open_of_five` are confirmed, the others completed. They are of the customers whose keys are `cards`
    in turn, by default all of one.
    """
    dialect = DIALECTS[connection.vendor]
    row = example_row(world)
    service, customer = (
        Service.objects.filter(salon=salon).earliest("pk"),
        Customer.objects.filter(salon=salon).earliest("pk"),
    )
    row |= {"salon_id": salon.pk, "service_id": service.pk, "customer_id": customer.pk}
    values = {column: f"%({column})s" for column in row}
    if cards is not None:
        values["customer_id"] = f"{cards.start} + (number * 31 + staff) %% {len(cards)}"
    values |= {
        "id": dialect["id"],
        "reference": "staff || '-' || number",
        "staff_id": "staff",
        "status": f"CASE WHEN number %% 5 < {open_of_five} THEN 'confirmed' ELSE 'completed' END",
    }
    ends = {"starts_at": 0, "protected_starts_at": 0, "occupied_from": 0, "ends_at": 45, "occupied_until": 55}
    values |= {column: dialect["moment"].format(minutes=f"start + {minutes}") for column, minutes in ends.items()}
    places = ", ".join(f"({number}, {at.hour * 60})" for number, at in enumerate(HOURLY))
    statement = FILL.format(places=places, table=TABLE, columns=", ".join(values), values=", ".join(values.values()))
    midnight = connection.ops.adapt_datetimefield_value(world.first_day)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**row, "first": first, "last": last, "midnight": midnight})


def add_absences(world: World) -> None:
    """Three hours off for everybody now and then, and one day on which the salon is closed."""
    begin = world.first_day + timedelta(hours=14)
    TimeOff.objects.bulk_create(
        TimeOff(salon=world.salon, staff=person, starts_at=start, ends_at=start + timedelta(hours=3))
        for number, person in enumerate(world.staff)
        for start in (begin + timedelta(days=day) for day in range(number % 7, 60, 7))
    )
    closed = world.first_day.date() + timedelta(days=10)
    ScheduleException.objects.create(salon=world.salon, name_en="Closed", starts_on=closed, ends_on=closed)


def other_salon(staff: int) -> Salon:
    """A salon nobody searches in, whose bookings are in the way all the same."""
    salon = Salon.objects.create(slug="other", name_en="Other")
    category = ServiceCategory.objects.create(salon=salon, name_en="Hair")
    Service.objects.create(
        salon=salon, category=category, code="CUT", name_en="Cut", duration_minutes=45, price_amount=100
    )
    Customer.objects.create(salon=salon, user=Customer.objects.earliest("pk").user)
    Staff.objects.bulk_create(Staff(salon=salon, name_en=f"Stylist {number}") for number in range(staff))
    return salon


def tidy() -> None:
    """What autovacuum would have done by tomorrow."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Let many rows into `tables` quickly, by default into that of bookings. Afterwards every index is there again, but
    nothing judges: foreign keys and triggers are gone, and the index of the overlap rule is an index only.
    """
    drop = _drop_postgresql if connection.vendor == "postgresql" else _drop_sqlite
    with connection.cursor() as cursor:
        restore = [statement for table in tables or (TABLE,) for statement in drop(cursor, table)]
        yield
        for statement in restore:
            cursor.execute(statement)


def _drop_postgresql(cursor: Any, table: str) -> list[str]:
    cursor.execute("SET maintenance_work_mem = '256MB'")
    cursor.execute(OPEN_CONSTRAINTS, [table])
    constraints = dict(cursor.fetchall())
    cursor.execute(PLAIN_INDEXES, [table])
    indexes = dict(cursor.fetchall())
    for name in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    exclusions = [(name, text) for name, text in constraints.items() if text.startswith("EXCLUDE ")]
    return [*indexes.values(), *(_as_index(table, name, text) for name, text in exclusions)]


def _as_index(table: str, name: str, exclusion: str) -> str:
    """Comparing half a million rows with each other would take longer than everything else."""
    return f'CREATE INDEX "{name}" ON {table} {exclusion.removeprefix("EXCLUDE ").replace(" WITH &&", "")}'


def _drop_sqlite(cursor: Any, table: str) -> list[str]:
    cursor.execute("SELECT type, name, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL", [table])
    found = [row for row in cursor.fetchall() if row[0] in ("index", "trigger")]
    for kind, name, _sql in found:
        cursor.execute(f'DROP {kind} "{name}"')
    return [sql for kind, _name, sql in found if kind == "index"]
