"""Saving so that history can say who, when and why, whichever door the change came through."""

from functools import cache

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections, transaction
from django.db.models import AutoField, UniqueConstraint
from django.utils import timezone

from apps.common.doors import current_door
from apps.common.statements import prepared_cursor
from apps.common.trace import current_request_id


def save_as(instance, *, actor, reason="", update_fields=None):
    """Save `instance` with `actor` (a User, or None for a job) and `reason` on its history row.

    `update_fields` names the changed fields only; `updated_at` is kept in step.
    """
    instance._history_user = actor
    instance._change_reason = reason
    instance.save(update_fields={*update_fields, "updated_at"} if update_fields is not None else None)
    return instance


def delete_as(instance, *, actor, reason=""):
    """Delete `instance` with `actor` (a User, or None for a job) and `reason` on its history row."""
    instance._history_user = actor
    instance._change_reason = reason
    instance.delete()


def overwrite(rows, *, keeping=(), **values):
    """Write `values` over the columns of `rows` and of every version kept of them: nothing tells what was there.

    The reasons kept with the versions go too, except those in `keeping`. No version is added.
    """
    overwrite_by_key(rows.model, list(rows.order_by().values_list("pk", flat=True)), keeping=keeping, **values)


def overwrite_by_key(model, keys, *, keeping=(), **values):
    """The same for rows of `model` by their `keys`; of a row that is gone there are only versions."""
    versions = model.history.model._base_manager.filter(**{f"{model._meta.pk.name}__in": keys})
    versions.exclude(history_change_reason__in=keeping).update(history_change_reason="")
    if values:
        versions.update(**values)
        model._base_manager.filter(pk__in=keys).update(**values)


def insert_unless(instance, *, rule, actor=None, reason=""):
    """Insert `instance`, with its history row where one is kept, unless the constraint named `rule` refuses it.

    Returns whether it was inserted. On PostgreSQL one statement does it: under a race a plain INSERT against an
    exclusion constraint ends in deadlocks, while this one withdraws, without an error and without a savepoint.
    """
    if connection.vendor == "postgresql":
        return _insert_or_withdraw(instance, rule, actor, reason)
    try:
        with transaction.atomic():
            save_as(instance, actor=actor, reason=reason)
    except IntegrityError as error:
        if _name_on_sqlite(type(instance), rule) not in str(error):
            raise
        return False
    return True


def _name_on_sqlite(model, rule):
    """How an error there names the constraint: a trigger by its name, uniqueness by its columns."""
    constraint = next(constraint for constraint in model._meta.constraints if constraint.name == rule)
    if not isinstance(constraint, UniqueConstraint):
        return rule
    return ", ".join(f"{model._meta.db_table}.{model._meta.get_field(name).column}" for name in constraint.fields)


def _insert_or_withdraw(instance, rule, actor, reason):
    live = connections[DEFAULT_DB_ALIAS]
    statement, fields, is_tracked = _withdrawing_insert(instance.__class__, rule)
    values = [field.get_db_prep_save(field.pre_save(instance, add=True), live) for field in fields]
    if is_tracked:
        values += about_the_change("+", actor=actor, reason=reason)
    with prepared_cursor() as cursor:
        cursor.execute(statement, values)
        inserted = cursor.fetchone()
    if inserted is None:
        return False
    [instance.pk] = inserted
    instance._state.adding = False  # noqa: SLF001 - documented for models loaded by hand
    return True


# In the order in which their values are sent.
ABOUT_THE_CHANGE = (
    *("history_date", "history_type", "history_change_reason", "history_user"),
    *("history_door", "history_request"),
)


def about_the_change(kind, *, actor, reason):
    """Values of the columns ABOUT_THE_CHANGE for a change made now; `kind` is `+`, `~` or `-`."""
    return [timezone.now(), kind, reason, actor and actor.pk, current_door(), current_request_id()]


@cache
def _withdrawing_insert(model, rule):
    """The statement, the fields whose values it takes, and whether it takes those of ABOUT_THE_CHANGE too.

    It answers with the key of the row, or with nothing.
    """
    quote, options = connection.ops.quote_name, model._meta
    fields = [field for field in options.concrete_fields if not isinstance(field, AutoField)]
    columns, places = ", ".join(quote(field.column) for field in fields), ", ".join("%s" for _field in fields)
    # Names of our own tables and columns only; values travel as parameters.
    inserted = (
        f"WITH inserted AS (INSERT INTO {quote(options.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
        f" ON CONFLICT ON CONSTRAINT {quote(rule)} DO NOTHING RETURNING *)"
    )
    is_tracked = hasattr(model, "history")
    remembered = f", remembered AS ({_history_insert(model)})" if is_tracked else ""
    return f"{inserted}{remembered} SELECT {quote(options.pk.column)} FROM inserted", fields, is_tracked  # noqa: S608


def _history_insert(model):
    quote, history = connection.ops.quote_name, model.history.model._meta
    own = {field.column for field in model._meta.concrete_fields}
    kept = ", ".join(quote(field.column) for field in history.concrete_fields if field.column in own)
    about = [history.get_field(name) for name in ABOUT_THE_CHANGE]
    columns = ", ".join(quote(field.column) for field in about)
    # A parameter among the columns of a SELECT does not know its type.
    places = ", ".join(f"%s::{field.db_type(connection)}" for field in about)
    return f"INSERT INTO {quote(history.db_table)} ({kept}, {columns}) SELECT {kept}, {places} FROM inserted"  # noqa: S608
