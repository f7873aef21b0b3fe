"""Reads of money."""

from decimal import Decimal

from django.conf import settings
from django.db.models import F, Q, Sum

from apps.bookings.models import Booking
from apps.common.money import round_money
from apps.payments.models import Payment, Refund, TaxDocument, WebhookEvent
from apps.payments.moyasar import MoyasarClient

NOTHING = Decimal("0.00")


def gateway():
    """The one payment client, aimed where the settings say."""
    return MoyasarClient(settings.MOYASAR_SECRET_KEY, settings.MOYASAR_BASE_URL)


def kept_amount(booking):
    """What was received for `booking` and has not gone back, nor is on its way back."""
    kept = F("captured_amount") - F("refunded_amount") - F("refund_reserved_amount")
    total = Payment.objects.filter(booking=booking).settled().aggregate(sum=Sum(kept))["sum"]
    return round_money(total or NOTHING)  # SQLite adds in floating point


def outstanding_amount(booking):
    """What is missing of the price, as the desk counts it; nothing for a visit that will not be or was not."""
    if booking.status not in (*Booking.ACTIVE, Booking.Status.COMPLETED):
        return NOTHING
    return max(booking.price_amount - kept_amount(booking), NOTHING)


def owed_by(person):
    """`[(booking, amount), …]` of visits that took place and of cancellation fees, as far as they are not paid."""
    owing = Q(status=Booking.Status.COMPLETED) | Q(cancellation_fee_amount__gt=0)
    kept = F("payments__captured_amount") - F("payments__refunded_amount") - F("payments__refund_reserved_amount")
    settled = Q(payments__status__in=Payment.SETTLED)
    bookings = Booking.objects.of_customer(person).filter(owing).order_by("starts_at", "pk")
    found = []
    for booking in bookings.annotate(kept=Sum(kept, filter=settled)):
        took_place = booking.status == Booking.Status.COMPLETED
        price = booking.price_amount if took_place else booking.cancellation_fee_amount
        if (owed := price - round_money(booking.kept or NOTHING)) > 0:  # SQLite adds in floating point
            found.append((booking, owed))
    return found


def amount_due(booking):
    """What the customer can pay online now: the advance while it is missing, then the rest.

    A booking that waits for the salon's word is not paid before it has been given.
    """
    if booking.status == Booking.Status.PENDING and not booking.awaits_payment:
        return NOTHING
    missing = outstanding_amount(booking)
    advance = booking.prepay_amount - (booking.price_amount - missing)
    return advance if 0 < advance < missing else missing


def most_telling(payments):
    """Of one booking's payments, newest first, the one to show: the latest that can be paid or whose money is kept,
    else the first that ever brought money, else the last attempt. None of none.
    """
    alive = (
        payment
        for payment in payments
        if payment.status in Payment.OPEN or (payment.status in Payment.SETTLED and payment.refundable_amount > 0)
    )
    settled = [payment for payment in payments if payment.status in Payment.SETTLED]
    return next(alive, None) or next(reversed(settled), None) or next(iter(payments), None)


def events_about(payments):
    """What the gateway told about `payments`: webhooks that name one of them or its link."""
    names = payments.values_list("gateway_invoice_id", "gateway_payment_id")
    invoices, ids = ({name[place] for name in names} - {""} for place in (0, 1))
    named = Q(payload__data__invoice_id__in=[*invoices]) | Q(payload__data__id__in=[*ids])
    return WebhookEvent.objects.filter(named)


def own_payments(person):
    """What the product keeps of a customer's payments, as plain values, newest first."""
    fields = (
        "method",
        "status",
        "amount",
        "captured_amount",
        "refunded_amount",
        "currency",
        "created_at",
        "paid_at",
        "failure_reason",
        "gateway_payment_id",
    )
    own = Payment.objects.filter(booking__customer__user=person)
    return list(own.values(*fields, booking_reference=F("booking__reference")))


def own_refunds(person):
    """What went back to a customer or is on its way, as plain values, newest first."""
    fields = ("amount", "status", "reason", "created_at", "settled_at")
    own = Refund.objects.filter(payment__booking__customer__user=person)
    return list(own.values(*fields, booking_reference=F("payment__booking__reference")))


def own_tax_documents(person):
    """A customer's invoices and credit notes, as plain values, newest first."""
    fields = ("kind", "number", "issued_at", "seller_name", "gross_amount", "net_amount", "vat_amount", "qr_payload")
    own = TaxDocument.objects.filter(payment__booking__customer__user=person)
    return list(own.values(*fields, booking_reference=F("payment__booking__reference")))
