"""A message's words and its row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.common.history import insert_unless
from apps.common.providers.segments import segments
from apps.notifications import policies, reasons, rendering, selectors
from apps.notifications.models import PROMOTIONAL, Channel, Notification, Template
from apps.notifications.texts import HOUSE_TEXTS

ONCE_PER_VERSION = "notifications_notification_once_per_version"
SAME_BY_SMS = ("salon_id", "booking_id", "booking_version", "kind", "occasion", "recipient", "locale", "body")
Status = Notification.Status


def write(
    planned: Notification, template: Template | None, *, due_at: datetime | None = None, held_back: str = ""
) -> Notification:
    """Insert `planned`, due now or at `due_at`, or held back with a reason; a second one returns the first."""
    if template is not None and not template.is_active:
        held_back = held_back or reasons.SWITCHED_OFF
    planned.status, planned.reason = (Status.SUPPRESSED if held_back else Status.PENDING), held_back
    planned.due_at = due_at or timezone.now()
    if planned.kind in PROMOTIONAL:
        settings = selectors.settings_of(planned.salon_id)
        planned.due_at = policies.promotion_moment(settings, planned.booking.salon.timezone, now=planned.due_at)
    if insert_unless(planned, rule=ONCE_PER_VERSION):
        return planned
    names = ("booking", "booking_version", "kind", "occasion", "channel", "recipient")
    return Notification.objects.get(**{name: getattr(planned, name) for name in names})


def write_fallback(whatsapp: Notification, *, is_maybe_double: bool) -> Notification:
    """Write as SMS what certainly did not arrive by WhatsApp: once, in the same words."""
    sms = as_sms(whatsapp)
    sms.is_maybe_double = is_maybe_double
    template = selectors.templates_of(whatsapp.booking, whatsapp.kind).get(Channel.SMS)
    return write(sms, template)


def as_sms(whatsapp: Notification) -> Notification:
    """The same message as an SMS that is not stored yet."""
    same = {name: getattr(whatsapp, name) for name in SAME_BY_SMS}
    return Notification(**same, channel=Channel.SMS, segments=segments(whatsapp.body).count)


def content_of(
    template: Template | None, kind: str, channel: str, locale: str, values: Mapping[str, str]
) -> dict[str, Any]:
    """The fields of a Notification that hold its words."""
    text = _wording(template, kind, locale)
    body = rendering.render(text, values)
    if channel == Channel.WHATSAPP:
        return {"body": body, "variables": rendering.variables(text, values), "segments": 0}
    return {"body": body, "variables": [], "segments": segments(body).count}


def _wording(template: Template | None, kind: str, locale: str) -> str:
    """The salon's text, or the text of the house when there is none or no form would take it."""
    text = getattr(template, f"body_{locale}", "")
    return text if text and rendering.is_valid_text(text, kind) else HOUSE_TEXTS[kind][locale]
