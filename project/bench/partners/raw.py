"""The limit of the machine: complete rows inserted into the real table of bookings by whatever is fastest at it."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.db import connection
from psycopg import sql

from apps.bookings.models import Booking
from project.bench.crew import Act, Crew, Task
from project.bench.world import World, example_row

TABLE = Booking._meta.db_table
CLIENTS = 8
# What a loop of prepared statements in Python reached of what pgbench does.
SHARE_OF_A_LOOP = 0.58
TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
ACCESS = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
# Client after client has a staff member of its own, and each of its bookings begins an hour after the one before.
CHANGING = {
    "id": "gen_random_uuid()",
    "reference": "{client}::int || '-' || {n}::int",
    "staff_id": "{first} + {client}::int",
    "created_at": "now()",
    "updated_at": "now()",
    "starts_at": "date '{day}' + {n}::int * interval '1 hour'",
    "ends_at": "date '{day}' + {n}::int * interval '1 hour' + interval '45 minutes'",
    "occupied_from": "date '{day}' + {n}::int * interval '1 hour'",
    "occupied_until": "date '{day}' + {n}::int * interval '1 hour' + interval '55 minutes'",
    "protected_starts_at": "date '{day}' + {n}::int * interval '1 hour'",
}


class CannotMeasure(Exception):
    """A partner did not do its part."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Inserts per second of the raw partner of this engine. `crew` serves it where pgbench is missing."""

    world: World
    crew: Crew
    pgbench: str | None

    @property
    def name(self) -> str:
        """What it is, for the report."""
        if connection.vendor == "sqlite":
            return "sqlite3 loop, 1 writer"
        return f"pgbench, prepared, {CLIENTS} clients" if self.pgbench else "psycopg loop, prepared"

    @property
    def share(self) -> float:
        """How much of the limit it reaches itself; floors are meant against the limit."""
        return 1.0 if self.pgbench or connection.vendor == "sqlite" else SHARE_OF_A_LOOP

    def per_second(self, seconds: float) -> float:
        """Measured now. Raises CannotMeasure."""
        if connection.vendor == "sqlite":
            return _sqlite_loop(self.world, seconds)
        if self.pgbench is None:
            return self.crew.work(Task(PreparedLoop(self.world), seconds=seconds)).per_second
        return _pgbench(self.pgbench, self.world, seconds)


@dataclass(frozen=True, slots=True)
class PreparedLoop:
    """A task for a crew: psycopg itself with one prepared statement."""

    world: World

    def __call__(self, worker: int) -> Act:
        statement = _statement(self.world, client="%(client)s", n="%(n)s")
        cursor = connection.connection.cursor()

        def act(turn: int) -> bool:
            return bool(cursor.execute(statement, {"client": worker, "n": turn}, prepare=True).rowcount)

        return act


def find_pgbench() -> str | None:
    """On the path, or where Debian keeps the programs of each version of the server."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)
    return shutil.which("pgbench") or next(map(str, versions), None)


def _pgbench(program: str, world: World, seconds: float) -> float:
    params = connection.get_connection_params()
    environment = {name: str(params[key]) for name, key in ACCESS.items() if params.get(key)}
    # It counts whole seconds; a shorter run is a number of inserts.
    length = ["-T", str(round(seconds))] if seconds >= 1 else ["-t", str(round(seconds * 500))]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(f"\\set n :n + 1\n{_statement(world, client=':client_id', n=':n')};\n", encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - a program found by its name, with arguments of our own
            [program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", *length, "-D", "n=0", "-f", str(script)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    found = TPS.search(done.stdout)
    if done.returncode or found is None:
        raise CannotMeasure(f"pgbench ended with {done.returncode}: {done.stderr[-500:]}")
    return float(found[1])


def _statement(world: World, *, client: str, n: str) -> str:
    """The INSERT of one row, everything but number and client written into it."""
    spelling = {"client": client, "n": n, "first": world.staff[0].pk, "day": f"{world.first_day:%Y-%m-%d}"}
    values = {name: expression.format(**spelling) for name, expression in CHANGING.items()}
    for column, value in example_row(world).items():
        # pgbench takes every colon for a variable; none of these values has one.
        values.setdefault(column, sql.Literal(value).as_string())
    return f"INSERT INTO {TABLE} ({', '.join(values)}) VALUES ({', '.join(values.values())})"  # noqa: S608 - our names


def _sqlite_loop(world: World, seconds: float) -> float:
    row = example_row(world)
    places = ", ".join(f":{column}" for column in row)
    statement = f"INSERT INTO {TABLE} ({', '.join(row)}) VALUES ({places})"  # noqa: S608 - names of our own
    connection.ensure_connection()
    start, number = perf_counter(), 0
    while perf_counter() - start < seconds:
        connection.connection.execute(statement, {**row, **_changed(world.first_day, number)})
        number += 1
    return number / (perf_counter() - start)


def _changed(first_day: datetime, number: int) -> dict[str, Any]:
    begin = first_day.replace(tzinfo=None) + timedelta(hours=number)
    end, free = begin + timedelta(minutes=45), begin + timedelta(minutes=55)
    moments = {"starts_at": begin, "ends_at": end, "occupied_from": begin, "occupied_until": free}
    return {"id": uuid4().hex, "reference": str(number), **{name: str(value) for name, value in moments.items()}}
