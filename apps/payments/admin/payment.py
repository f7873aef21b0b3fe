"""What customers paid, and the two things a person may do about it: give back, and ask the gateway."""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.common.admin.base import BaseTabularInline
from apps.common.admin.dialogs import ConfirmDialog, attempt, page_of, run_use_case
from apps.common.admin.displays import EMPTY, left_to_right, money_column, show_money, state_column, time_column
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.payments import reasons, services
from apps.payments.admin.documents import PaymentDocumentInline, told_documents
from apps.payments.admin.forms import DeskPaymentForm, RefundDialog, ReviewDialog
from apps.payments.admin.journal import JournalInline
from apps.payments.admin.money import MoneyMixin, booking_column, gateway_words, searched_through, tell_refund
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
# What happens by itself in each state, or what a person should do.
NEXT_STEPS = {
    Status.CREATED: _("Nothing was sent to the gateway yet. It ends by itself when its time is over."),
    Status.SUBMITTED: _("The gateway is being asked. If its answer was lost, it is read again within two minutes."),
    Status.INITIATED: _(
        "The customer can pay now. Money that arrives is found by itself; after the end the link closes."
    ),
    Status.PAID: _("The money is here. To give it back, use Refund."),
    Status.AUTHORIZED: _(
        "The money is reserved on the card. It is taken when the visit took place and let go when it is cancelled; "
        "take it or let it go earlier with the buttons above. After 13 days it is let go by itself."
    ),
    Status.CAPTURED: _("The money is here. To give it back, use Refund."),
    Status.FAILED: _("No money came. The customer can try again; nothing has to be done here."),
    Status.VOIDED: _("It was undone before settlement: the customer has the money back."),
    Status.EXPIRED: _(
        "Nobody paid in time. Should money still arrive, it is found and confirms the booking or goes back."
    ),
    Status.UNKNOWN: _(
        "Whether the gateway made the payment is being found out. Do not ask the customer to pay again yet."
    ),
    Status.REVIEW: _(
        "The gateway shows something that does not fit. Compare the amounts below and choose: accept the money for "
        "this booking, send it back, or close the payment when the gateway shows no money."
    ),
}

RETURNING = _("A refund of it is open: its own page, linked below, says what comes next.")
ALL_RETURNED = _("All of it went back to the customer. Nothing is left to do.")
LET_GO = _("The reserved money was let go: nothing was taken from the customer.")


