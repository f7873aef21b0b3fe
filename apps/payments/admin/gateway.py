"""What the gateway told us and where its books differ from ours: the platform's side of money."""

import json

from django.contrib import admin
from django.db.models import Count
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.common.admin.base import BaseModelAdmin, BaseTabularInline
from apps.common.admin.dialogs import ConfirmDialog, ReasonDialog, run_use_case
from apps.common.admin.displays import EMPTY, left_to_right, state_column, time_column, two_lines
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.payments import services
from apps.payments.models import ReconciliationFinding, ReconciliationRun, WebhookEvent

STATE_COLOURS = {
    WebhookEvent.Status.NEW: "info",
    WebhookEvent.Status.PROCESSED: "success",
    WebhookEvent.Status.IGNORED: "default",
    WebhookEvent.Status.FAILED: "warning",
    WebhookEvent.Status.DEAD: "danger",
}
KIND_COLOURS = {
    ReconciliationFinding.Kind.MISSING_HERE: "danger",
    ReconciliationFinding.Kind.MISSING_THERE: "danger",
    ReconciliationFinding.Kind.AMOUNT: "danger",
    ReconciliationFinding.Kind.STATUS: "warning",
    ReconciliationFinding.Kind.REFUNDED: "warning",
}


@admin.register(WebhookEvent)
class WebhookEventAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("What the payment gateway tells us stands here, also what means nothing to us.")
    list_display = [
        "display_received",
        "kind",
        "display_event",
        "display_state",
        "attempts",
        "error",
    ]
    list_filter = [("status", ChoicesDropdownFilter), ("received_at", RangeDateFilter)]
    search_fields = ["event_id", "kind"]
    search_help_text = _("Number or kind of the event")
    actions_detail = ["replay_action"]
    fieldsets = [
        (
            _("Event"),
            {
                "fields": [
                    "display_event",
                    "kind",
                    ("display_state", "attempts"),
                    ("display_received", "display_due", "display_processed"),
                    "error",
                ]
            },
        ),
        (_("Content"), {"fields": ["display_payload"]}),
    ]

    display_received = time_column("received_at", zone=None)
    display_due = time_column("due_at", zone=None)
    display_processed = time_column("processed_at", zone=None)
    display_state = state_column("status", STATE_COLOURS)

    @admin.display(description=_("event"), ordering="event_id")
    def display_event(self, event):
        return left_to_right(event.event_id)

    @admin.display(description=_("content"))
    def display_payload(self, event):
        text = json.dumps(event.payload, indent=2, ensure_ascii=False)
        return format_html('<pre dir="ltr" class="overflow-x-auto whitespace-pre-wrap">{}</pre>', text)

    def has_replay_webhook_permission(self, request, object_id=None):
        return self.may(request, "replay", object_id)

    @action(
        description=_("Replay"),
        url_path="replay",
        icon="replay",
        permissions=["replay_webhook"],
        dialog={
            "title": _("Act on this event again?"),
            "description": _("That is safe at any time: only what the gateway shows when asked counts."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Replay"),
        },
    )
    def replay_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: services.replay_webhook(actor=request.user, event_pk=object_id),
            _("The event is acted on again within a minute."),
        )


class FindingInline(BaseTabularInline):
    model = ReconciliationFinding
    allowed_verbs = ("view",)
    hide_title = True
    fields = ("display_kind", "gateway_payment_id", "payment", "ours", "theirs", "resolution")
    readonly_fields = fields

    display_kind = state_column("kind", KIND_COLOURS, _("kind"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("payment")


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("Every comparison with the gateway's list stands here; one runs each hour.")
    list_display = ["display_started", "display_finished", "display_since", "compared_count", "display_findings"]
    list_filter = [("started_at", RangeDateFilter)]
    inlines = [FindingInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("display_started", "display_finished"),
                    ("display_since", "compared_count", "display_findings"),
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


@admin.register(ReconciliationFinding)
class ReconciliationFindingAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("The books agree. A difference with the gateway's would stand here until somebody has explained it.")
    list_display = [
        "display_created",
        "display_kind",
        "display_about",
        "ours",
        "theirs",
        "display_open",
        "salon",
    ]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("resolved_at", RangeDateFilter),
        ("created_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["payment__booking__customer__user", "salon"]
    link_lookups = ["resolved_at__isnull", "run__id__exact"]
    search_fields = ["gateway_payment_id", "payment__booking__reference", "payment__booking__customer__user__phone"]
    search_help_text = _("Booking reference, phone in any spelling or number at the gateway")
    actions_detail = ["explain_action"]
    fieldsets = [
        (
            _("Difference"),
            {
                "fields": [
                    ("display_kind", "display_created"),
                    "payment",
                    "display_gateway_payment",
                    ("ours", "theirs"),
                ]
            },
        ),
        (_("Explanation"), {"fields": [("display_open", "display_resolved"), "resolution"]}),
    ]

    display_created = time_column("created_at", _("found at"))
    display_resolved = time_column("resolved_at")
    display_kind = state_column("kind", KIND_COLOURS)

    @admin.display(description=_("booking"), ordering="payment__booking__reference")
    def display_about(self, finding):
        reference = finding.payment.booking.display_reference if finding.payment else EMPTY
        return two_lines(left_to_right(reference), left_to_right(finding.gateway_payment_id))

    @admin.display(description=_("gateway payment"), ordering="gateway_payment_id")
    def display_gateway_payment(self, finding):
        return left_to_right(finding.gateway_payment_id) if finding.gateway_payment_id else EMPTY

    @display(description=_("explained"), label={"open": "warning", "explained": "success"}, ordering="resolved_at")
    def display_open(self, finding):
        return ("open", _("open")) if finding.resolved_at is None else ("explained", _("explained"))

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
