"""Visits follow the customer's card when one becomes part of another."""

from apps.bookings.models import Booking
from apps.common.history import save_as
from apps.common.transactions import use_case


@use_case
def hand_over(*, card, into, actor, reason):
    """Give every visit of the customer's card `card` to `into`, another card of the salon; returns them.

    Money and messages hang on the visits. The caller holds the locks of both people, so no visit is added meanwhile.
    """
    bookings = list(Booking.objects.filter(customer=card).select_for_update(no_key=True).order_by("pk"))
    for booking in bookings:
        booking.customer = into
        save_as(booking, actor=actor, reason=reason, update_fields=["customer"])
    return bookings
