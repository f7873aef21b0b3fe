from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import SameSalon
from apps.payments.models.payment import Payment
from apps.payments.querysets import PlatformQuerySet
from apps.salons.models.base import SalonOwned


class WebhookEvent(models.Model):
    """What the gateway told us, kept before anything is done about it. A hint to look, never a fact about money."""

    # The event that a newly registered address is sent: its code goes back to the gateway within half an hour.
    VERIFICATION = "webhook_verification"
    CODE_LIFETIME = timedelta(minutes=30)

    class Status(models.TextChoices):
        NEW = "new", _("new")
        PROCESSED = "processed", _("processed")
        IGNORED = "ignored", _("not for us")
        FAILED = "failed", _("will be tried again")
        DEAD = "dead", _("given up")

    provider = models.CharField(_("provider"), max_length=16)
    event_id = models.CharField(_("event"), max_length=64)
    kind = models.CharField(_("kind"), max_length=64)
    payload = models.JSONField(_("content"), help_text=_("Without the shared secret."))
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.NEW)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=255, blank=True)

    objects = PlatformQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="payments_webhook_newest"),
            models.Index(fields=["status"], name="payments_webhook_by_status"),
            models.Index(fields=["due_at"], name="payments_webhook_due", condition=Q(status__in=["new", "failed"])),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payments_webhook_once"),
        ]

    def __str__(self):
        return f"{self.kind} · {self.event_id}"

    @property
    def code_ends_at(self):
        return self.received_at + self.CODE_LIFETIME

    @property
    def verification_code(self):
        """The code to give back to the gateway, or "" when the event has none or its time is over."""
        code = self.payload.get("data", {}).get("verification_code")
        is_valid = self.kind == self.VERIFICATION and timezone.now() < self.code_ends_at
        return code if is_valid and isinstance(code, str) else ""


class WebhookRefusal(models.Model):
    """How many calls of a day were turned away unread. Nothing of them is kept."""

    class Reason(models.TextChoices):
        SECRET = "secret", _("wrong or missing secret")
        BODY = "body", _("not an event")
        MODE = "mode", _("test event in production, or the reverse")

    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices)
    count = models.PositiveBigIntegerField(_("calls"), default=0)
    last_at = models.DateTimeField(_("last at"))

    objects = PlatformQuerySet.as_manager()

    class Meta:
        verbose_name = _("refused webhooks")
        verbose_name_plural = _("refused webhooks")
        ordering = ["-day", "reason"]
        constraints = [models.UniqueConstraint(fields=["day", "reason"], name="payments_webhookrefusal_once")]

    def __str__(self):
        return f"{self.day} · {self.get_reason_display()}"


class ReconciliationRun(models.Model):
    """One comparison of our payments with the gateway's list."""

    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    since = models.DateTimeField(_("compared since"))
    compared_count = models.PositiveIntegerField(_("payments compared"), default=0)
    fetched_count = models.PositiveIntegerField(_("payments read one by one"), default=0)
    settlement_line_count = models.PositiveIntegerField(_("settlement lines compared"), default=0)
    # HMAC over what the run found, under a key that is not in the database: a report nobody rewrote later.
    digest = models.CharField(_("seal"), max_length=64, blank=True)

    objects = PlatformQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="payments_run_newest")]

    def __str__(self):
        return f"{timezone.localtime(self.started_at):%Y-%m-%d %H:%M}"


class ReconciliationFinding(SalonOwned):
    """One difference between our books and the gateway's, open until a person has explained it."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("missing here")
        MISSING_THERE = "missing_there", _("missing at the gateway")
        AMOUNT = "amount", _("amount differs")
        STATUS = "status", _("state differs")
        CURRENCY = "currency", _("currency differs")
        REFUNDED = "refunded", _("refunded amount differs")
        EXTERNAL_REFUND = "external_refund", _("refunded at the gateway")
        SETTLEMENT = "settlement", _("settlement differs")
        CHARGEBACK = "chargeback", _("chargeback")

    # A payment that only the gateway knows belongs to no salon until a person has found its owner.
    salon = models.ForeignKey(
        "salons.Salon", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("salon")
    )
    run = models.ForeignKey(
        ReconciliationRun, models.PROTECT, related_name="findings", verbose_name=_("reconciliation")
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="findings", verbose_name=_("payment")
    )
    gateway_payment_id = models.CharField(_("gateway payment"), max_length=64, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    ours = models.CharField(_("here"), max_length=64, blank=True)
    theirs = models.CharField(_("at the gateway"), max_length=64, blank=True)
    resolved_at = models.DateTimeField(_("explained at"), null=True, blank=True)
    resolution = models.TextField(_("explanation"), blank=True)

    class Meta:
        verbose_name = _("reconciliation finding")
        verbose_name_plural = _("reconciliation findings")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payments_finding_newest"),
            models.Index(fields=["salon"], name="payments_finding_open", condition=Q(resolved_at__isnull=True)),
        ]
        constraints = [
            SameSalon(field="payment", name="payments_finding_same_salon_payment"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | ~Q(resolution=""),
                name="payments_finding_resolution",
                violation_error_message=_("An explained difference says how."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} · {self.gateway_payment_id or self.payment_id}"
