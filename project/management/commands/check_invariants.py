from django.core.management.base import BaseCommand, CommandError

from project.invariants import RULES, breaches


class Command(BaseCommand):
    help = "Looks through the whole database for broken rules; exit 1 and a list when there is one."

    def handle(self, **options):
        broken = list(breaches())
        for breach in broken:
            self.stdout.write(f"BROKEN {breach.rule}: {', '.join(breach.rows)}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(RULES)} rules are broken.")
        self.stdout.write(f"All {len(RULES)} rules hold.")
