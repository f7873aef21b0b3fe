from django.core.management.base import BaseCommand, CommandError

from apps.accounts import services
from apps.accounts.models import User
from apps.common.phones import mask_phone, normalize_phone


class Command(BaseCommand):
    help = "Resets the two-step sign-in of an operator who lost phone and recovery codes, and signs them out."

    def add_arguments(self, parser):
        parser.add_argument("phone", help="the person's phone, in any spelling")

    def handle(self, *, phone, **options):
        person = User.objects.filter(phone=normalize_phone(phone)).first()
        if person is None:
            raise CommandError("Nobody has this phone.")
        services.reset_second_factor(user_id=person.pk, reason="")
        self.stdout.write(f"Reset for {mask_phone(person.phone)}. The next sign-in asks for the password only.")
