from apps.common.passes import PassCommand
from apps.notifications import services


class Command(PassCommand):
    help = "Sends the messages that are due and asks what became of others, once. Safe to run twice at the same time."

    def add_arguments(self, parser):
        parser.add_argument("--limit", type=int, default=1000, help="at most so many messages")

    def handle(self, *, limit, **options):
        taken, asked = services.deliver_due(limit), services.ask_for_reports()
        if taken or options["verbosity"] > 1:
            self.stdout.write(f"{taken} messages handled")
        if asked or options["verbosity"] > 1:
            self.stdout.write(f"{asked} messages asked about")
