"""Judges the SQL of new migrations: what would lock a table for long, or break the version that still runs.

Needs PostgreSQL at DATABASE_URL, whose dialect the SQL is; nothing is written there. The rules are squawk's, explained
at https://squawkhq.com/docs/rules; docs/how-to/migrate-without-a-pause.md says what to do about each.
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

# What was there when the rules came, by app. Never raised: a migration that has run everywhere stays judged.
FIRST_JUDGED = {"accounts": 9, "bookings": 6, "notifications": 7, "payments": 9, "project": 2, "salons": 10}
# `{(app, number): {rule: why it does no harm here}}`, for SQL that Django writes. In SQL of our own the comment
# `-- squawk-ignore RULE` does it.
ACCEPTED: dict[tuple[str, int], dict[str, str]] = {}
# Matters of taste, what Django's types decide, and limits that every connection of ours sets.
NOT_ASKED = (
    *("prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-identity", "prefer-robust-stmts"),
    *("prefer-text-field", "prefer-timestamp-tz", "require-lock-timeout", "require-statement-timeout"),
)
TRANSACTION = re.compile(r"^(BEGIN|COMMIT);\n?", re.MULTILINE)


def complaints(sql: str, accepted: tuple[str, ...] = ()) -> list[str]:
    """`["rule: sentence", …]` about the SQL of one migration, as `sqlmigrate` prints it."""
    in_transaction = ["--assume-in-transaction"] if TRANSACTION.search(sql) else []
    excluded = [f"--exclude={rule}" for rule in (*NOT_ASKED, *accepted)]
    squawk = Path(sys.executable).with_name("squawk")
    judged = subprocess.run(
        [squawk, "--reporter=gcc", "--pg-version=15.0", *in_transaction, *excluded, "--stdin-filepath=migration.sql"],
        input=TRANSACTION.sub("", sql),
        capture_output=True,
        text=True,
        check=False,
    )
    if judged.returncode not in {0, 1}:
        raise RuntimeError(judged.stderr)
    return [
        line.split(": warning: ", 1)[-1] for line in judged.stdout.splitlines() if line.startswith("migration.sql:")
    ]


def new_migrations() -> list[tuple[str, str]]:
    """`[(app, name), …]` of ours that are not older than the rules."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    ours = {config.label for config in apps.get_app_configs() if config.name.startswith(("apps.", "project"))}
    names = sorted(name for name in MigrationLoader(None).disk_migrations if name[0] in ours)
    return [(app, name) for app, name in names if int(name[:4]) >= FIRST_JUDGED.get(app, 1)]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.demo")
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    if connection.vendor != "postgresql":
        sys.exit("Set DATABASE_URL to a PostgreSQL: SQLite's SQL says nothing about locks.")
    found = 0
    for app, name in new_migrations():
        sql = call_command("sqlmigrate", app, name, no_color=True, stdout=StringIO())
        for complaint in complaints(sql, tuple(ACCEPTED.get((app, int(name[:4])), ()))):
            found += 1
            sys.stdout.write(f"{app} {name}: {complaint}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
