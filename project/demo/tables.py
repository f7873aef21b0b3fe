"""Rows go into their tables below the ORM: `bulk_create` would take three times as long for what the demo shows."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, connections
from django.db.models import Field, Model

# Values of these fields pass to either driver as they are.
PLAIN = {"CharField", "TextField", "SlugField", "BooleanField"}


class Remembering(dict[Any, Any]):
    """Adapts each value once: the states of one row share most of theirs."""

    def __init__(self, prepare: Callable[[Any], Any]) -> None:
        super().__init__({None: None})
        self._prepare = prepare

    def __missing__(self, value: Any) -> Any:
        self[value] = prepared = self._prepare(value)
        return prepared


class Tables:
    """Inserts plain values; one object serves a whole writing, because moments repeat from table to table."""

    def __init__(self) -> None:
        self._connection = connections[connection.alias]
        self._moments = Remembering(self._connection.ops.adapt_datetimefield_value)

    def insert(self, model: type[Model], fields: Sequence[Field], states: Sequence[tuple[Any, ...]]) -> None:
        """Put `states`, one value per field, into the table of `model`."""
        if not states:
            return
        quote = self._connection.ops.quote_name
        names = ", ".join(quote(str(field.column)) for field in fields)
        table, rows = quote(model._meta.db_table), self._adapted(fields, states)
        with self._connection.cursor() as cursor:
            if self._connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(fields))
                statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of our own
                cursor.executemany(statement, rows)

    def _adapted(self, fields: Sequence[Field], states: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """`states` as the driver takes them; column by column, which is faster than row by row."""
        columns: list[Iterable[Any]] = list(zip(*states, strict=True))
        for place, field in enumerate(fields):
            if adapt := self._adapter(field):
                columns[place] = map(adapt, columns[place])
        return list(zip(*columns, strict=True))

    def _adapter(self, field: Any) -> Callable[[Any], Any] | None:
        """How the driver takes a value of `field`; None: as it is."""
        source = field.target_field if field.is_relation else field
        kind = source.get_internal_type()
        if kind in PLAIN or kind.endswith(("IntegerField", "AutoField")):
            return None
        if kind == "DateTimeField":
            return self._moments.__getitem__

        def prepare(value: Any) -> Any:
            return source.get_db_prep_save(value, connection=self._connection)

        # A JSON value cannot be remembered by itself.
        return prepare if kind == "JSONField" else Remembering(prepare).__getitem__
