"""Taking money: the row first, then the call, then what a fetched object says."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from apps.bookings import services as bookings
from apps.common.errors import ensure_transition
from apps.common.events import publish
from apps.common.history import save_as
from apps.common.money import from_halalas, to_halalas
from apps.payments.errors import GatewayUnavailable, NothingToPay
from apps.payments.events import PaymentLinkReady, PaymentReceived
from apps.payments.locks import lock_payment
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayError, GatewayInvoice, GatewayOutcomeUnknown
from apps.payments.selectors import amount_due, gateway
from apps.payments.services import refunds
from apps.payments.services.tax import issue_invoice
from apps.payments.verdicts import Verdict, judge_invoice

logger = logging.getLogger(__name__)

Status = Payment.Status
LINK_LIFETIME = timedelta(hours=24)
# A payment no one has asked the gateway about for so long is looked at again by the periodic pass.
QUIET = timedelta(minutes=2)


def start_payment(*, actor, booking_id, return_url):
    """A payment link for what is due on the booking; the open one if there is one.

    Returns the Payment, `initiated` with its `payment_url`. Raises: NothingToPay, GatewayUnavailable (nothing was
    charged; try again). Publishes: PaymentLinkReady.
    """
    payment = _open_payment(actor, booking_id)
    if payment.status == Status.INITIATED:
        return payment
    if payment.status != Status.CREATED:
        return _found_again(payment)
    _mark_submitted(payment.pk, actor)
    try:
        invoice = _ask_for_link(payment, return_url)
    except GatewayOutcomeUnknown as error:
        _close(payment.pk, Status.UNKNOWN, str(error))
        raise GatewayUnavailable from error
    except GatewayError as error:
        _close(payment.pk, Status.FAILED, str(error))
        raise GatewayUnavailable from error
    return apply_invoice(payment.pk, invoice)


def refresh_payment(*, payment_id):
    """Read the gateway again and take over what it says. Returns the Payment. Raises GatewayUnavailable."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.method != Payment.Method.ONLINE or payment.status == Status.CREATED:
        return payment
    try:
        invoice = _fetch(payment)
    except GatewayError as error:
        raise GatewayUnavailable from error
    if invoice is None:
        return _close(payment.pk, Status.FAILED, "the gateway has no such invoice")
    return apply_invoice(payment.pk, invoice)


@transaction.atomic
def record_payment(*, actor, booking_id, amount, method):
    """Money taken at the desk: `method` is cash or terminal. Raises: NothingToPay. Publishes: PaymentReceived."""
    booking = bookings.lock_visit(booking_id)
    if not 0 < amount <= amount_due(booking):
        raise NothingToPay

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
    _settle(payment)
    return payment


def resolve_payments(*, limit=200):
    """Ask the gateway about open payments nobody has asked about lately; returns how many were looked at."""
    stale = timezone.now() - QUIET
    waiting = Payment.objects.open().filter(method=Payment.Method.ONLINE, updated_at__lte=stale).order_by("updated_at")
    looked_at = 0
    for payment in waiting.exclude(status=Status.CREATED)[:limit]:
        try:
            refresh_payment(payment_id=payment.pk)
        except GatewayUnavailable as error:
            logger.warning("payment %s could not be read: %s", payment.pk, error.__cause__)
        looked_at += 1
    return looked_at


