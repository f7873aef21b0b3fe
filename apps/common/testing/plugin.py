"""The pytest plugin of the project, loaded by ``-p`` from ``pyproject.toml`` before the settings are read."""

import importlib

import pytest


@pytest.fixture(autouse=True)
def _english():
    """Texts are compared in the language they are written in; a test of Arabic says so."""
    from django.utils.translation import override

    with override("en"):
        yield


@pytest.fixture(autouse=True)
def _empty_cache():
    """No test inherits what another one counted or read."""
    from django.core.cache import cache

    from apps.common.api.kept import shelf

    cache.clear()
    shelf.forget()


@pytest.fixture(scope="session")
def _issued_codes_are_known():
    """Every one-time code that is made or judged is one that no line of the log may hold."""
    from apps.common.testing import leaks

    # By name: common imports no app.
    codes = importlib.import_module("apps.accounts.services.codes")
    keep = codes._code_hmac

    def keep_and_tell(challenge, code):
        leaks.issued_codes.add(code)
        return keep(challenge, code)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_code_hmac", keep_and_tell)
        yield


@pytest.fixture(autouse=True)
def _nothing_leaks_into_the_log(_issued_codes_are_known):
    """A test fails when production would have written a code, a phone, a card, a token or a key in its time."""
    from apps.common.testing import leaks

    leaks.issued_codes.clear()
    yield
    leaks.ensure_nothing_leaked()


@pytest.fixture(autouse=True)
def _refusals_are_described():
    """No test sees the API refuse something by a code that its schema does not name for that operation."""
    from apps.common.api.exceptions import DomainErrorHandler
    from apps.common.testing.refusals import undescribed

    answer, found = DomainErrorHandler.get_response, []

    def watched(handler, exc, data):
        request = handler.context["request"]
        if request.resolver_match is not None:
            found.extend(undescribed(f"/{request.resolver_match.route}", request.method, exc.status_code, data))
        return answer(handler, exc, data)

    # Not the fixture: asked for by every test, it would outlive the database of each.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DomainErrorHandler, "get_response", watched)
        yield
    assert not found, f"say so with @refuses: {sorted(set(found))}"


@pytest.fixture(autouse=True)
def _sites_end_with_their_test():
    """Django checks every admin site alive, and one that a test made would live on until its cycle is collected."""
    from django.contrib.admin.sites import all_sites

    before = set(all_sites)
    yield
    for site in set(all_sites) - before:
        all_sites.discard(site)


class News(list):
    """Events in the order in which they were published."""

    def of(self, app):
        return [event for event in self if type(event).__module__ == f"apps.{app}.events"]


@pytest.fixture
def news(monkeypatch):
    """Every event that is published, in order; `news.of("payments")` are those of one app."""
    from apps.common import events

    told = News()
    monkeypatch.setattr(events, "_watches", [told.append])
    return told


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


@pytest.fixture(scope="session", autouse=True)
def _databases_are_copied():
    """Test databases are copied from one with all tables instead of migrated one by one."""
    from django.conf import settings

    from apps.common.testing.template import databases_from_templates

    with databases_from_templates(settings.BASE_DIR, settings.BASE_DIR / "var"):
        yield


@pytest.fixture(scope="session", autouse=True)
def _emptied_tables_get_their_first_rows_from_memory():
    """Working out what `post_migrate` writes takes 50 ms of CPU after every test that commits; it is always the same.

    A command of the project that empties tables is not meant: there the signal is sent.
    """
    from django.core.management.commands import flush
    from django.test import TransactionTestCase

    from apps.common.testing.first_rows import FirstRows

    first_rows = FirstRows(flush.emit_post_migrate_signal)
    empty = TransactionTestCase._fixture_teardown

    def empty_and_fill(case):
        with pytest.MonkeyPatch.context() as during:
            during.setattr(flush, "emit_post_migrate_signal", first_rows.write)
            empty(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_and_fill)
        yield