def next_step(payment):
    if payment.status in Payment.SETTLED and payment.refund_reserved_amount:
        return RETURNING
    if payment.status in Payment.SETTLED and not payment.refundable_amount:
        return ALL_RETURNED
    if payment.status == Status.VOIDED and not payment.captured_amount:
        return LET_GO
    return NEXT_STEPS[Status(payment.status)]


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
    link_lookups = ["booking__id__exact", "paid_at__gte", "paid_at__lt", "status__in", "authorized_at__lt"]
    search_fields = [*searched_through("booking"), "gateway_payment_id", "gateway_invoice_id"]
    search_help_text = _("Booking reference, phone in any spelling, customer or number at the gateway")
    inlines = [RefundInline, PaymentDocumentInline, JournalInline]
    actions_detail = [
        "refund_action",
        "take_action",
        "release_action",
        "accept_action",
        "send_back_action",
        "close_action",
        "ask_gateway_action",
    ]
    fieldsets = [
        (
            _("Payment"),
            {
                "fields": [
                    ("booking", "display_state"),
                    "display_next",
                    ("method", "source", "display_amount"),
                    ("display_created", "display_reserved_at", "display_paid"),
                    ("recorded_by", "display_failure", "decline"),
                    "display_documents",
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
                    ("display_gateway_state", "display_gateway_amount", "display_gateway_refunded"),
                    ("display_expires", "display_checked", "display_next_check"),
                ]
            },
        ),
    ]
    add_fieldsets = [(None, {"fields": ["reference", ("method", "amount"), "nonce"]})]

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
    display_next_check = time_column("next_check_at")
    display_reserved_at = time_column("authorized_at")
    display_gateway_amount = money_column("gateway_amount")
    display_gateway_refunded = money_column("gateway_refunded_amount")

    @admin.display(description=_("next step"))
    def display_next(self, payment):
        return next_step(payment)

    @admin.display(description=_("state at the gateway"))
    def display_gateway_state(self, payment):
        return gateway_words(payment.gateway_status)

    @admin.display(description=_("refundable"))
    def display_refundable(self, payment):
        return show_money(payment.refundable_amount)

    @admin.display(description=_("reason of failure"))
    def display_failure(self, payment):
        return reasons.explain(payment.failure_reason) or EMPTY

    @admin.display(description=_("tax documents"))
    def display_documents(self, payment):
        return told_documents(payment)

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
        if obj is None:
            return []
        rows = {RefundInline: obj.refunds, PaymentDocumentInline: obj.tax_documents}
        return [one for one in super().get_inlines(request, obj) if one not in rows or rows[one].exists()]

    def get_form(self, request, obj=None, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, **kwargs)
        form = super().get_form(request, obj, **{**kwargs, "form": DeskPaymentForm})
        form.user = request.user
        return form

    def save_model(self, request, obj, form, change):
        said = form.cleaned_data
        payment = services.record_payment(
            actor=request.user,
            booking_id=said["reference"].pk,
            amount=said["amount"],
            method=said["method"],
            nonce=said["nonce"],
        )
        obj.__dict__.update(payment.__dict__)

    # --- Dialogs ---

    def has_refund_payment_permission(self, request, object_id=None):
        payment = self.row(request, object_id)
        can = payment is not None and payment.refundable_amount > 0
        return can and request.user.has_perm("payments.add_refund", payment)

    def _may_settle(self, request, object_id, status):
        payment = self.row(request, object_id)
        return payment is not None and payment.status == status and self.may(request, "settle", payment)

    def has_settle_reserved_permission(self, request, object_id=None):
        return self._may_settle(request, object_id, Status.AUTHORIZED)

    def has_decide_payment_permission(self, request, object_id=None):
        return self._may_settle(request, object_id, Status.REVIEW)

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
        return self._settle(request, lambda: services.refresh_payment(payment_id=object_id))

    @action(
        description=_("Take the money"),
        url_path="take",
        icon="price_check",
        variant=ActionVariant.PRIMARY,
        permissions=["settle_reserved"],
        dialog={
            "title": _("Take the reserved money now?"),
            "description": _("The whole reserved amount is taken from the customer's card."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Take the money"),
        },
    )
    def take_action(self, request, form, object_id):
        return self._settle(request, lambda: services.take_reserved(actor=request.user, payment_id=object_id))

    @action(
        description=_("Let the money go"),
        url_path="release",
        icon="lock_open",
        permissions=["settle_reserved"],
        dialog={
            "title": _("Let the reserved money go?"),
            "description": _("The customer's bank frees it; nothing is taken."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Let the money go"),
        },
    )
    def release_action(self, request, form, object_id):
        return self._settle(request, lambda: services.release_reserved(actor=request.user, payment_id=object_id))

    def _settle(self, request, use_case):
        """Call `use_case()` (→ Payment) and tell the state that the gateway shows afterwards, whatever was wished."""
        done = []
        refusal = attempt(lambda: done.append(use_case()))
        if refusal:
            messages.error(request, str(refusal))
        else:
            says = gettext("The gateway was asked. The payment is: %(state)s.")
            messages.success(request, says % {"state": done[0].get_status_display()})
        return HttpResponse(headers={"HX-Redirect": page_of(request)})

    @action(
        description=_("Accept the money"),
        url_path="accept",
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        permissions=["decide_payment"],
        dialog={
            "title": _("Accept this money for the booking?"),
            "description": _("The gateway is read again; what it shows then is recorded as received, more or less."),
            "form_class": ReviewDialog,
            "form_submit_text": _("Accept the money"),
        },
    )
    def accept_action(self, request, form, object_id):
        return self._decide(request, form, object_id, services.accept_payment, _("The money was accepted."))

    @action(
        description=_("Send the money back"),
        url_path="send-back",
        icon="undo",
        permissions=["decide_payment"],
        dialog={
            "title": _("Send this money back?"),
            "description": _("What the gateway shows is recorded and goes back to the customer in full."),
            "form_class": ReviewDialog,
            "form_submit_text": _("Send the money back"),
        },
    )
    def send_back_action(self, request, form, object_id):
        return self._decide(request, form, object_id, services.return_payment, _("The money goes back."))

    @action(
        description=_("Close the payment"),
        url_path="close",
        icon="cancel",
        permissions=["decide_payment"],
        dialog={
            "title": _("Close this payment?"),
            "description": _("Only possible while the gateway shows no money under it."),
            "form_class": ReviewDialog,
            "form_submit_text": _("Close the payment"),
        },
    )
    def close_action(self, request, form, object_id):
        return self._decide(request, form, object_id, services.close_payment, _("The payment was closed."))

    def _decide(self, request, form, object_id, use_case, success):
        decision = {"actor": request.user, "payment_id": object_id, "explanation": form.cleaned_data["reason"]}
        return run_use_case(request, lambda: use_case(**decision), success)
