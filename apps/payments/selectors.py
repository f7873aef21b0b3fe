"""Reads of money."""

from decimal import Decimal

from django.conf import settings
from django.db.models import F, Sum

from apps.bookings.models import Booking
from apps.common.money import round_money
from apps.payments.models import Payment
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


def own_payments(person):
    """What the product keeps of a customer's payments, as plain values, newest first."""
    fields = ("method", "status", "amount", "refunded_amount", "currency", "paid_at")
    own = Payment.objects.filter(booking__customer__user=person)
    return list(own.values(*fields, booking_reference=F("booking__reference")))
