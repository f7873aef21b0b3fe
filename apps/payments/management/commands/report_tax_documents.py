from datetime import date, datetime, time

from django.core.management.base import CommandError
from django.utils import timezone

from apps.common.passes import PassCommand
from apps.payments import services
from apps.payments.errors import EInvoicingOff


class Command(PassCommand):
    help = "Reports tax documents to the tax authority, where a provider is configured. One pass, safe beside itself."

    def add_arguments(self, parser):
        parser.add_argument(
            "--enqueue-since",
            metavar="YYYY-MM-DD",
            type=date.fromisoformat,
            help="first take up the documents issued since that day, when reporting has just been switched on",
        )

    def handle(self, *, enqueue_since, **options):
        try:
            if enqueue_since:
                midnight = timezone.make_aware(datetime.combine(enqueue_since, time.min))
                self.stdout.write(f"taken up {services.enqueue_documents(issued_since=midnight)}")
            self.stdout.write(f"reported {services.report_documents()}")
        except EInvoicingOff as refusal:
            if enqueue_since:
                raise CommandError(str(refusal)) from refusal
            self.stdout.write(f"no provider configured: {services.count_unreported()} documents wait")
