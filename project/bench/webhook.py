"""Suite `webhook`: how soon the gateway's news is acknowledged while it keeps coming (G14)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from uuid import uuid4

from django.conf import settings
from django.urls import reverse

from apps.payments.models import WebhookEvent
from project.bench.goals import GOALS, NONE
from project.bench.report import Report, median_ratio, percentile
from project.bench.scale import WebhookScale
from project.bench.served import BARE, ask, served

CALLERS = 16


def run(report: Report, scale: WebhookScale) -> None:
    """Measure in the present database, which is new and empty."""
    address = reverse("webhook-moyasar")
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    refused = 0
    with served() as port:
        for _round in range(scale.rounds):
            for target, measured in ((address, ours), (BARE, bare)):
                answers = _call_steadily(port, target, scale)
                refused += sum(status != HTTPStatus.OK for status, _seconds in answers)
                measured.append([seconds * 1000 for _status, seconds in answers])
    calls = scale.rounds * scale.calls
    report.invariant("G14", "calls that were not acknowledged", refused, NONE)
    report.invariant("G14", "acknowledged events that are not kept", calls - WebhookEvent.objects.count(), NONE)
    every = [value for measured in ours for value in measured]
    what = f"acknowledgement of {calls:,} events at {scale.per_second} a second"
    report.figure("G14", f"{what}, p50", percentile(every, 50), unit=" ms")
    report.figure("G14", f"{what}, p99", percentile(every, 99), GOALS["webhook"], unit=" ms")
    for percent in (50, 99):
        figures, partners = ([percentile(values, percent) for values in measured] for measured in (ours, bare))
        report.figure("G14", f"webhook / bare view, p{percent}", median_ratio(figures, partners))
    report.absolutes["milliseconds"] = {"webhook": ours, "bare view": bare}


def _call_steadily(port: int, target: str, scale: WebhookScale) -> list[tuple[int, float]]:
    """Status and seconds of each call. The clock of a call starts when it was due, so that one that had to wait for
    the answer of another counts its wait.
    """
    begin = time.perf_counter() + 0.1

    def call(number: int) -> tuple[int, float]:
        due = begin + number / scale.per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        status = _post(port, target)
        return status, time.perf_counter() - due

    with ThreadPoolExecutor(CALLERS) as callers:
        return list(callers.map(call, range(scale.calls)))


def _post(port: int, target: str) -> int:
    """Post an event that nobody has told before, over a connection of its own as the gateway does."""
    data = {"id": str(uuid4()), "status": "paid", "amount": 11500, "currency": "SAR", "invoice_id": str(uuid4())}
    envelope = {"id": str(uuid4()), "type": "payment_paid", "live": False, "data": data}
    body = json.dumps(envelope | {"secret_token": settings.MOYASAR_WEBHOOK_SECRET})
    return ask(port, target, {"Content-Type": "application/json"}, method="POST", body=body)[0]
