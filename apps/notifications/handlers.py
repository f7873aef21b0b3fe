"""What customers are told, fact by fact. Each handler writes one row beside the fact; sending follows the commit."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from apps.accounts.events import PhoneChanged
from apps.accounts.models import User
from apps.bookings.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingMoved,
    BookingPlaced,
    BookingRepriced,
    BookingResized,
)
from apps.bookings.models import Booking
from apps.common import events
from apps.notifications import reasons, selectors, services
from apps.notifications.models import Kind
from apps.payments.events import PaymentLinkReady, PaymentReceived, RefundSucceeded
from apps.payments.models import Payment, Refund


def tell_placed(event: BookingPlaced) -> None:
    """Confirmed at once, or received. One that is held for money gets the payment link instead."""
    booking = _booking(event.booking_id)
    if booking.status == Booking.Status.CONFIRMED:
        services.queue_message(booking, Kind.BOOKING_CONFIRMED)
    elif booking.status == Booking.Status.PENDING and not booking.awaits_payment:
        services.queue_message(booking, Kind.BOOKING_RECEIVED)


def tell_confirmed(event: BookingConfirmed) -> None:
    services.queue_message(_booking(event.booking_id), Kind.BOOKING_CONFIRMED)


def tell_moved(event: BookingMoved) -> None:
    services.queue_message(_booking(event.booking_id), Kind.BOOKING_MOVED)


def tell_repriced(event: BookingRepriced) -> None:
    """Another service is agreed upon at the desk. Only what was not said yet is said, of the booking as it is now."""
    services.tell_anew(_booking(event.booking_id))


def tell_resized(event: BookingResized) -> None:
    """When to come stays as it was: only what was not said yet is said."""
    services.tell_anew(_booking(event.booking_id))


def tell_cancelled(event: BookingCancelled) -> None:
    services.queue_message(_booking(event.booking_id), Kind.BOOKING_CANCELLED)


def invite_review(event: BookingCompleted) -> None:
    booking = _booking(event.booking_id)
    held_back = reasons.ALREADY_INVITED if selectors.was_invited_to_review(booking) else ""
    services.queue_message(booking, Kind.REVIEW_INVITATION, held_back=held_back)


def send_payment_link(event: PaymentLinkReady) -> None:
    payment = Payment.objects.get(pk=event.payment_id)
    services.queue_message(
        _booking(event.booking_id),
        Kind.PAYMENT_LINK,
        occasion=str(payment.pk),
        amount=payment.amount,
        link=payment.payment_url,
    )


def tell_payment_received(event: PaymentReceived) -> None:
    payment = Payment.objects.get(pk=event.payment_id)
    amount = payment.captured_amount or payment.amount
    services.queue_message(_booking(event.booking_id), Kind.PAYMENT_RECEIVED, occasion=str(payment.pk), amount=amount)


def tell_refunded(event: RefundSucceeded) -> None:
    refund = Refund.objects.get(pk=event.refund_id)
    services.queue_message(_booking(event.booking_id), Kind.REFUND_SENT, occasion=str(refund.pk), amount=refund.amount)


def tell_phone_changed(event: PhoneChanged) -> None:
    """To the old number, from the salon that the person dealt with last; somebody without bookings has none to lose."""
    latest = Booking.objects.filter(customer__user=event.user_id).order_by("-created_at").first()
    if latest is not None:
        change = str(User.history.filter(id=event.user_id).latest().pk)
        services.queue_message(_booking(latest.pk), Kind.PHONE_CHANGED, occasion=change, recipient=event.old_phone)


SUBSCRIPTIONS: dict[type, Callable[[Any], None]] = {
    BookingPlaced: tell_placed,
    BookingConfirmed: tell_confirmed,
    BookingMoved: tell_moved,
    BookingRepriced: tell_repriced,
    BookingResized: tell_resized,
    BookingCancelled: tell_cancelled,
    BookingCompleted: invite_review,
    PaymentLinkReady: send_payment_link,
    PaymentReceived: tell_payment_received,
    RefundSucceeded: tell_refunded,
    PhoneChanged: tell_phone_changed,
}


def subscribe() -> None:
    """Listen without a veto: a booking or a payment stands whatever happens to its message."""
    for event_type, handler in SUBSCRIPTIONS.items():
        events.subscribe(event_type, handler, required=False)


def _booking(booking_id: UUID) -> Booking:
    booking: Booking = selectors.booking_to_tell_about.first(key=booking_id)
    return booking
