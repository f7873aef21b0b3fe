"""Money on its way back: what is waiting for a person, and what became of the rest."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.accounts.sessions import proven_at
from apps.common.admin.dialogs import ConfirmDialog, ReasonDialog, run_use_case
from apps.common.admin.displays import EMPTY, money_column, state_column, time_column
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.payments import reasons, services
from apps.payments.admin.money import MoneyMixin, booking_column, searched_through, tell_refund
from apps.payments.models import Refund
from apps.payments.resources import RefundExport

Status = Refund.Status
REFUND_COLOURS = {
    Status.REQUESTED: "warning",
    Status.APPROVED: "info",
    Status.SENDING: "primary",
    Status.SUCCEEDED: "success",
    Status.FAILED: "danger",
    Status.UNKNOWN: "warning",
    Status.NOT_APPLIED: "default",
    Status.REVIEW: "danger",
    Status.EXTERNAL: "primary",
}


@admin.register(Refund)
class RefundAdmin(MoneyMixin, ExportableModelAdmin):
    allowed_verbs = ("view",)
    resource_classes = [RefundExport]
    empty_text = _(
        "Refunds stand here. Ask for one on the page of its payment; cancelling a paid booking makes one too."
    )
    list_display = [
        "display_booking",
        "display_state",
        "display_amount",
        "display_reason",
        "requested_by",
        "approved_by",
        "display_created",
        "salon",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["payment__booking__customer__user", "requested_by", "approved_by", "salon"]
    link_lookups = ["payment__id__exact", "status__in"]
    search_fields = [*searched_through("payment__booking"), "payment__gateway_payment_id"]
    search_help_text = _("Booking reference, phone in any spelling, customer or number at the gateway")
    actions_detail = ["approve_action", "carry_out_action", "reject_action"]
    fieldsets = [
        (
            _("Refund"),
            {
                "fields": [
                    ("payment", "display_state"),
                    ("display_amount", "display_reason"),
                    ("requested_by", "approved_by"),
                    "display_failure",
                ]
            },
        ),
        (
            _("At the gateway"),
            {"fields": [("display_before", "display_sent"), ("display_settled", "display_created")]},
        ),
    ]

    display_booking = booking_column("payment.booking")
    display_state = state_column("status", REFUND_COLOURS)
    display_amount = money_column("amount")
    display_before = money_column("gateway_refunded_before")
    display_created = time_column("created_at", _("requested at"))
    display_sent = time_column("sent_at")
    display_settled = time_column("settled_at")

    @admin.display(description=_("reason"))
    def display_reason(self, refund):
        return reasons.explain(refund.reason)

    @admin.display(description=_("reason of failure"))
    def display_failure(self, refund):
        return reasons.explain(refund.failure_reason) or EMPTY

    def _may_decide(self, request, object_id, states):
        refund = self.row(request, object_id)
        return refund is not None and refund.status in states and self.may(request, "approve", refund)

    def has_approve_refund_permission(self, request, object_id=None):
        return self._may_decide(request, object_id, [Status.REQUESTED])

    def has_carry_out_refund_permission(self, request, object_id=None):
        return self._may_decide(request, object_id, [Status.APPROVED])

    @action(
        description=_("Approve"),
        url_path="approve",
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        permissions=["approve_refund"],
        dialog={
            "title": _("Approve this refund?"),
            "description": _("It is sent to the gateway at once. Whoever asked for it cannot approve it."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Approve"),
        },
    )
    def approve_action(self, request, form, object_id):
        def approve():
            services.approve_refund(actor=request.user, refund_id=object_id, proven_at=proven_at(request))
            return services.send_refund(refund_id=object_id, actor=request.user)

        return tell_refund(request, approve)

    @action(
        description=_("Carry out now"),
        url_path="carry-out",
        icon="send_money",
        variant=ActionVariant.PRIMARY,
        permissions=["carry_out_refund"],
        dialog={
            "title": _("Carry out this refund now?"),
            "description": _("Money paid online is sent back; cash and card terminal count as handed over by you."),
            "form_class": ConfirmDialog,
            "form_submit_text": _("Carry out now"),
        },
    )
    def carry_out_action(self, request, form, object_id):
        def carry_out():
            return services.carry_out_refund(actor=request.user, refund_id=object_id, proven_at=proven_at(request))

        return tell_refund(request, carry_out)

    @action(
        description=_("Reject"),
        url_path="reject",
        icon="block",
        permissions=["approve_refund"],
        dialog={
            "title": _("Reject this refund?"),
            "description": _("Nothing moves, and the amount can be asked for again."),
            "form_class": ReasonDialog,
            "form_submit_text": _("Reject"),
        },
    )
    def reject_action(self, request, form, object_id):
        return run_use_case(
            request,
            lambda: services.reject_refund(actor=request.user, refund_id=object_id, reason=form.cleaned_data["reason"]),
            _("The refund was rejected."),
        )
