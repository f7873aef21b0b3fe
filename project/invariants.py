"""What must hold in the whole database, whatever happened: each rule as a query for the rows that break it."""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Count, DecimalField, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Round
from django.utils import timezone

from apps.accounts.models import OtpChallenge, TokenFamily
from apps.bookings.models import Booking
from apps.common.constraints import SameSalon, missing_guards
from apps.notifications.models import Notification
from apps.payments import reasons
from apps.payments.daily import beside_gateway
from apps.payments.journal import broken_payments
from apps.payments.models import MoneyEvent, Payment, ReconciliationFinding, Refund, TaxDocument, TaxSequence
from apps.payments.selectors import LONGEST_RESERVATION, gateway, leftovers
from apps.payments.services.reconciliation import differences
from apps.payments.services.sending import UNDECIDED
from apps.payments.verdicts import MONEY_ARRIVED

QUIET = timedelta(minutes=15)
A_MOMENT = timedelta(seconds=1)
MOST_GUESSES = 5
# A code counts and its session begins in one transaction.
ONE_TRANSACTION = timedelta(seconds=10)
MESSAGE_LIFETIME = timedelta(hours=24)
NOTHING = Value(Decimal("0.00"), output_field=DecimalField(max_digits=10, decimal_places=2))


@dataclass(frozen=True, slots=True)
class Visit:
    """Where an active visit stands in a calendar: `span` is (occupied from, occupied until, key of the booking)."""

    staff: object
    span: tuple[datetime, datetime, Any]

    @property
    def key(self) -> object:
        return self.span[2]


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule and what breaks it, named by primary keys."""

    rule: str
    rows: list[str]


def breaches() -> Iterator[Breach]:
    """Every broken rule, with its rows."""
    return (breach for breach in judgements() if breach.rows)


def judgements(*, with_gateway: bool = False) -> Iterator[Breach]:
    """Every rule in order with the rows that break it, none where it holds; `with_gateway` asks the gateway, too."""
    for rule, query in {**RULES, **(GATEWAY_RULES if with_gateway else {})}.items():
        yield Breach(rule, [str(row) for row in query()])


def overlapping_bookings() -> QuerySet:
    rivals = Booking.objects.active().filter(
        staff=OuterRef("staff"),
        occupied_from__lt=OuterRef("occupied_until"),
        occupied_until__gt=OuterRef("occupied_from"),
    )
    return Booking.objects.active().filter(Exists(rivals.exclude(pk=OuterRef("pk")))).values_list("pk", flat=True)


def visits_that_overlapped_once() -> Iterator[str]:
    """Replays the history of all bookings: at no moment had a staff member two active visits at one time.

    Two that overlap for less than `A_MOMENT` do not count: clocks of two servers differ. Keeps the visits that are
    active at that moment, nothing else.
    """
    active: dict[object, Visit] = {}
    calendars: defaultdict[object, list[tuple[datetime, datetime, object]]] = defaultdict(list)
    suspects: deque[tuple[datetime, Visit, Visit]] = deque()
    told = ("history_date", "history_type", "status", "id", "staff_id", "occupied_from", "occupied_until")
    history = Booking.history.model._base_manager.order_by("history_date", "history_id").values_list(*told)
    for at, kind, status, key, staff, starts, ends in history.iterator(chunk_size=5000):
        while suspects and suspects[0][0] < at - A_MOMENT:
            yield from _still_active(suspects.popleft(), active)
        if key in active:
            calendar = calendars[active[key].staff]
            calendar.pop(bisect_left(calendar, active.pop(key).span))
        if status not in Booking.ACTIVE or kind == "-":
            continue
        visit, calendar = Visit(staff, (starts, ends, key)), calendars[staff]
        place = bisect_left(calendar, visit.span)
        for rival in calendar[max(place - 1, 0) : place + 1]:
            if rival[0] < ends and rival[1] > starts:
                suspects.append((at, visit, active[rival[2]]))
        calendar.insert(place, visit.span)
        active[key] = visit
    for suspect in suspects:
        yield from _still_active(suspect, active)


def _still_active(suspect, active):
    _at, *visits = suspect
    if all(active.get(visit.key) is visit for visit in visits):
        yield str(visits[0].key)


def payments_the_gateway_shows_otherwise() -> QuerySet:
    """By the last reading, where nobody is looking into it already."""
    looked_into = ReconciliationFinding.objects.filter(payment=OuterRef("pk"), resolved_at__isnull=True)
    online = Payment.objects.filter(method=Payment.Method.ONLINE).exclude(status=Payment.Status.REVIEW)
    read = beside_gateway(online.exclude(Exists(looked_into)))
    settled = read.exclude(Exists(Refund.objects.open().filter(payment=OuterRef("pk"))))
    differing = ~Q(captured_amount=F("shown_received")) | ~Q(refunded_amount=F("shown_returned"))
    return settled.filter(differing).order_by().values_list("pk", flat=True)


def payments_that_differ_at_the_gateway() -> Iterator[str]:
    """By the gateway's whole list, asked now, where nobody is looking into it already."""
    open_findings = ReconciliationFinding.objects.filter(resolved_at__isnull=True)
    looked_into = set(open_findings.values_list("gateway_payment_id", flat=True))
    client, listed = gateway(), set()
    page: int | None = 1
    while page is not None:
        theirs, page = client.list_payments(datetime(2000, 1, 1, tzinfo=UTC), page)
        known = Payment.objects.filter(gateway_payment_id__in=[one.id for one in theirs])
        ours = {payment.gateway_payment_id: payment for payment in known}
        listed |= set(ours)
        undecided = Refund.objects.filter(status__in=UNDECIDED, payment__in=list(ours.values()))
        busy = set(undecided.values_list("payment_id", flat=True))
        for one in theirs:
            payment = ours.get(one.id)
            if one.id in looked_into or (payment and payment.status == Payment.Status.REVIEW):
                continue
            if payment and any(differences(payment, one, compare_refunds=payment.pk not in busy)):
                yield str(payment.pk)
            elif payment is None and one.status in MONEY_ARRIVED | {"authorized"}:
                yield f"{one.id} (at the gateway)"
    every = Payment.objects.exclude(gateway_payment_id="").order_by().values_list("pk", "gateway_payment_id")
    yield from (str(key) for key, gateway_id in every.iterator() if gateway_id not in listed)


