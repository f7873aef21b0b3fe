"""The judge of new migrations notices what stops a running salon; the SQL is what Django writes for each operation."""

import runpy

import pytest

from project.env import BASE_DIR

JUDGE = runpy.run_path(str(BASE_DIR / ".ci/check_migrations.py"))
HARMFUL = {
    'CREATE INDEX "i" ON "bookings_booking" ("state");': "require-concurrent-index-creation",
    'ALTER TABLE "bookings_booking" ADD CONSTRAINT "u" UNIQUE ("state");': "disallowed-unique-constraint",
    'ALTER TABLE "bookings_booking" ADD CONSTRAINT "c" CHECK ("price" >= 0);': "constraint-missing-not-valid",
    'ALTER TABLE "bookings_booking" ADD CONSTRAINT "f" FOREIGN KEY ("a") REFERENCES "b" ("id");': (
        "adding-foreign-key-constraint"
    ),
    'ALTER TABLE "bookings_booking" ALTER COLUMN "note" SET NOT NULL;': "adding-not-nullable-field",
    'ALTER TABLE "bookings_booking" ALTER COLUMN "price" TYPE bigint;': "changing-column-type",
    'ALTER TABLE "bookings_booking" RENAME COLUMN "note" TO "remark";': "renaming-column",
    'ALTER TABLE "bookings_booking" RENAME TO "bookings_visit";': "renaming-table",
    'ALTER TABLE "bookings_booking" DROP COLUMN "note" CASCADE;': "ban-drop-column",
    'DROP TABLE "bookings_booking" CASCADE;': "ban-drop-table",
    # How Django adds a field with a `default`: afterwards the version that still runs cannot insert any more.
    'ALTER TABLE "b" ADD COLUMN "n" integer DEFAULT 0 NOT NULL; ALTER TABLE "b" ALTER COLUMN "n" DROP DEFAULT;': (
        "ban-drop-default"
    ),
}
HARMLESS = [
    'ALTER TABLE "bookings_booking" ADD COLUMN "note" text NULL;',
    # With `db_default` the default stays.
    'ALTER TABLE "bookings_booking" ADD COLUMN "n" integer DEFAULT 0 NOT NULL;',
    'ALTER TABLE "bookings_booking" ADD CONSTRAINT "c" CHECK ("price" >= 0) NOT VALID;',
    'CREATE TABLE "a" ("id" bigint NOT NULL PRIMARY KEY); CREATE INDEX "i" ON "a" ("id");',
]


def judged(sql):
    return [complaint.split()[0] for complaint in JUDGE["complaints"](f"BEGIN;\n{sql}\nCOMMIT;\n")]


@pytest.mark.parametrize("sql", HARMFUL)
def test_what_locks_a_table_or_breaks_the_version_that_runs_is_noticed(sql):
    assert HARMFUL[sql] in judged(sql)


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_can_be_done_while_people_book_passes(sql):
    assert judged(sql) == []


def test_an_index_made_beside_the_writers_passes_outside_of_a_transaction():
    assert JUDGE["complaints"]('CREATE INDEX CONCURRENTLY "i" ON "bookings_booking" ("state");') == []


def test_what_was_accepted_with_a_reason_passes():
    sql = 'DROP TABLE "bookings_booking";'

    assert JUDGE["complaints"](sql, ("ban-drop-table",)) == []
