"""Taking money: the row first, then the call, then what a fetched object says."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from apps.bookings.locks import lock_visit
from apps.common.errors import ensure_transition
from apps.common.history import save_as
from apps.common.money import to_halalas
from apps.payments import reasons
from apps.payments.errors import (
    AdvanceFirst,
    AmountInvalid,
    GatewayUnavailable,
    MoreThanDue,
    NothingToPay,
    PaymentInProgress,
    PaymentUnderReview,
)
from apps.payments.locks import lock_payment
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayError, GatewayOutcomeUnknown, GatewayRejected
from apps.payments.selectors import amount_due, gateway, outstanding_amount
from apps.payments.services.arrival import apply_invoice, settle

logger = logging.getLogger(__name__)

Status = Payment.Status
LINK_LIFETIME = timedelta(hours=24)
# Longer than any call to the gateway lasts: until then its sender may still be at it, and nobody else concludes.
QUIET = timedelta(minutes=2)
BY_HAND = (Payment.Method.CASH, Payment.Method.TERMINAL)
LONGEST_DESCRIPTION = 255


def start_payment(*, actor, booking_id, return_url):
    """A payment link for what is due on the booking; the open one while it still fits.

    Returns the Payment, `initiated` with its `payment_url`. Raises: NothingToPay, PaymentUnderReview,
    PaymentInProgress, GatewayUnavailable (nothing was charged; try again). Publishes: PaymentLinkReady.
    """
    payment, due = _open_payment(actor, booking_id)
    if payment.status != Status.CREATED:
        payment = _earlier_attempt(payment, due)
        if payment.status == Status.INITIATED:
            return payment
        payment, due = _open_payment(actor, booking_id)
    if not _mark_submitted(payment.pk, actor):
        raise PaymentInProgress
    try:
        invoice = _ask_for_link(payment, return_url)
    except GatewayOutcomeUnknown as error:
        _close(payment.pk, Status.UNKNOWN, reasons.of_failure(error))
        raise GatewayUnavailable from error
    except GatewayError as error:
        _close(payment.pk, Status.FAILED, reasons.of_failure(error))
        raise GatewayUnavailable from error
    return apply_invoice(payment.pk, invoice)


def refresh_payment(*, payment_id):
    """Read the gateway again and take over what it says. Returns the Payment. Raises GatewayUnavailable."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.method != Payment.Method.ONLINE or not _has_been_sent(payment):
        return payment
    try:
        invoice = _fetch(payment)
    except GatewayError as error:
        raise GatewayUnavailable from error
    return _close_unheard(payment.pk) if invoice is None else apply_invoice(payment.pk, invoice)


@transaction.atomic
def record_payment(*, actor, booking_id, amount, method):
    """Money taken at the desk: `method` is cash or terminal, `amount` in SAR. Publishes: PaymentReceived.

    Raises: NothingToPay, AmountInvalid, MoreThanDue, AdvanceFirst.
    """
    if method not in BY_HAND:
        raise ValueError(f"{method} is not taken at the desk")
    booking = lock_visit(booking_id)
    _ensure_fits(booking, amount)

    payment = Payment(
        salon=booking.salon,
        booking=booking,
        method=method,
        status=Status.PAID,
        amount=amount,
        captured_amount=amount,
        paid_at=timezone.now(),
        recorded_by=actor,
    )
    save_as(payment, actor=actor)
    settle(payment)

    return payment


def resolve_payments(*, limit=200):
    """Ask the gateway about open payments nobody has asked about lately; returns how many were looked at."""
    _expire_unsent()
    waiting = Payment.objects.open().exclude(status=Status.CREATED).filter(method=Payment.Method.ONLINE)
    stale = waiting.filter(updated_at__lte=timezone.now() - QUIET).order_by("updated_at", "pk")
    payment_ids = list(stale.values_list("pk", flat=True)[:limit])
    for payment_id in payment_ids:
        try:
            refresh_payment(payment_id=payment_id)
            continue
        except GatewayUnavailable as error:
            logger.warning("payment %s could not be read: %s", payment_id, error.__cause__)
        except Exception:
            logger.exception("payment %s could not be resolved", payment_id)
        # To the end of the queue, so that it never keeps the others waiting.
        Payment.objects.filter(pk=payment_id).update(updated_at=timezone.now())
    return len(payment_ids)


def _ensure_fits(booking, amount):
    if amount <= 0 or amount.as_tuple().exponent < -2:
        raise AmountInvalid(field="amount")
    missing, advance = outstanding_amount(booking), amount_due(booking)
    if missing <= 0:
        raise NothingToPay
    if amount > missing:
        raise MoreThanDue(field="amount", due=missing)
    if booking.awaits_payment and amount < advance:
        raise AdvanceFirst(field="amount", due=advance)


