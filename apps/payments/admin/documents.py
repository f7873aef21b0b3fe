"""Tax documents: written once, read by anybody who has to account for them."""

from datetime import timedelta
from decimal import Decimal

from django.contrib import admin, messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.common.admin.base import BaseModelAdmin, BaseTabularInline
from apps.common.admin.dialogs import ConfirmDialog, attempt, page_of, refused
from apps.common.admin.displays import (
    EMPTY,
    State,
    isolated,
    left_to_right,
    money_column,
    show_money,
    show_time,
    state_column,
    time_column,
)
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.text import localized
from apps.payments import reasons, services
from apps.payments.admin.money import booking_column, searched_through
from apps.payments.errors import PdfUnavailable
from apps.payments.models import TaxDocument, TaxSubmission
from apps.payments.rendering import page, pdf, qr_image
from apps.payments.resources import TaxDocumentExport

Status = TaxSubmission.Status
KIND_COLOURS = {TaxDocument.Kind.INVOICE: "info", TaxDocument.Kind.CREDIT_NOTE: "warning"}
SUBMISSION_COLOURS = {
    Status.WAITING: "info",
    Status.SENDING: "info",
    Status.ACCEPTED: "success",
    Status.WARNED: "warning",
    Status.REJECTED: "danger",
}
UNREPORTED = (Status.WAITING, Status.SENDING)
# What is not reported by now stands out.
LAST_HOURS = timedelta(hours=4)
# What became of a report that somebody asked for.
TOLD = {
    Status.ACCEPTED: (messages.SUCCESS, _("The tax authority has accepted the document.")),
    Status.WARNED: (messages.WARNING, _("The tax authority has accepted the document with warnings: %(why)s")),
    Status.REJECTED: (messages.ERROR, _("The tax authority has rejected the document: %(why)s")),
    Status.WAITING: (messages.WARNING, _("Nothing came back: %(why)s. The document is reported again by itself.")),
    Status.SENDING: (messages.INFO, _("Somebody else is reporting this document right now.")),
}


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
    actions_detail = ["print_action", "pdf_action"]
    fieldsets = [
        (
            _("Document"),
            {
                "fields": [
                    ("display_kind", "number"),
                    ("display_issued", "payment"),
                    ("corrects", "refund"),
                    ("seller_name", "display_vat_number"),
                    "display_uuid",
                ]
            },
        ),
        (
            _("Amounts"),
            {"fields": ["display_lines", ("display_net", "display_vat", "display_gross"), "vat_rate", "display_code"]},
        ),
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

    @admin.display(description=_("UUID"))
    def display_uuid(self, document):
        return left_to_right(document.uuid)

    @admin.display(description=_("lines"))
    def display_lines(self, document):
        told = (
            (localized(line["name_ar"], line["name_en"]), show_money(Decimal(line["gross"]))) for line in document.lines
        )
        return format_html_join("", "<div><bdi>{}</bdi> · {}</div>", told)

    @admin.display(description=_("QR code"))
    def display_code(self, document):
        return qr_image(document.qr_payload)

    # --- The document itself ---

    def has_print_document_permission(self, request, object_id=None):
        return self.may(request, "view", object_id)

    @action(description=_("Print"), url_path="print", icon="print", permissions=["print_document"])
    def print_action(self, request, object_id):
        return HttpResponse(page(self.row(request, object_id)))

    @action(description=_("PDF"), url_path="pdf", icon="picture_as_pdf", permissions=["print_document"])
    def pdf_action(self, request, object_id):
        document = self.row(request, object_id)
        try:
            content = pdf(document)
        except PdfUnavailable as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:payments_taxdocument_change", args=[document.pk]))
        name = f"{document.salon.slug}-{document.kind}-{document.number}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return HttpResponse(content, content_type="application/pdf", headers=headers)


class PaymentDocumentInline(BaseTabularInline):
    """The documents of a payment on its page."""

    model = TaxDocument
    allowed_verbs = ("view",)
    hide_title = True
    fields = ("display_kind", "number", "display_gross", "display_issued", "display_print")
    readonly_fields = fields

    display_kind = state_column("kind", KIND_COLOURS, _("kind"))
    display_gross = money_column("gross_amount", _("total incl. VAT"))
    display_issued = time_column("issued_at", _("issued at"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("salon").order_by("number")

    @admin.display(description=_("page"))
    def display_print(self, document):
        address = reverse("admin:payments_taxdocument_print_action", args=[document.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', address, _("Print"))


def told_documents(payment):
    """Numbers of a payment's documents, or why there is none."""
    if documents := sorted(payment.tax_documents.all(), key=lambda document: document.number):
        return isolated(" · ".join(map(str, documents)))
    if not payment.captured_amount:
        return _("None: no money has arrived.")
    if not payment.salon.vat_number:
        return _("None: the salon has no VAT number, so it charges no VAT and issues no tax invoice.")
    return _("None: the money was not owed, or it arrived before the salon had a VAT number.")


@admin.register(TaxSubmission)
class TaxSubmissionAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _(
        "Once a provider for e-invoicing is configured, every new document stands here until it is reported."
    )
    list_display = [
        "display_document",
        "display_state",
        "display_deadline",
        "attempts",
        "display_problem",
        "display_submitted",
        "salon",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("deadline_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["document", "salon"]
    search_fields = ["document__number", "provider_reference"]
    search_help_text = _("Number of the document or number at the provider")
    actions_detail = ["report_action"]
    fieldsets = [
        (
            _("Report"),
            {
                "fields": [
                    ("document", "display_state"),
                    ("display_deadline", "display_submitted"),
                    ("attempts", "display_next"),
                    "provider_reference",
                    "display_problem",
                ]
            },
        ),
    ]

    display_state = state_column("status", SUBMISSION_COLOURS)
    display_submitted = time_column("submitted_at")
    display_next = time_column("next_try_at")

    @admin.display(description=_("tax document"), ordering="document__number")
    def display_document(self, submission):
        return isolated(submission.document)

    @display(
        description=_("to be reported until"), ordering="deadline_at", label={"late": "danger", "in_time": "default"}
    )
    def display_deadline(self, submission):
        is_late = submission.status in UNREPORTED and timezone.now() >= submission.deadline_at - LAST_HOURS
        return State("late" if is_late else "in_time", show_time(submission.deadline_at, submission.salon.timezone))

    @admin.display(description=_("problem"))
    def display_problem(self, submission):
        return reasons.explain(submission.problem) or EMPTY

    def has_report_document_permission(self, request, object_id=None):
        return self.may(request, "report", object_id)

    @action(
        description=_("Report now"),
        url_path="report",
        icon="send",
        permissions=["report_document"],
        dialog={
            "title": _("Report this document now?"),
            "description": _("It is sent to the tax authority at once. Reporting it twice changes nothing there."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Report now"),
        },
    )
    def report_action(self, request, form, object_id):
        done = []
        refusal = attempt(lambda: done.append(services.report_document(actor=request.user, submission_id=object_id)))
        if refusal:
            return refused(request, refusal, page_of(request))
        level, sentence = TOLD[done[0].status]
        messages.add_message(request, level, sentence % {"why": reasons.explain(done[0].problem)})
        return HttpResponse(headers={"HX-Redirect": page_of(request)})
