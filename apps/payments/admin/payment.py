"""What customers paid, and the two things a person may do about it: give back, and ask the gateway."""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.common.admin.base import BaseTabularInline
from apps.common.admin.dialogs import ConfirmDialog, attempt, page_of
from apps.common.admin.displays import EMPTY, left_to_right, money_column, show_money, state_column, time_column
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.payments import reasons, services
from apps.payments.admin.forms import DeskPaymentForm, RefundDialog
from apps.payments.admin.money import MoneyMixin, booking_column, searched_through, tell_refund
from apps.payments.admin.refund import REFUND_COLOURS
from apps.payments.models import Payment, Refund
from apps.payments.resources import PaymentExport

Status = Payment.Status
PAYMENT_COLOURS = {
    Status.CREATED: "default",
    Status.SUBMITTED: "info",
    Status.INITIATED: "warning",
    Status.PAID: "success",
    Status.AUTHORIZED: "primary",
    Status.CAPTURED: "success",
    Status.FAILED: "danger",
    Status.VOIDED: "default",
    Status.EXPIRED: "default",
    Status.UNKNOWN: "warning",
    Status.REVIEW: "danger",
}


class RefundInline(BaseTabularInline):
    model = Refund
    allowed_verbs = ("view",)
    hide_title = True
    fields = ("display_amount", "display_state", "display_reason", "requested_by", "approved_by", "display_created")
    readonly_fields = fields

    display_amount = money_column("amount", _("amount"))
    display_state = state_column("status", REFUND_COLOURS, _("state"))
    display_created = time_column("created_at", _("requested at"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("salon", "requested_by", "approved_by")

    @admin.display(description=_("reason"))
    def display_reason(self, refund):
        return reasons.explain(refund.reason)


@admin.register(Payment)
class PaymentAdmin(MoneyMixin, ExportableModelAdmin):
    allowed_verbs = ("view", "add")
    resource_classes = [PaymentExport]
    empty_text = _("Payments stand here as soon as a customer pays online or you record money taken at the desk.")
    list_display = [
        "display_booking",
        "display_state",
        "method",
        "display_amount",
        "display_refunded",
        "display_refundable",
        "display_created",
        "salon",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("method", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["booking__customer__user", "salon"]
    link_lookups = ["booking__id__exact", "paid_at__gte", "paid_at__lt", "status__in"]
    search_fields = [*searched_through("booking"), "gateway_payment_id", "gateway_invoice_id"]
    search_help_text = _("Booking reference, phone in any spelling, customer or number at the gateway")
    inlines = [RefundInline]
    actions_detail = ["refund_action", "ask_gateway_action"]
    fieldsets = [
        (
            _("Payment"),
            {
                "fields": [
                    ("booking", "display_state"),
                    ("method", "display_amount"),
                    ("display_created", "display_paid"),
                    ("recorded_by", "display_failure"),
                ]
            },
        ),
        (
            _("Money"),
            {"fields": [("display_received", "display_refunded"), ("display_reserved", "display_refundable")]},
        ),
        (
            _("At the gateway"),
            {
                "fields": [
                    "display_gateway_invoice",
                    "display_gateway_payment",
                    "display_link",
                    ("display_expires", "display_checked"),
                ]
            },
        ),
    ]
    add_fieldsets = [(None, {"fields": ["reference", ("method", "amount")]})]

    display_booking = booking_column("booking")
    display_state = state_column("status", PAYMENT_COLOURS)
    display_amount = money_column("amount")
    display_received = money_column("captured_amount")
    display_refunded = money_column("refunded_amount")
    display_reserved = money_column("refund_reserved_amount")
    display_created = time_column("created_at")
    display_paid = time_column("paid_at")
    display_expires = time_column("expires_at")
    display_checked = time_column("checked_at")

    @admin.display(description=_("refundable"))
    def display_refundable(self, payment):
        return show_money(payment.refundable_amount)

    @admin.display(description=_("reason of failure"))
    def display_failure(self, payment):
        return reasons.explain(payment.failure_reason) or EMPTY

    @admin.display(description=_("gateway invoice"))
    def display_gateway_invoice(self, payment):
        return left_to_right(payment.gateway_invoice_id) if payment.gateway_invoice_id else EMPTY

    @admin.display(description=_("gateway payment"))
    def display_gateway_payment(self, payment):
        return left_to_right(payment.gateway_payment_id) if payment.gateway_payment_id else EMPTY

    @admin.display(description=_("payment link"))
    def display_link(self, payment):
        if payment.status != Status.INITIATED or not payment.payment_url:
            return EMPTY
        markup = '<a href="{0}" dir="ltr" class="text-link" target="_blank" rel="noopener noreferrer">{0}</a>'
        return format_html(markup, payment.payment_url)

    # --- Money taken at the desk ---

    def shows_salon(self, request, obj=None):
        # The booking says which salon it is.
        return obj is not None and super().shows_salon(request, obj)

    def get_inlines(self, request, obj):
        return super().get_inlines(request, obj) if obj is not None else []

    def get_form(self, request, obj=None, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, **kwargs)
        form = super().get_form(request, obj, **{**kwargs, "form": DeskPaymentForm})
        form.user = request.user
        return form

    def save_model(self, request, obj, form, change):
        said = form.cleaned_data
        payment = services.record_payment(
            actor=request.user, booking_id=said["reference"].pk, amount=said["amount"], method=said["method"]
        )
        obj.__dict__.update(payment.__dict__)

    # --- Dialogs ---

    def has_refund_payment_permission(self, request, object_id=None):
        payment = self.row(request, object_id)
        can = payment is not None and payment.refundable_amount > 0
        return can and request.user.has_perm("payments.add_refund", payment)

    def has_ask_gateway_permission(self, request, object_id=None):
        """Reading the gateway writes what it says, so it is for those who may handle money, not for auditors."""
        payment = self.row(request, object_id)
        if payment is None or payment.method != Payment.Method.ONLINE:
            return False
        return any(request.user.has_perm(f"payments.{right}", payment) for right in ("add_payment", "add_refund"))

    @action(
        description=_("Refund"),
        url_path="refund",
        icon="currency_exchange",
        variant=ActionVariant.DANGER,
        permissions=["refund_payment"],
        dialog={
            "title": _("Refund this payment"),
            "description": _("Never refund in the gateway's own dashboard: it would stop this one for a check."),
            "form_class": RefundDialog,
            "form_submit_text": _("Refund"),
        },
    )
    def refund_action(self, request, form, object_id):
        said = form.cleaned_data

        def refund():
            asked = services.request_refund(
                actor=request.user,
                payment_id=object_id,
                amount=said["amount"],
                reason=said["reason"],
                nonce=said["nonce"],
            )
            return services.send_refund(refund_id=asked.pk, actor=request.user)

        return tell_refund(request, refund)

    @action(
        description=_("Ask the gateway"),
        url_path="ask-gateway",
        icon="sync",
        permissions=["ask_gateway"],
        dialog={
            "title": _("Ask the gateway about this payment?"),
            "description": _("What it says now is taken over: money that arrived confirms the booking."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Ask the gateway"),
        },
    )
    def ask_gateway_action(self, request, form, object_id):
        read = []
        refusal = attempt(lambda: read.append(services.refresh_payment(payment_id=object_id)))
        if refusal:
            messages.error(request, str(refusal))
        else:
            says = gettext("The gateway was asked. The payment is: %(state)s.")
            messages.success(request, says % {"state": read[0].get_status_display()})
        return HttpResponse(headers={"HX-Redirect": page_of(request)})
