from apps.common.passes import PassCommand
from apps.notifications import services


class Command(PassCommand):
    help = "Plans the reminders that go out within a day, once. Safe to run twice at the same time."

    def handle(self, **options):
        planned = services.plan_reminders()
        if planned or options["verbosity"] > 1:
            self.stdout.write(f"{planned} reminders planned")
