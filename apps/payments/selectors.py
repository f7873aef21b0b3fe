"""Reads of money."""

from decimal import Decimal

from django.conf import settings
from django.db.models import F, Sum

from apps.bookings.models import Booking
from apps.payments.models import Payment
from apps.payments.moyasar import MoyasarClient

NOTHING = Decimal("0.00")


def gateway():
    """The one payment client, aimed where the settings say."""
    return MoyasarClient(settings.MOYASAR_SECRET_KEY, settings.MOYASAR_BASE_URL)


def kept_amount(booking):
    """What was received for `booking` and not given back."""
    total = (
        Payment.objects.filter(booking=booking)
        .settled()
        .aggregate(kept=Sum(F("captured_amount") - F("refunded_amount")))
    )
    return total["kept"] or NOTHING


def amount_due(booking):
    """What the customer can pay now: the advance while it is missing, then the rest; nothing once it is over."""
    if booking.status not in (*Booking.ACTIVE, Booking.Status.COMPLETED):
        return NOTHING
    kept = kept_amount(booking)
    wanted = booking.prepay_amount if kept < booking.prepay_amount else booking.price_amount
    return max(wanted - kept, NOTHING)


def most_telling(payments):
    """Of one booking's payments, newest first, the one to show: money that arrived, an open attempt, or the last."""
    settled = (payment for payment in payments if payment.status in Payment.SETTLED)
    still_open = (payment for payment in payments if payment.status in Payment.OPEN)
    return next(settled, None) or next(still_open, None) or next(iter(payments), None)
