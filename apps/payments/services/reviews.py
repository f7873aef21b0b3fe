"""A payment that contradicts the gateway is frozen; a person looks, and what the gateway shows is then taken over."""

from django.db import transaction
from django.utils import timezone

from apps.bookings.locks import lock_visit
from apps.common.errors import ensure_transition
from apps.common.money import CURRENCY, from_halalas
from apps.payments.errors import GatewayUnavailable, NotShownByGateway
from apps.payments.journal import keep
from apps.payments.locks import lock_payment
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayError, GatewayInvoice
from apps.payments.services.arrival import settle
from apps.payments.services.payments import fetch
from apps.payments.services.refunds import ensure_may, return_money_of
from apps.payments.services.sending import take_in
from apps.payments.verdicts import MONEY_ARRIVED, reading_of

Status = Payment.Status


def accept_payment(*, actor, payment_id, explanation):
    """The money the gateway shows under a frozen payment pays this booking, be it more or less than was asked for.

    Returns the Payment. Raises: Forbidden, OwnBooking, InvalidTransition, NotShownByGateway, GatewayUnavailable.
    Publishes: PaymentReceived.
    """
    charge = money_shown(_frozen(actor, payment_id))
    with transaction.atomic():
        payment = _record(payment_id, charge, actor, explanation)
        settle(payment)
    return payment


def return_payment(*, actor, payment_id, explanation):
    """The money the gateway shows under a frozen payment is recorded, and what has not gone back goes back.

    Raises as accepting it.
    """
    charge = money_shown(_frozen(actor, payment_id))
    with transaction.atomic():
        payment = _record(payment_id, charge, actor, explanation)
        take_in(payment, payment.gateway_refunded_amount)
        return_money_of(payment, amount=payment.refundable_amount, reason=explanation, actor=actor)
    return payment


def close_payment(*, actor, payment_id, explanation):
    """A frozen payment under which the gateway shows no money of ours is over. Raises as accepting it."""
    if money_shown(_frozen(actor, payment_id)) is not None:
        raise NotShownByGateway
    with transaction.atomic():
        payment = lock_payment(payment_id)
        ensure_transition(payment, Status.FAILED, allowed=Payment.ALLOWED)
        payment.status, payment.failure_reason = Status.FAILED, ""
        return keep(payment, actor=actor, reason=explanation, update_fields=["status", "failure_reason"])


def money_shown(payment):
    """The GatewayPayment with money that the gateway shows under `payment` now and no other row of ours has, or None.

    Raises GatewayUnavailable.
    """
    try:
        fetched = fetch(payment)
    except GatewayError as error:
        raise GatewayUnavailable from error
    charges = fetched.payments if isinstance(fetched, GatewayInvoice) else filter(None, [fetched])
    arrived = sorted((one for one in charges if one.status in MONEY_ARRIVED), key=lambda one: (one.created_at, one.id))
    others = Payment.objects.exclude(pk=payment.pk).filter(gateway_payment_id__in=[one.id for one in arrived])
    claimed = set(others.values_list("gateway_payment_id", flat=True))
    return next((one for one in arrived if one.id not in claimed), None)


def _frozen(actor, payment_id):
    payment = Payment.objects.select_related("booking__customer", "salon").get(pk=payment_id)
    ensure_may(actor, "payments.settle_payment", payment)
    ensure_transition(payment, Status.PAID, allowed={Status.REVIEW: {Status.PAID}})
    return payment


def _record(payment_id, charge, actor, explanation):
    if charge is None or charge.currency != CURRENCY:
        raise NotShownByGateway
    lock_visit(Payment.objects.values_list("booking_id", flat=True).get(pk=payment_id))
    payment = lock_payment(payment_id)
    ensure_transition(payment, Status.PAID, allowed={Status.REVIEW: {Status.PAID}})

    received = from_halalas(charge.captured or charge.amount)
    values = {
        "status": Status.PAID,
        "amount": max(payment.amount, received),
        "captured_amount": received,
        "paid_at": timezone.now(),
        "failure_reason": "",
        "gateway_payment_id": charge.id,
        **reading_of(payment, charge, timezone.now()),
    }
    for name, value in values.items():
        setattr(payment, name, value)
    return keep(payment, actor=actor, reason=explanation, update_fields=values)
