import subprocess
import sys

import pytest
from django.db import OperationalError, connection

from project import statement_limit
from project.env import BASE_DIR
from project.tests.production_server import clean_environment

SLOW = "SELECT count(*) FROM generate_series(1, 1000000000)"


def slow_statement(vendor):
    """Runs for minutes on PostgreSQL, where somebody would wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(SLOW if vendor == "postgresql" else "SELECT 1")


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_runs_away_is_ended_where_somebody_waits_for_it(monkeypatch):
    monkeypatch.setattr(statement_limit, "LONGEST_STATEMENT_SECONDS", 1)
    connection.ensure_connection()
    statement_limit.limit_statements(connection=connection)
    try:
        if connection.vendor == "postgresql":
            with pytest.raises(OperationalError, match="statement timeout"):
                slow_statement(connection.vendor)
        else:
            slow_statement(connection.vendor)
    finally:
        connection.close()


def test_the_web_process_sets_the_limit_and_commands_do_not():
    asked = "from django.db.backends.signals import connection_created as s; from project.statement_limit import *"
    asked += "; print(any(ref() is limit_statements for _key, ref, *_ in s.receivers))"

    answers = [
        subprocess.run(
            [sys.executable, "-c", f"{first}; {asked}"],
            cwd=BASE_DIR,
            env={**clean_environment(), "DJANGO_SETTINGS_MODULE": "project.settings.demo"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for first in ("import project.wsgi", "import django; django.setup()")
    ]

    assert answers == ["True\n", "False\n"]
