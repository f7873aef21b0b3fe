from apps.bookings import services
from apps.common.passes import PassCommand


class Command(PassCommand):
    help = "Ends bookings held for money that did not come in time. One pass, safe beside itself."

    def handle(self, **options):
        self.stdout.write(f"expired {services.expire_holds()}")
