"""Reads for the readiness page, a booking's page and the passes."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.bookings.models import Booking
from apps.common.statements import compiled
from apps.notifications.models import Channel, Kind, Notification, Template
from apps.payments.models import Payment


def oldest_due_age(now: datetime | None = None) -> timedelta | None:
    """How long the oldest message that should be out has been waiting; None when none waits."""
    now = now or timezone.now()
    oldest = Notification.objects.due(now).aggregate(oldest=Min("due_at"))["oldest"]
    return None if oldest is None else max(now - oldest, timedelta(0))


def messages_of(booking: Booking) -> QuerySet[Notification]:
    """Every message about `booking`, newest first."""
    return Notification.objects.filter(booking=booking).order_by("-created_at", "-pk")


def salon_template(booking: Booking, kind: str, channel: str) -> Template | None:
    """The text of the booking's salon for this kind and channel, if it wrote one."""
    return _template.first(salon=booking.salon_id, kind=kind, channel=channel)


@compiled
def _template(*, salon, kind, channel):
    return Template.objects.filter(salon=salon, kind=kind, channel=channel).order_by()


@compiled
def booking_to_tell_about(*, key):
    """The booking with this key and everything that a message says about it."""
    related = ("salon", "service", "staff", "customer__user")
    return Booking.objects.select_related(*related).filter(pk=key).order_by()


def bookings_to_remind(now: datetime, until: datetime) -> QuerySet[Booking]:
    """Confirmed bookings that start after `now` and up to `until`, without a reminder for their present version."""
    planned = Notification.objects.filter(
        booking=OuterRef("pk"), booking_version=OuterRef("version"), kind=Kind.REMINDER, channel=Channel.SMS
    )
    return (
        Booking.objects.filter(status=Booking.Status.CONFIRMED, starts_at__gt=now, starts_at__lte=until)
        .filter(~Exists(planned))
        .select_related("salon", "service", "staff", "customer__user")
        .order_by("starts_at", "pk")
    )


def was_invited_to_review(booking: Booking) -> bool:
    """Whether an invitation for an earlier completion of `booking`, undone since, went out already."""
    out = (Notification.Status.SENT, Notification.Status.DELIVERED)
    return messages_of(booking).filter(kind=Kind.REVIEW_INVITATION, status__in=out).exists()


def has_payable_link(booking: Booking, now: datetime) -> bool:
    """Whether the customer can still pay for `booking` under a link."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return Payment.objects.open().filter(alive, booking=booking).exclude(payment_url="").exists()


def own_messages(person: User) -> list[object]:
    """What was written to a customer, as plain values, newest first."""
    fields = ("kind", "channel", "recipient", "locale", "body", "status", "created_at", "sent_at", "delivered_at")
    own = Notification.objects.filter(booking__customer__user=person)
    return list(own.values(*fields, booking_reference=F("booking__reference")))
