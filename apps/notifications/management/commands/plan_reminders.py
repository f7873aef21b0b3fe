from django.core.management.base import BaseCommand

from apps.notifications import services


class Command(BaseCommand):
    help = "Plans the reminders of the coming two days, once. Safe to run twice at the same time."

    def handle(self, **options):
        planned = services.plan_reminders()
        if planned or options["verbosity"] > 1:
            self.stdout.write(f"{planned} reminders planned")
