"""Tax documents: written once, read by anybody who has to account for them."""

import segno
from django.contrib import admin
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from apps.common.admin.displays import left_to_right, money_column, state_column, time_column
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.payments.admin.money import booking_column, searched_through
from apps.payments.models import TaxDocument
from apps.payments.resources import TaxDocumentExport

KIND_COLOURS = {TaxDocument.Kind.INVOICE: "info", TaxDocument.Kind.CREDIT_NOTE: "warning"}


@admin.register(TaxDocument)
class TaxDocumentAdmin(ExportableModelAdmin):
    allowed_verbs = ("view",)
    resource_classes = [TaxDocumentExport]
    empty_text = _("A salon with a VAT number gets an invoice here for each payment and a credit note for each refund.")
    list_display = [
        "number",
        "display_kind",
        "display_booking",
        "display_gross",
        "display_vat",
        "display_issued",
        "salon",
    ]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("issued_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["payment__booking__customer__user", "salon"]
    link_lookups = ["payment__id__exact"]
    search_fields = [*searched_through("payment__booking"), "number"]
    search_help_text = _("Number, booking reference, phone in any spelling or customer")
    fieldsets = [
        (
            _("Document"),
            {
                "fields": [
                    ("display_kind", "number"),
                    ("display_issued", "payment"),
                    ("corrects", "refund"),
                    ("seller_name", "display_vat_number"),
                ]
            },
        ),
        (_("Amounts"), {"fields": [("display_net", "display_vat", "display_gross"), "display_code"]}),
    ]

    display_kind = state_column("kind", KIND_COLOURS)
    display_booking = booking_column("payment.booking")
    display_gross = money_column("gross_amount")
    display_net = money_column("net_amount")
    display_vat = money_column("vat_amount")
    display_issued = time_column("issued_at")

    @admin.display(description=_("seller's VAT number"))
    def display_vat_number(self, document):
        return left_to_right(document.seller_vat_number)

    @admin.display(description=_("QR code"))
    def display_code(self, document):
        return qr_image(document.qr_payload)


def qr_image(payload):
    """The code as an inline image: black on white in every theme, with the empty border that readers need."""
    code = segno.make(payload, error="m", micro=False)
    return mark_safe(code.svg_inline(scale=4, light="white"))  # noqa: S308 - drawn here, no text of anybody in it
