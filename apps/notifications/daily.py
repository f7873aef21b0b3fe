"""What became of the messages of each day, provider by provider, for whoever pays for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from apps.accounts.models import User
from apps.notifications.costs import FREE, PLACES, Cost, total
from apps.notifications.models import DeliveryAttempt
from apps.salons.models import Salon

Status = DeliveryAttempt.Status
# What a day is told in; an attempt that began and never ended is in doubt as well.
COUNTED: dict[str, tuple[str, ...]] = {
    "delivered": (Status.DELIVERED,),
    "sent": (Status.SENT,),
    "undelivered": (Status.UNDELIVERED,),
    "refused": (Status.REFUSED,),
    "unavailable": (Status.UNAVAILABLE,),
    "in_doubt": DeliveryAttempt.OPEN_ENDED,
}


@dataclass(slots=True)
class Figures:
    """The attempts of one day with one provider by one channel: what came of them, their SMS, and what they cost."""

    day: date
    provider: str
    channel: str
    attempts: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    parts: int = 0
    cost: Cost = field(default_factory=Cost)


def messages_by_day(reader: User, salons: list[Salon], zone: str, *, today: date, days: int) -> list[Figures]:
    """The last `days` days up to `today` on the clock of `zone`, newest first, of those `salons` that `reader` sees.

    One query. A day is that of the attempt, so that its number of attempts never changes afterwards.
    """
    clock = ZoneInfo(zone)
    since = datetime.combine(today - timedelta(days=days - 1), time.min, clock)
    until = datetime.combine(today + timedelta(days=1), time.min, clock)
    attempts = DeliveryAttempt.objects.visible_to(reader).filter(
        salon__in=[salon.pk for salon in salons], started_at__gte=since, started_at__lt=until
    )
    is_free = Q(status__in=FREE)
    rows = (
        attempts.order_by()
        .values("provider", "notification__channel", "currency", day=TruncDate("started_at", tzinfo=clock))
        .annotate(
            attempts=Count("pk"),
            parts=Sum("segments", filter=~is_free, default=0),
            untold=Sum("segments", filter=Q(cost__isnull=True) & ~is_free, default=0),
            told=Sum("cost"),
            **{name: Count("pk", filter=Q(status__in=states)) for name, states in COUNTED.items()},
        )
    )
    by_place: dict[tuple[date, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        by_place.setdefault((row["day"], row["provider"], row["notification__channel"]), []).append(row)
    found = [_figures(*place, rows) for place, rows in by_place.items()]
    return sorted(found, key=lambda one: (-one.day.toordinal(), one.provider, one.channel))


def _figures(day: date, provider: str, channel: str, rows: list[dict[str, Any]]) -> Figures:
    """One line out of the rows that the currencies split it into."""
    return Figures(
        day,
        provider,
        channel,
        attempts=sum(row["attempts"] for row in rows),
        counts={name: sum(row[name] for row in rows) for name in COUNTED},
        parts=sum(row["parts"] for row in rows),
        cost=total(told for row in rows for told in _costs(row)),
    )


def _costs(row: dict[str, Any]) -> Iterator[tuple[str, Decimal | None, int]]:
    yield "", None, row["untold"]
    if row["told"] is not None:
        # SQLite adds in floating point.
        yield row["currency"], Decimal(row["told"]).quantize(PLACES), 0
