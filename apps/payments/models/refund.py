import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import SameSalon
from apps.common.money import display_money
from apps.payments.models.payment import Payment
from apps.payments.querysets import RefundQuerySet
from apps.salons.models.base import SalonOwned, salon_key


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

    class Way(models.TextChoices):
        REFUND = "refund", _("sent back")
        VOID = "void", _("undone before settlement")
        BY_HAND = "by_hand", _("handed over")
        EXTERNAL = "external", _("made at the gateway")

    # `not_applied` stays open: until it is sent again or given up, another refund would blur what the total tells.
    OPEN = (Status.REQUESTED, Status.APPROVED, Status.SENDING, Status.UNKNOWN, Status.NOT_APPLIED, Status.REVIEW)
    DONE = (Status.SUCCEEDED, Status.EXTERNAL)
    ALLOWED = {
        Status.REQUESTED: {Status.APPROVED, Status.FAILED},
        Status.APPROVED: {Status.SENDING, Status.SUCCEEDED, Status.FAILED, Status.REVIEW},
        # Back to approved only as a void that certainly was not carried out, to be sent as a refund.
        Status.SENDING: {Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN, Status.REVIEW, Status.APPROVED},
        Status.UNKNOWN: {Status.SUCCEEDED, Status.NOT_APPLIED, Status.REVIEW, Status.APPROVED},
        Status.NOT_APPLIED: {Status.SENDING, Status.SUCCEEDED, Status.FAILED, Status.REVIEW},
        # A person has looked: send it after all, it was carried out, or it was not.
        Status.REVIEW: {Status.APPROVED, Status.SUCCEEDED, Status.FAILED},
        # Carried out late, after it had been given up; the gateway's total shows it.
        Status.FAILED: {Status.SUCCEEDED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    reason = models.TextField(_("reason"))
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.REQUESTED)
    way = models.CharField(_("way"), max_length=16, choices=Way.choices, default=Way.REFUND)
    # The form's own number: a double click posts it twice and makes one refund.
    nonce = models.UUIDField(_("mark of this refund"), default=uuid.uuid4, unique=True, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("requested by")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    gateway_refunded_before = models.DecimalField(
        _("refunded at the gateway before"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    gateway_refunded_after = models.DecimalField(
        _("refunded at the gateway after"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    attempt = models.PositiveSmallIntegerField(_("times sent"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    equal_reads = models.PositiveSmallIntegerField(_("readings without a change"), default=0)
    next_check_at = models.DateTimeField(_("to be read again at"), null=True, blank=True)
    check_count = models.PositiveSmallIntegerField(_("times read in vain"), default=0)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    failure_reason = models.CharField(_("reason of failure"), max_length=255, blank=True)
    resolution = models.TextField(_("what a person found"), blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("resolved by")
    )

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payments_refund_newest"),
            models.Index(fields=["salon", "-created_at", "-id"], name="payments_refund_by_salon"),
            models.Index(fields=["status", "salon"], name="payments_refund_by_status"),
            models.Index(
                fields=["next_check_at"], name="payments_refund_to_be_read", condition=Q(next_check_at__isnull=False)
            ),
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
                condition=Q(status__in=["requested", "approved", "sending", "unknown", "not_applied", "review"]),
                name="payments_refund_one_open_per_payment",
                violation_error_code="refund_in_progress",
                violation_error_message=_("A refund of this payment is already on its way."),
            ),
        ]

    def __str__(self):
        return display_money(self.amount)
