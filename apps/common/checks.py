"""System checks of the library: the database holds the guards that models declare, and no admin opens a wall."""

from django.apps import apps
from django.core import checks
from django.db import connections

from apps.common.admin.checks import check_admins
from apps.common.constraints import missing_guards

checks.register(check_admins, checks.Tags.admin)


@checks.register(checks.Tags.database)
def check_guards(databases, **kwargs):
    """Error common.E001 for a SameSalon or NoOverlap rule that a migrated table lacks."""
    errors = []
    for alias in databases or []:
        connection = connections[alias]
        tables = set(connection.introspection.table_names())
        models = [model for model in apps.get_models() if model._meta.db_table in tables]
        errors += [
            checks.Error(
                f"The database does not keep the rule {name}.",
                hint="Run `manage.py migrate`; if it stays, restore the constraint from the migrations.",
                id="common.E001",
            )
            for name in missing_guards(connection, models)
        ]
    return errors
