from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.common.constraints import SameSalon
from apps.common.fields import PhoneField
from apps.notifications.querysets import NotificationQuerySet
from apps.notifications.rendering import validate_text
from apps.salons.models.base import SalonOwned, salon_key


class Kind(models.TextChoices):
    """What a message is about."""

    BOOKING_RECEIVED = "booking_received", _("booking received")
    BOOKING_CONFIRMED = "booking_confirmed", _("booking confirmed")
    BOOKING_MOVED = "booking_moved", _("booking moved")
    BOOKING_CANCELLED = "booking_cancelled", _("booking cancelled")
    PAYMENT_LINK = "payment_link", _("payment link")
    PAYMENT_RECEIVED = "payment_received", _("payment received")
    REFUND_SENT = "refund_sent", _("refund on its way")
    REMINDER = "reminder", _("reminder")
    REVIEW_INVITATION = "review_invitation", _("invitation to review")
    PHONE_CHANGED = "phone_changed", _("phone changed")


class Channel(models.TextChoices):
    """How a message travels."""

    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")


class Template(SalonOwned):
    """A salon's own words for one kind of message. Without one, the text of the house is used."""

    kind = models.CharField(_("kind"), max_length=32, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices, default=Channel.SMS)
    body_ar = models.TextField(_("Arabic text"), max_length=1000)
    body_en = models.TextField(_("English text"), max_length=1000)
    is_active = models.BooleanField(
        _("switched on"), default=True, help_text=_("Switched off, this message is not sent.")
    )

    class Meta:
        verbose_name = _("message text")
        verbose_name_plural = _("message texts")
        ordering = ["salon", "kind", "channel", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["salon", "kind", "channel"],
                name="notifications_template_once",
                violation_error_message=_("This salon has a text for this kind and channel already."),
            )
        ]

    def __str__(self):
        return self.get_kind_display()

    def clean(self):
        errors = {}
        for field in ("body_ar", "body_en"):
            try:
                validate_text(getattr(self, field), self.kind)
            except ValidationError as error:
                errors[field] = error
        if errors:
            raise ValidationError(errors)


class Notification(SalonOwned):
    """One message to one customer, and its own audit: what was planned, when it left, what became of it.

    It is written in the transaction that made it necessary; sending comes after and never disturbs a booking.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("planned")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        UNDELIVERED = "undelivered", _("not delivered")
        FAILED = "failed", _("failed")
        SUPPRESSED = "suppressed", _("held back")

    # A failed message is tried again until then; afterwards it waits for a person.
    MAX_ATTEMPTS = 8

    booking = models.ForeignKey(
        "bookings.Booking", models.PROTECT, related_name="notifications", verbose_name=_("booking")
    )
    booking_version = models.PositiveIntegerField(_("version of the booking"))
    kind = models.CharField(_("kind"), max_length=32, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices, default=Channel.SMS)
    recipient = PhoneField(_("recipient"))
    locale = models.CharField(_("language"), max_length=2, choices=User.Locale.choices)
    body = models.TextField(_("text"))
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.PENDING)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    provider = models.CharField(_("provider"), max_length=16, blank=True)
    provider_message_id = models.CharField(_("provider's number"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True, help_text=_("Why it failed or was held back."))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="notifications_newest"),
            models.Index(fields=["salon", "-created_at", "-id"], name="notifications_by_salon"),
            models.Index(
                fields=["due_at"],
                name="notifications_due",
                condition=Q(status__in=["pending", "failed", "sending"]),
            ),
            models.Index(fields=["provider", "provider_message_id"], name="notifications_by_provider_id"),
        ]
        constraints = [
            salon_key("notifications_notification"),
            SameSalon(field="booking", name="notifications_notification_same_salon_booking"),
            models.UniqueConstraint(
                fields=["booking", "booking_version", "kind", "channel", "recipient"],
                name="notifications_notification_once_per_version",
                violation_error_message=_("This message exists already for this state of the booking."),
            ),
            models.CheckConstraint(
                condition=~Q(status="suppressed") | ~Q(reason=""),
                name="notifications_notification_suppressed_reason",
                violation_error_message=_("A message held back says why."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} · {self.booking}"


class DeliveryReceipt(SalonOwned):
    """What a provider reported about a message after taking it."""

    notification = models.ForeignKey(Notification, models.PROTECT, related_name="receipts", verbose_name=_("message"))
    provider_status = models.CharField(_("provider's word"), max_length=64)
    error_code = models.CharField(_("error code"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("delivery receipt")
        verbose_name_plural = _("delivery receipts")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="notifications_receipt_newest")]
        constraints = [
            SameSalon(field="notification", name="notifications_receipt_same_salon"),
        ]

    def __str__(self):
        return self.provider_status
