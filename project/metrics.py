"""`/metrics` for Prometheus: what the processes counted, and what the tables say now."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from apps.payments.models import Payment, ReconciliationFinding, Refund, WebhookEvent
from project.delivery import read_delivery
from project.models import LastRun
from project.passes import PASSES

CACHED_SECONDS = 5
INVARIANTS = "check_invariants"
# What cron runs each night, besides the passes.
NIGHTLY = [INVARIANTS, "backup", "restore_drill"]
# Of rows that are settled there are ever more, and nobody waits for them.
PAYMENTS = [Payment.Status.SUBMITTED, Payment.Status.AUTHORIZED, Payment.Status.UNKNOWN, Payment.Status.REVIEW]
REFUNDS = [
    *(Refund.Status.REQUESTED, Refund.Status.APPROVED, Refund.Status.SENDING),
    *(Refund.Status.FAILED, Refund.Status.UNKNOWN, Refund.Status.REVIEW),
]
WAITING = [WebhookEvent.Status.NEW, WebhookEvent.Status.FAILED]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text for whoever holds `METRICS_TOKEN`; 401 for others, 404 while there is no token."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def exposition() -> bytes:
    """All metrics as text. The tables are read at most once in `CACHED_SECONDS`, whoever asks."""
    found: bytes = cache.get_or_set("metrics", gauges, CACHED_SECONDS)  # type: ignore[assignment]
    return generate_latest(counted()) + found


def counted() -> Any:
    """What was counted in this process, or in all of them where they share a directory."""
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, settings.PROMETHEUS_MULTIPROC_DIR)
    return registry


def gauges() -> bytes:
    """What the tables say, in six statements; without them when the database is away."""
    registry = CollectorRegistry()
    registry.register(Tables())
    return generate_latest(registry)


class Tables:
    """A collector of prometheus_client, made for one reading."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = [family for read in READINGS for family in read()]
        except (DatabaseError, InterfaceError):
            found = []
        yield gauge("salon_database_up", "Whether the tables could be read.", int(bool(found)))
        yield from found


def outbox() -> Iterator[Metric]:
    delivery = read_delivery()
    yield gauge("salon_outbox_overdue", "Messages that should be out.", delivery.overdue)
    yield gauge(
        "salon_outbox_oldest_due_seconds",
        "How long the oldest of them has waited.",
        delivery.outbox_age.total_seconds() if delivery.outbox_age else 0,
    )


def webhooks() -> Iterator[Metric]:
    by_status = {status: Q(status=status) for status in [*WAITING, WebhookEvent.Status.DEAD]}
    rows = WebhookEvent.objects.filter(status__in=by_status).order_by()
    counts = {status.value: Count("pk", filter=condition) for status, condition in by_status.items()}
    told = rows.aggregate(oldest=Min("received_at", filter=Q(status__in=WAITING)), **counts)
    oldest = told.pop("oldest")
    yield labelled("salon_webhooks", "Events of the gateway that are not settled.", "status", told)
    yield gauge(
        "salon_webhook_oldest_waiting_seconds",
        "How long the oldest event that waits for us has waited.",
        max((timezone.now() - oldest).total_seconds(), 0) if oldest else 0,
    )


def payments() -> Iterator[Metric]:
    told = by_status(Payment.objects.all(), PAYMENTS)
    yield labelled("salon_payments", "Payments that are not settled.", "status", told)


def refunds() -> Iterator[Metric]:
    told = by_status(Refund.objects.all(), REFUNDS)
    yield labelled("salon_refunds", "Refunds that are not settled.", "status", told)


def findings() -> Iterator[Metric]:
    waiting = ReconciliationFinding.objects.filter(resolved_at__isnull=True).count()
    yield gauge("salon_findings_open", "Differences with the gateway that nobody explained.", waiting)


def passes() -> Iterator[Metric]:
    """Of passes and of what is run each night, and of the clock. One that never ran has no moment."""
    found = LastRun.objects.filter(name__in=[*PASSES, *NIGHTLY]).annotate(database_now=Now())
    rows = {row.name: row for row in found}
    intervals = {name: every.total_seconds() for name, every in PASSES.items()}
    yield labelled("salon_pass_interval_seconds", "How often a pass should run.", "pass", intervals)
    for moment in ("started", "finished", "failed"):
        told = {name: at.timestamp() for name, row in rows.items() if (at := getattr(row, f"{moment}_at"))}
        name = f"salon_pass_{moment}_timestamp_seconds"
        yield labelled(name, f"When a pass last {moment}, in seconds of Unix time.", "pass", told)
    # The clock comes with rows that are read anyway: a new installation has none, and shows no figure.
    ahead = [(timezone.now() - row.database_now).total_seconds() for row in [*rows.values()][:1]]
    yield gauge("salon_clock_ahead_seconds", "How far this process's clock is ahead of the database's.", *ahead)
    check = rows.get(INVARIANTS)
    is_broken = check is not None and check.error == "RulesBroken" and is_after(check.failed_at, check.finished_at)
    yield gauge("salon_invariants_broken", "Whether the last check of the invariants found one.", int(is_broken))


READINGS: list[Callable[[], Iterator[Metric]]] = [outbox, webhooks, payments, refunds, findings, passes]


def by_status(rows: QuerySet, statuses: list[Any]) -> dict[str, int]:
    """How many of `rows` are in each of `statuses`, zero included."""
    found = rows.filter(status__in=statuses).order_by().values_list("status").annotate(Count("pk"))
    return {status.value: 0 for status in statuses} | dict(found)


def is_after(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and (other is None or moment > other)


def gauge(name: str, words: str, value: float | None = None) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