@transaction.atomic
def apply_invoice(payment_id, invoice: GatewayInvoice):
    """Bring our row to what the fetched `invoice` says, with everything that follows from it. Returns the Payment."""
    bookings.lock_visit(Payment.objects.values_list("booking_id", flat=True).get(pk=payment_id))
    payment = lock_payment(payment_id)
    verdict = judge_invoice(payment, invoice)
    was = payment.status

    payment.gateway_invoice_id = invoice.id
    payment.payment_url = invoice.url
    payment.checked_at = timezone.now()
    payment.failure_reason = verdict.problem
    if payment.status in Payment.SETTLED or payment.status == Status.REVIEW:
        verdict = Verdict(payment.status, verdict.proof, verdict.surplus, verdict.problem)
    elif verdict.status != was:
        ensure_transition(payment, verdict.status, allowed=_WITH_REVIEW)
        payment.status = verdict.status
    if payment.status == Status.PAID and was != Status.PAID:
        payment.gateway_payment_id = verdict.proof.id
        payment.captured_amount = from_halalas(verdict.proof.amount)
        payment.paid_at = timezone.now()
    save_as(payment, actor=None, reason=f"gateway: {invoice.status}")

    if payment.status == Status.INITIATED and was != Status.INITIATED:
        publish(PaymentLinkReady(payment.pk, payment.booking_id))
    if payment.status == Status.PAID and was != Status.PAID:
        _settle(payment)
    for extra in verdict.surplus:
        _record_surplus(payment, extra)
    return payment


# Any state may turn out to contradict the gateway.
_WITH_REVIEW = {status: {*targets, Status.REVIEW} for status, targets in Payment.ALLOWED.items()}


def _settle(payment):
    """What follows from money that arrived: its invoice, the firm booking, the news; or its way back."""
    issue_invoice(payment)
    publish(PaymentReceived(payment.pk, payment.booking_id))
    if not bookings.confirm_paid_booking(booking_id=payment.booking_id):
        refunds.return_money_of(
            payment, amount=payment.captured_amount, reason=_("The time was gone when the money arrived.")
        )


def _record_surplus(payment, extra):
    """A second payment under one link (two tabs): kept as its own row and sent back in full."""
    if Payment.objects.filter(gateway_payment_id=extra.id).exists():
        return
    amount = from_halalas(extra.amount)
    surplus = Payment(
        salon=payment.salon,
        booking=payment.booking,
        status=Status.PAID,
        amount=amount,
        captured_amount=amount,
        gateway_payment_id=extra.id,
        paid_at=timezone.now(),
    )
    save_as(surplus, actor=None, reason="gateway: second payment under one link")
    refunds.return_money_of(surplus, amount=amount, reason=_("Paid twice."))


@transaction.atomic
def _open_payment(actor, booking_id):
    booking = bookings.lock_visit(booking_id)
    amount = amount_due(booking)
    if amount <= 0:
        raise NothingToPay
    payment = Payment.objects.filter(booking=booking).open().first()
    if payment is None:
        payment = Payment(salon=booking.salon, booking=booking, amount=amount, expires_at=_expiry(booking))
        save_as(payment, actor=actor)
    return payment


def _expiry(booking):
    return booking.hold_expires_at if booking.awaits_payment else timezone.now() + LINK_LIFETIME


def _found_again(payment):
    """The link of an attempt whose answer got lost; a new one only when the gateway never heard of it."""
    found = refresh_payment(payment_id=payment.pk)
    if found.status != Status.INITIATED:
        raise GatewayUnavailable
    return found


@transaction.atomic
def _mark_submitted(payment_id, actor):
    payment = lock_payment(payment_id)
    ensure_transition(payment, Status.SUBMITTED, allowed=Payment.ALLOWED)
    payment.status = Status.SUBMITTED
    save_as(payment, actor=actor, update_fields=["status"])


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
        description=description,
        metadata={"payment_id": str(payment.pk), "booking": booking.reference},
        expires_at=payment.expires_at,
        success_url=return_url,
        back_url=return_url,
        callback_url=None,
    )


def _fetch(payment):
    if payment.gateway_invoice_id:
        return gateway().fetch_invoice(payment.gateway_invoice_id)
    return gateway().find_invoice("payment_id", str(payment.pk))


@transaction.atomic
def _close(payment_id, status, reason):
    payment = lock_payment(payment_id)
    ensure_transition(payment, status, allowed=Payment.ALLOWED)
    payment.status, payment.failure_reason = status, reason[:255]
    return save_as(payment, actor=None, reason=reason, update_fields=["status", "failure_reason"])
