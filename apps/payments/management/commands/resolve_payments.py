from apps.common.passes import PassCommand
from apps.payments import services


class Command(PassCommand):
    help = "Asks the gateway about open payments and unanswered refunds. One pass, safe beside itself."

    def handle(self, **options):
        self.stdout.write(f"payments {services.resolve_payments()}")
        self.stdout.write(f"refunds {services.resolve_refunds()}")
