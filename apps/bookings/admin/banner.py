"""What the state of a visit means right now, and which step is the next one."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bookings.admin.times import time_text
from apps.bookings.availability import midnight
from apps.bookings.models import Booking
from apps.common.money import display_money

Status = Booking.Status
ONE_MINUTE = timedelta(minutes=1)


def meaning_of(booking, *, now):
    """One sentence: what `booking` waits for at `now`, and since or until when."""
    return _MEANINGS[Status(booking.status)](booking, now)


def _pending(booking, now):
    if not booking.awaits_payment:
        if now - booking.created_at < ONE_MINUTE:
            return _("Waits for the salon's answer.")
        return _("Waits for the salon's answer for %(span)s.") % {"span": _span(booking.created_at, now)}
    moment = {"time": _clock(booking.hold_expires_at, booking)}
    if booking.hold_expires_at > now:
        return _("The hold ends at %(time)s unless it is paid.") % moment
    return _("The hold ended at %(time)s without a payment: others may take the time.") % moment


def _confirmed(booking, now):
    if abs(booking.starts_at - now) < ONE_MINUTE:
        return _("Starts now.")
    if now < booking.starts_at:
        return _("Starts in %(span)s.") % {"span": _span(now, booking.starts_at)}
    if now < booking.ends_at:
        return _("Should have started %(span)s ago. Is the customer here?") % {"span": _span(booking.starts_at, now)}
    return _("Should have ended %(span)s ago, and nobody said whether the customer came.") % {
        "span": _span(booking.ends_at, now)
    }


def _arrived(booking, now):
    if now < booking.starts_at:
        return _("The customer is here. The visit starts in %(span)s.") % {"span": _span(now, booking.starts_at)}
    if now < booking.ends_at:
        return _("Under way until %(time)s.") % {"time": _clock(booking.ends_at, booking)}
    return _("Should have ended %(span)s ago.") % {"span": _span(booking.ends_at, now)}


def _completed(booking, now):
    return _("The visit took place.")


def _no_show(booking, now):
    return _("The customer did not come.")


def _cancelled(booking, now):
    by = {
        Booking.CancelledBy.CUSTOMER: _("Called off at the customer's wish."),
        Booking.CancelledBy.SALON: _("Called off by the salon."),
    }[Booking.CancelledBy(booking.cancelled_by)]
    if not booking.cancellation_fee_amount:
        return by
    fee = _("The fee is %(fee)s.") % {"fee": display_money(booking.cancellation_fee_amount)}
    return f"{by} {fee}"


def _expired(booking, now):
    return _("It was not paid in time, and the time is free again.")


_MEANINGS = {
    Status.PENDING: _pending,
    Status.CONFIRMED: _confirmed,
    Status.ARRIVED: _arrived,
    Status.COMPLETED: _completed,
    Status.NO_SHOW: _no_show,
    Status.CANCELLED: _cancelled,
    Status.EXPIRED: _expired,
}


def too_early(booking, *, now):
    """Paths of the steps that would be refused at `now` because the visit has not reached their moment."""
    zone = ZoneInfo(booking.salon.timezone)
    reached = {
        "arrive": midnight(timezone.localdate(booking.starts_at, zone), zone),
        "complete": booking.starts_at,
        "no-show": booking.starts_at + timedelta(minutes=booking.salon.no_show_grace_minutes),
    }
    return {path for path, moment in reached.items() if now < moment}


def next_step(booking, *, is_payable):
    """Path of the step that people mostly take in this state; it may be too early for it, or not theirs."""
    if booking.awaits_payment and is_payable:
        return "payment-link"
    steps = {Status.PENDING: "confirm", Status.CONFIRMED: "arrive", Status.ARRIVED: "complete"}
    return steps.get(Status(booking.status))


def other_steps(booking):
    """Paths of the steps to show beside the next one, the likeliest first: the first that may be taken is shown."""
    return ["no-show", "reschedule", "refund"] if booking.status == Status.CONFIRMED else ["reschedule", "refund"]


def _span(since, until):
    """How long it is between two moments, as short as people say it: days, or hours and minutes."""
    minutes = int((until - since) / ONE_MINUTE)
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    rest = minutes % 60
    spoken = ngettext("%(count)s min", "%(count)s min", rest) % {"count": rest}
    if not hours:
        return spoken
    whole = ngettext("%(count)s h", "%(count)s h", hours) % {"count": hours}
    return _("%(hours)s %(minutes)s") % {"hours": whole, "minutes": spoken} if rest else whole


def _clock(moment, booking):
    """The hour, with the day where it is not today."""
    local = moment.astimezone(ZoneInfo(booking.salon.timezone))
    today = timezone.localdate(timezone=local.tzinfo)
    return f"{local:%H:%M}" if local.date() == today else time_text(moment, booking.salon)
