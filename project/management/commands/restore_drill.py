from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from apps.common.passes import PassCommand
from project import backup
from project.bench.database import empty_database, using


class Command(PassCommand):
    help = "Restores a backup into a scratch database, migrates and judges it, and throws it away; exit 1 if it is bad."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="what `backup` made")
        parser.add_argument("--gateway", action="store_true", help="hold it against the payment gateway's list, too")

    def handle(self, *, folder: Path, gateway: bool, **options: Any) -> None:
        """Asks the gateway and never tells it anything: in the scratch database nothing is sent or taken over."""
        with empty_database() as name, using(name):
            try:
                manifest = backup.restore(folder, pictures=False)
            except backup.BackupRefused as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"restored {sum(manifest.rows.values())} rows of {manifest.made_at}")
            call_command("migrate", interactive=False, verbosity=0)
            call_command("check_invariants", gateway=gateway, stdout=self.stdout)
