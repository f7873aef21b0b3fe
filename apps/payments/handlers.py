"""What money does when a booking changes: these run inside the booking's transaction and must succeed with it."""

from django.utils.translation import gettext

from apps.accounts.models import User
from apps.bookings.events import BookingCancelled
from apps.payments.models import Payment
from apps.payments.services import return_money_of


def return_money(event: BookingCancelled):
    """What was paid beyond the cancellation fee goes back, newest payment first."""
    actor = User.objects.filter(pk=event.actor_id).first()
    keep = event.fee_amount
    for payment in Payment.objects.filter(booking_id=event.booking_id).settled().order_by("created_at", "pk"):
        kept_of_this = min(keep, payment.refundable_amount)
        keep -= kept_of_this
        return_money_of(
            payment,
            amount=payment.refundable_amount - kept_of_this,
            reason=event.reason or gettext("Booking cancelled."),
            actor=actor,
        )
