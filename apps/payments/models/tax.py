import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from apps.common.constraints import AppendOnly, SameSalon
from apps.common.money import VAT_RATE
from apps.payments.models.payment import Payment
from apps.payments.models.refund import Refund
from apps.salons.models.base import SalonOwned, salon_key
from apps.salons.querysets import SalonQuerySet


class TaxSequence(models.Model):
    """The last number of a salon's tax documents. Its row is the lock under which numbers follow without gap or double;
    a number that was taken by a transaction that failed is free again.
    """

    salon = models.OneToOneField(
        "salons.Salon", models.PROTECT, primary_key=True, related_name="+", verbose_name=_("salon")
    )
    last_number = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("document numbers")
        verbose_name_plural = _("document numbers")

    def __str__(self):
        return str(self.last_number)


class TaxDocument(SalonOwned):
    """A simplified tax invoice for a payment, or the credit note for its refund. Written once, never edited."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("simplified tax invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    number = models.PositiveIntegerField(_("number"))
    uuid = models.UUIDField(_("UUID"), default=uuid.uuid4, unique=True, editable=False)
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
    # [{"name_ar", "name_en", "gross", "net", "vat"}]: text and amounts in SAR with two places, as text.
    lines = models.JSONField(_("lines"), default=list)
    vat_rate = models.DecimalField(_("VAT, %"), max_digits=5, decimal_places=2, default=VAT_RATE)
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
            AppendOnly(name="payments_taxdocument_append_only"),
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


class TaxSubmission(models.Model):
    """What has to be reported to the tax authority (phase 2), and until when. One for each document, kept for good."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("to be reported")
        SENDING = "sending", _("being reported")
        ACCEPTED = "accepted", _("accepted")
        WARNED = "warned", _("accepted with warnings")
        REJECTED = "rejected", _("rejected")

    salon = models.ForeignKey("salons.Salon", models.PROTECT, related_name="+", verbose_name=_("salon"))
    document = models.OneToOneField(
        TaxDocument, models.PROTECT, related_name="submission", verbose_name=_("tax document")
    )
    status = models.CharField(_("state"), max_length=16, choices=Status.choices, default=Status.WAITING)
    deadline_at = models.DateTimeField(_("to be reported until"))
    next_try_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    provider_reference = models.CharField(_("number at the provider"), max_length=128, blank=True)
    problem = models.CharField(_("problem"), max_length=255, blank=True)
    submitted_at = models.DateTimeField(_("reported at"), null=True, blank=True)

    objects = SalonQuerySet.as_manager()

    class Meta:
        verbose_name = _("report to the tax authority")
        verbose_name_plural = _("reports to the tax authority")
        ordering = ["deadline_at", "pk"]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="payments_submission_due", condition=Q(status__in=["waiting", "sending"])
            ),
            models.Index(fields=["salon", "deadline_at"], name="payments_submission_by_salon"),
        ]
        constraints = [SameSalon(field="document", name="payments_taxsubmission_same_salon_document")]

    def __str__(self):
        return str(self.document)
