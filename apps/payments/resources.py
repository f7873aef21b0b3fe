"""Money for spreadsheets: one line each, times in the salon's own zone."""

from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from apps.common.resources import ScopedResource
from apps.payments import reasons
from apps.payments.models import Payment, Refund, TaxDocument


def _local(row, moment):
    return moment and timezone.localtime(moment, ZoneInfo(row.salon.timezone)).strftime("%Y-%m-%d %H:%M")


class PaymentExport(ScopedResource):
    booking = Field("booking__display_reference", _("booking"))
    status = Field("status", _("state"))
    method = Field("method", _("method"))
    amount = Field("amount", _("amount"))
    captured = Field("captured_amount", _("received"))
    refunded = Field("refunded_amount", _("refunded"))
    created_at = Field("created_at", _("created at"))
    paid_at = Field("paid_at", _("paid at"))
    gateway = Field("gateway_payment_id", _("gateway payment"))

    class Meta(ScopedResource.Meta):
        model = Payment
        fields = [
            "booking", "status", "method", "amount", "captured", "refunded", "created_at", "paid_at", "gateway",
        ]  # fmt: skip

    def get_queryset(self):
        return super().get_queryset().select_related("booking", "salon")

    def dehydrate_created_at(self, payment):
        return _local(payment, payment.created_at)

    def dehydrate_paid_at(self, payment):
        return _local(payment, payment.paid_at)


class RefundExport(ScopedResource):
    booking = Field("payment__booking__display_reference", _("booking"))
    status = Field("status", _("state"))
    amount = Field("amount", _("amount"))
    reason = Field("reason", _("reason"))
    requested_by = Field("requested_by__name", _("requested by"))
    approved_by = Field("approved_by__name", _("approved by"))
    created_at = Field("created_at", _("created at"))
    settled_at = Field("settled_at", _("settled at"))

    class Meta(ScopedResource.Meta):
        model = Refund
        fields = [
            "booking", "status", "amount", "reason", "requested_by", "approved_by", "created_at", "settled_at",
        ]  # fmt: skip

    def get_queryset(self):
        related = ("payment__booking", "salon", "requested_by", "approved_by")
        return super().get_queryset().select_related(*related)

    def dehydrate_reason(self, refund):
        return reasons.explain(refund.reason)

    def dehydrate_created_at(self, refund):
        return _local(refund, refund.created_at)

    def dehydrate_settled_at(self, refund):
        return _local(refund, refund.settled_at)


class TaxDocumentExport(ScopedResource):
    number = Field("number", _("number"))
    kind = Field("kind", _("kind"))
    uuid = Field("uuid", _("UUID"))
    issued_at = Field("issued_at", _("issued at"))
    booking = Field("payment__booking__display_reference", _("booking"))
    corrects = Field("corrects__number", _("corrects"))
    seller_vat_number = Field("seller_vat_number", _("seller's VAT number"))
    net = Field("net_amount", _("total without VAT"))
    vat_rate = Field("vat_rate", _("VAT, %"))
    vat = Field("vat_amount", _("VAT"))
    gross = Field("gross_amount", _("total incl. VAT"))

    class Meta(ScopedResource.Meta):
        model = TaxDocument
        fields = [
            "number", "kind", "uuid", "issued_at", "booking", "corrects", "seller_vat_number",
            "net", "vat_rate", "vat", "gross",
        ]  # fmt: skip

    def get_queryset(self):
        return super().get_queryset().select_related("payment__booking", "corrects", "salon")

    def dehydrate_issued_at(self, document):
        return _local(document, document.issued_at)
