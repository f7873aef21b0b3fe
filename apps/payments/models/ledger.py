from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import SameSalon
from apps.payments.models.payment import Payment, Refund
from apps.payments.querysets import PlatformQuerySet
from apps.salons.models.base import SalonOwned, salon_key


class WebhookEvent(models.Model):
    """What the gateway told us, kept before anything is done about it. A hint to look, never a fact about money."""

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
            models.Index(fields=["due_at"], name="payments_webhook_due", condition=Q(status__in=["new", "failed"])),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payments_webhook_once"),
        ]

    def __str__(self):
        return f"{self.kind} · {self.event_id}"


class ReconciliationRun(models.Model):
    """One comparison of our payments with the gateway's list."""

    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    since = models.DateTimeField(_("compared since"))
    compared_count = models.PositiveIntegerField(_("payments compared"), default=0)

    objects = PlatformQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="payments_run_newest")]

    def __str__(self):
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class ReconciliationFinding(SalonOwned):
    """One difference between our books and the gateway's, open until a person has explained it."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("missing here")
        MISSING_THERE = "missing_there", _("missing at the gateway")
        AMOUNT = "amount", _("amount differs")
        STATUS = "status", _("state differs")
        REFUNDED = "refunded", _("refunded amount differs")

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
        indexes = [models.Index(fields=["-created_at", "-id"], name="payments_finding_newest")]
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


class TaxDocument(SalonOwned):
    """A simplified tax invoice for a payment, or the credit note for its refund. Written once, never edited."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("simplified tax invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    number = models.PositiveIntegerField(_("number"))
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="tax_documents", verbose_name=_("payment"))
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, blank=True, related_name="tax_document", verbose_name=_("refund")
    )
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections", verbose_name=_("corrects")
    )
    issued_at = models.DateTimeField(_("issued at"))
    seller_name = models.CharField(_("seller"), max_length=160)
    seller_vat_number = models.CharField(_("seller's VAT number"), max_length=15)
    gross_amount = models.DecimalField(_("total incl. VAT"), max_digits=10, decimal_places=2)
    net_amount = models.DecimalField(_("total without VAT"), max_digits=10, decimal_places=2)
    vat_amount = models.DecimalField(_("VAT"), max_digits=10, decimal_places=2)
    qr_payload = models.CharField(_("QR code"), max_length=700)

    class Meta:
        verbose_name = _("tax document")
        verbose_name_plural = _("tax documents")
        ordering = ["-issued_at", "-pk"]
        indexes = [models.Index(fields=["salon", "-issued_at", "-id"], name="payments_taxdocument_newest")]
        constraints = [
            salon_key("payments_taxdocument"),
            SameSalon(field="payment", name="payments_taxdocument_same_salon_payment"),
            SameSalon(field="refund", name="payments_taxdocument_same_salon_refund"),
            SameSalon(field="corrects", name="payments_taxdocument_same_salon_corrects"),
            models.UniqueConstraint(fields=["salon", "number"], name="payments_taxdocument_number"),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(kind="invoice"), name="payments_taxdocument_one_invoice"
            ),
            models.CheckConstraint(
                # SQLite adds in binary fractions, where 0.95 and 0.14 are not 1.09.
                condition=Q(gross_amount__gt=0, gross_amount=Round(F("net_amount") + F("vat_amount"), 2)),
                name="payments_taxdocument_sum",
                violation_error_message=_("Net and VAT add up to the total."),
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", refund__isnull=True, corrects__isnull=True)
                | Q(kind="credit_note", refund__isnull=False, corrects__isnull=False),
                name="payments_taxdocument_credit_note_corrects",
                violation_error_message=_("A credit note names the invoice and the refund it is for."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.number}"
