"""Taking money: the row first, then the call, then what a fetched object says."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from apps.bookings.locks import lock_visit
from apps.common.errors import Conflict, Forbidden, ensure_transition
from apps.common.money import LEAST_ONLINE, to_halalas
from apps.payments import reasons
from apps.payments.errors import (
    AdvanceFirst,
    AmountInvalid,
    GatewayUnavailable,
    MoreThanDue,
    NothingToPay,
    PaymentInProgress,
    PaymentUnderReview,
    TooLittleOnline,
)
from apps.payments.journal import keep
from apps.payments.locks import lock_payment
from apps.payments.models import Payment
from apps.payments.moyasar import GatewayError, GatewayMissing, GatewayOutcomeUnknown, GatewayRejected
from apps.payments.selectors import amount_due, gateway, outstanding_amount
from apps.payments.services.arrival import PAUSES, apply_fetched, settle

Status = Payment.Status
Source = Payment.Source
LINK_LIFETIME = timedelta(hours=24)
# Longer than any call to the gateway lasts: until then its sender may still be at it, and nobody else concludes.
QUIET = timedelta(minutes=2)
BY_HAND = (Payment.Method.CASH, Payment.Method.TERMINAL)
LONGEST_DESCRIPTION = 255


@dataclass(frozen=True, slots=True)
class Wallet:
    """What a customer pays with instead of a link: a saved card or a phone's wallet. Its token is never stored."""

    source: str
    token: str


def start_payment(*, actor, booking_id, return_url, wallet=None):
    """Ask for what is due on the booking: a payment link, the open one while it still fits; or charge the `wallet`.

    Returns the Payment: `initiated` with its `payment_url` (the link, or the bank's page), or with a wallet also
    `authorized`, `captured` or `failed` with its `decline`. Raises: NothingToPay, TooLittleOnline, PaymentUnderReview,
    PaymentInProgress, GatewayUnavailable (nothing was charged, or it is being found out). Publishes: PaymentLinkReady.
    """
    source = wallet.source if wallet else Source.LINK
    payment, due = _open_payment(actor, booking_id, source)
    if payment.status != Status.CREATED:
        payment = _earlier_attempt(payment, due, source)
        if payment.status == Status.INITIATED:
            return payment
        payment, due = _open_payment(actor, booking_id, source)
    if not _mark_submitted(payment, actor):
        raise PaymentInProgress
    try:
        fetched = _charge(payment, wallet, return_url) if wallet else _ask_for_link(payment, return_url)
    except GatewayOutcomeUnknown as error:
        why = reasons.of_failure(error)
        _close(payment.pk, Status.UNKNOWN, why, only_from={Status.SUBMITTED}, read_again=True)
        raise GatewayUnavailable from error
    except GatewayError as error:
        _close(payment.pk, Status.FAILED, reasons.of_failure(error), only_from={Status.SUBMITTED})
        raise GatewayUnavailable from error
    # Told already by a webhook that overtook this answer, the row knows better than the moment of the call.
    return apply_fetched(payment.pk, fetched, only_from=Status.SUBMITTED)


def refresh_payment(*, payment_id):
    """Read the gateway again and take over what it says. Returns the Payment. Raises GatewayUnavailable."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.method != Payment.Method.ONLINE or not _has_been_sent(payment):
        return payment
    try:
        fetched = fetch(payment)
    except GatewayError as error:
        raise GatewayUnavailable from error
    if fetched is not None:
        return apply_fetched(payment.pk, fetched)
    # A link made there later stays unused: nobody was ever given its address.
    unheard = {Status.SUBMITTED, Status.UNKNOWN}
    return _close(payment.pk, Status.FAILED, reasons.NO_SUCH_LINK, only_from=unheard)


def fetch(payment):
    """The gateway's link or charge of `payment`; None where it never heard of it. Raises GatewayError."""
    client = gateway()
    if payment.gateway_invoice_id:
        return client.fetch_invoice(payment.gateway_invoice_id)
    if not payment.is_charge and not payment.gateway_payment_id:
        return client.find_invoice("payment_id", str(payment.pk))
    try:
        return client.fetch_payment(payment.gateway_payment_id or str(payment.pk))
    except GatewayMissing:
        if payment.gateway_payment_id:
            raise
        return None


@transaction.atomic
def record_payment(*, actor, booking_id, amount, method, nonce=None):
    """Money taken at the desk: `method` is cash or terminal, `amount` in SAR. Publishes: PaymentReceived.

    The same `nonce` (a UUID) again, as by a double click, returns the same Payment. Raises: Forbidden, NothingToPay,
    AmountInvalid, MoreThanDue, AdvanceFirst, Conflict.
    """
    if method not in BY_HAND:
        raise ValueError(f"{method} is not taken at the desk")
    booking = lock_visit(booking_id)
    if not actor.has_perm("payments.add_payment", booking):
        raise Forbidden
    if nonce and (same := Payment.objects.filter(pk=nonce).first()):
        if (same.booking_id, same.method, same.amount, same.recorded_by_id) != (booking.pk, method, amount, actor.pk):
            raise Conflict
        return same
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
        **({"id": nonce} if nonce else {}),
    )
    keep(payment, actor=actor)
    settle(payment)

    return payment


