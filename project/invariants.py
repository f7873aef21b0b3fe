"""What must hold in the whole database, whatever happened: each rule as a query for the rows that break it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.apps import apps
from django.db import connection
from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Round
from django.utils import timezone

from apps.bookings.models import Booking
from apps.common.constraints import SameSalon, missing_guards
from apps.notifications.models import Notification
from apps.payments.models import Payment, Refund

QUIET = timedelta(minutes=15)
MESSAGE_LIFETIME = timedelta(hours=24)
NOTHING = Value(Decimal("0.00"), output_field=DecimalField(max_digits=10, decimal_places=2))


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule and what breaks it, named by primary keys."""

    rule: str
    rows: list[str]


def breaches() -> Iterator[Breach]:
    """Every broken rule, with its rows."""
    for rule, query in RULES.items():
        if rows := [str(row) for row in query()]:
            yield Breach(rule, rows)


def overlapping_bookings() -> QuerySet:
    rivals = Booking.objects.active().filter(
        staff=OuterRef("staff"),
        occupied_from__lt=OuterRef("occupied_until"),
        occupied_until__gt=OuterRef("occupied_from"),
    )
    return Booking.objects.active().filter(Exists(rivals.exclude(pk=OuterRef("pk")))).values_list("pk", flat=True)


def payments_with_several_open_refunds() -> QuerySet:
    counted = Refund.objects.open().order_by().values("payment").annotate(count=Count("pk"))
    return counted.filter(count__gt=1).values_list("payment", flat=True)


def payments_whose_refunds_do_not_add_up() -> QuerySet:
    done = Q(refunds__status__in=[Refund.Status.SUCCEEDED, Refund.Status.EXTERNAL])
    under_way = Q(refunds__status__in=Refund.OPEN)
    # SQLite adds in binary fractions, so the sums are rounded before they are compared.
    summed = Payment.objects.order_by().annotate(
        gone=Round(Coalesce(Sum("refunds__amount", filter=done), NOTHING), 2),
        going=Round(Coalesce(Sum("refunds__amount", filter=under_way), NOTHING), 2),
    )
    differing = ~Q(refunded_amount=F("gone")) | ~Q(refund_reserved_amount=F("going"))
    return summed.filter(differing).values_list("pk", flat=True)


def money_without_a_booking() -> QuerySet:
    old = timezone.now() - QUIET
    stranded = Q(booking__status=Booking.Status.EXPIRED) | Q(
        booking__status=Booking.Status.PENDING, booking__hold_expires_at__isnull=False
    )
    kept = Payment.objects.settled().filter(stranded, paid_at__lte=old, captured_amount__gt=F("refunded_amount"))
    return kept.filter(refund_reserved_amount=0).values_list("pk", flat=True)


def firm_bookings_without_their_advance() -> QuerySet:
    firm = Booking.objects.filter(prepay_amount__gt=0, status__in=["confirmed", "arrived", "completed"])
    settled = Q(payments__status__in=Payment.SETTLED)
    received = firm.order_by().annotate(
        received=Round(Coalesce(Sum("payments__captured_amount", filter=settled), NOTHING), 2)
    )
    return received.filter(received__lt=F("prepay_amount")).values_list("pk", flat=True)


def messages_that_wait_too_long() -> QuerySet:
    waiting = Notification.objects.due(timezone.now()).filter(due_at__lte=timezone.now() - MESSAGE_LIFETIME)
    return waiting.order_by().values_list("pk", flat=True)


def rows_between_salons() -> Iterator[str]:
    for model in apps.get_models():
        for rule in model._meta.constraints:
            if isinstance(rule, SameSalon):
                rows = model._base_manager.filter(**{f"{rule.field}__isnull": False})
                foreign = rows.exclude(salon=F(f"{rule.field}__salon")).values_list("pk", flat=True)
                yield from (f"{model._meta.label} {pk}" for pk in foreign)


def rules_the_database_lost() -> list[str]:
    return missing_guards(connection, apps.get_models())


RULES: dict[str, Callable[[], Iterable[object]]] = {
    "I1 no two active bookings share a staff member's time": overlapping_bookings,
    "I4 refunded and reserved amounts are the sums of their refunds": payments_whose_refunds_do_not_add_up,
    "I5 at most one refund of a payment is open": payments_with_several_open_refunds,
    "I7 received money belongs to a standing booking or is on its way back": money_without_a_booking,
    "I8 a firm booking that asked for an advance received it": firm_bookings_without_their_advance,
    "I9 no message waits longer than a day": messages_that_wait_too_long,
    "I12 no row points into another salon": rows_between_salons,
    "The database keeps every rule the models declare": rules_the_database_lost,
}
