"""Comparing our books with the gateway's, by its list, by the ids we know and by what it paid out.

What a fetched object proves is taken over, with a finding that says so; every other difference waits for a person.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max, Min, Q
from django.utils import timezone

from apps.common.locks import lock
from apps.common.money import CURRENCY, from_halalas
from apps.payments import reasons
from apps.payments.envelope import as_key
from apps.payments.errors import GatewayUnavailable
from apps.payments.locks import lock_payment
from apps.payments.models import MoneyEvent, Payment, ReconciliationFinding, ReconciliationRun, Refund
from apps.payments.moyasar import GatewayError, GatewayMissing, GatewayPayment, SettlementLine
from apps.payments.selectors import NOTHING, gateway
from apps.payments.services.arrival import apply_fetched
from apps.payments.services.findings import close, close_what_agrees, note, seal_of
from apps.payments.services.payments import refresh_payment
from apps.payments.services.sending import record_external_refund
from apps.payments.verdicts import MONEY_ARRIVED, reading_of, returned_there

logger = logging.getLogger(__name__)

Kind = ReconciliationFinding.Kind
OVERLAP = timedelta(hours=48)
# The gateway's clock is not ours, tells whole seconds, and leaves out what happened at the very moment asked for.
CLOCKS_DIFFER = timedelta(hours=1)
# Money that arrived a moment ago is on its way to us by webhook: taking it over is no repair.
NEWS_TRAVELS = timedelta(minutes=10)
OPEN_FOR_LONG = timedelta(hours=1)
# A refund in these states is being looked after: its total may differ until it is resolved.
UNDER_WAY = (Refund.Status.SENDING, Refund.Status.UNKNOWN)
HELD = "authorized"
VOIDED = "voided"
CHARGEBACKS = ("chargeback", "chargeback_penalty")
RETURNS = ("refund", "void")
OF_PAYMENTS = [kind for kind in Kind.values if kind not in (Kind.SETTLEMENT, Kind.CHARGEBACK)]


def reconcile_payments(*, since=None):
    """Compare every gateway payment changed after `since` (aware) with ours, and ours with it. By default it reaches
    two days back, and further where nothing was compared for longer.

    Returns the finished, sealed ReconciliationRun. A difference that was written down already, explained or not, is
    not written twice. Raises GatewayUnavailable; the run then stays unfinished and the next one does all of it.
    """
    run = ReconciliationRun.objects.create(since=since or _not_compared_since())
    comparison = _Comparison(run)
    try:
        comparison.read_list()
        comparison.read_unlisted()
        comparison.read_settlements()
    except GatewayError as error:
        raise GatewayUnavailable from error
    _read_what_is_open_for_long()
    comparison.finish()
    return run


def _not_compared_since():
    """So that nothing falls between two comparisons, however long ago the last one was. One whose window a person chose
    to be shorter than ours does not count.
    """
    whole = ReconciliationRun.objects.filter(finished_at__isnull=False, since__lte=F("started_at") - OVERLAP)
    reached = whole.aggregate(last=Max("started_at"))["last"]
    first = None if reached else Payment.objects.aggregate(first=Min("created_at"))["first"]
    not_compared = reached or first
    whole_window = timezone.now() - OVERLAP
    return min(whole_window, not_compared - CLOCKS_DIFFER) if not_compared else whole_window


def differences(payment: Payment, theirs: GatewayPayment, *, compare_refunds=True):
    """What differs, as (kind, ours, theirs) with the values as text; amounts only of money both sides have received."""
    here, there = _stage_here(payment), _stage_there(theirs)
    if here == "received" and theirs.status == VOIDED:
        there = "received"  # and returned, which the totals tell
    if here != there:
        yield Kind.STATUS, payment.status, theirs.status
    if here != "received" or there != "received":
        return
    if payment.currency != theirs.currency:
        yield Kind.CURRENCY, payment.currency, theirs.currency
        return
    received = from_halalas(theirs.captured or theirs.amount)
    if payment.captured_amount != received:
        yield Kind.AMOUNT, str(payment.captured_amount), str(received)
    returned = returned_there(payment, theirs)
    if compare_refunds and payment.refunded_amount != returned:
        kind = Kind.EXTERNAL_REFUND if returned > payment.refunded_amount else Kind.REFUNDED
        yield kind, str(payment.refunded_amount), str(returned)


class _Comparison:
    """What one run has looked at so far, by gateway ids, and the keys of the findings it met."""

    def __init__(self, run):
        self.run = run
        self.listed, self.looked_at, self.settled, self.met = set(), set(), set(), set()

    # --- By list ---

    def read_list(self):
        page: int | None = 1
        while page is not None:
            listed, page = gateway().list_payments(self.run.since, page)
            self._compare(listed)
            self.listed |= {theirs.id for theirs in listed}
            self._count(compared_count=len(listed))

    def _compare(self, listed):
        ids = [theirs.id for theirs in listed]
        ours = {payment.gateway_payment_id: payment for payment in Payment.objects.filter(gateway_payment_id__in=ids)}
        busy = set(Refund.objects.filter(status__in=UNDER_WAY).values_list("payment_id", flat=True))
        for theirs in listed:
            payment = ours.get(theirs.id)
            if payment is None:
                if _stage_there(theirs) != "nothing":
                    self._claim(theirs)
            elif any(differences(payment, theirs, compare_refunds=payment.pk not in busy)):
                # The list may be older than our row. What counts is read now.
                self._read(payment)
            else:
                _remember(payment, theirs)
                if payment.pk not in busy:
                    self.looked_at.add(theirs.id)

    def _claim(self, theirs):
        """Money at the gateway without a row here: ours by link or metadata, else for a person to place."""
        _take_over(theirs)
        self.looked_at.add(theirs.id)
        with transaction.atomic():
            lock(exclusive=[("money of nobody", theirs.id)])
            payment = Payment.objects.filter(gateway_payment_id=theirs.id).select_related("salon").first()
            if payment is None or theirs.updated_at <= timezone.now() - NEWS_TRAVELS:
                finding = self._note(Kind.MISSING_HERE, theirs.id, None, theirs=_shown(theirs.amount, theirs.currency))
                if payment is not None:
                    close(finding, reasons.TAKEN_OVER, payment=payment)
        if payment is not None and any(differences(payment, theirs)):
            self._read(payment)

    # --- By id ---

    def read_unlisted(self):
        """Payments of ours that changed, or about which something is open, and that the list did not show."""
        changed = MoneyEvent.objects.filter(at__gte=self.run.since).order_by().values("payment")
        doubtful = ReconciliationFinding.objects.filter(resolved_at__isnull=True, payment__isnull=False).order_by()
        ours = Payment.objects.filter(method=Payment.Method.ONLINE).exclude(gateway_payment_id="")
        ours = ours.filter(
            Q(pk__in=changed) | Q(pk__in=doubtful.values("payment")) | Q(paid_at__gte=self.run.since),
        )
        for key, gateway_id in list(ours.order_by("created_at").values_list("pk", "gateway_payment_id")):
            if gateway_id not in self.listed:
                self._read(Payment.objects.get(pk=key))

    def _read(self, payment):
        """Fetch the payment and judge it, unless our row moved meanwhile: then the next run looks again."""
        try:
            theirs = gateway().fetch_payment(payment.gateway_payment_id)
        except GatewayMissing:
            theirs = None
        self._count(fetched_count=1)
        if theirs is not None and _state_differs(payment, theirs):
            payment = self._follow(payment, theirs)
        with transaction.atomic():
            current = lock_payment(payment.pk)
            if _standing(current) == _standing(payment):
                self._judge(current, theirs)

    def _follow(self, payment, theirs):
        """Let our row follow a state that can follow from its own: captured or undone in the gateway's dashboard."""
        busy = payment.refunds.filter(status__in=UNDER_WAY).exists()
        if busy or _standing(Payment.objects.get(pk=payment.pk)) != _standing(payment):
            return payment  # our own doing, most likely
        followed = refresh_payment(payment_id=payment.pk)
        left = {kind for kind, _ours, _theirs in differences(followed, theirs)}
        is_news = theirs.updated_at > timezone.now() - NEWS_TRAVELS
        for kind, ours, there in differences(payment, theirs):
            if kind not in left and not (kind == Kind.STATUS and is_news):
                self._note_repaired(kind, followed, ours, there)
        return followed

    @transaction.atomic
    def _note_repaired(self, kind, payment, ours, theirs):
        current = lock_payment(payment.pk)
        finding = self._note(kind, current.gateway_payment_id, current, ours=ours, theirs=theirs)
        close(finding, reasons.RECORDED_HERE if kind == Kind.EXTERNAL_REFUND else reasons.TAKEN_OVER)

    def _judge(self, payment, theirs):
        about = payment.gateway_payment_id
        if theirs is None:
            self.looked_at.add(about)
            self._note(Kind.MISSING_THERE, about, payment, ours=str(payment.captured_amount))
            return
        _remember(payment, theirs)
        is_busy = payment.refunds.filter(status__in=UNDER_WAY).exists()
        if not is_busy:
            self.looked_at.add(about)
        for kind, ours, there in list(differences(payment, theirs, compare_refunds=not is_busy)):
            finding = self._note(kind, about, payment, ours=ours, theirs=there)
            if kind == Kind.EXTERNAL_REFUND and record_external_refund(payment.pk, returned_there(payment, theirs)):
                close(finding, reasons.RECORDED_HERE)

    # --- By what was paid out ---

    def read_settlements(self):
        """Every line of the settlements made after `since`; the gateway lists them newest first."""
        page: int | None = 1
        while page is not None:
            settlements, page = gateway().list_settlements(page)
            recent = [one for one in settlements if one.created_at >= self.run.since]
            for settlement in recent:
                self._read_lines(settlement.id)
            if len(recent) < len(settlements):
                return

    def _read_lines(self, settlement_id):
        page: int | None = 1
        while page is not None:
            lines, page = gateway().list_settlement_lines(settlement_id, page)
            ids = [line.payment_id for line in lines if line.payment_id]
            ours = dict(Payment.objects.filter(gateway_payment_id__in=ids).values_list("gateway_payment_id", "pk"))
            for line in lines:
                if line.payment_id and line.type in ("payment", *RETURNS, *CHARGEBACKS):
                    self._judge_line(line, ours.get(line.payment_id))
            self._count(settlement_line_count=len(lines))

    @transaction.atomic
    def _judge_line(self, line: SettlementLine, payment_id):
        payment = lock_payment(payment_id) if payment_id else None
        if payment is None:
            lock(exclusive=[("money of nobody", line.payment_id)])
        self.settled.add(line.payment_id)
        if line.type in CHARGEBACKS:
            kind, ours = Kind.CHARGEBACK, str(payment.captured_amount) if payment else ""
            told = line.amount
        elif (ours := _line_differs(line, payment)) is not None:
            kind, told = Kind.SETTLEMENT, line.amount if line.type in RETURNS else line.payment_amount
        else:
            return
        self._note(kind, line.payment_id, payment, ours=ours, theirs=f"{line.type} {_shown(told, line.currency)}")

    # --- The report ---

    def _note(self, kind, about, payment, *, ours="", theirs=""):
        finding = note(self.run, kind, gateway_payment_id=about, payment=payment, ours=ours, theirs=theirs)
        self.met.add(finding.pk)
        return finding

    def _count(self, **more):
        for name, number in more.items():
            setattr(self.run, name, getattr(self.run, name) + number)
        self.run.save(update_fields=list(more))

    def finish(self):
        close_what_agrees(self.run, kinds=OF_PAYMENTS, looked_at=self.looked_at, met=self.met)
        close_what_agrees(self.run, kinds=[Kind.SETTLEMENT], looked_at=self.settled, met=self.met)
        with transaction.atomic():
            self.run.finished_at = timezone.now()
            self.run.digest = seal_of(self.run)
            self.run.save(update_fields=["finished_at", "digest"])


