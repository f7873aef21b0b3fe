"""SQL that is made once: where a queryset is built, compiled and planned anew for every call, that costs more than its
answer. On the path of each search and each booking only values travel.

    @compiled
    def _hours(*, salon, day):
        return WeeklyHours.objects.filter(salon=salon, valid_from__lte=day).values_list("opens", "closes")

    _hours(salon=7, day=today)  # a list

The function describes the read as any queryset; it runs once, with placeholders instead of values.
"""

import json
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import update_wrapper
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection, connections
from django.db.models import BooleanField, Expression, Field, Func, QuerySet, Value


class Given(Expression):
    """Stands in a queryset for the value of this name, which every call brings along."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class OneOf(Func):
    """Whether a column holds one of the keys in a list that is `Given`."""

    output_field = BooleanField()
    template = "%(expressions)s)"
    arg_joiner = " = ANY("

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        joiner = " IN (SELECT value FROM json_each("
        return self.as_sql(compiler, connection, template="%(expressions)s))", arg_joiner=joiner, **context)


class compiled:  # noqa: N801 - a decorator
    """A function that describes a read, as one that reads: takes its values by name, gives a list of rows.

    A value that is None is not given: the description sees None and may leave a filter out. Values have the type that
    their column gives, keys as `pk` gives them.
    """

    def __init__(self, describe: Callable[..., QuerySet[Any, Any]]) -> None:
        update_wrapper(self, describe)
        self._describe = describe
        self._made: dict[tuple[str, ...], _Read] = {}

    def __call__(self, **values: Any) -> list[Any]:
        key = (connection.vendor, *(name for name, value in values.items() if value is not None))
        if key not in self._made:
            self._made[key] = _Read.of(self.queryset(**{n: v if v is None else Given(n) for n, v in values.items()}))
        return self._made[key].rows(values)

    def __deepcopy__(self, memo: dict[int, Any]) -> "compiled":
        # A serializer copies what its fields are given; a function is copied by nobody.
        return self

    def first(self, **values: Any) -> Any:
        """The first row, None where there is none."""
        return next(iter(self(**values)), None)

    def queryset(self, **values: Any) -> QuerySet[Any, Any]:
        """The read as described, for another description to go on from: takes what that one was given."""
        return self._describe(**values)


@dataclass(frozen=True, slots=True)
class _Read:
    iterable: Any
    compiler: Any
    sql: str
    parameters: list[Given]

    @classmethod
    def of(cls, queryset: QuerySet[Any, Any]) -> "_Read":
        compiler = queryset.query.get_compiler(queryset.db)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_how in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda _columns: converters
        compiler.connection = None  # the next one to read may be another thread
        # Constants are written out: a plan for any value could not know that they suit a partial index.
        places = ["%s" if isinstance(p, Given) else _literal(p) for p in parameters]
        sql = sql.replace("%%", "%%%%") % tuple(places)
        given = [p for p in parameters if isinstance(p, Given)]
        # Django has no public name for what makes rows into instances or tuples.
        return cls(queryset._iterable_class, compiler, sql, given)  # noqa: SLF001

    def rows(self, values: dict[str, Any]) -> list[Any]:
        live = connections[DEFAULT_DB_ALIAS]
        bound = [_bound(values[given.name], live) for given in self.parameters]
        try:
            fetched = self._fetched(bound)
        except NotSupportedError:
            if live.in_atomic_block:
                raise
            # A column changed its type since the statement was planned. Only a new connection forgets that plan.
            live.close()
            fetched = self._fetched(bound)
        # From here on Django makes of the rows what it makes of every queryset's.
        compiler = copy(self.compiler)
        compiler.connection = live
        compiler.execute_sql = lambda *_args, **_kwargs: [fetched]
        query = SimpleNamespace(get_compiler=lambda *_args, **_kwargs: compiler)
        source: Any = SimpleNamespace(query=query, db=DEFAULT_DB_ALIAS, _known_related_objects={})
        return [*self.iterable(source)]

    def _fetched(self, bound: list[Any]) -> list[Any]:
        with prepared_cursor() as cursor:
            cursor.execute(self.sql, bound)
            rows: list[Any] = cursor.fetchall()
        return rows


def prepared_cursor() -> Any:
    """A cursor, to be used as a context manager, of whose statements PostgreSQL keeps the plans.

    Django's own sends text with the values written in. Where statements are logged it is taken all the same, because
    the log asks for that text.
    """
    live: Any = connections[DEFAULT_DB_ALIAS]
    if live.vendor != "postgresql" or live.queries_logged:
        return live.cursor()
    live.close_if_health_check_failed()
    live.ensure_connection()
    return live._prepare_cursor(psycopg.Cursor(live.connection))  # noqa: SLF001 - what its cursor() does with one


# How values of a type are stored; a field is dear to make.
_FIELDS: "dict[type, Field[Any, Any]]" = {}


def _bound(value: Any, live: Any) -> Any:
    """`value` as the driver of the connection `live` takes it."""
    if isinstance(value, list):
        keys = [_bound(key, live) for key in value]
        return keys if live.vendor == "postgresql" else json.dumps(keys)
    field = _FIELDS.get(type(value)) or _FIELDS.setdefault(type(value), Value(value).output_field)
    return field.get_db_prep_value(value, live)


def _literal(value: Any) -> str:
    return str(connection.schema_editor().quote_value(value)).replace("%", "%%")
