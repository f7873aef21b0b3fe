from django.core.management.base import BaseCommand

from apps.accounts import services


class Command(BaseCommand):
    help = "Deletes codes, sessions, sign-ins, keys and limits that nothing asks for any more. Safe beside itself."

    def handle(self, **options):
        self.stdout.write(f"forgotten {services.forget_old_rows()}")