def withdraw_payment(payment):
    """Take back an attempt nobody should complete any more. The gateway's answer decides: it may be paid by now.

    Returns the Payment. Raises GatewayUnavailable.
    """
    if payment.is_charge:
        # Only the payer could end it: given up for another one, and money reserved by it later is let go.
        refresh_payment(payment_id=payment.pk)
        return _close(payment.pk, Status.EXPIRED, reasons.SUPERSEDED, only_from={Status.INITIATED})
    client = gateway()
    try:
        try:
            invoice = client.cancel_invoice(payment.gateway_invoice_id)
        except GatewayRejected:
            invoice = client.fetch_invoice(payment.gateway_invoice_id)
    except GatewayError as error:
        raise GatewayUnavailable from error
    closed = apply_fetched(payment.pk, invoice)
    if closed.status == Status.INITIATED:
        raise GatewayUnavailable
    return closed


def expire_unsent():
    """Attempts that died before anything was sent, and whose time is over."""
    unsent = Payment.objects.filter(status=Status.CREATED, expires_at__lte=timezone.now())
    for payment_id in unsent.values_list("pk", flat=True):
        _close(payment_id, Status.EXPIRED, reasons.NEVER_SENT, only_from={Status.CREATED})


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
def _open_payment(actor, booking_id, source):
    """The booking's open payment, made if there is none, and what is due now."""
    now = timezone.now()
    booking = lock_visit(booking_id)
    due = amount_due(booking)
    if due <= 0 or (booking.awaits_payment and booking.hold_expires_at <= now):
        raise NothingToPay
    if due < LEAST_ONLINE:
        raise TooLittleOnline(least=LEAST_ONLINE)
    if Payment.objects.filter(booking=booking, status=Status.REVIEW).exists():
        raise PaymentUnderReview

    open_id = Payment.objects.filter(booking=booking).open().values_list("pk", flat=True).first()
    payment = lock_payment(open_id) if open_id else Payment(salon=booking.salon, booking=booking)
    if payment.status == Status.CREATED:
        payment.source, payment.amount = source, due
        payment.expires_at = booking.hold_expires_at if booking.awaits_payment else now + LINK_LIFETIME
        keep(payment, actor=actor)
    return payment, due


def _earlier_attempt(payment, due, source):
    """What became of an attempt that is still open here: `initiated` when it can be used, else closed by now."""
    if payment.status != Status.INITIATED:
        payment = refresh_payment(payment_id=payment.pk)
        if payment.status == Status.SUBMITTED:
            raise PaymentInProgress
    if payment.status != Status.INITIATED:
        return payment
    is_current = payment.expires_at is None or timezone.now() < payment.expires_at
    fits = is_current and (payment.amount, payment.source) == (due, source)
    return payment if fits else withdraw_payment(payment)


@transaction.atomic
def _mark_submitted(mine, actor):
    """True for the one caller who may ask for what the row still says. From here on a crash means "maybe"."""
    payment = lock_payment(mine.pk)
    is_as_asked = (payment.source, payment.amount, payment.expires_at) == (mine.source, mine.amount, mine.expires_at)
    if payment.status != Status.CREATED or not is_as_asked:
        return False
    payment.status, payment.next_check_at = Status.SUBMITTED, timezone.now() + QUIET
    keep(payment, actor=actor, update_fields=["status", "next_check_at"])
    return True


def _ask_for_link(payment, return_url):
    return gateway().create_invoice(
        **_what_is_paid(payment),
        expires_at=payment.expires_at,
        success_url=return_url,
        back_url=return_url,
        callback_url=None,
    )


def _charge(payment, wallet, return_url):
    """Reserve the money; what becomes of it is decided later. A key that is taken is our own earlier call."""
    client, key = gateway(), str(payment.pk)
    try:
        return client.create_payment(
            **_what_is_paid(payment),
            given_id=key,
            source_type=wallet.source,
            token=wallet.token,
            callback_url=return_url,
            manual=True,
        )
    except GatewayRejected as error:
        if error.given_id_taken:
            return client.fetch_payment(key)
        raise


def _what_is_paid(payment):
    booking = payment.booking
    with override(booking.customer.user.locale):
        description = gettext("%(service)s at %(salon)s, booking %(reference)s") % {
            "service": booking.service_name,
            "salon": booking.salon.name,
            "reference": booking.display_reference,
        }
    return {
        "amount": to_halalas(payment.amount),
        "currency": payment.currency,
        "description": description[:LONGEST_DESCRIPTION],
        "metadata": {"payment_id": str(payment.pk), "booking": booking.reference},
    }


def _has_been_sent(payment):
    """Whether the gateway may know of it; not while the one who sends it may still be waiting for the answer."""
    if payment.status == Status.SUBMITTED:
        return payment.updated_at <= timezone.now() - QUIET
    is_named = bool(payment.gateway_invoice_id or payment.gateway_payment_id)
    # A charge carries our own key from the start; a link that nobody was given the address of stays unused.
    return is_named or payment.status == Status.UNKNOWN or (payment.is_charge and payment.status != Status.CREATED)


@transaction.atomic
def _close(payment_id, status, reason, *, only_from, read_again=False):
    """End an attempt that brought no money, unless it has left `only_from`: then somebody told better meanwhile."""
    payment = lock_payment(payment_id)
    if payment.status not in only_from:
        return payment
    ensure_transition(payment, status, allowed=Payment.ALLOWED)
    payment.status, payment.failure_reason = status, reason
    payment.next_check_at, payment.check_count = timezone.now() + PAUSES[0] if read_again else None, 0
    changed = ["status", "failure_reason", "next_check_at", "check_count"]
    return keep(payment, actor=None, reason=reason, update_fields=changed)
