"""What must hold when the faults are over, the passes had their time and nobody does anything any more."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.bookings.models import Booking
from apps.notifications.models import PROMOTIONAL, DeliveryAttempt, Notification
from apps.payments.tests.crashes import judge
from project.passes import run_passes
from project.tests.soak.installation import Installation
from project.tests.soak.record import Record

# Seconds from one round of passes to the next: beyond every lease, hold, pause of a provider and wait for a refund.
ROUNDS = (0, 150, 150, 300, 600, 900, 1800, 3600, 3600)
MOST_TIMES = 50


def settle(installation: Installation) -> None:
    """Let hours go by with the passes, here and at the gateway."""
    with time_machine.travel(timezone.now(), tick=True) as clock:
        for seconds in ROUNDS:
            clock.shift(timedelta(seconds=seconds))
            installation.tell_gateway("clock", seconds=seconds)
            work_off()


def work_off() -> None:
    """Passes take a portion at a time."""
    for _time in range(MOST_TIMES):
        run_passes()
        if not Notification.objects.due(timezone.now()).exists():
            return


def complaints(installation: Installation, record: Record) -> Iterator[str]:
    """Everything that does not hold, as sentences."""
    yield from record.complaints()
    yield from _broken_rules()
    report = installation.ledger()
    yield from judge.complaints(SimpleNamespace(control=SimpleNamespace(report=lambda: report)))
    yield from _attempts_to_book(record)
    yield from _messages(installation)


def _broken_rules() -> Iterator[str]:
    said = StringIO()
    try:
        call_command("check_invariants", gateway=True, stdout=said)
    except CommandError as error:
        lines = [line for line in said.getvalue().splitlines() if line.startswith("BROKEN")]
        yield from lines or [str(error)]


def _attempts_to_book(record: Record) -> Iterator[str]:
    """A key makes one booking, and who was told of it has it."""
    made = Counter(Booking.objects.exclude(note="").values_list("note", flat=True))
    kept = {str(key) for key in Booking.objects.values_list("pk", flat=True)}
    for attempt, key in record.attempts.items():
        if made[attempt] > 1:
            yield f"the attempt {attempt} made {made[attempt]} bookings"
        if key and key not in kept:
            yield f"booking {key} was answered and is not kept"


def _messages(installation: Installation) -> Iterator[str]:
    """What is said to be sent came, and what came twice says so; a promotion never does."""
    of_attempt = {str(pk): row for pk, row in DeliveryAttempt.objects.values_list("pk", "notification_id")}
    carried = installation.carrier.twilio.inbox
    got = Counter(of_attempt[message.reference] for message in carried if message.reference in of_attempt)
    for row in Notification.objects.all():
        is_promotion = row.kind in PROMOTIONAL
        if row.status == Notification.Status.SENT and not got[row.pk]:
            yield f"message {row.pk} is said to be sent and never came"
        if got[row.pk] > 1 and (is_promotion or not row.is_maybe_double):
            yield f"message {row.pk} ({row.kind}) came {got[row.pk]} times, and nobody is told"
        if row.status in (Notification.Status.PENDING, Notification.Status.SENDING) and row.due_at <= timezone.now():
            yield f"message {row.pk} never came to an end"
        if row.status == Notification.Status.FAILED and not is_promotion:
            yield f"message {row.pk} ({row.kind}) was lost: {row.reason}"