def _stage_here(payment):
    was_undone = payment.status == Payment.Status.VOIDED and payment.captured_amount
    if payment.status in Payment.SETTLED or was_undone:
        return "received"
    return "held" if payment.status == Payment.Status.AUTHORIZED else "nothing"


def _stage_there(theirs):
    if theirs.status in MONEY_ARRIVED:
        return "received"
    return "held" if theirs.status == HELD else "nothing"


def _state_differs(payment, theirs):
    return any(kind == Kind.STATUS for kind, _ours, _theirs in differences(payment, theirs)) or (
        theirs.status == VOIDED and payment.status in Payment.SETTLED
    )


def _standing(payment):
    return payment.status, payment.captured_amount, payment.refunded_amount, payment.refund_reserved_amount


def _shown(halalas, currency):
    amount = str(from_halalas(halalas))
    return amount if currency == CURRENCY else f"{amount} {currency}"


def _line_differs(line, payment):
    """What our books say against a line of a settlement, as text; None where they agree."""
    if payment is None:
        return ""
    # The whole is what was asked for, or less where a person took less for good.
    whole = (payment.amount, payment.captured_amount) if payment.captured_amount else (NOTHING,)
    is_other = line.currency != payment.currency or from_halalas(line.payment_amount) not in whole
    if line.type == "payment" or is_other:
        return str(payment.captured_amount) if is_other else None
    is_unknown = payment.refunded_amount == 0 and not payment.refunds.filter(status__in=UNDER_WAY).exists()
    return str(payment.refunded_amount) if is_unknown else None


