from django.core.management.base import BaseCommand

from apps.notifications import services


class Command(BaseCommand):
    help = "Sends the messages that are due, once. Safe to run twice at the same time."

    def add_arguments(self, parser):
        parser.add_argument("--limit", type=int, default=200, help="at most so many messages")

    def handle(self, *, limit, **options):
        taken = services.deliver_due(limit)
        if taken or options["verbosity"] > 1:
            self.stdout.write(f"{taken} messages handled")
