"""Rows with a past: what a year of work would have left behind, written in one go.

A story builds model instances and says at which moment, by whom and why each was made and changed. The archive keeps
a copy of every state, as simple-history would have, and writes all tables at the end. Every constraint and trigger
of the database judges each row.
"""

from datetime import datetime
from itertools import count
from operator import itemgetter
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.management.color import no_style
from django.db import connection
from django.db.models import AutoField, Field, Max, Model
from django.utils.functional import cached_property

from apps.accounts.models import User
from apps.common.doors import Door
from apps.common.models import Named, PublicId
from apps.common.text import search_key
from project.demo.journal import Journal
from project.demo.tables import Tables

HISTORY_COLUMNS = ("history_date", "history_type", "history_user_id", "history_change_reason", "history_door")


class Archive:
    """Collects rows and their past; `write` stores them inside the caller's transaction.

    Rows that others point to are added first. A row is stored in the state it has when `write` is called.
    """

    def __init__(self) -> None:
        self._shelves: dict[type[Model], Shelf] = {}
        self._journal = Journal()

    def add(self, row: Any, *, at: datetime | None = None, by: User | None = None, reason: str = "") -> Any:
        """Keep `row`, made at `at`; a model without history and without times of its own needs no `at`."""
        shelf = self._shelf(type(row))
        shelf.complete(row, at)
        shelf.rows.append(row)
        shelf.remember(row, "+", at, by, reason)
        self._journal.note(row, at, by, reason)
        return row

    def change(self, row: Any, *, at: datetime, by: User | None = None, reason: str = "", **values: object) -> Any:
        """Give `row` new `values` and keep the state it has then. Of a stored row only the history is written."""
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = at
        self._shelf(type(row)).remember(row, "~", at, by, reason)
        self._journal.note(row, at, by, reason)
        return row

    def rows(self, model: type[Model]) -> list[Any]:
        """All that was ever added of `model`, in that order."""
        return self._shelf(model).rows

    def write(self) -> int:
        """Insert what is new since the last time; returns how many rows, those of the history included."""
        tables = Tables()
        for event in self._journal.take():
            self.add(event)
        written = sum(shelf.write(tables) for shelf in self._shelves.values())
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
        self._stored = 0
        self._fields = model._meta.concrete_fields
        self._times = [
            f.attname for f in self._fields if getattr(f, "auto_now_add", False) or getattr(f, "auto_now", False)
        ]
        self._history: Any = model.history.model if hasattr(model, "history") else None
        self._state_of = itemgetter(*(field.attname for field in self._kept)) if self._history else None

    @cached_property
    def _kept(self) -> list[Field]:
        """The columns of the history that hold the row's own values."""
        own = {field.attname for field in self._fields}
        return [field for field in self._history._meta.concrete_fields if field.attname in own]

    @cached_property
    def _numbers(self) -> count:
        return count((self.model._base_manager.aggregate(last=Max("pk"))["last"] or 0) + 1)

    def complete(self, row: Any, at: datetime | None) -> None:
        """Set what `save` would have set: the key, the times, the text to search by."""
        if row.pk is None and isinstance(self.model._meta.pk, AutoField):
            row.pk = next(self._numbers)
        if at is not None:
            for name in self._times:
                setattr(row, name, at)
        if isinstance(row, Named):
            row.search_text = search_key(row.name_ar, row.name_en)
        if isinstance(row, PublicId):
            row.public_id = public_id(row)

    def remember(self, row: Any, kind: str, at: datetime | None, by: User | None, reason: str) -> None:
        if self._state_of is not None:
            about = (at, kind, by.pk if by else None, reason, _door_of(by).value)
            self._past.append((*self._state_of(row.__dict__), *about))

    def write(self, tables: Tables) -> int:
        state_of = itemgetter(*(field.attname for field in self._fields))
        fresh, past = self.rows[self._stored :], self._past
        self._stored, self._past = len(self.rows), []
        tables.insert(self.model, self._fields, [state_of(row.__dict__) for row in fresh])
        if self._history:
            columns = [
                *self._kept,
                *(self._history._meta.get_field(name.removesuffix("_id")) for name in HISTORY_COLUMNS),
            ]
            tables.insert(self._history, columns, past)
        return len(fresh) + len(past)


def _door_of(by: User | None) -> Door:
    """Who has a password works in the back office; customers have none."""
    if by is None:
        return Door.JOB
    return Door.ADMIN if by.has_usable_password() else Door.API


def public_id(row: Model) -> UUID:
    """A public number that is the same each time the demo is made."""
    return uuid5(NAMESPACE_URL, f"{row._meta.label_lower}/{row.pk}")
