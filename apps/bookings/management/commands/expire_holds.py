from django.core.management.base import BaseCommand

from apps.bookings import services


class Command(BaseCommand):
    help = "Ends bookings held for money that did not come in time. One pass, safe beside itself."

    def handle(self, **options):
        self.stdout.write(f"expired {services.expire_holds()}")
