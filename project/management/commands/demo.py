from argparse import SUPPRESS, ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.payments.standin import APPROVED_CARD, DECLINED_CARD
from project.demo import serving
from project.demo.content import Content
from project.demo.seeding import ForeignDatabase, Gateway, Outcome, prepare
from project.env import VAR_DIR

FOREIGN = (
    "This database holds people or salons that the demo did not make, and it is left alone: "
    "name an empty one in DATABASE_URL."
)


class Command(BaseCommand):
    help = "Fills an empty database with four salons and three months of their work, and serves it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where to serve (default: 8000; 0: any free port)")
        parser.add_argument("--no-serve", action="store_true", help="fill the database and end")
        parser.add_argument("--fresh", action="store_true", help="make the data anew, whatever was done with them")
        # For tests: a small share of the customers and visits shows as well that everything is there.
        parser.add_argument("--scale", type=float, default=1.0, help=SUPPRESS)

    def handle(self, *, port: int, no_serve: bool, fresh: bool, scale: float, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("The demo runs under project.settings.demo only: unset DJANGO_SETTINGS_MODULE.")
        serving.end_on_signals(exit_code=1)  # half filled is not done
        try:
            if not no_serve:
                port = serving.choose_port(port)
            gateway = self._gateway(port)
            outcome = self._fill(gateway, fresh=fresh, scale=scale)
            self._show_sign_ins(outcome)
            if not no_serve:
                self._serve(port, gateway)
        except serving.CannotServe as error:
            raise CommandError(str(error)) from error

    def say(self, text: str) -> None:
        """At once, also into a pipe: whoever started the demo waits for these lines."""
        self.stdout.write(text)
        self.stdout.flush()

    def _gateway(self, port: int) -> Gateway:
        """The gateway of the environment, or a stand-in beside us with its ledger beside the database."""
        if serving.is_given("MOYASAR_BASE_URL"):
            return Gateway(settings.MOYASAR_BASE_URL, ledger=None)
        database = Path(str(connection.settings_dict["NAME"]))
        folder = database.parent if connection.vendor == "sqlite" else VAR_DIR
        return Gateway(
            f"http://{serving.HOST}:{serving.standin_port(port)}", ledger=folder / f"{database.stem}-ledger.sqlite3"
        )

    def _fill(self, gateway: Gateway, *, fresh: bool, scale: float) -> Outcome:
        self.say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        try:
            return prepare(gateway, fresh=fresh, scale=scale)
        except ForeignDatabase as error:
            raise CommandError(FOREIGN) from error

    def _serve(self, port: int, gateway: Gateway) -> None:
        address = f"http://{serving.HOST}:{port}"
        if not serving.is_given("PUBLIC_BASE_URL"):
            settings.PUBLIC_BASE_URL = address
        serving.end_on_signals(exit_code=0)
        with ExitStack() as running:
            if gateway.ledger is not None:
                settings.MOYASAR_BASE_URL = f"{gateway.url}/v1"
                running.enter_context(serving.standin(gateway.ledger, int(gateway.url.rpartition(":")[2]), address))
            running.enter_context(serving.passes())
            self._show_addresses(address, gateway)
            serving.serve(port, on_ready=lambda: self.say(f"ready {address}/"))

    def _show_sign_ins(self, outcome: Outcome) -> None:
        salons = {entry["slug"]: entry["name_en"] for entry in Content.read().salons}
        self.say(f"\nData: {outcome}.\n\nSign in with password {settings.DEMO_PASSWORD} as")
        for entry in Content.read().team["sign_ins"]:
            where = salons.get(entry.get("salon", ""), "all salons")
            self.say(f"  {entry['role']:13}{entry['phone']}  {where}")

    def _show_addresses(self, address: str, gateway: Gateway) -> None:
        rows = {
            "Admin": f"{address}/admin/",
            "API": f"{address}/api/v1/",
            "API pages": f"{address}/api/docs/",
            "Payments": gateway.url,
        }
        if settings.NOTIFICATION_PROVIDER != "console":
            rows["Careful"] = f"{settings.NOTIFICATION_PROVIDER} sends to the invented numbers of seeded customers, too"
        if gateway.ledger is not None:
            rows["Test cards"] = f"{APPROVED_CARD} pays, {DECLINED_CARD} is declined"
        self.say("")
        for title, where in rows.items():
            self.say(f"  {title:13}{where}")
        self.say("\nWhat the console sends (codes, messages) appears below. Ctrl-C ends the demo.\n")
