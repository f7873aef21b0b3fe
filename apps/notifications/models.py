from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
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
from apps.salons.querysets import SalonQuerySet

MOST_REMINDERS, EARLIEST_REMINDER = 4, 7 * 24


def default_reminder_hours():
    """A day before."""
    return [24]


def validate_reminder_hours(hours):
    """Raise ValidationError unless `hours` is a list of at most four different whole hours up to a week."""
    is_list = isinstance(hours, list) and all(type(hour) is int for hour in hours)
    if not is_list or not all(1 <= hour <= EARLIEST_REMINDER for hour in hours):
        raise ValidationError(_("Whole hours from 1 to 168, with commas between them."), code="hours")
    if len(hours) > MOST_REMINDERS or len(set(hours)) < len(hours):
        raise ValidationError(_("At most four different hours."), code="too_many")


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


# Advertising by law: only to who agreed, by day, and by SMS under a sender name of its own.
PROMOTIONAL = frozenset({Kind.REVIEW_INVITATION})


class Channel(models.TextChoices):
    """How a message travels."""

    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")


class MessageSettings(SalonOwned):
    """How a salon speaks to its customers. A salon without a row of its own keeps what the fields say by default."""

    reminder_hours = models.JSONField(
        _("reminders"),
        default=default_reminder_hours,
        blank=True,
        validators=[validate_reminder_hours],
        help_text=_("Hours before the visit, such as 48 and 3. Without any hour there are no reminders."),
    )
    promotional_sender = models.CharField(
        _("sender name for promotions"),
        max_length=11,
        blank=True,
        validators=[
            RegexValidator(
                r"^(?=[^-]*[A-Za-z])[A-Za-z0-9 .]+-AD$",
                _("Latin letters and digits, with -AD at the end, such as REEM-AD."),
            )
        ],
        help_text=_("As it is registered with the provider. Without it, invitations to review do not go out as SMS."),
    )
    promotions_from = models.TimeField(_("promotions from"), default=time(7))
    promotions_until = models.TimeField(_("promotions until"), default=time(22))

    class Meta:
        verbose_name = _("message settings")
        verbose_name_plural = _("message settings")
        ordering = ["salon", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["salon"],
                name="notifications_settings_once",
                violation_error_message=_("This salon has message settings already."),
            ),
            models.CheckConstraint(
                condition=Q(promotions_from__gte=time(7), promotions_until__lte=time(22))
                & Q(promotions_from__lt=models.F("promotions_until")),
                name="notifications_settings_by_day",
                violation_error_message=_("Promotions are allowed between 07:00 and 22:00 only."),
            ),
        ]

    def __str__(self):
        return str(self.salon)


class Template(SalonOwned):
    """A salon's own words for one kind of message. Where they are missing, the text of the house is used.

    For WhatsApp they repeat the wording that the provider approved under an id, one for each language; without the
    id of a language its readers get SMS.
    """

    kind = models.CharField(_("kind"), max_length=32, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices, default=Channel.SMS)
    body_ar = models.TextField(_("Arabic text"), max_length=1000, blank=True)
    body_en = models.TextField(_("English text"), max_length=1000, blank=True)
    provider_id_ar = models.CharField(_("Arabic template at the provider"), max_length=64, blank=True)
    provider_id_en = models.CharField(_("English template at the provider"), max_length=64, blank=True)
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
        for locale in User.Locale.values:
            try:
                self._clean_text(locale)
            except ValidationError as error:
                errors[f"body_{locale}"] = error
        if errors:
            raise ValidationError(errors)

    def _clean_text(self, locale):
        text = getattr(self, f"body_{locale}")
        validate_text(text, self.kind)
        if self.channel == Channel.WHATSAPP and getattr(self, f"provider_id_{locale}") and not text:
            raise ValidationError(_("Repeat the wording that the provider approved."), code="required")


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
    # What of that version it tells, where there can be several: the hours before the visit, a payment, a refund.
    occasion = models.CharField(_("occasion"), max_length=48, blank=True, editable=False)
    kind = models.CharField(_("kind"), max_length=32, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices, default=Channel.SMS)
    recipient = PhoneField(_("recipient"))
    locale = models.CharField(_("language"), max_length=2, choices=User.Locale.choices)
    body = models.TextField(_("text"))
    # What fills a WhatsApp template, in the order of its numbers.
    variables = models.JSONField(_("filled-in values"), default=list, blank=True, editable=False)
    segments = models.PositiveSmallIntegerField(_("parts"), default=0, help_text=_("SMS that this text takes."))
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.PENDING)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    leased_until = models.DateTimeField(_("taken by a sender until"), null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    provider = models.CharField(_("provider"), max_length=16, blank=True)
    provider_message_id = models.CharField(_("provider's number"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True, help_text=_("Why it failed or was held back."))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    # When the provider is asked for what it has not reported.
    ask_at = models.DateTimeField(_("asked about at"), null=True, blank=True, editable=False)
    sent_again_at = models.DateTimeField(_("sent again at"), null=True, blank=True, editable=False)
    is_maybe_double = models.BooleanField(
        _("maybe twice"),
        default=False,
        help_text=_("An earlier attempt may have arrived without our knowing."),
    )

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
            models.Index(fields=["ask_at"], name="notifications_to_ask", condition=Q(ask_at__isnull=False)),
            models.Index(fields=["recipient", "-created_at"], name="notifications_by_recipient"),
        ]
        constraints = [
            salon_key("notifications_notification"),
            SameSalon(field="booking", name="notifications_notification_same_salon_booking"),
            models.UniqueConstraint(
                fields=["booking", "booking_version", "kind", "occasion", "channel", "recipient"],
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


class DeliveryAttempt(models.Model):
    """One call to a provider: written before it, so that a sender who dies in between leaves its trace.

    Its key is our number of the call, which travels along: by it a provider's answer is found when ours was lost.
    """

    class Status(models.TextChoices):
        BEGUN = "begun", _("begun")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        UNDELIVERED = "undelivered", _("not delivered")
        REFUSED = "refused", _("refused")
        UNAVAILABLE = "unavailable", _("not taken")
        IN_DOUBT = "in_doubt", _("in doubt")

    # The provider has it.
    TAKEN = (Status.SENT, Status.DELIVERED)
    # The customer may have the message.
    OPEN_ENDED = (Status.BEGUN, Status.IN_DOUBT)
    # It speaks against the provider, and says nothing of the message.
    PROVIDER_FAILED = (Status.UNAVAILABLE, Status.IN_DOUBT)

    salon = models.ForeignKey("salons.Salon", models.PROTECT, related_name="+", verbose_name=_("salon"))
    notification = models.ForeignKey(Notification, models.PROTECT, related_name="tried", verbose_name=_("message"))
    provider = models.CharField(_("provider"), max_length=16)
    provider_message_id = models.CharField(_("provider's number"), max_length=64, blank=True)
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.BEGUN)
    code = models.CharField(_("code"), max_length=32, blank=True)
    segments = models.PositiveSmallIntegerField(_("parts"), default=0)
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = SalonQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["provider", "-id"], name="notifications_attempt_latest"),
            models.Index(fields=["provider", "provider_message_id"], name="notifications_attempt_by_id"),
            models.Index(fields=["salon", "started_at"], name="notifications_attempt_by_day"),
        ]
        constraints = [
            SameSalon(field="notification", name="notifications_attempt_same_salon"),
        ]

    def __str__(self):
        return f"{self.notification_id} · {self.pk}"


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
