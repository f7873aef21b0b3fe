import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import SameSalon
from apps.common.money import CURRENCY, display_money
from apps.payments.querysets import PaymentQuerySet, RefundQuerySet
from apps.salons.models.base import SalonOwned, salon_key


class Payment(SalonOwned):
    """One attempt to pay for one booking. The row stands before the gateway is called; its id names the attempt there.

    Online money moves only by what was fetched from the gateway; cash and card terminal are recorded by hand.
    """

    class Method(models.TextChoices):
        ONLINE = "online", _("online")
        CASH = "cash", _("cash")
        TERMINAL = "terminal", _("card terminal")

    class Status(models.TextChoices):
        CREATED = "created", _("created")
        SUBMITTED = "submitted", _("sent to the gateway")
        INITIATED = "initiated", _("waiting for the customer")
        PAID = "paid", _("paid")
        AUTHORIZED = "authorized", _("authorised")
        CAPTURED = "captured", _("captured")
        FAILED = "failed", _("failed")
        VOIDED = "voided", _("voided")
        EXPIRED = "expired", _("expired")
        UNKNOWN = "unknown", _("answer unknown")
        REVIEW = "review", _("needs a person")

    OPEN = (Status.CREATED, Status.SUBMITTED, Status.INITIATED, Status.UNKNOWN)
    SETTLED = (Status.PAID, Status.CAPTURED)
    ALLOWED = {
        Status.CREATED: {Status.SUBMITTED, Status.EXPIRED, Status.FAILED, Status.PAID},
        Status.SUBMITTED: {
            Status.INITIATED,
            Status.UNKNOWN,
            Status.FAILED,
            Status.PAID,
            Status.AUTHORIZED,
            Status.EXPIRED,
        },
        Status.INITIATED: {Status.PAID, Status.AUTHORIZED, Status.FAILED, Status.VOIDED, Status.EXPIRED},
        Status.UNKNOWN: {Status.INITIATED, Status.PAID, Status.AUTHORIZED, Status.FAILED, Status.EXPIRED},
        Status.AUTHORIZED: {Status.CAPTURED, Status.VOIDED},
        Status.PAID: {Status.VOIDED},
        Status.CAPTURED: {Status.VOIDED},
        # A customer may pay in the last second: money fetched from the gateway wins over our own verdict.
        Status.FAILED: {Status.PAID, Status.AUTHORIZED},
        Status.EXPIRED: {Status.PAID, Status.AUTHORIZED},
        Status.VOIDED: set(),
        Status.REVIEW: set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("bookings.Booking", models.PROTECT, related_name="payments", verbose_name=_("booking"))
    method = models.CharField(_("method"), max_length=16, choices=Method.choices, default=Method.ONLINE)
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.CREATED)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default=CURRENCY, editable=False)
    captured_amount = models.DecimalField(_("received"), max_digits=10, decimal_places=2, default=0)
    refunded_amount = models.DecimalField(_("refunded"), max_digits=10, decimal_places=2, default=0)
    refund_reserved_amount = models.DecimalField(_("being refunded"), max_digits=10, decimal_places=2, default=0)
    gateway_invoice_id = models.CharField(_("gateway invoice"), max_length=64, blank=True)
    gateway_payment_id = models.CharField(_("gateway payment"), max_length=64, blank=True)
    payment_url = models.URLField(_("payment link"), max_length=500, blank=True)
    expires_at = models.DateTimeField(_("link valid until"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last read at the gateway"), null=True, blank=True)
    failure_reason = models.CharField(_("reason of failure"), max_length=255, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payments_newest"),
            models.Index(fields=["salon", "-created_at", "-id"], name="payments_by_salon"),
            models.Index(
                fields=["created_at"],
                name="payments_unsettled",
                condition=Q(status__in=["created", "submitted", "initiated", "unknown"]),
            ),
        ]
        constraints = [
            salon_key("payments_payment"),
            SameSalon(field="booking", name="payments_payment_same_salon_booking"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="payments_payment_amount",
                violation_error_message=_("An amount is greater than zero."),
            ),
            models.CheckConstraint(
                condition=Q(
                    refunded_amount__gte=0,
                    refund_reserved_amount__gte=0,
                    captured_amount__lte=F("amount"),
                    # SQLite adds in binary fractions, where 1.10 and 2.20 are more than 3.30.
                    captured_amount__gte=Round(F("refunded_amount") + F("refund_reserved_amount"), 2),
                ),
                name="payments_payment_refunds_within_captured",
                violation_error_code="refund_exceeds_paid",
                violation_error_message=_("Refunds never exceed what was received, nor that what was asked."),
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(status__in=["created", "submitted", "initiated", "unknown"]),
                name="payments_payment_one_open_per_booking",
                violation_error_message=_("There is an open payment for this booking already."),
            ),
            models.UniqueConstraint(
                fields=["gateway_payment_id"],
                condition=~Q(gateway_payment_id=""),
                name="payments_payment_gateway_payment_once",
                violation_error_message=_("This payment at the gateway is recorded already."),
            ),
            models.UniqueConstraint(
                fields=["gateway_invoice_id"],
                condition=~Q(gateway_invoice_id=""),
                name="payments_payment_gateway_invoice_once",
                violation_error_message=_("This invoice at the gateway is recorded already."),
            ),
        ]

    def __str__(self):
        return display_money(self.amount)

    @property
    def refundable_amount(self):
        """What may still be refunded: received less refunded less on its way."""
        return self.captured_amount - self.refunded_amount - self.refund_reserved_amount


class Refund(SalonOwned):
    """Money going back for one payment. The gateway knows no refunds, only totals, so one is in flight at a time."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        APPROVED = "approved", _("approved")
        SENDING = "sending", _("being sent")
        SUCCEEDED = "succeeded", _("refunded")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("answer unknown")
        NOT_APPLIED = "not_applied", _("not carried out")
        REVIEW = "review", _("needs a person")
        EXTERNAL = "external", _("made at the gateway")

    OPEN = (Status.REQUESTED, Status.APPROVED, Status.SENDING, Status.UNKNOWN, Status.REVIEW)
    ALLOWED = {
        Status.REQUESTED: {Status.APPROVED, Status.FAILED},
        Status.APPROVED: {Status.SENDING, Status.SUCCEEDED, Status.FAILED, Status.REVIEW},
        Status.SENDING: {Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN, Status.REVIEW},
        Status.UNKNOWN: {Status.SUCCEEDED, Status.NOT_APPLIED, Status.REVIEW},
        Status.REVIEW: {Status.SUCCEEDED, Status.FAILED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    reason = models.TextField(_("reason"))
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.REQUESTED)
    # The form's own number: a double click posts it twice and makes one refund.
    nonce = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("requested by")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    gateway_refunded_before = models.DecimalField(
        _("refunded at the gateway before"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    failure_reason = models.CharField(_("reason of failure"), max_length=255, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payments_refund_newest"),
            models.Index(fields=["salon", "-created_at", "-id"], name="payments_refund_by_salon"),
        ]
        constraints = [
            salon_key("payments_refund"),
            SameSalon(field="payment", name="payments_refund_same_salon_payment"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="payments_refund_amount",
                violation_error_message=_("An amount is greater than zero."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="payments_refund_reason",
                violation_error_message=_("A refund needs a reason."),
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(status__in=["requested", "approved", "sending", "unknown", "review"]),
                name="payments_refund_one_open_per_payment",
                violation_error_code="refund_in_progress",
                violation_error_message=_("A refund of this payment is already on its way."),
            ),
        ]

    def __str__(self):
        return display_money(self.amount)
