"""The rows of a database that a test left empty: content types, permissions and the groups of the platform."""

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connections, transaction


class FirstRows:
    """Stands in for `emit_post_migrate_signal` after a flush: lets it work once, then writes the same rows again."""

    def __init__(self, emit):
        self.emit = emit
        self.rows = {}

    def write(self, verbosity, interactive, db, **options):
        if not self.rows:
            self.emit(verbosity, interactive, db, **options)
            self.rows = self._read(db)
            return
        # They have numbers of their own now.
        ContentType.objects.clear_cache()
        connection = connections[db]
        with transaction.atomic(using=db), connection.cursor() as cursor:
            for model, rows in self.rows.items():
                cursor.executemany(self._insert(connection, model), rows)
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self.rows)):
                cursor.execute(statement)

    def _read(self, db):
        models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
        rows = {model: list(model._base_manager.using(db).values_list(*self._columns(model))) for model in models}
        return {model: found for model, found in rows.items() if found}

    @staticmethod
    def _columns(model):
        return [field.attname for field in model._meta.concrete_fields]

    @staticmethod
    def _insert(connection, model):
        quote = connection.ops.quote_name
        columns = [quote(field.column) for field in model._meta.concrete_fields]
        places = ", ".join(["%s"] * len(columns))
        return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
