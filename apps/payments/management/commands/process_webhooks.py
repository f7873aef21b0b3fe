from apps.common.passes import PassCommand
from apps.payments import services


class Command(PassCommand):
    help = "Acts on webhooks that wait for it. One pass, safe beside itself."

    def handle(self, **options):
        self.stdout.write(f"processed {services.process_webhooks()}")
