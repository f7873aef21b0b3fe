import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import connection

from project import checks
from project.env import Profile, read_environment
from project.settings.databases import database_settings

POSTGRESQL = {"ENGINE": "django.db.backends.postgresql"}
SQLITE = {"ENGINE": "django.db.backends.sqlite3"}


def ids(messages):
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (SQLITE, ["project.E003"]),
        ({**SQLITE, "OPTIONS": {"transaction_mode": "DEFERRED"}}, ["project.E003"]),
        ({**SQLITE, "OPTIONS": {"transaction_mode": "IMMEDIATE"}}, []),
        ({**POSTGRESQL, "CONN_MAX_AGE": 0}, ["project.E004"]),
        ({**POSTGRESQL, "CONN_MAX_AGE": 600}, []),
        ({**POSTGRESQL, "CONN_MAX_AGE": None}, []),
    ],
)
def test_unsafe_database_settings_are_refused(config, found):
    assert ids(checks.database_settings_errors(config)) == found


def test_our_own_database_settings_pass():
    config = database_settings(read_environment(Profile.DEMO, {}).database)

    assert checks.database_settings_errors(config) == []


def test_debug_is_refused(settings):
    settings.DEBUG = True

    assert ids(run_checks(tags=["security"])) == ["project.E001"]


def test_the_blacklist_app_is_refused(monkeypatch):
    monkeypatch.setattr(apps, "is_installed", lambda name: name.endswith("token_blacklist"))

    assert ids(checks.check_tokens(None)) == ["project.E002"]


@pytest.mark.django_db(transaction=True)
def test_an_open_connection_that_lost_its_pragmas_is_refused():
    if connection.vendor != "sqlite":
        assert checks.sqlite_connection_errors("default") == []
        return
    assert checks.sqlite_connection_errors("default") == []

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys=OFF")
    try:
        assert ids(checks.sqlite_connection_errors("default")) == ["project.E006"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys=ON")


@pytest.mark.django_db
def test_the_project_has_no_complaint_about_itself():
    assert run_checks(databases=["default"]) == []
