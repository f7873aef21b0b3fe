"""What a salon knows of a customer by their visits."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from apps.bookings.models import Booking

Status = Booking.Status


@dataclass(frozen=True, slots=True)
class CardFigures:
    """How many visits took place, were missed, were called off and lie ahead; when the last one took place."""

    visits: int
    no_shows: int
    cancelled: int
    ahead: int
    last_at: datetime | None


def figures_of(card, *, now: datetime) -> CardFigures:
    """The figures of a customer's `card` at `now` (one query)."""
    ahead = Q(status__in=Booking.ACTIVE, starts_at__gte=now)
    return CardFigures(
        **Booking.objects.filter(customer=card)
        .order_by()
        .aggregate(
            visits=Count("pk", filter=Q(status=Status.COMPLETED)),
            no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
            cancelled=Count("pk", filter=Q(status=Status.CANCELLED)),
            ahead=Count("pk", filter=ahead),
            last_at=Max("starts_at", filter=Q(status=Status.COMPLETED)),
        )
    )
