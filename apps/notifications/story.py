"""What a booking's customer was told, as a part of the booking's story."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.bookings.story import Button, Entry
from apps.notifications import reasons
from apps.notifications.models import Notification
from apps.notifications.selectors import messages_of
from apps.notifications.services import RETRYABLE

Status = Notification.Status
LOOK = {
    Status.PENDING: ("schedule_send", "info"),
    Status.SENDING: ("outgoing_mail", "primary"),
    Status.SENT: ("sms", "success"),
    Status.DELIVERED: ("mark_chat_read", "success"),
    Status.UNDELIVERED: ("sms_failed", "danger"),
    Status.FAILED: ("sms_failed", "warning"),
    Status.SUPPRESSED: ("notifications_off", "default"),
}


def tell_messages(booking: Any, *, reader: Any, limit: int) -> Iterator[Entry]:
    """The messages about `booking` with their states, those to come at the moment they are due. One query."""
    if not reader.has_perm("notifications.view_notification", booking):
        return
    may_retry = reader.has_perm("notifications.retry_notification", booking)
    for message in messages_of(booking)[:limit]:
        icon, colour = LOOK[Status(message.status)]
        again = reverse("admin:notifications_notification_retry_action", args=[message.pk])
        yield Entry(
            message.sent_at or message.due_at,
            icon,
            colour,
            _("Message: %(kind)s") % {"kind": message.get_kind_display()},
            f"{message.get_channel_display()} · {capfirst(message.get_status_display())}",
            reason=reasons.explain_html(message.reason) if message.reason else "",
            link=reverse("admin:notifications_notification_change", args=[message.pk]),
            button=Button(_("Send again"), again) if may_retry and message.status in RETRYABLE else None,
        )
