"""Rows to the database with a history row each: a fixed number of statements, whatever the number of rows."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from django.db import connection, models, transaction
from django.utils import timezone

from apps.common.history import ABOUT_THE_CHANGE, about_the_change

ADDED, CHANGED = "+", "~"
STAGE = "import_stage"
Rows: TypeAlias = Sequence[models.Model]
Fields: TypeAlias = Sequence["models.Field[Any, Any]"]


def insert_rows(rows: Rows, *, actor: Any, reason: str) -> None:
    """Store new `rows` of one model; history names `actor` (User or None) and `reason`. `save()` is not called.

    Inside a transaction. The rows get their keys. Raises IntegrityError when a constraint refuses one of them.
    """
    if not rows:
        return
    model = type(rows[0])
    if isinstance(model._meta.pk, models.AutoField):
        for row, key in zip(rows, _reserved_keys(model, len(rows)), strict=True):
            row.pk = key
    fields = model._meta.concrete_fields
    _load(model._meta.db_table, fields, (_stored(row, fields, add=True) for row in rows))
    for row in rows:
        row._state.adding = False  # noqa: SLF001 - documented for models loaded by hand
    _remember(model, rows, ADDED, actor, reason)


def update_rows(rows: Rows, names: Sequence[str], *, actor: Any, reason: str) -> None:
    """Store the fields `names` of changed `rows` of one model, with history and a new `updated_at`.

    Inside a transaction that locked the rows or their salon. Raises IntegrityError.
    """
    if not rows:
        return
    model = type(rows[0])
    names = list(names)
    if any(field.name == "updated_at" for field in model._meta.concrete_fields):
        now = timezone.now()
        names.append("updated_at")
        for row in rows:
            row.updated_at = now  # type: ignore[attr-defined]
    fields = [_field(model, name) for name in names]
    values = (_stored(row, [*fields, _key(model)], add=False) for row in rows)
    if connection.vendor == "postgresql":
        _update_from_stage(model, [*fields, _key(model)], values)
    else:
        _update_one_by_one(model, fields, values)
    _remember(model, rows, CHANGED, actor, reason)


def _reserved_keys(model: type[models.Model], count: int) -> list[int]:
    """Keys that nobody else gets. On SQLite this transaction is the only one that writes."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [_quoted(table), _key(model).column, count],
            )
            return [key for [key] in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        [last] = cursor.fetchone() or [0]
        return list(range(last + 1, last + 1 + count))


def _load(table: str, fields: Fields, values: Iterable[list[Any]]) -> None:
    columns = ", ".join(_quoted(field.column) for field in fields)
    # Names of our own tables and columns only; values travel beside the statement.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {_quoted(table)} ({columns}) FROM STDIN") as copy,
            ):
                for row in values:
                    copy.write_row(row)
        else:
            places = ", ".join("%s" for _field in fields)
            cursor.executemany(f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({places})", list(values))  # noqa: S608


def _update_from_stage(model: type[models.Model], fields: Fields, values: Iterable[list[Any]]) -> None:
    table, key = _quoted(model._meta.db_table), _quoted(_key(model).column)
    columns = ", ".join(_quoted(field.column) for field in fields)
    changes = ", ".join(f"{_quoted(field.column)} = staged.{_quoted(field.column)}" for field in fields[:-1])
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} AS SELECT {columns} FROM {table} WITH NO DATA")  # noqa: S608
        _load(STAGE, fields, values)
        cursor.execute(f"UPDATE {table} SET {changes} FROM {STAGE} staged WHERE {table}.{key} = staged.{key}")  # noqa: S608
        cursor.execute(f"DROP TABLE {STAGE}")


def _update_one_by_one(model: type[models.Model], fields: Fields, values: Iterable[list[Any]]) -> None:
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    table, key = _quoted(model._meta.db_table), _quoted(_key(model).column)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {changes} WHERE {key} = %s", list(values))  # noqa: S608


def _remember(model: type[models.Model], rows: Rows, kind: str, actor: Any, reason: str) -> None:
    """A version of each of `rows` as they are stored now, by one statement."""
    if not hasattr(model, "history"):
        return
    history = model.history.model._meta
    own = {field.column for field in model._meta.concrete_fields}
    kept = ", ".join(_quoted(field.column) for field in history.concrete_fields if field.column in own)
    about = [history.get_field(name) for name in ABOUT_THE_CHANGE]
    told = about_the_change(kind, actor=actor, reason=reason)
    values = [field.get_db_prep_save(value, connection) for field, value in zip(about, told, strict=True)]
    columns = ", ".join(_quoted(field.column) for field in about)
    key = _key(model)
    keys = [key.get_db_prep_save(row.pk, connection) for row in rows]
    is_postgresql = connection.vendor == "postgresql"
    # A parameter among the columns of a SELECT does not know its type.
    places = ", ".join(f"%s::{field.db_type(connection)}" if is_postgresql else "%s" for field in about)
    among = "= ANY(%s)" if is_postgresql else "IN (SELECT value FROM json_each(%s))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_quoted(history.db_table)} ({kept}, {columns}) SELECT {kept}, {places}"  # noqa: S608
            f" FROM {_quoted(model._meta.db_table)} WHERE {_quoted(key.column)} {among} ORDER BY {_quoted(key.column)}",
            [*values, keys if is_postgresql else json.dumps(keys)],
        )


def _stored(row: models.Model, fields: Fields, *, add: bool) -> list[Any]:
    # Not the proxy that looks for the thread's connection at every touch: it is touched for every cell.
    own = transaction.get_connection()
    return [
        field.get_db_prep_save(field.pre_save(row, add) if add else field.value_from_object(row), own)
        for field in fields
    ]


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    found: models.Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    return found


def _key(model: type[models.Model]) -> "models.Field[Any, Any]":
    return _field(model, model._meta.pk.name)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
