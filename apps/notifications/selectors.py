"""Reads for a booking's page and the passes."""

from datetime import datetime

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.statements import compiled
from apps.notifications import policies, reasons
from apps.notifications.models import (
    Channel,
    DeliveryAttempt,
    Kind,
    MessageSettings,
    Notification,
    Template,
    default_reminder_hours,
)
from apps.payments.models import Payment


def messages_of(booking: Booking) -> QuerySet[Notification]:
    """Every message about `booking`, newest first."""
    return Notification.objects.filter(booking=booking).order_by("-created_at", "-pk")


def templates_of(booking: Booking, kind: str) -> dict[str, Template]:
    """The texts that the booking's salon has for this kind, by channel."""
    return {template.channel: template for template in _templates(salon=booking.salon_id, kind=kind)}


@compiled
def _templates(*, salon, kind):
    return Template.objects.filter(salon=salon, kind=kind).order_by()


def settings_of(salon_id: int) -> MessageSettings:
    """How this salon speaks to its customers; what the fields say by default where it never said."""
    return _settings.first(salon=salon_id) or MessageSettings(salon_id=salon_id)


@compiled
def _settings(*, salon):
    return MessageSettings.objects.filter(salon=salon).order_by()


def latest_attempts(provider: str) -> list[DeliveryAttempt]:
    """The last calls to `provider` that ended, newest first, as many as tell whether it works.

    A sender or a channel that is not set up tells nothing of the rest.
    """
    ended = DeliveryAttempt.objects.filter(provider=provider).exclude(status=DeliveryAttempt.Status.BEGUN)
    ended = ended.exclude(code__in=reasons.KNOWN_CODES[reasons.NOT_SET_UP])
    return list(ended.order_by("-pk")[: policies.FAILURES_IN_A_ROW])


def is_being_tried(provider: str, since: datetime) -> bool:
    """Whether a call to `provider` that began since then has not ended."""
    calls = DeliveryAttempt.objects.filter(provider=provider, status=DeliveryAttempt.Status.BEGUN)
    return calls.filter(started_at__gt=since).exists()


def attempts_in_doubt(notification: Notification) -> QuerySet[DeliveryAttempt]:
    """The calls about `notification`, after the last one that was taken, of which nobody knows whether the customer got
    the message, newest first.
    """
    calls = notification.tried.order_by("-pk")
    taken = calls.filter(status__in=DeliveryAttempt.TAKEN).values("pk")[:1]
    return calls.filter(status__in=DeliveryAttempt.OPEN_ENDED, pk__gt=Coalesce(Subquery(taken), 0))


def arrived_by_whatsapp(sms: Notification) -> bool:
    """Whether the message whose place `sms` takes has arrived after all."""
    same = {name: getattr(sms, name) for name in ("booking_id", "booking_version", "kind", "occasion")}
    return Notification.objects.filter(**same, channel=Channel.WHATSAPP, status=Notification.Status.DELIVERED).exists()


def has_no_whatsapp(phone: str, since: datetime) -> bool:
    """Whether a provider has said since then that this number does not have WhatsApp."""
    told = Notification.objects.filter(recipient=phone, channel=Channel.WHATSAPP, created_at__gte=since)
    return told.filter(reason__startswith=reasons.NO_WHATSAPP).exists()


@compiled
def booking_to_tell_about(*, key):
    """The booking with this key and everything that a message says about it."""
    related = ("salon", "service", "staff", "customer__user")
    return Booking.objects.select_related(*related).filter(pk=key).order_by()


def example_booking(salon_id: int | None, reader: User) -> Booking | None:
    """The latest booking of the salon that `reader` sees, of somebody who was not erased, to show a text with."""
    own = Booking.objects.visible_to(reader).filter(salon=salon_id, customer__user__erased_at__isnull=True)
    related = ("salon", "service", "staff", "customer__user")
    return own.select_related(*related).order_by("-starts_at", "-pk").first()


def salons_by_reminder() -> dict[int, Q]:
    """For each number of hours at which any salon reminds, the condition for bookings of the salons that do."""
    own = dict(MessageSettings.objects.order_by().values_list("salon_id", "reminder_hours"))
    usual = default_reminder_hours()
    conditions = {hours: ~Q(salon__in=own) for hours in usual}
    for hours in {hours for chosen in own.values() for hours in chosen}:
        chosen = Q(salon__in=[salon for salon, chosen in own.items() if hours in chosen])
        conditions[hours] = conditions[hours] | chosen if hours in conditions else chosen
    return conditions


def bookings_to_remind(hours: int, now: datetime, until: datetime) -> QuerySet[Booking]:
    """Confirmed bookings that start after `now` and up to `until`, whose present version lacks this reminder."""
    planned = Notification.objects.filter(
        booking=OuterRef("pk"),
        booking_version=OuterRef("version"),
        kind=Kind.REMINDER,
        occasion=policies.reminder_occasion(hours),
    )
    return (
        Booking.objects.filter(status=Booking.Status.CONFIRMED, starts_at__gt=now, starts_at__lte=until)
        .filter(~Exists(planned))
        .select_related("salon", "service", "staff", "customer__user")
        .order_by("starts_at", "pk")
    )


def was_invited_to_review(booking: Booking) -> bool:
    """Whether an invitation for an earlier completion of `booking`, undone since, went out already, or may have."""
    is_out = Q(status__in=(Notification.Status.SENT, Notification.Status.DELIVERED))
    may_be_out = Q(tried__status__in=DeliveryAttempt.OPEN_ENDED)
    return messages_of(booking).filter(is_out | may_be_out, kind=Kind.REVIEW_INVITATION).exists()


def was_reminded(booking: Booking) -> bool:
    """Whether a reminder of the booking as it is now has left."""
    left = (Notification.Status.SENDING, Notification.Status.SENT, Notification.Status.DELIVERED)
    reminders = messages_of(booking).filter(kind=Kind.REMINDER, booking_version=booking.version)
    return reminders.filter(status__in=left).exists()


def present_since(booking: Booking) -> datetime:
    """Since when the booking is as it is now for its customer; a note that was written on it since does not count."""
    versions = booking.history.filter(version=booking.version)
    return versions.aggregate(first=Min("history_date"))["first"] or booking.updated_at


def untold(booking: Booking) -> QuerySet[Notification]:
    """Messages about earlier versions of `booking` that tell its state and never left."""
    waiting = (Notification.Status.PENDING, Notification.Status.FAILED)
    earlier = messages_of(booking).filter(booking_version__lt=booking.version, status__in=waiting)
    return earlier.filter(kind__in=policies.BEFORE_THE_VISIT)


def has_payable_link(notification: Notification, now: datetime) -> bool:
    """Whether the customer can still pay under the link that `notification` carries."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    links = Payment.objects.open().filter(alive, booking=notification.booking_id).exclude(payment_url="")
    return (links.filter(pk=notification.occasion) if notification.occasion else links).exists()


def own_messages(person: User) -> list[object]:
    """What was written to a customer, as plain values, newest first."""
    fields = ("kind", "channel", "recipient", "locale", "body", "status", "created_at", "sent_at", "delivered_at")
    own = Notification.objects.filter(booking__customer__user=person)
    return list(own.values(*fields, booking_reference=F("booking__reference")))
