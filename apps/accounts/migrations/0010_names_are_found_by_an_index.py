from django.db import migrations
from django.db.models import F

from apps.common.name_keys import NameKey

NAME = "accounts_user_name_trigrams"


def create(apps, schema_editor):
    """Any part of a name, as people type it. The alphabet stands in the index: another one wants another index."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    query = apps.get_model("accounts", "User").objects.all().query
    expression, params = query.get_compiler(connection=connection).compile(NameKey(F("name")).resolve_expression(query))
    column = expression.replace('"accounts_user".', "")
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME} ON accounts_user USING gin ({column} gin_trgm_ops)", params
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")


class Migration(migrations.Migration):
    # An index is built beside the people who work meanwhile, which no transaction allows.
    atomic = False

    dependencies = [("accounts", "0009_history_request")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
