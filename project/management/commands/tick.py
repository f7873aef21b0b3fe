from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.passes import run_passes


class Command(BaseCommand):
    help = "Runs every periodic pass once: cron's one line where no broker is configured. Safe beside itself."

    def handle(self, **options: Any) -> None:
        outcomes = run_passes()
        for name, said in outcomes.items():
            if said:
                self.stdout.write(f"{name}: {'; '.join(said.splitlines())}")
        if failed := [name for name, said in outcomes.items() if said is None]:
            raise CommandError(f"Failed, see the log: {', '.join(failed)}.")
