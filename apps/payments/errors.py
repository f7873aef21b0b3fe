from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, Rejected, Unavailable


class NothingToPay(Rejected):
    """The booking is paid, or over."""

    code = "nothing_to_pay"
    message = _("There is nothing to pay for this booking.")


class TooLittleOnline(Rejected):
    """What is due is less than the gateway takes. Params: `least`."""

    code = "too_little_online"
    message = _("Less than %(least)s SAR cannot be paid online. Please pay it at the salon.")


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


class NotShownByGateway(Conflict):
    """What a person wants to take over is not what the gateway shows."""

    code = "not_shown_by_gateway"
    message = _("The gateway shows something else now. Nothing was changed; look again.")


class AmountInvalid(Rejected):
    """Not an amount of money: zero, negative, or with a fraction of a halala."""

    code = "amount_invalid"
    message = _("Enter an amount greater than zero with at most two decimals, such as 120.50.")


class CountInvalid(Rejected):
    """Not what somebody can have counted: negative, or with a fraction of a halala."""

    code = "count_invalid"
    message = _("Enter what was counted: zero or more, with at most two decimals, such as 120.50.")


class DayAhead(Rejected):
    """Nobody counts the till of a day that has not begun."""

    code = "day_ahead"
    message = _("That day has not begun yet.")


class TillCounted(Conflict):
    """One count for each salon and day; a manager corrects it."""

    code = "till_counted"
    message = _("The till of this day is counted already.")


class RefundInProgress(Conflict):
    """One refund of a payment at a time: only totals tell at the gateway what became of it."""

    code = "refund_in_progress"
    message = _("A refund of this payment is already on its way.")


class OnlyAuthorized(Rejected):
    """The money is held on the card and was never taken: it is let go, not refunded."""

    code = "only_authorized"
    message = _("This money is only reserved on the card. Release the reservation; there is nothing to refund.")


class NotProven(Conflict):
    """A person said what became of a refund, and the gateway's total does not show it."""

    code = "not_proven"
    message = _("The gateway does not show that. Please look again at what it shows now.")


class SecondPersonNeeded(Rejected):
    """Above the salon's limit the one who asked for a refund does not approve it."""

    code = "second_person_needed"
    message = _("Another person has to approve this refund.")


class OwnBooking(Rejected):
    """Nobody refunds a visit of their own."""

    code = "own_booking"
    message = _("You cannot refund a booking of your own.")


class EInvoicingOff(Rejected):
    """Nobody is configured who reports documents to the tax authority."""

    code = "einvoicing_off"
    message = _("Reporting to the tax authority is not switched on: no provider is configured (EINVOICING_PROVIDER).")


class NothingToReport(Conflict):
    """The tax authority has the document, or somebody is reporting it at this moment."""

    code = "nothing_to_report"
    message = _("This document is reported already, or is being reported right now.")


class PdfUnavailable(Unavailable):
    """The optional package for PDF, or a library of the system that it loads, is missing."""

    code = "pdf_unavailable"
    message = _(
        "This server makes no PDF: the Python package weasyprint or its libraries Pango and HarfBuzz are not installed."
        " Open “Print” instead and save the page as a PDF there."
    )


class GatewayUnavailable(Unavailable):
    """The payment gateway gave no usable answer."""

    message = _("The payment service does not answer right now. Please try again in a minute.")
