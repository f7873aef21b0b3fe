"""The pytest plugin of the project, loaded by ``-p`` from ``pyproject.toml`` before the settings are read."""

import pytest


@pytest.fixture(autouse=True)
def _english():
    """Texts are compared in the language they are written in; a test of Arabic says so."""
    from django.utils.translation import override

    with override("en"):
        yield


@pytest.fixture(autouse=True)
def _empty_cache():
    """No test inherits what another one counted."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_by_delete():
    """PostgreSQL needs seconds to truncate sixty tables, and milliseconds to delete the few rows of a test."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate = DatabaseOperations.sql_flush

    def delete_all(self, style, tables, *, reset_sequences=False, **options):
        if reset_sequences:
            return truncate(self, style, tables, reset_sequences=True, **options)
        return [f"DELETE FROM {self.quote_name(table)}" for table in tables]  # noqa: S608 - names of our own tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", delete_all)
        yield
