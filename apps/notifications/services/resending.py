"""A message that a person asks for again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.common.errors import Forbidden, Missing
from apps.common.history import save_as
from apps.notifications import policies, reasons, selectors
from apps.notifications.errors import NoLongerTrue, NotRetryable, SentJustNow
from apps.notifications.models import Notification
from apps.notifications.services.delivery import request_delivery

Status = Notification.Status
RETRYABLE = (Status.FAILED, Status.UNDELIVERED, Status.SENT, Status.DELIVERED)
# Somebody who presses twice means one message.
BETWEEN_RESENDS = timedelta(seconds=60)


@transaction.atomic
def retry_notification(notification_id: int, *, actor: User) -> Notification:
    """Send a message again, with all its attempts, to the number that the customer has now.

    Raises Missing, Forbidden, NotRetryable when it is on its way or was held back, NoLongerTrue when it would be held
    back now, and SentJustNow for the second of two presses.
    """
    locked = Notification.objects.visible_to(actor).select_for_update(of=("self",))
    notification = locked.select_related("booking__customer__user").filter(pk=notification_id).first()

    if notification is None:
        raise Missing
    if not actor.has_perm("notifications.retry_notification", notification):
        raise Forbidden
    now = timezone.now()
    _ensure_rested(notification, now)

    notification.status, notification.reason, notification.attempts = Status.PENDING, "", 0
    notification.due_at = notification.sent_again_at = now
    notification.ask_at = notification.delivered_at = None
    _ensure_true(notification, now)
    save_as(notification, actor=actor, reason=reasons.SENT_AGAIN)

    request_delivery(notification.pk)
    return notification


def _ensure_rested(notification: Notification, now: datetime) -> None:
    if notification.sent_again_at is not None and now - notification.sent_again_at < BETWEEN_RESENDS:
        raise SentJustNow
    if notification.status not in RETRYABLE:
        raise NotRetryable(current=notification.get_status_display())


def _ensure_true(notification: Notification, now: datetime) -> None:
    """A message of last week may be of use to who asks for it; one that says what is true no longer is not."""
    ways = selectors.settings_of(notification.salon_id)
    if reason := policies.reason_to_hold_back(notification, notification.booking, ways, now=now):
        raise NoLongerTrue(reason=reasons.explain(reason))
