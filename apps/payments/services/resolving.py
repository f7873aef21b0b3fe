"""What stays open is found out: the gateway is read again, reserved money taken or released, a link withdrawn."""

import logging

from django.db.models import F
from django.utils import timezone

from apps.common.errors import DomainError, InvalidTransition
from apps.common.money import to_halalas
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayError, GatewayRejected
from apps.payments.selectors import NOTHING, amount_due, amount_to_take, gateway
from apps.payments.services.arrival import apply_fetched, pause_before_reading_again
from apps.payments.services.payments import expire_unsent, refresh_payment, withdraw_payment
from apps.payments.services.refunds import ensure_may, return_leftovers

logger = logging.getLogger(__name__)

Status = Payment.Status
WAITING = (Status.SUBMITTED, Status.INITIATED, Status.UNKNOWN, Status.AUTHORIZED)


def resolve_payments(*, limit=200):
    """Look at every payment whose turn has come; returns how many. One that cannot be read keeps no other waiting."""
    expire_unsent()
    return_leftovers()
    due = Payment.objects.filter(status__in=WAITING, next_check_at__lte=timezone.now())
    payment_ids = list(due.order_by("next_check_at", "pk").values_list("pk", flat=True)[:limit])
    for payment_id in payment_ids:
        _try(_look_at, payment_id)
    return len(payment_ids)


def tidy_up(*, booking_id):
    """After a booking or its money changed: withdraw links that ask for too much, take or release what is reserved.

    What cannot be done now is done by `resolve_payments`.
    """
    open_now = Payment.objects.filter(booking=booking_id, status__in=[Status.INITIATED, Status.AUTHORIZED])
    for payment_id in list(open_now.order_by("created_at", "pk").values_list("pk", flat=True)):
        _try(_bring_into_line, payment_id)


def take_reserved(*, actor, payment_id):
    """A person takes the reserved money now. Returns the Payment.

    Raises: Forbidden, OwnBooking, InvalidTransition, GatewayUnavailable.
    """
    payment = _reserved(actor, payment_id)
    return _take(payment, payment.amount)


def release_reserved(*, actor, payment_id):
    """A person lets the reserved money go. Returns the Payment.

    Raises: Forbidden, OwnBooking, InvalidTransition, GatewayUnavailable.
    """
    return _take(_reserved(actor, payment_id), NOTHING)


def _reserved(actor, payment_id):
    payment = Payment.objects.select_related("booking__customer", "salon").get(pk=payment_id)
    ensure_may(actor, "payments.settle_payment", payment)
    if payment.status != Status.AUTHORIZED:
        raise InvalidTransition
    return payment


def _try(step, payment_id):
    try:
        step(payment_id)
    except Exception as error:
        is_known = isinstance(error, DomainError)
        logger.warning(
            "payment %s could not be resolved: %s", payment_id, error.__cause__ or error, exc_info=not is_known
        )
        _put_off(payment_id)


def _put_off(payment_id):
    """A payment whose reading failed waits as well; one that was read has its next turn already."""
    payment, now = Payment.objects.select_related("booking").get(pk=payment_id), timezone.now()
    later = now + pause_before_reading_again(payment, payment.check_count)
    due = Payment.objects.filter(pk=payment_id, next_check_at__lte=now)
    due.update(next_check_at=later, check_count=F("check_count") + 1)


def _look_at(payment_id):
    if refresh_payment(payment_id=payment_id).status in (Status.INITIATED, Status.AUTHORIZED):
        _bring_into_line(payment_id)


def _bring_into_line(payment_id):
    payment = Payment.objects.select_related("booking").get(pk=payment_id)
    if payment.status == Status.AUTHORIZED:
        amount = amount_to_take(payment, timezone.now())
        if amount is not None:
            _take(payment, amount)
    elif not payment.is_charge and amount_due(payment.booking) != payment.amount:
        withdraw_payment(payment)


def _take(payment, amount):
    """Capture `amount` (SAR) of a reservation, which releases the rest; zero releases all of it.

    Twice is harmless: the gateway captures and voids only what is still reserved, and the object it shows decides.
    """
    client = gateway()
    try:
        try:
            if amount > 0:
                fetched = client.capture_payment(payment.gateway_payment_id, to_halalas(amount))
            else:
                fetched = client.void_payment(payment.gateway_payment_id)
        except GatewayRejected:
            fetched = client.fetch_payment(payment.gateway_payment_id)
    except GatewayError as error:
        raise GatewayUnavailable from error
    return apply_fetched(payment.pk, fetched)
