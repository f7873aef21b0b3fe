"""Money on its way back: what is waiting for a person, and what became of the rest."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.accounts.sessions import proven_at
from apps.common.admin.dialogs import ConfirmDialog, ReasonDialog, run_use_case
from apps.common.admin.displays import EMPTY, money_column, state_column, time_column, two_lines
from apps.common.admin.filters import ChoicesDropdownFilter, RangeDateFilter, ScopedRelatedFilter
from apps.common.admin.transfer import ExportableModelAdmin
from apps.payments import reasons, services
from apps.payments.admin.forms import DecideDialog, SendAgainDialog
from apps.payments.admin.money import MoneyMixin, booking_column, searched_through, tell_refund
from apps.payments.models import Refund
from apps.payments.resources import RefundExport
from apps.payments.selectors import goes_again_by_itself

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
# What happens by itself and when, or what a person should do.
NEXT_STEPS = {
    Status.REQUESTED: _("It waits for another person: approve or reject it."),
    Status.APPROVED: _("It is sent by itself within minutes, as soon as the gateway answers."),
    Status.SENDING: _("It is being sent. After two minutes without an answer it is found out what became of it."),
    Status.SUCCEEDED: _("Nothing is left to do: the money went back."),
    Status.FAILED: _(
        "Nothing went back, and the amount is free. If it is still wanted, ask again on the payment's page."
    ),
    Status.UNKNOWN: _(
        "Do not repeat it. The gateway is asked again after half a minute, 2, 10 and 30 minutes, then hourly."
    ),
    Status.NOT_APPLIED: _("Look in the gateway's own pages whether it is there, then send it again or give it up."),
    Status.REVIEW: _("Press “Decide”: the gateway is asked, and you say what its total proves."),
    Status.EXTERNAL: _("It is booked. Tell whoever refunded in the gateway's own pages to do it here."),
}
HAND_OVER = _("Hand the money over, then press “Carry out now”.")
GOES_AGAIN = _("It is sent again by itself within minutes: should the first one come late, the second no longer fits.")


def next_step(refund):
    if refund.status == Status.APPROVED and refund.way == Refund.Way.BY_HAND:
        return HAND_OVER
    if refund.status == Status.NOT_APPLIED and goes_again_by_itself(refund):
        return GOES_AGAIN
    return NEXT_STEPS[Status(refund.status)]


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
        "display_hint",
        "display_amount",
        "display_reasons",
        "display_people",
        "display_created",
        "salon",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("payment__method", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
        ("salon", ScopedRelatedFilter),
    ]
    list_select_related = ["payment__booking__customer__user", "requested_by", "approved_by", "resolved_by", "salon"]
    link_lookups = [
        "payment__id__exact",
        "payment__method__exact",
        "settled_at__gte",
        "settled_at__lt",
        "status__in",
        "way__exact",
    ]
    search_fields = [*searched_through("payment__booking"), "payment__gateway_payment_id"]
    search_help_text = _("Booking reference, phone in any spelling, customer or number at the gateway")
    actions_detail = [
        "approve_action",
        "carry_out_action",
        "reject_action",
        "decide_action",
        "send_again_action",
        "give_up_action",
    ]
    fieldsets = [
        (
            _("Refund"),
            {
                "fields": [
                    ("payment", "display_state"),
                    "display_next_step",
                    ("display_amount", "display_reason"),
                    ("requested_by", "approved_by"),
                    "display_failure",
                    ("resolved_by", "display_resolution"),
                ]
            },
        ),
        (
            _("At the gateway"),
            {
                "fields": [
                    ("display_way", "attempt"),
                    ("display_before", "display_after"),
                    ("display_sent", "display_looked_at_next"),
                    ("display_settled", "display_created"),
                ]
            },
        ),
    ]

    display_booking = booking_column("payment.booking")
    display_state = state_column("status", REFUND_COLOURS)
    display_amount = money_column("amount")
    display_before = money_column("gateway_refunded_before", _("gateway's total before"))
    display_after = money_column("gateway_refunded_after", _("gateway's total after"))
    display_created = time_column("created_at", _("requested at"))
    display_sent = time_column("sent_at")
    display_settled = time_column("settled_at")
    display_looked_at_next = time_column("next_check_at")

    @admin.display(description=_("what next"))
    def display_hint(self, refund):
        markup = '<span class="material-symbols-outlined" role="img" aria-label="{0}" title="{0}">info</span>'
        return format_html(markup, next_step(refund))

    @admin.display(description=_("what next"))
    def display_next_step(self, refund):
        return next_step(refund)

    @admin.display(description=_("reason"))
    def display_reason(self, refund):
        return reasons.explain(refund.reason)

    @admin.display(description=_("reason"))
    def display_reasons(self, refund):
        """Why it was asked for; under it why it stopped, and who said so."""
        why = reasons.explain(refund.failure_reason)
        return two_lines(self.display_reason(refund), f"{why} · {refund.resolved_by}" if refund.resolved_by else why)

    @admin.display(description=_("requested and approved by"), ordering="requested_by")
    def display_people(self, refund):
        return two_lines(refund.requested_by or EMPTY, refund.approved_by or "")

    @admin.display(description=_("way"))
    def display_way(self, refund):
        is_known = refund.sent_at or refund.settled_at or refund.way == Refund.Way.BY_HAND
        return refund.get_way_display() if is_known else EMPTY

    @admin.display(description=_("what a person found"))
    def display_resolution(self, refund):
        return reasons.explain(refund.resolution) or EMPTY

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

    def has_decide_refund_permission(self, request, object_id=None):
        return self._may_decide(request, object_id, [Status.REVIEW])

    def has_resume_refund_permission(self, request, object_id=None):
        return self._may_decide(request, object_id, [Status.NOT_APPLIED])

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

    @action(
        description=_("Decide"),
        url_path="decide",
        icon="gavel",
        variant=ActionVariant.PRIMARY,
        permissions=["decide_refund"],
        dialog={
            "title": _("What became of this refund?"),
            "description": _("The gateway was asked just now. It is asked again when you decide, and has to agree."),
            "form_class": DecideDialog,
            "form_submit_text": _("Decide"),
        },
    )
    def decide_action(self, request, form, object_id):
        def decide():
            return services.decide_refund(
                actor=request.user,
                refund_id=object_id,
                finding=form.cleaned_data["finding"],
                explanation=form.cleaned_data["reason"],
                proven_at=proven_at(request),
            )

        return tell_refund(request, decide)

    @action(
        description=_("Send again"),
        url_path="send-again",
        icon="send_money",
        variant=ActionVariant.PRIMARY,
        permissions=["resume_refund"],
        dialog={
            "title": _("Send this refund again?"),
            "description": _("The first one may still come late, and then the customer would get it twice."),
            "form_class": SendAgainDialog,
            "form_submit_text": _("Send again"),
        },
    )
    def send_again_action(self, request, form, object_id):
        def send_again():
            return services.send_refund_again(
                actor=request.user,
                refund_id=object_id,
                explanation=form.cleaned_data["reason"],
                proven_at=proven_at(request),
            )

        return tell_refund(request, send_again)

    @action(
        description=_("Give up"),
        url_path="give-up",
        icon="block",
        permissions=["resume_refund"],
        dialog={
            "title": _("Give this refund up?"),
            "description": _("Nothing moves, and the amount can be asked for again."),
            "form_class": ReasonDialog,
            "form_submit_text": _("Give up"),
        },
    )
    def give_up_action(self, request, form, object_id):
        explanation = form.cleaned_data["reason"]
        return run_use_case(
            request,
            lambda: services.give_up_refund(actor=request.user, refund_id=object_id, explanation=explanation),
            _("The refund was given up. The amount is free again."),
        )
