"""How long PostgreSQL works at one statement for somebody who waits; commands and tasks may take their time."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

LONGEST_STATEMENT_SECONDS = 15


def limit_statements(*, connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """A receiver of `connection_created`. On SQLite nothing is limited."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{LONGEST_STATEMENT_SECONDS}s"])
