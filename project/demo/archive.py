"""Rows with a past: what a year of work would have left behind, written in one go.

A story builds model instances and says at which moment, by whom and why each was made and changed. The archive keeps
a copy of every state, as simple-history would have, and writes all tables at the end. It goes below the ORM because
creating rows one by one or with `bulk_create` would take minutes for what the demo shows; every constraint and
trigger of the database still judges each row.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import AutoField, Field, Max, Model
from django.utils.functional import cached_property

from apps.accounts.models import User
from apps.common.models import Named
from apps.common.text import search_key

# Their values pass to either driver as they are; all others are adapted by the field.
PLAIN = {"CharField", "TextField", "SlugField", "BooleanField", "OneToOneField"}
HISTORY_COLUMNS = ("history_date", "history_type", "history_user_id", "history_change_reason")


class Archive:
    """Collects rows and their past; `write` stores everything inside the caller's transaction.

    Rows that others point to are added first. A row's last state is the one it has when `write` is called.
    """

    def __init__(self) -> None:
        self._shelves: dict[type[Model], Shelf] = {}

    def add(self, row: Any, *, at: datetime | None = None, by: User | None = None, reason: str = "") -> Any:
        """Keep `row`, made at `at`; a model without history and without times of its own needs no `at`."""
        shelf = self._shelf(type(row))
        shelf.complete(row, at)
        shelf.rows.append(row)
        shelf.remember(row, "+", at, by, reason)
        return row

    def change(self, row: Any, *, at: datetime, by: User | None = None, reason: str = "", **values: object) -> Any:
        """Give `row` new `values` and keep the state it has then."""
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = at
        self._shelf(type(row)).remember(row, "~", at, by, reason)
        return row

    def rows(self, model: type[Model]) -> list[Any]:
        """What was added of `model`, in that order."""
        return self._shelf(model).rows

    def write(self) -> int:
        """Insert everything; returns how many rows, those of the history included."""
        written = sum(shelf.write() for shelf in self._shelves.values())
        for statement in connection.ops.sequence_reset_sql(no_style(), list(self._shelves)):
            with connection.cursor() as cursor:
                cursor.execute(statement)
        return written

    def _shelf(self, model: type[Model]) -> "Shelf":
        if model not in self._shelves:
            self._shelves[model] = Shelf(model)
        return self._shelves[model]


class Shelf:
    """The rows of one model and the states they went through."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.rows: list[Any] = []
        self._past: list[tuple[Any, ...]] = []
        self._fields = model._meta.concrete_fields
        self._times = [f.attname for f in self._fields if getattr(f, "auto_now_add", False) or getattr(f, "auto_now", False)]
        self._history = getattr(model, "history").model if hasattr(model, "history") else None
        self._state_of = itemgetter(*(field.attname for field in self._kept)) if self._history else None

    @cached_property
    def _kept(self) -> list[Field]:
        """The columns of the history that hold the row's own values."""
        own = {field.attname for field in self._fields}
        return [field for field in self._history._meta.concrete_fields if field.attname in own]

    @cached_property
    def _first_free_number(self) -> int:
        return (self.model._base_manager.aggregate(last=Max("pk"))["last"] or 0) + 1

    def complete(self, row: Any, at: datetime | None) -> None:
        """Set what `save` would have set: the key, the times, the text to search by."""
        if row.pk is None and isinstance(self.model._meta.pk, AutoField):
            row.pk = self._first_free_number + len(self.rows)
        if at is not None:
            for name in self._times:
                setattr(row, name, at)
        if isinstance(row, Named):
            row.search_text = search_key(row.name_ar, row.name_en)

    def remember(self, row: Any, kind: str, at: datetime | None, by: User | None, reason: str) -> None:
        if self._state_of is not None:
            self._past.append((*self._state_of(row.__dict__), at, kind, by.pk if by else None, reason))

    def write(self) -> int:
        state_of = itemgetter(*(field.attname for field in self._fields))
        insert(self.model, self._fields, (state_of(row.__dict__) for row in self.rows))
        if self._history:
            columns = [*self._kept, *(self._history._meta.get_field(name.removesuffix("_id")) for name in HISTORY_COLUMNS)]
            insert(self._history, columns, self._past)
        return len(self.rows) + len(self._past)


def insert(model: type[Model], fields: Iterable[Field], states: Iterable[tuple[Any, ...]]) -> None:
    """Put `states`, one value per field, into the table of `model`."""
    fields, quote = list(fields), connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.executemany(statement, adapted(fields, states))


def adapted(fields: list[Field], states: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """`states` as the driver takes them. Most values repeat, so each is adapted once."""
    adapters = [(place, adapter(field)) for place, field in enumerate(fields) if target_type(field) not in PLAIN]
    for state in states:
        values = list(state)
        for place, adapt in adapters:
            values[place] = adapt(values[place])
        yield tuple(values)


def target_type(field: Field) -> str:
    """The internal type of a field, or of the key it points to."""
    return (field.target_field if field.is_relation else field).get_internal_type()


def adapter(field: Field) -> Callable[[Any], Any]:
    prepare = partial(field.get_db_prep_save, connection=connection)
    if target_type(field).endswith(("IntegerField", "AutoField")):
        return lambda value: value
    seen: dict[Any, Any] = {None: None}

    def adapt(value: Any) -> Any:
        try:
            return seen[value]
        except KeyError:
            seen[value] = prepared = prepare(value)
            return prepared
        except TypeError:  # a JSON value, which cannot be a key
            return prepare(value)

    return adapt
