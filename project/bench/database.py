"""A database of the benchmark's own: made, filled, measured and dropped, whatever happens. The configured one is only
asked where its server is.
"""

import os
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

MAINTENANCE = "postgres"
# Bookings that take longer to write than to copy.
WORTH_KEEPING = 100_000


class Server(Protocol):
    """Where databases come from."""

    def new_name(self) -> str: ...

    def create(self, name: str, template: str | None) -> None:
        """An empty database, or a copy of `template`, to which nobody is connected."""

    def drop(self, name: str) -> None: ...

    def has(self, name: str) -> bool:
        """Whether a kept database has this name."""

    def keep(self, name: str, source: str) -> None:
        """Keep a copy of `source`, to which nobody is connected, beyond this run."""


class PostgreSQL:
    """Databases of the server that DATABASE_URL names, made over its maintenance database."""

    def new_name(self) -> str:
        return f"bench_{os.getpid()}_{secrets.token_hex(4)}"

    def create(self, name: str, template: str | None) -> None:
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template or "template1")

    def drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def has(self, name: str) -> bool:
        with self._maintenance() as maintenance:
            found = maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def keep(self, name: str, source: str) -> None:
        with suppress(psycopg.errors.DuplicateDatabase):  # another run was as far as ours
            self.create(name, source)

    def _run(self, statement: str, *names: str) -> None:
        with self._maintenance() as maintenance:
            maintenance.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _maintenance(self) -> psycopg.Connection:
        access = {**connection.get_connection_params(), "dbname": MAINTENANCE}
        known = {key: access[key] for key in ("dbname", "host", "port", "user", "password") if key in access}
        return psycopg.connect(**known, autocommit=True)


class SQLite:
    """Files in a folder of the system's temporary ones."""

    def new_name(self) -> str:
        return str(Path(tempfile.mkdtemp(prefix="bench-")) / "bench.sqlite3")

    def create(self, name: str, template: str | None) -> None:
        if template is not None:
            with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(name)) as target:
                source.backup(target)

    def drop(self, name: str) -> None:
        for file in Path(name).parent.iterdir():
            file.unlink()
        Path(name).parent.rmdir()

    def has(self, name: str) -> bool:
        return False

    def keep(self, name: str, source: str) -> None:
        """Nothing: here a copy takes as long as the rows."""


def server() -> Server:
    """The kind of engine that DATABASE_URL names."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


@contextmanager
def scratch_database(template: str | None = None) -> Iterator[str]:
    """Within it the default connection leads to a new database with all tables; gives the database's name.

    `template` names a database to copy instead of migrating an empty one.
    """
    made = _made(template) if template else seeded_database(_migrate, keep_as="0")
    with made as name, using(name):
        yield name


@contextmanager
def seeded_database(seed: Callable[[], None], *, keep_as: str | None = None, base: str | None = None) -> Iterator[str]:
    """A copy of `base` (default: a database without tables) in which `seed` wrote; the connection stays where it is.

    PostgreSQL keeps it as `bench_template_<keep_as>_<digest>`, for the next run to copy instead of writing all rows
    again. The digest changes with the migrations, and where there is a `base` also with this package.
    """
    kept = keep_as and f"bench_template_{keep_as}_{_digest(tables_only=base is None)}"
    if kept and server().has(kept):
        with _made(kept) as name:
            yield name
        return
    with _made(base) as name:
        with using(name):
            seed()
        if kept:
            server().keep(kept, name)
        yield name


@contextmanager
def empty_database() -> Iterator[str]:
    """A database without tables, for a partner that makes its own; the connection stays where it is."""
    with _made(None) as name:
        yield name


@contextmanager
def copied_database() -> Iterator[str]:
    """A copy of the present database, to do in it what the present one must not see; the connection stays."""
    with _made(_name()) as name:
        yield name


@contextmanager
def using(name: str) -> Iterator[None]:
    """The default connection leads to `name` for a while."""
    before = _name()
    use(name)
    try:
        yield
    finally:
        use(before)


def use(name: str) -> None:
    """From now on the default connection of every thread leads to `name`."""
    connections.close_all()
    connection.settings_dict["NAME"] = name


def engine() -> str:
    """Which engine it is, with its version."""
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    connection.ensure_connection()
    return f"PostgreSQL {connection.connection.info.parameter_status('server_version')}"


def scalar(statement: str) -> Any:
    """The first column of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


@cache
def _digest(*, tables_only: bool) -> str:
    modules = {migration.__module__ for migration in MigrationLoader(None).disk_migrations.values()}
    files = [Path(str(sys.modules[name].__file__)) for name in sorted(modules)]
    if not tables_only:
        files += sorted(Path(__file__).parent.rglob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _name() -> str:
    return str(connection.settings_dict["NAME"])


@contextmanager
def _made(template: str | None) -> Iterator[str]:
    databases = server()
    name = databases.new_name()
    connections.close_all()
    try:
        databases.create(name, template)
        yield name
    finally:
        connections.close_all()
        with suppress(FileNotFoundError):
            databases.drop(name)
