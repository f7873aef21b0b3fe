"""The money of one salon on one day, as its own books, the gateway, the till and the tax documents tell it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, Sum, Value, When

from apps.common.money import round_money
from apps.payments import reasons
from apps.payments.models import MoneyEvent, Payment, ReconciliationFinding, Refund, TaxDocument, TillCount
from apps.payments.verdicts import MONEY_ARRIVED

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Flow:
    """What came in and what went back, in SAR."""

    received: Decimal = NOTHING
    returned: Decimal = NOTHING

    @property
    def net(self) -> Decimal:
        return self.received - self.returned


@dataclass(frozen=True, slots=True)
class Comparison:
    """The day's online payments, ours beside the gateway's last word: `ours` and `theirs` of those read since they
    changed, `unread` (ours) of the `unread_count` others. What went back is counted up to now, on whatever day.
    """

    ours: Flow
    theirs: Flow
    unread: Flow
    unread_count: int


@dataclass(frozen=True, slots=True)
class Day:
    """`flows` by method; `taxable` is what documents stand for, all but what was paid twice under one link.

    `documents` is None for a salon without VAT number, `count` while nobody counted.
    """

    starts_at: datetime
    ends_at: datetime
    flows: dict[str, Flow]
    online: Comparison
    count: TillCount | None
    taxable: Flow
    documents: Flow | None
    open_findings: int
    open_payments: int
    open_refunds: int


def money_of_day(salon, day: date) -> Day:
    """What moved in `salon` on `day`, from midnight to midnight in its own time zone. A fixed number of queries."""
    starts_at, ends_at = bounds(salon, day)
    paid, done = _paid_and_done(salon, starts_at, ends_at)
    made = {"salon": salon, "created_at__gte": starts_at, "created_at__lt": ends_at}
    return Day(
        starts_at=starts_at,
        ends_at=ends_at,
        flows=flows_of_day(salon, day),
        online=_beside_the_gateway(paid.filter(method=Payment.Method.ONLINE)),
        count=TillCount.objects.filter(salon=salon, day=day).select_related("counted_by", "salon").first(),
        taxable=_taxable(paid, done),
        documents=_documents(salon, starts_at, ends_at) if salon.vat_number else None,
        open_findings=ReconciliationFinding.objects.filter(resolved_at__isnull=True, **made).count(),
        open_payments=Payment.objects.filter(status__in=Payment.UNDECIDED, **made).count(),
        open_refunds=Refund.objects.filter(status__in=Refund.OPEN, **made).count(),
    )


def flows_of_day(salon, day: date) -> dict[str, Flow]:
    """Per method what was received on that day and what went back on it, of whichever day's payments."""
    paid, done = _paid_and_done(salon, *bounds(salon, day))
    received = _sums(paid, "method", "captured_amount")
    returned = _sums(done, "payment__method", "amount")
    return {
        method: Flow(received.get(method, NOTHING), returned.get(method, NOTHING)) for method in Payment.Method.values
    }


def bounds(salon, day: date) -> tuple[datetime, datetime]:
    """The two midnights of `day` on the salon's clock."""
    zone = ZoneInfo(salon.timezone)
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


def beside_gateway(payments):
    """`payments` (a queryset) with `shown_received` and `shown_returned`: the gateway's last word about each.

    Only those it was asked about, and not before the latest refund: an older word says nothing.
    """
    refunded_since = Refund.objects.filter(
        payment=OuterRef("pk"),
        settled_at__gt=OuterRef("checked_at"),
        # What a refund was proven by was read a moment before it was settled, and shows it.
        gateway_refunded_after__gt=OuterRef("gateway_refunded_amount"),
    )
    read = payments.filter(
        gateway_amount__isnull=False, gateway_refunded_amount__isnull=False, checked_at__isnull=False
    )
    return read.exclude(Exists(refunded_since)).annotate(
        shown_received=Case(
            When(gateway_status__in=MONEY_ARRIVED, then=F("gateway_amount")),
            # Undone there: what had been received is the same, and all of it went back, whatever its total says.
            When(gateway_status="voided", then=F("captured_amount")),
            default=Value(NOTHING),
            output_field=DecimalField(max_digits=12, decimal_places=2),
        ),
        shown_returned=Case(
            When(gateway_status="voided", then=F("captured_amount")),
            default=F("gateway_refunded_amount"),
            output_field=DecimalField(max_digits=12, decimal_places=2),
        ),
    )


def _paid_and_done(salon, starts_at, ends_at):
    """The payments received and the refunds carried out in between, of whatever method."""
    paid = Payment.objects.filter(salon=salon, paid_at__gte=starts_at, paid_at__lt=ends_at)
    done = Refund.objects.filter(salon=salon, status__in=Refund.DONE, settled_at__gte=starts_at, settled_at__lt=ends_at)
    return paid, done


def _beside_the_gateway(payments):
    sums = {"received": Sum("captured_amount"), "returned": Sum("refunded_amount"), "count": Count("pk")}
    everything = payments.aggregate(**sums)
    read = beside_gateway(payments).aggregate(
        **sums, there_received=Sum("shown_received"), there_returned=Sum("shown_returned")
    )
    ours = Flow(_money(read["received"]), _money(read["returned"]))
    whole = Flow(_money(everything["received"]), _money(everything["returned"]))
    return Comparison(
        ours=ours,
        theirs=Flow(_money(read["there_received"]), _money(read["there_returned"])),
        unread=Flow(whole.received - ours.received, whole.returned - ours.returned),
        unread_count=everything["count"] - read["count"],
    )


def _taxable(paid, done):
    """What came in and went back of them, without second payments under one link: they paid for nothing."""

    def is_second(payment):
        return Exists(MoneyEvent.objects.filter(payment=OuterRef(payment), sequence=1, reason=reasons.PAID_TWICE))

    return Flow(
        _money(paid.exclude(is_second("pk")).aggregate(sum=Sum("captured_amount"))["sum"]),
        _money(done.exclude(is_second("payment")).aggregate(sum=Sum("amount"))["sum"]),
    )


def _documents(salon, starts_at, ends_at):
    issued = TaxDocument.objects.filter(salon=salon, issued_at__gte=starts_at, issued_at__lt=ends_at)
    totals = _sums(issued, "kind", "gross_amount")
    return Flow(totals.get(TaxDocument.Kind.INVOICE, NOTHING), totals.get(TaxDocument.Kind.CREDIT_NOTE, NOTHING))


def _sums(rows, group, field):
    return {key: _money(total) for key, total in rows.order_by().values_list(group).annotate(total=Sum(field))}


def _money(total):
    return round_money(Decimal(total or 0))  # SQLite adds in floating point
