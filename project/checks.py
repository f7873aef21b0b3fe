"""System checks that refuse a start on settings under which the promises of the product would not hold."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.security)
def check_debug(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    return [Error("DEBUG is on and would show stack traces.", hint="Remove it.", id="project.E001")]


@register()
def check_tokens(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not apps.is_installed("rest_framework_simplejwt.token_blacklist"):
        return []
    hint = "Remove rest_framework_simplejwt.token_blacklist: refresh tokens rotate through our own families."
    return [Error("The blacklist app stores refresh tokens in clear.", hint=hint, id="project.E002")]


@register()
def check_database_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [message for alias in connections for message in database_settings_errors(connections[alias].settings_dict)]


def database_settings_errors(config: dict[str, Any]) -> list[CheckMessage]:
    engine, options = config["ENGINE"], config.get("OPTIONS", {})
    if engine.endswith("sqlite3") and options.get("transaction_mode") != "IMMEDIATE":
        hint = "Set OPTIONS['transaction_mode'] to 'IMMEDIATE'."
        return [Error("Two writers on this SQLite database could both win.", hint=hint, id="project.E003")]
    if engine.endswith("postgresql") and config.get("CONN_MAX_AGE") == 0:
        hint = "Set CONN_MAX_AGE above zero."
        return [Error("PostgreSQL would be connected anew for every request.", hint=hint, id="project.E004")]
    return []


@register(Tags.database)
def check_sqlite_connection(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Asks the open connection, because a file on a network disk silently refuses write-ahead logging."""
    return [message for alias in databases or [] for message in sqlite_connection_errors(alias)]


def sqlite_connection_errors(alias: str) -> list[CheckMessage]:
    connection = connections[alias]
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        journal = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        foreign_keys = cursor.execute("PRAGMA foreign_keys").fetchone()[0]
    errors: list[CheckMessage] = []
    if journal != "wal":
        hint = "Keep the file on a local disk and PRAGMA journal_mode=WAL in OPTIONS['init_command']."
        errors.append(Error("This SQLite database does not write ahead.", hint=hint, id="project.E005"))
    if not foreign_keys:
        hint = "Keep PRAGMA foreign_keys=ON in OPTIONS['init_command']."
        errors.append(Error("This SQLite database does not keep foreign keys.", hint=hint, id="project.E006"))
    return errors
