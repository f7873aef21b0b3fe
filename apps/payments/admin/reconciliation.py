"""Where the gateway's books differ from ours: the reports of each comparison, and the work list of a person."""

from django.contrib import admin
from django.db.models import Count
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.common.admin.base import BaseModelAdmin, BaseTabularInline
from apps.common.admin.dialogs import ReasonDialog, run_use_case
from apps.common.admin.displays import EMPTY, State, left_to_right, state_column, time_column, two_lines
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.payments import reasons, services
from apps.payments.admin.money import gateway_words
from apps.payments.models import ReconciliationFinding, ReconciliationRun

Kind = ReconciliationFinding.Kind
KIND_COLOURS = {
    Kind.MISSING_HERE: "danger",
    Kind.MISSING_THERE: "danger",
    Kind.AMOUNT: "danger",
    Kind.STATUS: "warning",
    Kind.CURRENCY: "danger",
    Kind.REFUNDED: "warning",
    Kind.EXTERNAL_REFUND: "primary",
    Kind.SETTLEMENT: "warning",
    Kind.CHARGEBACK: "danger",
}
# What a person does about an open difference of each kind.
NEXT_STEPS = {
    Kind.MISSING_HERE: _(
        "The gateway received money that no payment of ours accounts for. Look its number up in the gateway's"
        " dashboard, find the customer, and give it back there or note the booking it pays for; then explain it here."
    ),
    Kind.MISSING_THERE: _(
        "We hold a payment that the gateway does not know. Check in its dashboard that account and mode (live or test)"
        " are right. While it stays unknown, refund nothing of it and ask the gateway's support."
    ),
    Kind.AMOUNT: _(
        "The gateway received another amount than we recorded. Compare the receipt in its dashboard, settle the"
        " difference with the customer and explain how."
    ),
    Kind.STATUS: _(
        "The gateway shows another state than we do. Open the payment and ask the gateway; if the states still differ,"
        " decide there what it is and explain it here."
    ),
    Kind.CURRENCY: _(
        "The gateway received another currency than we asked for. Refund nothing before its support has said which"
        " amount was taken from the customer."
    ),
    Kind.REFUNDED: _(
        "We recorded a refund that the gateway does not show. Do not send it again: look at the payment in the"
        " gateway's dashboard and ask its support whether the money left."
    ),
    Kind.EXTERNAL_REFUND: _(
        "Somebody gave money back in the gateway's dashboard. It is recorded by itself as soon as it fits: finish or"
        " reject the refund that is waiting on this payment."
    ),
    Kind.SETTLEMENT: _(
        "What the gateway paid out does not match our payment. Compare the settlement's report with the payment, and"
        " ask the gateway's support about a line that stays unknown."
    ),
    Kind.CHARGEBACK: _(
        "The customer's bank took money back or charges for it. Answer in the gateway's dashboard within its term,"
        " with the invoice and proof of the visit, and write the outcome down here."
    ),
}


def side_column(field, description=None):
    """A column of what one of the two sides says of a difference."""

    def column(_admin, finding):
        return gateway_words(getattr(finding, field))

    column.described_by = column.admin_order_field = field
    if description is not None:
        column.short_description = description
    return column


class FindingInline(BaseTabularInline):
    model = ReconciliationFinding
    allowed_verbs = ("view",)
    hide_title = True
    fields = ("display_kind", "gateway_payment_id", "payment", "display_ours", "display_theirs", "display_resolution")
    readonly_fields = fields

    display_kind = state_column("kind", KIND_COLOURS, _("kind"))
    display_ours = side_column("ours", _("here"))
    display_theirs = side_column("theirs", _("at the gateway"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("payment")

    @admin.display(description=_("explanation"))
    def display_resolution(self, finding):
        return reasons.explain(finding.resolution) or EMPTY


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("Every comparison with the gateway's list stands here; one runs each hour.")
    list_display = [
        "display_started",
        "display_finished",
        "display_since",
        "compared_count",
        "fetched_count",
        "settlement_line_count",
        "display_findings",
    ]
    list_filter = [("started_at", RangeDateFilter)]
    inlines = [FindingInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("display_started", "display_finished"),
                    ("display_since", "compared_count"),
                    ("fetched_count", "settlement_line_count"),
                    ("display_findings", "display_seal"),
                ]
            },
        )
    ]

    display_started = time_column("started_at", zone=None)
    display_finished = time_column("finished_at", zone=None)
    display_since = time_column("since", zone=None)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(found=Count("findings"))

    @admin.display(description=_("differences"), ordering="found")
    def display_findings(self, run):
        return run.found

    @display(description=_("report"), label={"unfinished": "warning", "intact": "success", "changed": "danger"})
    def display_seal(self, run):
        if run.finished_at is None:
            return State("unfinished", _("unfinished: the next run does all of it"))
        if services.is_intact(run):
            return State("intact", _("intact: it says what it said when it was sealed"))
        return State("changed", _("changed after it was sealed: tell whoever looks after the database"))


