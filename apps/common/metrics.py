"""What this process counts, for Prometheus. What stands in tables is read when it is asked for, by `project.metrics`.

A label takes its values from the code: names of views, events, error codes, providers. Nothing of a person, of a salon
or of an address is one.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from prometheus_client import Counter, Histogram

from apps.common.doors import current_door
from apps.common.errors import DomainError

# Seconds: from a page of the cache to one that somebody gives up.
REQUEST_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
QUERY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)

EVENTS = Counter("salon_events", "Facts that were committed, by docs/events.md.", ["event", "door"])
REFUSALS = Counter("salon_refusals", "Refusals of the domain, by docs/errors.md.", ["code", "door"])
CODES = Counter("salon_codes", "One-time codes: requested, sent, unsent, verified.", ["step"])
REPLAYS = Counter("salon_idempotency_replays", "Requests that were answered from the first one of their key.")
REQUESTS = Histogram(
    "salon_http_request_seconds", "How long a request took.", ["view", "method", "status"], buckets=REQUEST_BUCKETS
)
QUERIES = Histogram(
    "salon_http_query_seconds", "How long the statements of a request took together.", ["view"], buckets=QUERY_BUCKETS
)
CALLS = Histogram(
    "salon_provider_call_seconds",
    "How long a call to a provider took: ok, refused (4xx), failed (5xx and the like), no_answer.",
    ["provider", "outcome"],
    buckets=CALL_BUCKETS,
)


def count_event(event: Any) -> None:
    """Count a published fact once it is committed, under the door it came through."""
    counter = EVENTS.labels(type(event).__name__, current_door())
    transaction.on_commit(counter.inc, robust=True)


def count_refusal(error: DomainError) -> None:
    """Count a refusal that a client or a page is told."""
    REFUSALS.labels(error.code, current_door()).inc()


def count_code(step: str) -> None:
    """Count a one-time code: at once outside of a transaction, else with its commit."""
    transaction.on_commit(CODES.labels(step).inc, robust=True)


@dataclass(slots=True)
class Call:
    """A call to a provider while it lasts."""

    outcome: str = "no_answer"

    def answered(self, status: int) -> None:
        """`status` is HTTP's."""
        self.outcome = "ok" if status < 300 else "refused" if 400 <= status < 500 else "failed"


@contextmanager
def calling(provider: str) -> Iterator[Call]:
    """Measure what happens within as one call to `provider`, with no answer unless it is `answered`."""
    call, began = Call(), time.perf_counter()
    try:
        yield call
    finally:
        CALLS.labels(provider, call.outcome).observe(time.perf_counter() - began)
