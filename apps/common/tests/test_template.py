"""Test databases are copies; a copy of an old state of the code would prove nothing."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.common.testing.template import fingerprint


@pytest.fixture
def code(tmp_path):
    """A project whose own folder is called like one of tests."""
    tmp_path /= "tests"
    for folder in ("apps/salons/migrations", "apps/salons/tests", "project"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("django==5.2.19")
    (tmp_path / "apps/salons/models.py").write_text("fields = 1")
    (tmp_path / "apps/salons/tests/test_models.py").write_text("assert True")
    return tmp_path


@pytest.mark.parametrize("file", ["apps/salons/models.py", "apps/salons/migrations/0002_more.py", "pyproject.toml"])
def test_changed_code_and_changed_pins_ask_for_a_new_template(code, file):
    before = fingerprint(code)

    (code / file).write_text("something else")

    assert fingerprint(code) != before


def test_a_moved_file_asks_for_a_new_template(code):
    before = fingerprint(code)

    (code / "apps/salons/models.py").rename(code / "apps/salons/tables.py")

    assert fingerprint(code) != before


def test_a_changed_test_keeps_the_template(code):
    before = fingerprint(code)

    (code / "apps/salons/tests/test_models.py").write_text("assert not False")

    assert fingerprint(code) == before


@pytest.mark.django_db
def test_a_test_database_has_every_migration():
    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
