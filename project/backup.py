"""One folder that holds the database, its pictures and a manifest, and the way back from it into an empty database.

The engines' own tools copy the rows. The manifest says what was copied at that very moment, so that a folder which is
damaged, mixed up or newer than this version is refused before anything is written.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
PICTURES = "media"

Query = Callable[[str], Iterable[tuple[Any, ...]]]


class BackupRefused(Exception):
    """Says in one sentence why a backup is not made or not restored; nothing was written then."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database held at one moment: applied migrations as `app.name`, and the number of rows of each table."""

    migrations: list[str]
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at` is ISO 8601 in UTC, `files` gives the SHA-256 of every other file of the folder by its path in it."""

    format: int
    made_at: str
    engine: str
    migrations: list[str]
    rows: dict[str, int]
    files: dict[str, str]


class Engine(Protocol):
    """How a kind of database is copied while people work on it."""

    def dump(self, file: Path) -> Contents:
        """Copy the default connection's database into the new `file`; returns what is in the copy."""

    def load(self, file: Path) -> None:
        """Fill the empty database of the default connection from `file`, wholly or not at all."""


class PostgreSQL:
    """`pg_dump` and `pg_restore`, which have to be as new as the server."""

    def dump(self, file: Path) -> Contents:
        with transaction.atomic(), connection.cursor() as cursor:
            # What is counted and what is dumped is one state; pg_dump may take longer than our sessions may idle.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
            self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
            return contents_of_connection()

    def load(self, file: Path) -> None:
        mine = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
        self._run("pg_restore", *mine, str(file))

    def _run(self, tool: str, *options: str) -> None:
        """The password goes through the environment, where no list of processes shows it."""
        (_psql, *access, name), env = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
        command = [tool, *access, f"--dbname={name}", *options]
        try:
            subprocess.run(command, env={**os.environ, **(env or {})}, check=True, capture_output=True, text=True)  # noqa: S603 - the server's own tools
        except FileNotFoundError as error:
            raise BackupRefused(f"{tool} is not installed: the package is postgresql-client.") from error
        except subprocess.CalledProcessError as error:
            raise BackupRefused(f"{tool} failed: {error.stderr.strip()}") from error


class SQLite:
    """`VACUUM INTO` and the backup API, both of which see what stands in the write-ahead log."""

    def dump(self, file: Path) -> Contents:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(file)])
        with closing(_opened(file)) as copy:
            tables = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            return contents(copy.execute, [name for (name,) in tables])

    def load(self, file: Path) -> None:
        connection.ensure_connection()
        with closing(_opened(file)) as copy:
            if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise BackupRefused("The file of the database is damaged: restore an earlier backup.")
            copy.backup(connection.connection)


def write(folder: Path) -> Manifest:
    """Back up the default connection's database and the pictures into the new `folder`, readable by its owner only.

    People may go on working. The folder appears when all of it is there and on the disk. Raises BackupRefused.
    """
    if folder.exists():
        raise BackupRefused(f"{folder} is there already: name a folder that is not.")
    if not folder.parent.is_dir():
        raise BackupRefused(f"{folder.parent} is not a folder.")
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        found = engine().dump(partial / DATABASE)
        _copy_pictures(Path(settings.MEDIA_ROOT), partial / PICTURES)
        manifest = Manifest(
            format=FORMAT,
            made_at=timezone.now().isoformat(),
            engine=connection.vendor,
            files={str(file.relative_to(partial)): _sha256(file) for file in _files(partial)},
            **asdict(found),
        )
        (partial / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        for file in _files(partial):
            file.chmod(0o600)
            _sync(file)
        partial.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # gone by now, when all went well
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup whose files are those it tells of. Raises BackupRefused."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**told)
    except (OSError, ValueError, TypeError) as error:
        raise BackupRefused(f"{folder} holds no manifest of a backup that this version can read.") from error
    if manifest.format != FORMAT:
        raise BackupRefused(f"The backup has format {manifest.format}, this version reads {FORMAT}.")
    for name, digest in manifest.files.items():
        file = folder / name
        if not file.is_file() or _sha256(file) != digest:
            raise BackupRefused(f"{name} is missing or is not what was backed up: restore an earlier backup.")
    return manifest


def restore(folder: Path, *, pictures: bool = True) -> Manifest:
    """Fill the empty database of the default connection, and the pictures that are not there, from `folder`.

    Returns the manifest. The tables are those of the backup: `migrate` comes next. Raises BackupRefused.
    """
    manifest = read(folder)
    if manifest.engine != connection.vendor:
        raise BackupRefused(f"The backup is one of {manifest.engine}, this database is {connection.vendor}.")
    ours = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or ()}
    if newer := set(manifest.migrations) - ours:
        raise BackupRefused(f"The backup is newer than this version, which lacks the migration {min(newer)}.")
    if connection.introspection.table_names():
        raise BackupRefused("The database is not empty: name an empty one in DATABASE_URL.")
    if pictures:
        # First, because a picture too many does no harm.
        _copy_pictures(folder / PICTURES, Path(settings.MEDIA_ROOT))
    engine().load(folder / DATABASE)
    if contents_of_connection() != Contents(manifest.migrations, manifest.rows):
        raise BackupRefused("What was restored is not what the manifest says: throw this database away.")
    return manifest


def engine() -> Engine:
    """The kind that DATABASE_URL names."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def contents_of_connection() -> Contents:
    """What the database of the default connection holds now."""
    with connection.cursor() as cursor:

        def query(statement: str) -> Iterable[tuple[Any, ...]]:
            cursor.execute(statement)
            return cursor.fetchall()

        return contents(query, connection.introspection.table_names(cursor))


def contents(query: Query, tables: list[str]) -> Contents:
    applied = sorted(f"{app}.{name}" for app, name in query("SELECT app, name FROM django_migrations"))
    quoted = {table: connection.ops.quote_name(table) for table in sorted(tables)}
    counted = {table: query(f"SELECT count(*) FROM {name}") for table, name in quoted.items()}  # noqa: S608 - names the database gave us
    return Contents(applied, {table: number for table, rows in counted.items() for (number,) in rows})


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _copy_pictures(source: Path, target: Path) -> None:
    """Names are random and contents never change, so what is there is right. In a bucket there is nothing to copy."""
    target.mkdir(parents=True, exist_ok=True)
    for picture in source.glob("*.webp"):
        if not (target / picture.name).exists():
            shutil.copyfile(picture, target / picture.name)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
