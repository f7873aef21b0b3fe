"""The money journal for reading: who moved a payment or a refund, when, from what to what, and why."""

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.common.admin.base import BaseModelAdmin, BaseTabularInline
from apps.common.admin.displays import EMPTY, left_to_right, time_column
from apps.common.admin.filters import RangeDateFilter, ScopedRelatedFilter
from apps.common.money import display_money
from apps.payments import reasons
from apps.payments.admin.money import booking_column, searched_through
from apps.payments.models import MoneyEvent, Payment, Refund

AMOUNTS = ("captured_amount", "refunded_amount", "refund_reserved_amount")


def after_the_step_before(events):
    """`events` with what the step before said, as `before_status`, `before_captured_amount` and so on."""
    before = MoneyEvent.objects.filter(payment=OuterRef("payment"), sequence__lt=OuterRef("sequence"))
    before = before.order_by("-sequence")
    told = {name: Subquery(before.values(name)[:1]) for name in ("payment_status", *AMOUNTS)}
    of_refund = before.filter(refund=OuterRef("refund")).values("refund_status")[:1]
    return events.annotate(before_refund=Subquery(of_refund), **{f"before_{name}": told[name] for name in told})


def changes(event):
    """What the step changed, in words, one line each; `event` comes from `after_the_step_before`."""
    state = Payment.Status(event.payment_status).label
    if event.before_payment_status is None:
        yield gettext("payment: %(after)s") % {"after": state}
    elif event.before_payment_status != event.payment_status:
        before = Payment.Status(event.before_payment_status).label
        yield gettext("payment: %(before)s → %(after)s") % {"before": before, "after": state}
    if event.refund_id:
        yield _refund_line(event)
    for name in AMOUNTS:
        before, after = getattr(event, f"before_{name}") or 0, getattr(event, name)
        if before != after:
            amounts = {"before": display_money(before), "after": display_money(after)}
            label = MoneyEvent._meta.get_field(name).verbose_name
            yield gettext("%(amount)s: %(before)s → %(after)s") % {"amount": label, **amounts}


def _refund_line(event):
    told = {"amount": display_money(event.refund_amount), "after": Refund.Status(event.refund_status).label}
    if event.before_refund is None:
        return gettext("refund of %(amount)s: %(after)s") % told
    before = Refund.Status(event.before_refund).label
    return gettext("refund of %(amount)s: %(before)s → %(after)s") % {**told, "before": before}


class JournalColumns:
    """What the list, the page and the lines below a payment show of a step."""

    display_at = time_column("at", _("at"))

    @admin.display(description=_("what happened"))
    def display_changes(self, event):
        # A step may change only what the gateway told of the payment: its state stays what it was.
        state = gettext("payment: %(after)s") % {"after": event.get_payment_status_display()}
        lines = [(line,) for line in [*changes(event)] or [state]]
        return format_html_join("", '<bdi class="block whitespace-normal">{}</bdi>', lines)

    @admin.display(description=_("by"), ordering="actor")
    def display_actor(self, event):
        return str(event.actor) if event.actor else _("the system")

    @admin.display(description=_("reason"))
    def display_reason(self, event):
        return reasons.explain(event.reason) or EMPTY

    def get_queryset(self, request):
        return after_the_step_before(super().get_queryset(request))


class JournalInline(JournalColumns, BaseTabularInline):
    model = MoneyEvent
    allowed_verbs = ("view",)
    hide_title = True
    ordering = ["sequence"]
    fields = ("sequence", "display_at", "display_changes", "display_actor", "display_reason")
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("salon", "actor")


@admin.register(MoneyEvent)
class MoneyEventAdmin(JournalColumns, BaseModelAdmin):
    allowed_verbs = ("view",)
    empty_text = _("Every step of money stands here: who, when, from what to what, and why. Nobody can change it.")
    list_display = ["display_at", "display_booking", "display_changes", "display_actor", "display_reason", "salon"]
    list_filter = [("at", RangeDateFilter), ("salon", ScopedRelatedFilter)]
    list_select_related = ["payment__booking__customer__user", "payment__booking__salon", "salon", "actor"]
    link_lookups = ["payment__id__exact"]
    search_fields = [*searched_through("payment__booking"), "payment__gateway_payment_id"]
    search_help_text = _("Booking reference, phone in any spelling, customer or number at the gateway")
    fieldsets = [
        (
            _("Step"),
            {
                "fields": [
                    ("display_at", "sequence"),
                    ("payment", "refund"),
                    "display_changes",
                    ("display_actor", "display_reason"),
                ]
            },
        ),
        (_("Seal"), {"fields": ["display_seal"]}),
    ]

    display_booking = booking_column("payment.booking")

    @admin.display(description=_("seal"))
    def display_seal(self, event):
        return left_to_right(event.digest)
