from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, Rejected, Unavailable


class NothingToPay(Rejected):
    """The booking is paid, or over."""

    code = "nothing_to_pay"
    message = _("There is nothing to pay for this booking.")


class RefundExceedsPaid(Rejected):
    """More than what arrived and has not gone back yet."""

    code = "refund_exceeds_paid"
    message = _("At most %(refundable)s SAR can be refunded.")


class RefundInProgress(Conflict):
    """One refund of a payment at a time: only totals tell at the gateway what became of it."""

    code = "refund_in_progress"
    message = _("A refund of this payment is already on its way.")


class SecondPersonNeeded(Rejected):
    """Above the salon's limit the one who asked for a refund does not approve it."""

    code = "second_person_needed"
    message = _("Another person has to approve this refund.")


class OwnBooking(Rejected):
    """Nobody refunds a visit of their own."""

    code = "own_booking"
    message = _("You cannot refund a booking of your own.")


class GatewayUnavailable(Unavailable):
    """The payment gateway gave no usable answer."""

    message = _("The payment service does not answer right now. Please try again in a minute.")
