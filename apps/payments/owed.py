"""What came for visits and what is still missing, of many at once; `selectors.outstanding_amount` says it of one."""

from decimal import Decimal

from django.db.models import Case, F, OuterRef, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Round

from apps.bookings.models import Booking
from apps.common.money import round_money
from apps.payments.models import Payment
from apps.payments.selectors import KEPT
from apps.salons.access import reaches_all_salons, salon_ids

Status = Booking.Status
# A visit that still waits for an answer, or for its hold to be paid, owes nothing yet.
OWING = (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED)
COVERING = (*Payment.SETTLED, Payment.Status.AUTHORIZED)
NOTHING = Decimal("0.00")
VIEW = "payments.view_payment"


def unpaid(bookings, *, reader):
    """Of `bookings` (a queryset) those that are agreed or over and whose price is neither received nor reserved whole.

    Only of salons whose payments `reader` may view.
    """
    covered = _covering(booking=OuterRef("pk")).values("booking").annotate(sum=Sum(_cover())).values("sum")
    missing = Round(F("price_amount") - Coalesce(Subquery(covered), Value(NOTHING)), 2)
    return _of_open_books(bookings, reader).filter(status__in=OWING).annotate(missing=missing).filter(missing__gt=0)


def covered_amounts(bookings):
    """`{key: Decimal}` of what was received and kept, or is reserved, for each of `bookings` (rows), in one query."""
    if not bookings:
        return {}
    rows = _covering(booking__in=bookings).values_list("booking").annotate(sum=Sum(_cover()))
    sums = {key: round_money(amount or NOTHING) for key, amount in rows}  # SQLite adds in floating point
    return {row.pk: sums.get(row.pk, NOTHING) for row in bookings}


def missing_amounts(bookings, *, reader):
    """`{key: Decimal}` of what is missing of the price of each of `bookings` (rows), in one query.

    Visits that owe nothing by their state, or whose salon's payments `reader` may not view, are left out.
    """
    owing = [row for row in bookings if row.status in OWING and reader.has_perm(VIEW, row)]
    covered = covered_amounts(owing)
    return {row.pk: max(row.price_amount - covered[row.pk], NOTHING) for row in owing}


def _covering(**which):
    return Payment.objects.filter(status__in=COVERING, **which).order_by()


def _cover():
    """What a payment covers of the price: what was received and kept, or what is reserved to be taken."""
    return Case(When(status=Payment.Status.AUTHORIZED, then=F("amount")), default=KEPT)


def _of_open_books(bookings, reader):
    if reaches_all_salons(reader, VIEW):
        return bookings
    return bookings.filter(salon__in=salon_ids(reader, VIEW))
