from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project import backup


class Command(BaseCommand):
    help = "Fills an empty database, and the pictures that are missing, from a folder that `backup` made."
    # The tables these would ask about are not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            manifest = backup.restore(folder)
        except backup.BackupRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"restored {sum(manifest.rows.values())} rows of {manifest.made_at}")
        self.stdout.write("Next: migrate, check_invariants, reconcile_payments.")
