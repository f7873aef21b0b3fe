"""The periodic passes: the command that runs one of each, and how often it should run.

Everything that is due lives in tables, so a pass that is late loses nothing and one that runs twice at once
does nothing twice. ``manage.py tick`` runs them all once, Celery beat starts each in its own rhythm.
"""

from datetime import timedelta

PASSES: dict[str, timedelta] = {
    "expire_holds": timedelta(minutes=1),
    "process_webhooks": timedelta(seconds=30),
    "resolve_payments": timedelta(minutes=1),
    "plan_reminders": timedelta(minutes=5),
    "deliver_notifications": timedelta(seconds=30),
    "reconcile_payments": timedelta(hours=1),
    "forget_old_rows": timedelta(hours=1),
}
