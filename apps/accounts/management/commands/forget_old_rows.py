from apps.accounts import services
from apps.common.passes import PassCommand


class Command(PassCommand):
    help = "Deletes codes, sessions, sign-ins, keys and limits that nothing asks for any more. Safe beside itself."

    def handle(self, **options):
        self.stdout.write(f"forgotten {services.forget_old_rows()}")