def money_sent_before_it_was_written_down() -> Iterator[str]:
    """Payments the gateway knows without an earlier step `submitted`, sent refunds without a step `sending`.

    Left out: what stood there when the journal began, and a second payment under a link, which the payer made.
    """
    reached = [status for status in Payment.Status if status not in (Payment.Status.CREATED, Payment.Status.SUBMITTED)]
    of_payment = MoneyEvent.objects.filter(refund=None).order_by().values("payment")
    steps = of_payment.annotate(
        sent=Min("sequence", filter=Q(payment_status=Payment.Status.SUBMITTED)),
        seen=Min("sequence", filter=Q(payment_status__in=reached)),
        excused=Count("pk", filter=Q(reason__in=[reasons.OPENING, reasons.PAID_TWICE])),
    )
    unsent = steps.filter(Q(sent=None) | Q(seen__lt=F("sent")), excused=0)
    online = Payment.objects.filter(method=Payment.Method.ONLINE).exclude(gateway_payment_id="", gateway_invoice_id="")
    yield from map(str, online.filter(pk__in=unsent.values("payment")).order_by().values_list("pk", flat=True))

    written = MoneyEvent.objects.filter(
        Q(refund_status=Refund.Status.SENDING) | Q(reason=reasons.OPENING), refund=OuterRef("pk")
    )
    sent = Refund.objects.filter(sent_at__isnull=False, payment__method=Payment.Method.ONLINE)
    yield from map(str, sent.exclude(Exists(written)).order_by().values_list("pk", flat=True))


