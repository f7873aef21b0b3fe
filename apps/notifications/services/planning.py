"""What is said, to whom, by which channel and when: a row in the transaction of the fact that it tells."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from apps.bookings.models import Booking
from apps.notifications import policies, reasons, rendering, selectors
from apps.notifications.models import Channel, Kind, Notification, Template
from apps.notifications.providers import get_provider
from apps.notifications.services import writing
from apps.notifications.services.delivery import request_delivery

logger = logging.getLogger(__name__)

# A reminder stands in the list of messages a day before it goes out.
PLANNED_AHEAD = timedelta(hours=24)
# People change their phones: who had no WhatsApp then is asked again.
NO_WHATSAPP_FOR = timedelta(days=30)
Status = Notification.Status


def queue_message(
    booking: Booking,
    kind: str,
    *,
    occasion: str = "",
    amount: Decimal | None = None,
    link: str = "",
    due_at: datetime | None = None,
    held_back: str = "",
    recipient: str = "",
) -> Notification:
    """Plan one message about the booking as it is now, in the customer's language; a repeat returns the first one.

    `occasion` tells apart what can happen to one version of a booking more than once. The message goes to the
    customer's phone, or to `recipient` where that is another one.

    With `held_back` (a reason) the row only says what was not sent and why. A message that is due at once leaves
    after the commit. `amount` is in SAR.
    """
    person, templates = booking.customer.user, selectors.templates_of(booking, kind)
    recipient = recipient or person.phone
    about = {
        "booking": booking,
        "booking_version": booking.version,
        "kind": kind,
        "occasion": occasion,
        "recipient": recipient,
    }
    # One message is never told by two channels, though the choice between them may have changed since.
    if Channel.WHATSAPP in templates and (first := Notification.objects.filter(**about).order_by("pk").first()):
        return first
    channel = _channel(templates, person.locale, recipient)
    values = rendering.message_values(booking, person.locale, amount=amount, link=link)
    content = writing.content_of(templates.get(channel), kind, channel, person.locale, values)
    planned = Notification(**about, salon_id=booking.salon_id, channel=channel, locale=person.locale, **content)
    written = writing.write(planned, templates.get(channel), due_at=due_at, held_back=held_back)
    if written is planned and written.status == Status.PENDING and written.due_at <= timezone.now():
        request_delivery(written.pk)
    return written


def _channel(templates: Mapping[str, Template], locale: str, phone: str) -> str:
    """WhatsApp where the salon has an approved template, the provider carries it and the number is not without it."""
    template = templates.get(Channel.WHATSAPP)
    if template is None or not template.is_active or not getattr(template, f"provider_id_{locale}"):
        return Channel.SMS
    if Channel.WHATSAPP not in get_provider().channels:
        return Channel.SMS
    is_without = selectors.has_no_whatsapp(phone, timezone.now() - NO_WHATSAPP_FOR)
    return Channel.SMS if is_without else Channel.WHATSAPP


def plan_reminders(now: datetime | None = None) -> int:
    """Plan the reminders of the coming day, at the hours that each salon chose. Returns how many rows it wrote.

    A booking made, confirmed or moved after such a moment was told about just then: its row keeps that as the reason.
    """
    now = now or timezone.now()
    return sum(_plan_reminders_at(hours, salons, now) for hours, salons in selectors.salons_by_reminder().items())


def _plan_reminders_at(hours: int, salons: Q, now: datetime) -> int:
    planned = 0
    horizon = now + timedelta(hours=hours) + PLANNED_AHEAD
    for booking in selectors.bookings_to_remind(hours, now, horizon).filter(salons):
        try:
            _plan_reminder(booking, hours, now)
        except Exception:
            logger.exception("no reminder could be planned for booking %s", booking.pk)
        else:
            planned += 1
    return planned


def _plan_reminder(booking: Booking, hours: int, now: datetime) -> None:
    due_at = policies.reminder_moment(booking, hours)
    held_back = _reason_to_skip(booking, hours, now) if due_at <= now else ""
    occasion = policies.reminder_occasion(hours)
    queue_message(booking, Kind.REMINDER, occasion=occasion, due_at=due_at, held_back=held_back)


def _reason_to_skip(booking: Booking, hours: int, now: datetime) -> str:
    if selectors.was_reminded(booking):
        return reasons.ALREADY_REMINDED
    all_hours, present_since = selectors.settings_of(booking.salon_id).reminder_hours, selectors.present_since(booking)
    return policies.reason_to_skip_reminder(booking, hours, all_hours, present_since=present_since, now=now)


def tell_anew(booking: Booking) -> None:
    """Plan again, for the booking as it is now, what was to be said of an earlier state and never left."""
    for message in selectors.untold(booking):
        due_at = message.due_at if message.kind == Kind.REMINDER else None
        queue_message(booking, message.kind, occasion=message.occasion, due_at=due_at)
