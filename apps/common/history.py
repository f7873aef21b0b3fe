"""Saving so that history can say who, when and why, whichever door the change came through."""

from functools import cache

from django.db import IntegrityError, connection, transaction
from django.db.models.sql import InsertQuery
from django.utils import timezone


def save_as(instance, *, actor, reason="", update_fields=None):
    """Save `instance` with `actor` (a User, or None for a job) and `reason` on its history row.

    `update_fields` names the changed fields only; `updated_at` is kept in step.
    """
    instance._history_user = actor
    instance._change_reason = reason
    instance.save(update_fields={*update_fields, "updated_at"} if update_fields is not None else None)
    return instance


def insert_unless(instance, *, rule, actor, reason=""):
    """Insert `instance` and its history row unless the NoOverlap constraint named `rule` refuses it; whether it did.

    On PostgreSQL one statement does it: under a race a plain INSERT against an exclusion constraint ends in deadlocks,
    while this one withdraws, without an error and without a savepoint.
    """
    if connection.vendor == "postgresql":
        return _insert_or_withdraw(instance, rule, actor, reason)
    try:
        with transaction.atomic():
            save_as(instance, actor=actor, reason=reason)
    except IntegrityError as error:
        if rule not in str(error):
            raise
        return False
    return True


def _insert_or_withdraw(instance, rule, actor, reason):
    model = type(instance)
    insert = InsertQuery(model)
    insert.insert_values(model._meta.concrete_fields, [instance])
    [(insert_sql, values)] = insert.get_compiler(connection=connection).as_sql()
    past = {"history_date": timezone.now(), "history_type": "+", "history_change_reason": reason}
    past["history_user_id"] = actor and actor.pk
    with connection.cursor() as cursor:
        cursor.execute(_withdrawing_sql(model, rule, insert_sql, list(past)), [*values, *past.values()])
        inserted = cursor.rowcount == 1
    instance._state.adding = not inserted  # noqa: SLF001 - documented for models loaded by hand
    return inserted


@cache
def _history_of(model):
    """Its table, and the columns it has in common with `model`, both quoted. The manager is made anew on each look."""
    quote, history = connection.ops.quote_name, model.history.model._meta
    own = {field.column for field in model._meta.concrete_fields}
    return quote(history.db_table), ", ".join(quote(f.column) for f in history.concrete_fields if f.column in own)


def _withdrawing_sql(model, rule, insert_sql, history_columns):
    quote, (table, kept) = connection.ops.quote_name, _history_of(model)
    return (
        # Names of our own tables and columns only; values travel as parameters.
        f"WITH inserted AS ({insert_sql} ON CONFLICT ON CONSTRAINT {quote(rule)} DO NOTHING RETURNING *)"  # noqa: S608
        f" INSERT INTO {table} ({kept}, {', '.join(map(quote, history_columns))})"
        f" SELECT {kept}, {', '.join(['%s'] * len(history_columns))} FROM inserted"
    )
