"""Asking thousands of addresses: a client that keeps no copies of templates, and a watched database."""

import json
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction
from django.test import Client

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
# A session is what a browser is known by; looking at pages may write one.
UNWATCHED = {"django_session"}


class Caller(Client):
    """Answers as the server gives them. A crash is a 500 here, as it is outside."""

    def request(self, **environ):
        response = self.handler(self._base_environ(**environ))
        response.json = lambda: json.loads(response.content)
        return response


def everything():
    """Every row of every table but sessions, to show that nothing changed."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in UNWATCHED]
    return {model._meta.label: sorted(map(str, model._base_manager.values_list())) for model in models}


@contextmanager
def undone():
    """What happens inside is rolled back. No `atomic` of its own: some use cases insist on being outermost."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


@contextmanager
def writes():
    """Collects the writing statements of what happens inside."""
    seen: list[str] = []

    def watch(execute, sql, params, many, context):
        statement = sql.lstrip().upper()
        if statement.startswith(WRITES) and not any(table in sql for table in UNWATCHED):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield seen
