from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from apps.common.passes import PassCommand
from project import backup


class Command(PassCommand):
    help = "Copies database and pictures into a new folder, while people work. Restore it with `restore`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="is made, and must not be there")

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            manifest = backup.write(folder)
        except backup.BackupRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"backed up {sum(manifest.rows.values())} rows and {len(manifest.files) - 1} pictures")
