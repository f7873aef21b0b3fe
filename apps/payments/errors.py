from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, Rejected, Unavailable


class NothingToPay(Rejected):
    """The booking is paid, or over."""

    code = "nothing_to_pay"
    message = _("There is nothing to pay for this booking.")


class MoreThanDue(Rejected):
    """The desk counts what is owed, no tips and no credit. Params: `due`."""

    code = "more_than_due"
    message = _("At most %(due)s SAR are still due.")


class AdvanceFirst(Rejected):
    """A booking held for money becomes firm by its whole advance. Params: `due`."""

    code = "advance_first"
    message = _("At least %(due)s SAR have to be paid to make this booking firm.")


class PaymentInProgress(Conflict):
    """Another request is asking the gateway for the link at this moment; `retry_after` is in seconds."""

    code = "request_in_progress"
    message = _("A payment link is being made right now. Please try again in a moment.")
    retry_after = 5


class PaymentUnderReview(Conflict):
    """Money may have arrived that does not match; nobody should pay again before a person has looked."""

    code = "payment_under_review"
    message = _("A payment for this booking is being checked. Please call the salon.")


class RefundExceedsPaid(Rejected):
    """More than what arrived and has not gone back yet. Params: `refundable`."""

    code = "refund_exceeds_paid"
    message = _("At most %(refundable)s SAR can be refunded.")


class AmountInvalid(Rejected):
    """Not an amount of money: zero, negative, or with a fraction of a halala."""

    code = "amount_invalid"
    message = _("Enter an amount greater than zero with at most two decimals, such as 120.50.")


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
