"""Names of people compared and put in order by the database as an Arabic reader does it, in both databases alike.

    Customer.objects.filter(user__name__folded__contains=name_key("احمد"))     finds أحمد
    Staff.objects.order_by(NameKey("search_text"))                             أمل beside امل, رؤى before ريم

Nothing is stored: a person's name is written by many doors, and lists of names are short.
"""

from django.db.backends.signals import connection_created
from django.db.models import CharField, Func, TextField, Transform

from apps.common.text import DIGITS, LETTER_FORMS, MARKS, search_key

# Hamza on its seat is written or left out as people like; in order it counts as its seat.
SEATS = str.maketrans({"ؤ": "و", "ئ": "ي"})
# What `search_key` does letter by letter, for translate() of PostgreSQL: what has no counterpart is dropped.
REPLACED: dict[int, int | str] = {**LETTER_FORMS, **DIGITS, **SEATS}
FROM = "".join(map(chr, [*REPLACED, *MARKS]))
TO = "".join(map(chr, REPLACED)).translate(REPLACED)
SQLITE_FUNCTION = "salon_name_key"


def name_key(text: str) -> str:
    """What names are compared and sorted by: folded letters, without vowel marks and case, hamza as its seat."""
    return search_key(text).translate(SEATS)


class NameKey(Func):
    """`name_key` of a column, ordered letter by letter whatever the collation of the database."""

    output_field = TextField()
    arity = 1

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function=SQLITE_FUNCTION, **context)

    def as_postgresql(self, compiler, connection, **context):
        sql, params = compiler.compile(self.source_expressions[0])
        return f'(lower(translate({sql}, %s, %s)) COLLATE "C")', [*params, FROM, TO]


class Folded(NameKey, Transform):
    """The same as a lookup: `name__folded__contains`."""

    lookup_name = "folded"


def teach_sqlite(connection, **kwargs):
    if connection.vendor == "sqlite":
        connection.connection.create_function(SQLITE_FUNCTION, 1, _key_or_null, deterministic=True)


def _key_or_null(text):
    return None if text is None else name_key(text)


def install():
    """Called once, when the apps are ready."""
    CharField.register_lookup(Folded)
    connection_created.connect(teach_sqlite, dispatch_uid="common.name_keys")
