from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, Rejected


class SlotNotOffered(Rejected):
    """The time is not one the salon offers for this service and staff member."""

    code = "slot_not_offered"
    message = _("This time is not offered. Please choose another one.")


class SlotTaken(Conflict):
    """Somebody else has the time by now."""

    code = "slot_taken"
    message = _("This time has just been taken. Please choose another one.")


class ReasonRequired(Rejected):
    """The step leaves the usual path, and history must say why."""

    code = "reason_required"
    message = _("Please give a reason.")


class TooLate(Rejected):
    """The customer's window for moving or cancelling has closed."""

    code = "too_late"
    message = _("It is too late to change this booking. Please call the salon.")


class TooEarly(Rejected):
    """The visit has not reached the moment this step needs."""

    code = "too_early"
    message = _("This is possible from %(moment)s.")


class TooManyBookings(Rejected):
    """The customer holds as many unpaid or upcoming bookings as one person may."""

    code = "too_many_bookings"
    message = _("You have too many open bookings. Please finish or cancel one first.")


class NotReviewable(Rejected):
    """Only a completed visit is reviewed, and once."""

    code = "not_reviewable"
    message = _("A visit can be reviewed once, after it took place.")


class BookingRefused(Rejected):
    """The salon does not take online bookings from this customer."""

    code = "booking_refused"
    message = _("Online booking is not possible. Please call the salon.")


class CustomerBlocked(Rejected):
    """The salon blocked this customer; the desk may book all the same, and says why."""

    code = "customer_blocked"
    message = _("This customer is blocked. Give a reason to book all the same.")


class StaffRequired(Rejected):
    """Outside the rules nobody is chosen automatically."""

    code = "staff_required"
    message = _("Choose a staff member to book outside the rules.")


class PriceChanged(Conflict):
    """It costs more than the customer was shown."""

    code = "price_changed"
    message = _("The price is %(price)s by now. Please look again and confirm.")


class QuoteInvalid(Rejected):
    """The quote was not made by us, or for another service."""

    code = "quote_invalid"
    message = _("This quote does not belong to this booking.")


class BookingChanged(Conflict):
    """Somebody gave the visit to another calendar while we waited for this one."""

    code = "booking_changed"


class StalePage(Conflict):
    """A step was chosen on a page that shows the booking as it no longer is."""

    code = "stale_page"
    message = _("Somebody changed this booking meanwhile. Look at it again.")
