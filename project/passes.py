"""The periodic passes: the command that runs one of each, and how often it should run.

Everything that is due lives in tables, so a pass that is late loses nothing and one that runs twice at once
does nothing twice. ``manage.py tick`` runs them all once, Celery beat starts each in its own rhythm.
"""

import logging
from datetime import timedelta
from io import StringIO

from django.core.management import CommandError, call_command
from django.utils import timezone

logger = logging.getLogger(__name__)

PASSES: dict[str, timedelta] = {
    "expire_holds": timedelta(minutes=1),
    "process_webhooks": timedelta(seconds=30),
    "resolve_payments": timedelta(minutes=1),
    "plan_reminders": timedelta(minutes=5),
    "deliver_notifications": timedelta(seconds=30),
    "reconcile_payments": timedelta(hours=1),
    "report_tax_documents": timedelta(minutes=10),
    "forget_old_rows": timedelta(hours=1),
}


def run_passes() -> dict[str, str | None]:
    """Run every pass once, in order; returns by name what it said, None where it failed.

    A failure is logged and stops none of the others. Books are compared only when that was not done in the last hour,
    because every comparison leaves a row and asks the gateway for two days of payments.
    """
    return {name: run_pass(name) for name in PASSES if name != "reconcile_payments" or comparison_is_due()}


def run_pass(name: str) -> str | None:
    """Run one pass; returns what its command printed, None when it failed."""
    said = StringIO()
    try:
        call_command(name, stdout=said)
    except CommandError as error:
        logger.warning("pass %s failed: %s", name, error)
        return None
    except Exception:
        logger.exception("pass %s failed", name)
        return None
    return said.getvalue().strip()


def comparison_is_due() -> bool:
    # Here, because Celery reads this module before the models are there.
    from apps.payments.models import ReconciliationRun

    since = timezone.now() - PASSES["reconcile_payments"]
    return not ReconciliationRun.objects.filter(started_at__gt=since).exists()