@transaction.atomic
def _open_payment(actor, booking_id):
    """The booking's open payment, made if there is none, and what is due now."""
    now = timezone.now()
    booking = lock_visit(booking_id)
    due = amount_due(booking)
    if due <= 0 or (booking.awaits_payment and booking.hold_expires_at <= now):
        raise NothingToPay
    if Payment.objects.filter(booking=booking, status=Status.REVIEW).exists():
        raise PaymentUnderReview

    open_id = Payment.objects.filter(booking=booking).open().values_list("pk", flat=True).first()
    payment = lock_payment(open_id) if open_id else Payment(salon=booking.salon, booking=booking)
    if payment.status == Status.CREATED:
        payment.amount = due
        payment.expires_at = booking.hold_expires_at if booking.awaits_payment else now + LINK_LIFETIME
        save_as(payment, actor=actor)
    return payment, due


def _earlier_attempt(payment, due):
    """What became of an attempt that is still open here: `initiated` when its link can be used, else closed by now."""
    if payment.status == Status.INITIATED:
        is_current = payment.expires_at is None or timezone.now() < payment.expires_at
        return payment if is_current and payment.amount == due else _withdraw(payment)
    found = refresh_payment(payment_id=payment.pk)
    if found.status == Status.SUBMITTED:
        raise PaymentInProgress
    if found.status == Status.INITIATED and found.amount != due:
        return _withdraw(found)
    return found


def _withdraw(payment):
    """Take back a link that asks for the wrong amount or is too old. The gateway's answer decides: it may be paid."""
    client = gateway()
    try:
        try:
            invoice = client.cancel_invoice(payment.gateway_invoice_id)
        except GatewayRejected:
            invoice = client.fetch_invoice(payment.gateway_invoice_id)
    except GatewayError as error:
        raise GatewayUnavailable from error
    closed = apply_invoice(payment.pk, invoice)
    if closed.status == Status.INITIATED:
        raise GatewayUnavailable
    return closed


@transaction.atomic
def _mark_submitted(payment_id, actor):
    """True for the one caller who may ask for the link now. From here on a crash means "maybe"."""
    payment = lock_payment(payment_id)
    if payment.status != Status.CREATED:
        return False
    payment.status = Status.SUBMITTED
    save_as(payment, actor=actor, update_fields=["status"])
    return True


def _ask_for_link(payment, return_url):
    booking = payment.booking
    with override(booking.customer.user.locale):
        description = gettext("%(service)s at %(salon)s, booking %(reference)s") % {
            "service": booking.service_name,
            "salon": booking.salon.name,
            "reference": booking.display_reference,
        }
    return gateway().create_invoice(
        amount=to_halalas(payment.amount),
        currency=payment.currency,
        description=description[:LONGEST_DESCRIPTION],
        metadata={"payment_id": str(payment.pk), "booking": booking.reference},
        expires_at=payment.expires_at,
        success_url=return_url,
        back_url=return_url,
        callback_url=None,
    )


def _has_been_sent(payment):
    """Whether the gateway may know of it; not while the one who sends it may still be waiting for the answer."""
    if payment.status == Status.SUBMITTED:
        return payment.updated_at <= timezone.now() - QUIET
    return payment.status == Status.UNKNOWN or bool(payment.gateway_invoice_id)


def _fetch(payment):
    if payment.gateway_invoice_id:
        return gateway().fetch_invoice(payment.gateway_invoice_id)
    return gateway().find_invoice("payment_id", str(payment.pk))


@transaction.atomic
def _close_unheard(payment_id):
    """The gateway never heard of it. A link made there later stays unused: nobody was ever given its address."""
    payment = lock_payment(payment_id)
    if payment.status not in (Status.SUBMITTED, Status.UNKNOWN):
        return payment
    return _close(payment_id, Status.FAILED, reasons.NO_SUCH_LINK)


def _expire_unsent():
    """Attempts that died before anything was sent, and whose time is over."""
    unsent = Payment.objects.filter(status=Status.CREATED, expires_at__lte=timezone.now())
    for payment_id in unsent.values_list("pk", flat=True):
        with transaction.atomic():
            if lock_payment(payment_id).status == Status.CREATED:
                _close(payment_id, Status.EXPIRED, reasons.NEVER_SENT)


@transaction.atomic
def _close(payment_id, status, reason):
    payment = lock_payment(payment_id)
    ensure_transition(payment, status, allowed=Payment.ALLOWED)
    payment.status, payment.failure_reason = status, reason
    return save_as(payment, actor=None, reason=reason, update_fields=["status", "failure_reason"])
