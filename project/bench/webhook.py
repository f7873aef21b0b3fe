"""Suite `webhook`: how soon the gateway's news is acknowledged while it keeps coming (G14)."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connections
from django.urls import reverse
from gunicorn.app.base import BaseApplication

from apps.payments.models import WebhookEvent
from project.bench.crew import FORK
from project.bench.goals import GOALS, NONE
from project.bench.report import Report, median_ratio, percentile
from project.bench.scale import WebhookScale
from project.demo.serving import HOST, free_port

BARE = "/bare/"
OK = 200
LONGEST_CALL = 30
CALLERS = 16
LONGEST_START, LONGEST_STOP = 30, 10


class _Server(BaseApplication):
    """The server as `docs/operations.md` starts it."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        chosen = {"bind": f"{HOST}:{self._port}", "worker_class": "gthread", "workers": 2, "threads": 4}
        quiet = {"loglevel": "critical", "control_socket_disable": True}
        for name, value in {**chosen, **quiet}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()


def run(report: Report, scale: WebhookScale) -> None:
    """Measure in the present database, which is new and empty."""
    address = reverse("webhook-moyasar")
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    refused = 0
    with _served() as port:
        for _round in range(scale.rounds):
            for target, measured in ((address, ours), (BARE, bare)):
                answers = _call_steadily(port, target, scale)
                refused += sum(status != OK for status, _seconds in answers)
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
    caller = http.client.HTTPConnection(HOST, port, timeout=LONGEST_CALL)
    try:
        caller.request("POST", target, body, {"Content-Type": "application/json", "Host": f"{HOST}:{port}"})
        return caller.getresponse().status
    finally:
        caller.close()


@contextmanager
def _served() -> Iterator[int]:
    """A server of this project in processes of its own, in the present database; gives its port."""
    port = free_port(0)
    # A connection that two processes believe to be theirs belongs to neither.
    connections.close_all()
    server = FORK.Process(target=_serve, args=(port,))
    server.start()
    try:
        _await_answer(port)
        yield port
    finally:
        server.terminate()
        server.join(LONGEST_STOP)
        server.kill()
        server.join()


def _serve(port: int) -> None:
    settings.ROOT_URLCONF = "project.bench.served"
    settings.ALLOWED_HOSTS = [HOST]
    _Server(port).run()


def _await_answer(port: int) -> None:
    patience = time.monotonic() + LONGEST_START
    while time.monotonic() < patience:
        try:
            if _post(port, BARE) == OK:
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("The server to measure did not start.")
