"""What the gateway told us."""

import json

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.dialogs import ConfirmDialog, run_use_case
from apps.common.admin.displays import EMPTY, left_to_right, state_column, time_column
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter
from apps.payments import reasons, services
from apps.payments.models import WebhookEvent, WebhookRefusal

STATE_COLOURS = {
    WebhookEvent.Status.NEW: "info",
    WebhookEvent.Status.PROCESSED: "success",
    WebhookEvent.Status.IGNORED: "default",
    WebhookEvent.Status.FAILED: "warning",
    WebhookEvent.Status.DEAD: "danger",
}


@admin.register(WebhookEvent)
class WebhookEventAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("What the payment gateway tells us stands here, also what means nothing to us.")
    list_before_template = "payments/admin/refused_webhooks.html"
    change_form_before_template = "payments/admin/verification_code.html"
    list_display = [
        "display_received",
        "kind",
        "display_event",
        "display_state",
        "attempts",
        "display_error",
    ]
    list_filter = [("status", ChoicesDropdownFilter), ("received_at", RangeDateFilter)]
    link_lookups = ["status__in"]
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
                    "display_error",
                ]
            },
        ),
        (_("Content"), {"fields": ["display_payload"]}),
    ]

    display_received = time_column("received_at", zone=None)
    display_due = time_column("due_at", zone=None)
    display_processed = time_column("processed_at", zone=None)
    display_state = state_column("status", STATE_COLOURS)

    def changelist_view(self, request, extra_context=None):
        today = WebhookRefusal.objects.filter(day=timezone.localdate())  # read when a list is shown, to whom it may be
        return super().changelist_view(request, {"refused_today": today, **(extra_context or {})})

    @admin.display(description=_("error"), ordering="error")
    def display_error(self, event):
        return reasons.explain(event.error) or EMPTY

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
