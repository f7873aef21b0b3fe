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