def _remember(payment, theirs):
    """Keep what the gateway shows beside what we say; the money itself does not move by it, so there is no history."""
    Payment.objects.filter(pk=payment.pk).update(**reading_of(payment, theirs, timezone.now()))


def _take_over(theirs):
    """Apply money that nobody told us about as if a webhook had, if it names a payment of ours."""
    if theirs.invoice_id is None:
        for key in _keys(theirs.metadata.get("payment_id"), theirs.id):
            refresh_payment(payment_id=key)
        return
    known = Payment.objects.filter(gateway_invoice_id=theirs.invoice_id).values_list("pk", flat=True).first()
    if known is not None:
        refresh_payment(payment_id=known)
        return
    try:
        invoice = gateway().fetch_invoice(theirs.invoice_id)
    except GatewayMissing:
        return
    for key in _keys(invoice.metadata.get("payment_id")):
        apply_fetched(key, invoice)


def _keys(*values):
    """Keys of payments of ours among `values` that the gateway gave back."""
    named = filter(None, map(as_key, values))
    return list(Payment.objects.filter(pk__in=list(named), method=Payment.Method.ONLINE).values_list("pk", flat=True))


def _read_what_is_open_for_long():
    """Payments that wait for the customer or for an answer; one that cannot be read stops no report."""
    before = timezone.now() - OPEN_FOR_LONG
    waiting = Payment.objects.open().filter(method=Payment.Method.ONLINE).exclude(status=Payment.Status.CREATED)
    unread = waiting.filter(Q(checked_at__isnull=True) | Q(checked_at__lte=before), created_at__lte=before)
    for payment_id in list(unread.order_by("created_at").values_list("pk", flat=True)):
        try:
            refresh_payment(payment_id=payment_id)
        except GatewayUnavailable as error:
            logger.warning("payment %s could not be read: %s", payment_id, error.__cause__)
