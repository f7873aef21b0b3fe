"""The audit: every message that was planned, what became of it and why. Read only, but for sending again."""

from django.contrib import admin
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display
from unfold.utils import display_for_label

from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.dialogs import ConfirmDialog, run_use_case
from apps.common.admin.displays import (
    EMPTY,
    EMPTY_CELL,
    State,
    left_to_right,
    phone_column,
    reference_column,
    state_column,
    time_column,
    two_lines,
)
from apps.common.admin.filters import BooleanRadioFilter, ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.scope import salons_allowing
from apps.notifications import reasons, services
from apps.notifications.admin.attempts import (
    PROVIDER_NAMES,
    STATE_COLOURS,
    AttemptInline,
    DeliveryReceiptInline,
    parts_and_cost,
    provider_name,
)
from apps.notifications.admin.days import days_page
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, Notification
from apps.notifications.rendering import direction_of
from apps.notifications.resources import NotificationResource

Status = Notification.Status
# What sending again means for the customer, by what is known of the message.
CONSEQUENCES = {
    Status.DELIVERED: _("The customer has this message already and will get it a second time."),
    Status.SENT: _("The provider took this message and has not reported yet: the customer may get it twice."),
    Status.UNDELIVERED: _("The provider could not deliver this message. Look at the reason first: it may be the same."),
    Status.FAILED: _("The customer may get it twice if an earlier attempt arrived without our knowing."),
}


class RetryDialog(ConfirmDialog):
    """Says what will happen to the customer before the click."""

    form_before_template = "notifications/admin/consequence.html"

    def get_before_template_context(self, request, object_id=None):
        message = Notification.objects.visible_to(request.user).filter(pk=object_id).first()
        return {"consequence": CONSEQUENCES.get(message.status, "") if message else ""}


class ProviderFilter(DropdownFilter):
    """By who carried the message; the choices are known without a look into a million rows."""

    title = _("provider")
    parameter_name = "provider"

    def lookups(self, request, model_admin):
        return list(PROVIDER_NAMES.items())

    def queryset(self, request, queryset):
        """As with every filter, a value that is none of the choices leads back to the plain list."""
        if not self.value():
            return queryset
        if self.value() not in PROVIDER_NAMES:
            raise ValueError(self.value())
        return queryset.filter(provider=self.value())


@admin.register(Notification)
class NotificationAdmin(ExportableModelAdmin):
    allowed_verbs = ("view",)
    resource_classes = (NotificationResource,)
    empty_text = _("Messages stand here as soon as there is a booking to tell a customer about.")
    list_display = (
        "display_booking",
        "display_recipient",
        "display_kind",
        "display_state",
        "display_remarks",
        "display_due",
        "display_sent",
        "display_cost",
        "salon",
    )
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ProviderFilter,
        ("is_maybe_double", BooleanRadioFilter),
        ("created_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    )
    list_select_related = ("booking", "salon")
    link_lookups = ("booking__id__exact", "due_at__lte", "attempts__lt")
    search_fields = ("recipient", "booking__reference", "booking__customer__user__name", "booking__guest_name")
    search_help_text = _("Phone in any spelling, booking reference or customer's name")
    actions_list = ("days_action",)
    actions_row = ("retry_action",)
    actions_detail = ("retry_action",)
    inlines = (AttemptInline, DeliveryReceiptInline)
    fieldsets = (
        (_("Message"), {"fields": ("booking", ("kind", "channel"), ("display_recipient", "locale"), "display_text")}),
        (
            _("What became of it"),
            {
                "fields": (
                    ("status", "display_calls"),
                    "display_remarks",
                    ("display_due", "display_sent", "display_delivered"),
                    ("display_provider", "display_cost"),
                    "display_provider_number",
                )
            },
        ),
    )
    readonly_fields = (
        "display_recipient",
        "display_text",
        "display_calls",
        "display_remarks",
        "display_due",
        "display_sent",
        "display_delivered",
        "display_provider",
        "display_provider_number",
        "display_cost",
    )

    display_booking = reference_column("booking.display_reference", _("booking"))
    display_booking.admin_order_field = "booking__reference"
    display_recipient = phone_column("recipient", _("recipient"))
    display_state = state_column("status", STATE_COLOURS, _("state"))
    display_due = time_column("due_at", _("due at"))
    display_sent = time_column("sent_at", _("sent at"))
    display_delivered = time_column("delivered_at", _("delivered at"))

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("tried")

    @display(description=_("message"), ordering="kind")
    def display_kind(self, obj):
        return two_lines(obj.get_kind_display(), obj.get_channel_display())

    @display(description=_("attempts"))
    def display_calls(self, obj):
        return len(obj.tried.all())

    @display(description=_("parts and cost"))
    def display_cost(self, obj):
        return parts_and_cost(obj.tried.all(), obj.segments)

    @display(description=_("provider"))
    def display_provider(self, obj):
        return provider_name(obj.provider) or EMPTY

    @display(description=_("text"))
    def display_text(self, obj):
        """The text in the direction its reader sees it, whatever the language of the page."""
        text = linebreaksbr(obj.body, autoescape=True)
        return format_html('<bdi dir="{}">{}</bdi>', direction_of(obj.locale), text)

    @display(description=_("reason"))
    def display_remarks(self, obj):
        """What is so seldom has no column of its own."""
        if not obj.is_maybe_double:
            return reasons.explain_html(obj.reason) if obj.reason else EMPTY_CELL
        twice = display_for_label(State("twice", _("maybe twice")), EMPTY, {"twice": "warning"})
        return format_html("{} {}", twice, reasons.explain_html(obj.reason))

    @display(description=_("provider's number"))
    def display_provider_number(self, obj):
        return left_to_right(obj.provider_message_id) if obj.provider_message_id else EMPTY

    def shown_value(self, field, record):
        if field.name == "reason" and record.reason:
            return reasons.explain_html(record.reason)
        return super().shown_value(field, record)

    def described(self, record, row):
        described = super().described(record, row)
        described.display["reason"] = reasons.explain_html(described.display["reason"])
        return described

    def has_days_permission(self, request, object_id=None):
        return bool(salons_allowing(request, DeliveryAttempt, "view"))

    def has_retry_notification_permission(self, request, object_id=None):
        return self.may(request, "retry", object_id)

    def get_actions_detail(self, request, object_id):
        """The button is shown where it can succeed; who presses an older page's button is told why it cannot."""
        row = self.row(request, object_id)
        return super().get_actions_detail(request, object_id) if row and row.status in services.RETRYABLE else []

    @action(description=_("Messages by day"), url_path="days", icon="bar_chart", permissions=["days"])
    def days_action(self, request):
        return days_page(self, request)

    @action(
        description=_("Send again"),
        url_path="retry",
        icon="send",
        permissions=["retry_notification"],
        dialog={
            "title": _("Send this message again?"),
            "form_class": RetryDialog,
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
    list_filter = (("created_at", RangeDateFilter), ("salon", ScopedRelatedFilter))
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
