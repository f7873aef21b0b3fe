from django.core.management.base import CommandError

from apps.common.passes import PassCommand
from apps.payments.moyasar import GatewayError
from project.invariants import judgements


class RulesBroken(CommandError):
    """Its name is kept as the error of this run, see `project.metrics`."""


class Command(PassCommand):
    help = "Looks through the whole database for broken rules; exit 1 and a list when there is one."

    def add_arguments(self, parser):
        parser.add_argument("--gateway", action="store_true", help="read the payment gateway's whole list, too")

    def handle(self, *, gateway, **options):
        judged = []
        try:
            for judgement in judgements(with_gateway=gateway):
                judged.append(judgement)
                self.stdout.write(_line(judgement))
        except GatewayError as error:
            raise CommandError(f"The gateway could not be read: {error}") from error
        broken = [judgement for judgement in judged if judgement.rows]
        if broken:
            raise RulesBroken(f"{len(broken)} of {len(judged)} rules are broken.")
        self.stdout.write(f"All {len(judged)} rules hold.")


def _line(judgement):
    if not judgement.rows:
        return f"ok {judgement.rule}"
    return f"BROKEN {judgement.rule}: {', '.join(judgement.rows)}"
