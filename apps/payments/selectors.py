"""Reads of money."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Round
from django.utils import timezone

from apps.bookings.models import Booking
from apps.common.money import LEAST_ONLINE, round_money
from apps.payments.models import Payment, Refund, TaxDocument, WebhookEvent
from apps.payments.moyasar import MoyasarClient

NOTHING = Decimal("0.00")
OVER_WITHOUT_VISIT = (Booking.Status.CANCELLED, Booking.Status.EXPIRED)
# Banks release a reservation after 7 to 14 days, by card and by which page is read: nothing waits that long here.
SAFE_RESERVATION = timedelta(days=5)
LONGEST_RESERVATION = timedelta(days=13)
# The gateway undoes a payment for about two hours; the rest is a margin for clocks and for the way there.
UNDO_WINDOW = timedelta(minutes=100)
# Of a payment: what came in and has not gone back, nor is on its way back.
KEPT = F("captured_amount") - F("refunded_amount") - F("refund_reserved_amount")
# How often a refund is sent without a person's word.
MOST_SENDS = 3


def gateway():
    """The one payment client, aimed where the settings say."""
    return MoyasarClient(settings.MOYASAR_SECRET_KEY, settings.MOYASAR_BASE_URL)


def kept_amount(booking):
    """What was received for `booking` and has not gone back, nor is on its way back."""
    total = Payment.objects.filter(booking=booking).settled().aggregate(sum=Sum(KEPT))["sum"]
    return round_money(total or NOTHING)  # SQLite adds in floating point


def reserved_amount(booking):
    """What is reserved on cards for `booking` and not taken yet."""
    reserved = Payment.objects.filter(booking=booking, status=Payment.Status.AUTHORIZED)
    return round_money(reserved.aggregate(sum=Sum("amount"))["sum"] or NOTHING)


def can_be_undone(payment, amount):
    """Whether giving back `amount` would undo the whole payment before it is settled, so that no bank ever books it."""
    is_whole = amount == payment.captured_amount and payment.refunded_amount == 0
    is_online = payment.method == Payment.Method.ONLINE and payment.status in Payment.SETTLED
    return is_whole and is_online and payment.paid_at is not None and timezone.now() - payment.paid_at < UNDO_WINDOW


def goes_again_by_itself(refund):
    """Whether a refund that was not carried out may be sent again unasked: a late first execution must not fit too."""
    left = refund.payment.captured_amount - refund.payment.refunded_amount
    return refund.attempt < MOST_SENDS and left < 2 * refund.amount


def outstanding_amount(booking):
    """What is missing of the price, as the desk counts it; nothing for a visit that will not be or was not."""
    if booking.status not in (*Booking.ACTIVE, Booking.Status.COMPLETED):
        return NOTHING
    return max(booking.price_amount - kept_amount(booking) - reserved_amount(booking), NOTHING)


def amount_to_take(payment, now):
    """What to take of the money reserved for `payment`: an amount in SAR, zero to let it go, None to keep waiting.

    The visit decides: it is taken when the visit took place, when a hold waits for it, or when the visit lies beyond
    what banks keep a reservation; of a cancelled one the fee is taken.
    """
    booking = payment.booking
    missing = price_owed(booking) - kept_amount(booking) - _reserved_before(payment)
    if missing <= 0 or now >= payment.authorized_at + LONGEST_RESERVATION:
        return NOTHING
    is_over = booking.status not in Booking.ACTIVE
    is_far = booking.starts_at > payment.authorized_at + SAFE_RESERVATION
    if is_over or is_far or booking.awaits_payment:
        return min(missing, payment.amount)
    return None


def _reserved_before(payment):
    """What earlier reservations hold for the same visit: an attempt that another one replaced may come too late."""
    earlier = Q(authorized_at__lt=payment.authorized_at) | Q(authorized_at=payment.authorized_at, pk__lt=payment.pk)
    others = Payment.objects.filter(earlier, booking=payment.booking_id, status=Payment.Status.AUTHORIZED)
    return round_money(others.aggregate(sum=Sum("amount"))["sum"] or NOTHING)  # SQLite adds in floating point


def price_owed(booking):
    """What the customer owes as things stand: the price, a cancellation's fee, or nothing."""
    if booking.status == Booking.Status.CANCELLED:
        return booking.cancellation_fee_amount
    return booking.price_amount if booking.status in (*Booking.ACTIVE, Booking.Status.COMPLETED) else NOTHING


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
    """What the customer can pay online now: the advance while it is missing, then the rest."""
    return due_of(booking, missing=outstanding_amount(booking))


def due_of(booking, *, missing):
    """The same where so much is known to be `missing` of the price.

    A booking that waits for the salon's word is not paid before it has been given.
    """
    if booking.status == Booking.Status.PENDING and not booking.awaits_payment:
        return NOTHING
    advance = booking.prepay_amount - (booking.price_amount - missing)
    return advance if 0 < advance < missing else missing


def shown_due(booking, payments, *, now):
    """What a request to pay online would ask for, of a booking whose `payments` (all of them) are at hand."""
    ran_out = booking.awaits_payment and booking.hold_expires_at <= now
    if ran_out or booking.status == Booking.Status.CANCELLED:
        return NOTHING
    kept = sum(payment.refundable_amount for payment in payments if payment.status in Payment.SETTLED)
    reserved = sum(payment.amount for payment in payments if payment.status == Payment.Status.AUTHORIZED)
    due = due_of(booking, missing=max(price_owed(booking) - kept - reserved, NOTHING))
    return due if due >= LEAST_ONLINE else NOTHING


def leftovers(payments):
    """Keys of bookings that will not take place and of which `payments` (a queryset) keep more than the fee, with no
    refund on its way.
    """
    lying = payments.settled().annotate(kept=Round(KEPT, 2)).filter(kept__gt=0, booking__status__in=OVER_WITHOUT_VISIT)
    lying = lying.exclude(Exists(Refund.objects.open().filter(payment=OuterRef("pk"))))
    left = Round(Sum("kept") - F("booking__cancellation_fee_amount"), 2)
    owed = lying.order_by().values("booking").annotate(left=left).filter(left__gt=0)
    return owed.order_by("booking").values_list("booking", flat=True)


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
    fields = ("kind", "number", "issued_at", "seller_name", "lines", "vat_rate", "qr_payload")
    amounts = ("gross_amount", "net_amount", "vat_amount")
    own = TaxDocument.objects.filter(payment__booking__customer__user=person)
    return list(own.values(*fields, *amounts, booking_reference=F("payment__booking__reference")))