def codes_beyond_their_limits() -> Iterator[str]:
    """Codes guessed too often, used after their end, or good for more than one session."""
    spent = Q(attempts__gt=MOST_GUESSES) | Q(used_at__gt=F("expires_at") + timedelta(minutes=1))
    yield from map(str, OtpChallenge.objects.filter(spent).order_by().values_list("pk", flat=True))
    begun = TokenFamily.objects.filter(
        user__phone=OuterRef("phone"),
        created_at__lte=OuterRef("used_at"),
        created_at__gt=OuterRef("used_at") - ONE_TRANSACTION,
    )
    counted = begun.order_by().values("user__phone").annotate(count=Count("pk")).values("count")
    used = OtpChallenge.objects.filter(used_at__isnull=False, purpose=OtpChallenge.Purpose.SIGN_IN)
    several = used.annotate(sessions=Subquery(counted)).filter(sessions__gt=1)
    yield from map(str, several.order_by().values_list("pk", flat=True))


def reservations_about_to_lapse() -> QuerySet:
    """Nobody took or released them within the time that banks keep them."""
    begun = timezone.now() - LONGEST_RESERVATION
    old = Payment.objects.filter(status=Payment.Status.AUTHORIZED, authorized_at__lte=begun)
    return old.order_by().values_list("pk", flat=True)


def salons_whose_numbers_have_a_gap() -> Iterator[str]:
    """Their tax documents are not 1, 2, 3 and so on, or the sequence says another last number."""
    issued = (
        TaxDocument.objects.order_by()
        .values("salon")
        .annotate(first=Min("number"), last=Max("number"), count=Count("pk"))
    )
    last = {}
    for row in issued:
        last[row["salon"]] = row["last"]
        if row["first"] != 1 or row["last"] != row["count"]:
            yield str(row["salon"])
    for salon, number in TaxSequence.objects.values_list("salon", "last_number"):
        if number != last.get(salon, 0):
            yield str(salon)


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
    stranded = Q(booking__status=Booking.Status.PENDING, booking__hold_expires_at__isnull=False)
    kept = Payment.objects.settled().filter(stranded, paid_at__lte=old, captured_amount__gt=F("refunded_amount"))
    return kept.filter(refund_reserved_amount=0).values_list("pk", flat=True)


def bookings_that_are_off_and_keep_money() -> QuerySet:
    """What a person gave up sending back is theirs to explain; all else goes back within the tries of the passes."""
    given_up = Refund.objects.filter(failure_reason__startswith=reasons.GIVEN_UP).values("payment")
    return leftovers(Payment.objects.filter(paid_at__lte=timezone.now() - QUIET).exclude(pk__in=given_up))


def firm_bookings_without_their_advance() -> QuerySet:
    firm = Booking.objects.filter(prepay_amount__gt=0, status__in=["confirmed", "arrived", "completed"])
    # What was undone before settlement had been received, as what was refunded was.
    settled = Q(payments__status__in=[*Payment.SETTLED, Payment.Status.VOIDED])
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
    "I2 no two active visits shared a staff member's time at any moment": visits_that_overlapped_once,
    "I3 money stands as the gateway last showed it, or somebody looks into it": payments_the_gateway_shows_otherwise,
    "I4 refunded and reserved amounts are the sums of their refunds": payments_whose_refunds_do_not_add_up,
    "I5 at most one refund of a payment is open": payments_with_several_open_refunds,
    "I6 nothing was asked of the gateway before it was written down": money_sent_before_it_was_written_down,
    "I7 received money belongs to a standing booking or is on its way back": money_without_a_booking,
    "I7 of a booking that is off no more than the fee stays": bookings_that_are_off_and_keep_money,
    "I7 reserved money is taken or released in time": reservations_about_to_lapse,
    "I8 a firm booking that asked for an advance received it": firm_bookings_without_their_advance,
    "I9 no message waits longer than a day": messages_that_wait_too_long,
    "I10 no code is guessed more than five times or begins two sessions": codes_beyond_their_limits,
    "I11 every step of money stands in the journal, sealed and in order": broken_payments,
    "I12 no row points into another salon": rows_between_salons,
    "Tax documents of a salon are numbered without a gap": salons_whose_numbers_have_a_gap,
    "The database keeps every rule the models declare": rules_the_database_lost,
}
GATEWAY_RULES: dict[str, Callable[[], Iterable[object]]] = {
    "I3 money stands as the gateway shows it now, or somebody looks into it": payments_that_differ_at_the_gateway,
}
