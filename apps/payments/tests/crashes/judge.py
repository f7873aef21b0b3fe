"""The judge of money: our books beside the gateway's own ledger, and what must hold in the database."""

from collections import Counter, defaultdict
from decimal import Decimal

from django.db.models import Count, Q

from apps.bookings.models import Booking
from apps.common.money import from_halalas
from apps.payments import reasons
from apps.payments.journal import broken_payments
from apps.payments.models import MoneyEvent, Payment, ReconciliationFinding, Refund, TaxDocument
from project.invariants import RULES, breaches

# The other rules cost more, or give the passes some time.
AT_ANY_TIME = ("I1 ", "I4 ", "I5 ", "I8 ")
NOTHING = Decimal("0.00")
ARRIVED = {"paid", "captured", "refunded"}
KEPT_BY = (Booking.Status.CONFIRMED, Booking.Status.ARRIVED, Booking.Status.COMPLETED, Booking.Status.NO_SHOW)
# What a person has been asked to look at is not settled by any pass.
WITH_A_PERSON = (Refund.Status.REQUESTED, Refund.Status.NOT_APPLIED, Refund.Status.REVIEW, Refund.Status.FAILED)


def complaints(standin):
    """Everything that is wrong once all passes have run, as sentences; nothing is the proof."""
    report = standin.control.report()
    yield from (f"{breach.rule}: {breach.rows}" for breach in breaches())
    yield from wrong_at_any_time(report)
    yield from (f"the journal of payment {key} is broken" for key in broken_payments())
    yield from _documents()
    yield from _other_totals(report)
    yield from _money_nobody_recorded(report)
    yield from _other_refunds(report)
    yield from _money_without_a_place()


def wrong_at_any_time(report):
    """What may not even be wrong for a moment, in between two steps."""
    for rule, query in RULES.items():
        if rule.startswith(AT_ANY_TIME) and (rows := list(query())):
            yield f"{rule}: {rows}"
    yield from _calls_without_a_row(report)
    yield from _refunds_executed_too_often(report)


def _calls_without_a_row(report):
    rows = {str(key) for key in Payment.objects.values_list("pk", flat=True)}
    for invoice in report["invoices"]:
        if (invoice["metadata"] or {}).get("payment_id") not in rows:
            yield f"link {invoice['id']} was asked for without a row"
    for one in report["payments"]:
        if one["invoice_id"] is None and one["id"] not in rows:
            yield f"{one['id']} was charged without a row"


def _returned(report):
    """Amounts that we had the gateway send back, by its payment."""
    returned = defaultdict(Counter)
    released = {one["id"] for one in report["payments"] if _is_released(one)}
    for line in report["journal"]:
        is_return = line["operation"] in ("refund", "void") and line["origin"] == "api"
        if is_return and line["object_id"] not in released:
            returned[line["object_id"]][from_halalas(line["amount"])] += 1
    return returned


def _asked_back(*statuses):
    asked = defaultdict(Counter)
    rows = Refund.objects.filter(payment__method=Payment.Method.ONLINE, sent_at__isnull=False)
    for refund in rows.filter(status__in=statuses).select_related("payment"):
        asked[refund.payment.gateway_payment_id][refund.amount] += 1
    return asked


def _refunds_executed_too_often(report):
    asked = _asked_back(*Refund.Status.values)
    for key, amounts in _returned(report).items():
        if too_many := amounts - asked[key]:
            yield f"{key}: the gateway sent back {dict(too_many)} for which we have no row, or twice"


def _other_refunds(report):
    succeeded, returned = _asked_back(Refund.Status.SUCCEEDED), _returned(report)
    with_a_person = set(
        Refund.objects.filter(status=Refund.Status.REVIEW).values_list("payment__gateway_payment_id", flat=True)
    )
    for key in (succeeded.keys() | returned.keys()) - with_a_person:
        if succeeded[key] != returned[key]:
            yield f"{key}: the gateway sent back {dict(returned[key])}, we have {dict(succeeded[key])}"


