import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import SameSalon
from apps.common.money import CURRENCY, display_money
from apps.payments.querysets import PaymentQuerySet
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

    class Source(models.TextChoices):
        LINK = "link", _("payment link")
        TOKEN = "token", _("saved card")
        APPLEPAY = "applepay", _("Apple Pay")
        SAMSUNGPAY = "samsungpay", _("Samsung Pay")

    class Decline(models.TextChoices):
        INSUFFICIENT_FUNDS = "insufficient_funds", _("not enough money on the card or in the wallet")
        DAILY_LIMIT = "daily_limit", _("the daily limit is reached")
        TRANSACTION_LIMIT = "transaction_limit", _("the amount is above the limit for one payment")
        TIMED_OUT = "timed_out", _("the payer took too long")
        EXPIRED_CARD = "expired_card", _("the card has expired")
        NOT_AUTHENTICATED = "not_authenticated", _("the bank could not confirm the payer")
        DECLINED = "declined", _("the bank declined")

    OPEN = (Status.CREATED, Status.SUBMITTED, Status.INITIATED, Status.UNKNOWN)
    SETTLED = (Status.PAID, Status.CAPTURED)
    # What will become of it is not known yet.
    UNDECIDED = (*OPEN, Status.AUTHORIZED, Status.REVIEW)
    ALLOWED = {
        Status.CREATED: {Status.SUBMITTED, Status.EXPIRED, Status.FAILED, Status.PAID},
        Status.SUBMITTED: {
            Status.INITIATED,
            Status.UNKNOWN,
            Status.FAILED,
            Status.PAID,
            Status.AUTHORIZED,
            Status.VOIDED,
            Status.EXPIRED,
        },
        Status.INITIATED: {Status.PAID, Status.AUTHORIZED, Status.FAILED, Status.VOIDED, Status.EXPIRED},
        Status.UNKNOWN: {
            Status.INITIATED,
            Status.PAID,
            Status.AUTHORIZED,
            Status.FAILED,
            Status.VOIDED,
            Status.EXPIRED,
        },
        Status.AUTHORIZED: {Status.CAPTURED, Status.VOIDED},
        Status.PAID: {Status.VOIDED},
        Status.CAPTURED: {Status.VOIDED},
        # A customer may pay in the last second: money fetched from the gateway wins over our own verdict.
        Status.FAILED: {Status.PAID, Status.AUTHORIZED},
        Status.EXPIRED: {Status.PAID, Status.AUTHORIZED},
        Status.VOIDED: set(),
        # A person has looked and says which of the two it is.
        Status.REVIEW: {Status.PAID, Status.CAPTURED, Status.FAILED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("bookings.Booking", models.PROTECT, related_name="payments", verbose_name=_("booking"))
    method = models.CharField(_("method"), max_length=16, choices=Method.choices, default=Method.ONLINE)
    source = models.CharField(_("paid by"), max_length=16, choices=Source.choices, blank=True)
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
    authorized_at = models.DateTimeField(_("reserved at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    # What the gateway showed when it was last read: where it differs from ours, somebody has to look.
    checked_at = models.DateTimeField(_("last read at the gateway"), null=True, blank=True)
    gateway_status = models.CharField(_("state at the gateway"), max_length=64, blank=True)
    gateway_amount = models.DecimalField(
        _("amount at the gateway"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    gateway_refunded_amount = models.DecimalField(
        _("refunded at the gateway"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    next_check_at = models.DateTimeField(_("to be read again at"), null=True, blank=True)
    check_count = models.PositiveSmallIntegerField(_("times read in vain"), default=0)
    decline = models.CharField(_("last attempt failed because"), max_length=32, choices=Decline.choices, blank=True)
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
            models.Index(fields=["paid_at", "salon"], name="payments_by_day_received"),
            models.Index(fields=["status", "salon"], name="payments_by_status"),
            models.Index(
                fields=["created_at"],
                name="payments_unsettled",
                condition=Q(status__in=["created", "submitted", "initiated", "unknown"]),
            ),
            models.Index(
                fields=["next_check_at"], name="payments_to_be_read", condition=Q(next_check_at__isnull=False)
            ),
            models.Index(
                fields=["checked_at"],
                name="payments_refunded_elsewhere",
                condition=Q(gateway_refunded_amount__gt=F("refunded_amount")),
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
    def is_charge(self):
        """Whether we charged a card or wallet ourselves, under our own key, instead of making a link."""
        return self.source not in ("", self.Source.LINK)

    @property
    def refundable_amount(self):
        """What may still be refunded: received less refunded less on its way."""
        return self.captured_amount - self.refunded_amount - self.refund_reserved_amount
