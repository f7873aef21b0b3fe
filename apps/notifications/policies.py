"""Whether a message still says the truth, and when it may go out. Pure: rows are given, the moment is a parameter."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.bookings.models import Booking
from apps.notifications import reasons
from apps.notifications.models import PROMOTIONAL, Channel, DeliveryAttempt, Kind, MessageSettings, Notification

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
# A provider that took the message without telling so should have reported by then.
DELAY_IN_DOUBT = timedelta(minutes=2)
# So many failures in a row are the provider's, not the messages': the next ones wait instead of trying too.
FAILURES_IN_A_ROW = 3
REST = timedelta(seconds=30)
# Providers report within seconds; who has not by then is asked, at growing intervals, until it is no news any more.
FIRST_QUESTION = timedelta(minutes=10)
LAST_QUESTION = timedelta(days=2)
# Whoever heard nothing for so long has found out otherwise.
OF_USE_FOR = timedelta(days=3)
# A call that began so lately may still be answered.
LONGEST_CALL = timedelta(seconds=10)
# A planner that comes later than that was not late: the salon has added the reminder since.
PLANNER_MAY_BE_LATE = timedelta(hours=1)

# These tell the booking as it is; with the next version they would tell it as it was. What happened to money or
# that a booking was cancelled stays true.
TELLS_PRESENT_STATE = frozenset(
    {
        Kind.BOOKING_RECEIVED,
        Kind.BOOKING_CONFIRMED,
        Kind.BOOKING_MOVED,
        Kind.REMINDER,
        Kind.REVIEW_INVITATION,
    }
)
ASKS_FOR_SOMETHING_TO_COME = TELLS_PRESENT_STATE | {Kind.PAYMENT_LINK}
# Of no use to somebody who sits in the chair or has gone home.
BEFORE_THE_VISIT = TELLS_PRESENT_STATE - {Kind.REVIEW_INVITATION}


def reason_to_hold_back(
    notification: Notification, booking: Booking, settings: MessageSettings, *, now: datetime
) -> str:
    """Why `notification` must not go out for `booking` as it is at `now`; "" when it may."""
    if booking.customer.user.erased_at is not None:
        return reasons.PERSON_ERASED
    if now - (notification.sent_again_at or notification.created_at) > OF_USE_FOR:
        return reasons.TOO_LATE
    if notification.kind in ASKS_FOR_SOMETHING_TO_COME and booking.status == Booking.Status.CANCELLED:
        return reasons.BOOKING_CANCELLED
    if notification.kind in TELLS_PRESENT_STATE and notification.booking_version != booking.version:
        return reasons.BOOKING_CHANGED
    if notification.kind in BEFORE_THE_VISIT and booking.starts_at <= now:
        return reasons.VISIT_BEGUN
    if notification.kind == Kind.REMINDER:
        return _reason_not_to_remind(notification, booking, settings, now=now)
    if notification.kind in PROMOTIONAL:
        return _reason_not_to_promote(notification, booking, settings)
    return ""


def _reason_not_to_remind(
    notification: Notification, booking: Booking, settings: MessageSettings, *, now: datetime
) -> str:
    hours = reminder_hours(notification.occasion)
    if hours not in settings.reminder_hours:
        return reasons.REMINDER_DROPPED
    later = [reminder_moment(booking, other) for other in settings.reminder_hours if other < hours]
    return reasons.REMINDER_OVERTAKEN if any(moment <= now for moment in later) else ""


def _reason_not_to_promote(notification: Notification, booking: Booking, settings: MessageSettings) -> str:
    if not booking.customer.user.marketing_consent:
        return reasons.NO_CONSENT
    if notification.channel == Channel.SMS and not settings.promotional_sender:
        return reasons.NO_SENDER
    return ""


def reason_to_skip_reminder(
    booking: Booking, hours: int, all_hours: Iterable[int], *, present_since: datetime, now: datetime
) -> str:
    """Why the reminder `hours` before `booking`, made what it is at `present_since`, is not planned at `now`, after its
    moment; "" when it is.
    """
    due_at = reminder_moment(booking, hours)
    if present_since > due_at:
        return reasons.MADE_TOO_LATE
    another_follows = any(other < hours for other in all_hours)
    return reasons.REMINDER_OVERTAKEN if another_follows and now - due_at > PLANNER_MAY_BE_LATE else ""


def reminder_moment(booking: Booking, hours: int) -> datetime:
    """When a customer is reminded `hours` before the visit."""
    return booking.starts_at - timedelta(hours=hours)


def reminder_occasion(hours: int) -> str:
    """What tells the reminders of one booking apart: `24h`."""
    return f"{hours}h"


def reminder_hours(occasion: str) -> int:
    """The hours of a reminder's occasion; none can be read from what is none, and a salon never has zero."""
    digits = occasion.removesuffix("h")
    return int(digits) if digits.isdecimal() else 0


def promotion_moment(settings: MessageSettings, timezone: str, *, now: datetime) -> datetime:
    """The first moment from `now` on at which the salon may send promotions: its day in its own zone."""
    local = now.astimezone(ZoneInfo(timezone))
    if settings.promotions_from <= local.time() < settings.promotions_until:
        return now
    day = local.date() if local.time() < settings.promotions_from else local.date() + timedelta(days=1)
    return datetime.combine(day, settings.promotions_from, local.tzinfo)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th failure: 1, 2, 4 … minutes, at most an hour."""
    return min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)


def rests(latest: Sequence[DeliveryAttempt], *, now: datetime) -> bool:
    """Whether the provider is left alone at `now`: its `latest` attempts, newest first, all failed, and just now."""
    ended_at = latest[0].ended_at if is_failing(latest) else None
    return ended_at is not None and now - ended_at < REST


def is_failing(latest: Sequence[DeliveryAttempt]) -> bool:
    """Whether the provider does not work, as far as its `latest` attempts tell."""
    return len(latest) >= FAILURES_IN_A_ROW and all(
        attempt.status in DeliveryAttempt.PROVIDER_FAILED for attempt in latest
    )


def next_question(sent_at: datetime, *, now: datetime) -> datetime | None:
    """When a provider that has not reported about a message is asked next; None when it is asked no more."""
    age = now - sent_at
    return None if age >= LAST_QUESTION else now + max(age, FIRST_QUESTION)
