"""Three rules the database itself keeps, declared once and enforced on PostgreSQL and on SQLite.

`SameSalon` is a composite foreign key, so that no row can point into another salon, whichever door it came through.
`NoOverlap` keeps two rows of one group from sharing time: an exclusion constraint on PostgreSQL, a pair of triggers
on SQLite. `AppendOnly` refuses to change a row that was written. Triggers are handed to Django's schema editor as
deferred statements of the table, so a migration that rebuilds the table (which drops triggers) creates them again by
the same path that created them first.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, F, Func, Q, Value
from django.db.models.sql import Query
from django.utils.translation import gettext_lazy as _


class SameSalon(BaseConstraint):
    """The row that `field` points to has the same `salon` as this row.

    The target model needs a `UniqueConstraint` over (salon, id). A null `field` is always allowed.
    """

    violation_error_code = "other_salon"
    default_violation_error_message = _("This belongs to another salon.")

    def __init__(self, *, field, name, violation_error_code=None, violation_error_message=None):
        self.field = field
        super().__init__(
            name=name,
            violation_error_code=violation_error_code,
            violation_error_message=violation_error_message,
        )

    def _check(self, model, connection):
        return model._check_local_fields(("salon", self.field), "constraints")

    def constraint_sql(self, model, schema_editor):
        own, target = model._meta.get_field(self.field), model._meta.get_field(self.field).remote_field.model._meta
        quote = schema_editor.quote_name
        return Statement(
            "CONSTRAINT %(name)s FOREIGN KEY (%(salon)s, %(own)s)"
            " REFERENCES %(target)s (%(target_salon)s, %(target_pk)s)"
            " DEFERRABLE INITIALLY DEFERRED",
            name=quote(self.name),
            salon=quote(model._meta.get_field("salon").column),
            own=quote(own.column),
            target=Table(target.db_table, quote),
            target_salon=quote(target.get_field("salon").column),
            target_pk=quote(target.pk.column),
        )

    def create_sql(self, model, schema_editor):
        return Statement(
            "ALTER TABLE %(table)s ADD %(constraint)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            constraint=self.constraint_sql(model, schema_editor),
        )

    def remove_sql(self, model, schema_editor):
        return schema_editor._delete_constraint_sql(schema_editor.sql_delete_fk, model, self.name)

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        if exclude and (self.field in exclude or "salon" in exclude):
            return
        related = getattr(instance, self.field)
        if related is not None and related.salon_id != instance.salon_id:
            raise ValidationError({self.field: self.get_violation_error_message()}, code=self.violation_error_code)

    def guards(self, vendor):
        """Names under which the database knows this rule."""
        return [self.name]

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field}

    def __eq__(self, other):
        if isinstance(other, SameSalon):
            return self.deconstruct() == other.deconstruct()
        return super().__eq__(other)


class _PointRange(Func):
    """A bigint as the range holding just itself: range types have a native GiST class, no extension is needed."""

    function = "INT8RANGE"
    template = "%(function)s(%(expressions)s, '[]')"
    output_field = BigIntegerRangeField()


class _TimeRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class NoOverlap(BaseConstraint):
    """No two rows with the same `group` share a moment of [`starts`, `ends`) while both satisfy `condition`.

    `group` is a foreign key with a bigint key, `starts` and `ends` are datetimes, `condition` is a Q over this table.
    """

    violation_error_code = "overlap"
    default_violation_error_message = _("This time is already taken.")

    TRIGGER = (
        "CREATE TRIGGER %(name)s BEFORE %(event)s ON %(table)s BEGIN "
        "SELECT RAISE(ABORT, '%(message)s') FROM (SELECT %(new_columns)s) WHERE %(condition)s AND EXISTS ("
        "SELECT 1 FROM %(table)s AS other WHERE other.%(group)s = NEW.%(group)s%(not_itself)s"
        " AND other.%(starts)s < NEW.%(ends)s AND other.%(ends)s > NEW.%(starts)s AND %(condition)s); END"
    )

    def __init__(
        self, *, group, starts, ends, condition, name, violation_error_code=None, violation_error_message=None
    ):
        self.group, self.starts, self.ends, self.condition = group, starts, ends, condition
        super().__init__(
            name=name,
            violation_error_code=violation_error_code,
            violation_error_message=violation_error_message,
        )

    def _check(self, model, connection):
        fields = {self.group, self.starts, self.ends, *self.condition.referenced_base_fields}
        return model._check_local_fields(fields, "constraints")

    def constraint_sql(self, model, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            return self._exclusion().constraint_sql(model, schema_editor)
        schema_editor.deferred_sql.extend(self._triggers(model, schema_editor))
        return None

    def create_sql(self, model, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            return self._exclusion().create_sql(model, schema_editor)
        raise NotImplementedError("SQLite adds constraints by rebuilding the table")

    def remove_sql(self, model, schema_editor):
        return self._exclusion().remove_sql(model, schema_editor)

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        values = instance._get_field_expression_map(meta=model._meta, exclude=exclude)
        if not {self.group, self.starts, self.ends} <= values.keys() or not self.condition.check(values, using=using):
            return
        starts, ends = getattr(instance, self.starts), getattr(instance, self.ends)
        others = model._base_manager.using(using).filter(
            self.condition,
            **{self.group: getattr(instance, self.group), f"{self.starts}__lt": ends, f"{self.ends}__gt": starts},
        )
        if others.exclude(pk=instance.pk).exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def guards(self, vendor):
        """Names under which the database knows this rule."""
        return [self.name] if vendor == "postgresql" else [f"{self.name}_insert", f"{self.name}_update"]

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        own = {"group": self.group, "starts": self.starts, "ends": self.ends, "condition": self.condition}
        return path, args, {**kwargs, **own}

    def __eq__(self, other):
        if isinstance(other, NoOverlap):
            return self.deconstruct() == other.deconstruct()
        return super().__eq__(other)

    def _exclusion(self):
        return ExclusionConstraint(
            name=self.name,
            expressions=[
                (_PointRange(F(self.group), F(self.group)), RangeOperators.OVERLAPS),
                (_TimeRange(F(self.starts), F(self.ends), Value("[)")), RangeOperators.OVERLAPS),
            ],
            condition=self.condition,
        )

    def _triggers(self, model, schema_editor):
        quote, column = schema_editor.quote_name, lambda name: quote(model._meta.get_field(name).column)
        conditioned = [column(name) for name in sorted(self.condition.referenced_base_fields)]
        pk = quote(model._meta.pk.column)
        # Before an insert the new row is not there yet, and a key the database will give is still unknown.
        for event, not_itself in (("insert", ""), ("update", f" AND other.{pk} <> NEW.{pk}")):
            yield Statement(
                self.TRIGGER,
                name=quote(f"{self.name}_{event}"),
                event=event.upper(),
                table=Table(model._meta.db_table, quote),
                message=self.name,
                new_columns=", ".join(f"NEW.{name} AS {name}" for name in conditioned),
                condition=self._condition_sql(model, schema_editor),
                group=column(self.group),
                starts=column(self.starts),
                ends=column(self.ends),
                not_itself=not_itself,
            )

    def _condition_sql(self, model, schema_editor):
        query = Query(model, alias_cols=False)
        where = query.build_where(Q(self.condition))
        sql, params = where.as_sql(query.get_compiler(connection=schema_editor.connection), schema_editor.connection)
        return sql % tuple(schema_editor.quote_value(param) for param in params)


class AppendOnly(BaseConstraint):
    """A row of this table stays as it was written: every UPDATE is refused, through whatever door it comes.

    Deleting is not refused here; number the rows without gap, so that a missing one shows.
    """

    SQLITE = "CREATE TRIGGER %(name)s BEFORE UPDATE ON %(table)s BEGIN SELECT RAISE(ABORT, '%(message)s'); END"
    POSTGRESQL = (
        "CREATE OR REPLACE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%%', TG_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$; "
        "CREATE TRIGGER %(name)s BEFORE UPDATE ON %(table)s FOR EACH ROW EXECUTE FUNCTION refuse_update()"
    )

    def constraint_sql(self, model, schema_editor):
        schema_editor.deferred_sql.append(self._trigger(model, schema_editor))

    def create_sql(self, model, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            return self._trigger(model, schema_editor)
        raise NotImplementedError("SQLite adds constraints by rebuilding the table")

    def remove_sql(self, model, schema_editor):
        quote = schema_editor.quote_name
        template = "DROP TRIGGER %(name)s ON %(table)s"
        return Statement(template, name=quote(self.name), table=Table(model._meta.db_table, quote))

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        pass

    def guards(self, vendor):
        """Names under which the database knows this rule."""
        return [self.name]

    def __eq__(self, other):
        if isinstance(other, AppendOnly):
            return self.deconstruct() == other.deconstruct()
        return super().__eq__(other)

    def _trigger(self, model, schema_editor):
        quote = schema_editor.quote_name
        template = self.POSTGRESQL if schema_editor.connection.vendor == "postgresql" else self.SQLITE
        table = Table(model._meta.db_table, quote)
        return Statement(template, name=quote(self.name), table=table, message=self.name)


def declared_guards(models, vendor):
    """Names of every guard that `models` declare, as the database would list them."""
    return {
        guard
        for model in models
        for constraint in model._meta.constraints
        if isinstance(constraint, SameSalon | NoOverlap | AppendOnly)
        for guard in constraint.guards(vendor)
    }


def missing_guards(connection, models):
    """Sorted names of declared guards that the database behind `connection` does not have (one or two queries)."""
    declared = declared_guards(models, connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conname = ANY(%(names)s)"
                " UNION SELECT tgname FROM pg_trigger WHERE tgname = ANY(%(names)s)",
                {"names": list(declared)},
            )
            return sorted(declared - {name for (name,) in cursor.fetchall()})
        cursor.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'trigger')")
        rows = cursor.fetchall()
    triggers = {name for kind, name, _sql in rows if kind == "trigger"}
    tables = " ".join(sql for kind, _name, sql in rows if kind == "table")
    return sorted(name for name in declared - triggers if f'"{name}"' not in tables)