def _documents():
    """An invoice for each payment whose money arrived, a credit note for each refund that was carried out.

    What was paid a second time under one link paid for nothing: it goes back as it came.
    """
    taken_twice = MoneyEvent.objects.filter(sequence=1, reason=reasons.PAID_TWICE).values("payment")
    taxed = Payment.objects.exclude(salon__vat_number="").exclude(pk__in=taken_twice)
    invoices = taxed.annotate(n=Count("tax_documents", filter=Q(tax_documents__kind=TaxDocument.Kind.INVOICE)))
    for payment in invoices:
        wanted = payment.status in Payment.SETTLED or (payment.status == Payment.Status.VOIDED and payment.paid_at)
        if payment.n != (1 if wanted else 0):
            yield f"payment {payment.pk} ({payment.status}) has {payment.n} invoices"
    notes = Counter(TaxDocument.objects.filter(kind=TaxDocument.Kind.CREDIT_NOTE).values_list("refund", flat=True))
    for refund in Refund.objects.filter(payment__in=taxed):
        if notes[refund.pk] != (1 if refund.status in Refund.DONE else 0):
            yield f"refund {refund.pk} ({refund.status}) has {notes[refund.pk]} credit notes"


def _other_totals(report):
    """What differs and is neither frozen nor written down for a person."""
    theirs = {one["id"]: one for one in report["payments"]}
    rows = Payment.objects.filter(method=Payment.Method.ONLINE).exclude(gateway_payment_id="")
    told = ReconciliationFinding.objects.filter(resolved_at=None, payment__isnull=False).values("payment")
    sound = rows.exclude(status=Payment.Status.REVIEW).exclude(refunds__status=Refund.Status.REVIEW)
    for payment in sound.exclude(pk__in=told):
        ours, there = (payment.captured_amount, payment.refunded_amount), _totals(theirs[payment.gateway_payment_id])
        # Paid and undone before we looked: it came and went without us.
        if ours == (NOTHING, NOTHING) and payment.status == Payment.Status.VOIDED and there[0] == there[1]:
            continue
        if ours != there:
            yield f"payment {payment.pk} ({payment.status}): received and refunded {ours} here, {there} there"


def _totals(one):
    if one["status"] == "voided":
        taken = NOTHING if _is_released(one) else from_halalas(one["captured"] or one["amount"])
        return taken, taken
    if one["status"] not in ARRIVED:
        return NOTHING, NOTHING
    return from_halalas(one["captured"] or one["amount"]), from_halalas(one["refunded"])


def _is_released(one):
    """Whether a charge was only reserved and then let go: nothing came, and nothing went back."""
    return one["status"] == "voided" and one["invoice_id"] is None and not one["captured"]


def _money_nobody_recorded(report):
    known = set(Payment.objects.values_list("gateway_payment_id", flat=True))
    under_review = Payment.objects.filter(status=Payment.Status.REVIEW).exclude(gateway_invoice_id="")
    looked_at = set(under_review.values_list("gateway_invoice_id", flat=True))
    for one in report["payments"]:
        if one["status"] in ARRIVED and one["id"] not in known and one["invoice_id"] not in looked_at:
            yield f"{one['id']} is {one['status']} at the gateway and unknown here"


def _money_without_a_place():
    """Received money keeps a booking firm, goes back, or lies with a person."""
    settled = Payment.objects.settled().select_related("booking").prefetch_related("refunds")
    for payment in settled:
        booking, kept = payment.booking, payment.refundable_amount
        is_looked_at = any(refund.status in WITH_A_PERSON for refund in payment.refunds.all())
        is_fee = booking.status == Booking.Status.CANCELLED and kept <= booking.cancellation_fee_amount
        if kept > 0 and booking.status not in KEPT_BY and not is_fee and not is_looked_at:
            yield f"payment {payment.pk} keeps {kept} of a booking that is {booking.status}"
