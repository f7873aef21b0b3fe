"""The audit: every message that was planned, what became of it and why. Read only, but for sending again."""

from django.contrib import admin
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.accounts.models import User
from apps.common.admin.base import BaseModelAdmin, BaseTabularInline
from apps.common.admin.dialogs import ConfirmDialog, run_use_case
from apps.common.admin.displays import (
    EMPTY,
    left_to_right,
    phone_column,
    reference_column,
    state_column,
    time_column,
)
from apps.common.admin.filters import ChoicesDropdownFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.notifications import reasons, services
from apps.notifications.admin.filters import DayRangeFilter
from apps.notifications.models import DeliveryReceipt, Notification
from apps.notifications.resources import NotificationResource

Status = Notification.Status
STATE_COLOURS = {
    Status.PENDING: "info",
    Status.SENDING: "primary",
    Status.SENT: "success",
    Status.DELIVERED: "success",
    Status.UNDELIVERED: "danger",
    Status.FAILED: "warning",
    Status.SUPPRESSED: "default",
}
RETRYABLE = (Status.FAILED, Status.UNDELIVERED)


class DeliveryReceiptInline(BaseTabularInline):
    model = DeliveryReceipt
    allowed_verbs = ("view",)
    hide_title = True
    fields = ("provider_status", "error_code", "display_created")
    readonly_fields = fields

    display_created = time_column("created_at", _("reported at"))


@admin.register(Notification)
class NotificationAdmin(ExportableModelAdmin):
    allowed_verbs = ("view",)
    resource_classes = (NotificationResource,)
    empty_text = _("Messages stand here as soon as there is a booking to tell a customer about.")
    list_display = (
        "display_booking",
        "display_recipient",
        "kind",
        "channel",
        "display_state",
        "display_due",
        "display_sent",
        "attempts",
        "display_reason",
        "salon",
    )
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
        ("salon", ScopedRelatedFilter),
    )
    list_select_related = ("booking", "salon")
    link_lookups = ("booking__id__exact",)
    search_fields = ("recipient", "booking__reference", "booking__customer__user__name", "booking__guest_name")
    search_help_text = _("Phone in any spelling, booking reference or customer's name")
    actions_row = ("retry_action",)
    actions_detail = ("retry_action",)
    inlines = (DeliveryReceiptInline,)
    fieldsets = (
        (_("Message"), {"fields": ("booking", ("kind", "channel"), ("display_recipient", "locale"), "display_text")}),
        (
            _("What became of it"),
            {
                "fields": (
                    ("status", "attempts"),
                    "display_reason",
                    ("display_due", "display_sent", "display_delivered"),
                    ("provider", "display_provider_number"),
                )
            },
        ),
    )
    readonly_fields = (
        "display_recipient",
        "display_text",
        "display_reason",
        "display_due",
        "display_sent",
        "display_delivered",
        "display_provider_number",
    )

    display_booking = reference_column("booking.display_reference", _("booking"))
    display_booking.admin_order_field = "booking__reference"
    display_recipient = phone_column("recipient", _("recipient"))
    display_state = state_column("status", STATE_COLOURS, _("state"))
    display_due = time_column("due_at", _("due at"))
    display_sent = time_column("sent_at", _("sent at"))
    display_delivered = time_column("delivered_at", _("delivered at"))

    @display(description=_("text"))
    def display_text(self, obj):
        """The text in the direction its reader sees it, whatever the language of the page."""
        direction = "rtl" if obj.locale == User.Locale.ARABIC else "ltr"
        return format_html('<bdi dir="{}">{}</bdi>', direction, linebreaksbr(obj.body, autoescape=True))

    @display(description=_("reason"))
    def display_reason(self, obj):
        return reasons.explain(obj.reason) if obj.reason else EMPTY

    @display(description=_("provider's number"))
    def display_provider_number(self, obj):
        return left_to_right(obj.provider_message_id) if obj.provider_message_id else EMPTY

    def shown_value(self, field, record):
        if field.name == "reason" and record.reason:
            return reasons.explain(record.reason)
        return super().shown_value(field, record)

    def described(self, record, row):
        described = super().described(record, row)
        described.display["reason"] = reasons.explain(described.display["reason"])
        return described

    def has_retry_notification_permission(self, request, object_id=None):
        return self.may(request, "retry", object_id)

    def get_actions_detail(self, request, object_id):
        """The button is shown where it can succeed; who presses an older page's button is told why it cannot."""
        row = self.row(request, object_id)
        return super().get_actions_detail(request, object_id) if row and row.status in RETRYABLE else []

    @action(
        description=_("Send again"),
        url_path="retry",
        icon="send",
        permissions=["retry_notification"],
        dialog={
            "title": _("Send this message again?"),
            "description": _("The customer may get it twice if an earlier attempt arrived without our knowing."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Send again"),
        },
    )
    def retry_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: services.retry_notification(object_id, actor=request.user),
            _("The message is being sent again."),
        )


@admin.register(DeliveryReceipt)
class DeliveryReceiptAdmin(BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("What providers report about sent messages stands here.")
    list_display = (
        "display_created",
        "display_booking",
        "display_kind",
        "display_recipient",
        "provider_status",
        "error_code",
        "salon",
    )
    list_filter = (("created_at", DayRangeFilter), ("salon", ScopedRelatedFilter))
    list_select_related = ("notification__booking", "salon")
    search_fields = ("notification__recipient", "notification__booking__reference")
    search_help_text = _("Phone in any spelling or booking reference")
    fieldsets = ((None, {"fields": ("notification", ("provider_status", "error_code"), "display_created")}),)
    readonly_fields = ("display_created",)

    display_created = time_column("created_at", _("reported at"))
    display_booking = reference_column("notification.booking.display_reference", _("booking"))
    display_booking.admin_order_field = "notification__booking__reference"
    display_recipient = phone_column("notification.recipient", _("recipient"))

    @display(description=_("message"), ordering="notification__kind")
    def display_kind(self, obj):
        return obj.notification.get_kind_display()