@admin.register(ReconciliationFinding)
class ReconciliationFindingAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("The books agree. A difference with the gateway's would stand here until somebody has explained it.")
    list_display = [
        "display_created",
        "display_kind",
        "display_about",
        "display_ours",
        "display_theirs",
        "display_open",
        "salon",
    ]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("resolved_at", RangeDateFilter),
        ("created_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["payment__booking__customer__user", "salon", "run"]
    link_lookups = ["resolved_at__isnull", "run__id__exact"]
    search_fields = ["gateway_payment_id", "payment__booking__reference", "payment__booking__customer__user__phone"]
    search_help_text = _("Booking reference, phone in any spelling or number at the gateway")
    actions_detail = ["explain_action"]
    fieldsets = [
        (
            _("Difference"),
            {
                "fields": [
                    "display_next_step",
                    ("display_kind", "display_created"),
                    ("payment", "display_booking"),
                    ("display_gateway_payment", "run"),
                    ("display_ours", "display_theirs"),
                ]
            },
        ),
        (_("Explanation"), {"fields": [("display_open", "display_resolved"), "display_resolution"]}),
    ]

    display_created = time_column("created_at", _("found at"))
    display_resolved = time_column("resolved_at")
    display_kind = state_column("kind", KIND_COLOURS)
    display_ours = side_column("ours")
    display_theirs = side_column("theirs")

    @admin.display(description=_("booking"), ordering="payment__booking__reference")
    def display_about(self, finding):
        reference = finding.payment.booking.display_reference if finding.payment else EMPTY
        return two_lines(left_to_right(reference), left_to_right(finding.gateway_payment_id))

    @admin.display(description=_("what to do"))
    def display_next_step(self, finding):
        return NEXT_STEPS[Kind(finding.kind)] if finding.resolved_at is None else _("Nothing: it is explained.")

    @admin.display(description=_("booking"))
    def display_booking(self, finding):
        if finding.payment is None:
            return EMPTY
        booking = finding.payment.booking
        page = reverse("admin:bookings_booking_change", args=[booking.pk])
        return format_html('<a href="{}" class="text-link" dir="ltr">{}</a>', page, booking.display_reference)

    @admin.display(description=_("explanation"))
    def display_resolution(self, finding):
        return reasons.explain(finding.resolution) or EMPTY

    @admin.display(description=_("gateway payment"), ordering="gateway_payment_id")
    def display_gateway_payment(self, finding):
        return left_to_right(finding.gateway_payment_id) if finding.gateway_payment_id else EMPTY

    @display(description=_("explained"), label={"open": "warning", "explained": "success"}, ordering="resolved_at")
    def display_open(self, finding):
        return State("open", _("open")) if finding.resolved_at is None else State("explained", _("explained"))

    def has_explain_finding_permission(self, request, object_id=None):
        finding = self.row(request, object_id)
        return finding is not None and finding.resolved_at is None and self.may(request, "resolve", finding)

    @action(
        description=_("Explain"),
        url_path="explain",
        icon="rate_review",
        permissions=["explain_finding"],
        dialog={
            "title": _("What became of this difference?"),
            "description": _("It leaves the work list. The books themselves are not changed by it."),
            "form_class": ReasonDialog,
            "form_submit_text": _("Explain"),
        },
    )
    def explain_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: services.explain_finding(
                actor=request.user, finding_id=object_id, explanation=form.cleaned_data["reason"]
            ),
            _("The difference is explained."),
        )
