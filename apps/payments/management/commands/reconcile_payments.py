from datetime import datetime, time

from django.core.management.base import CommandError
from django.utils import timezone

from apps.common.passes import PassCommand
from apps.payments import services
from apps.payments.errors import GatewayUnavailable


class Command(PassCommand):
    help = "Compares our payments with the gateway's list and writes down every difference."

    def add_arguments(self, parser):
        parser.add_argument("--since", metavar="YYYY-MM-DD", help="compare what changed since that day (default: 48 h)")

    def handle(self, *, since, **options):
        try:
            run = services.reconcile_payments(since=_day(since))
        except GatewayUnavailable as error:
            raise CommandError(str(error)) from error
        told = f"compared {run.compared_count}, read {run.fetched_count}, settlement lines {run.settlement_line_count}"
        self.stdout.write(f"{told}, new differences {run.findings.count()}")


def _day(text):
    if text is None:
        return None
    try:
        return timezone.make_aware(datetime.combine(datetime.fromisoformat(text).date(), time.min))
    except ValueError as error:
        raise CommandError(f"--since takes a date such as 2026-01-31, not {text!r}") from error
