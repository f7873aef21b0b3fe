"""The calls that a message took, and the messages of a booking: rows inside the pages of others."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.utils import display_for_label

from apps.common.admin.base import BaseTabularInline
from apps.common.admin.displays import EMPTY, State, left_to_right, show_time, time_column, two_lines
from apps.notifications import costs, reasons
from apps.notifications.models import DeliveryAttempt, DeliveryReceipt, Notification

Status, Attempt = Notification.Status, DeliveryAttempt.Status
STATE_COLOURS = {
    Status.PENDING: "info",
    Status.SENDING: "primary",
    Status.SENT: "success",
    Status.DELIVERED: "success",
    Status.UNDELIVERED: "danger",
    Status.FAILED: "warning",
    Status.SUPPRESSED: "default",
}
ATTEMPT_COLOURS = {
    Attempt.BEGUN: "primary",
    Attempt.SENT: "success",
    Attempt.DELIVERED: "success",
    Attempt.UNDELIVERED: "danger",
    Attempt.REFUSED: "danger",
    Attempt.UNAVAILABLE: "warning",
    Attempt.IN_DOUBT: "warning",
}
# What the code of an attempt means where none of the known ones says more.
MEANINGS = {
    Attempt.UNDELIVERED: reasons.NOT_DELIVERED,
    Attempt.REFUSED: reasons.REFUSED,
    Attempt.UNAVAILABLE: reasons.UNAVAILABLE,
    Attempt.IN_DOUBT: reasons.MAYBE_SENT,
}
PROVIDER_NAMES = {"console": _("console"), "twilio": "Twilio", "unifonic": "Unifonic", "authentica": "Authentica"}


def coloured_state(colours):
    """The state of a row inside another page; there Unfold draws no labels by itself."""

    @display(description=_("state"))
    def column(_inline, row):
        return display_for_label(State(row.status, row.get_status_display()), EMPTY, colours)

    return column


def provider_name(provider):
    """A provider as people call it; the word itself of one that is gone."""
    return PROVIDER_NAMES.get(provider, provider)


class AttemptInline(BaseTabularInline):
    model = DeliveryAttempt
    allowed_verbs = ("view",)
    hide_title = True
    ordering = ("-pk",)
    fields = (
        "display_number",
        "display_provider",
        "display_state",
        "display_code",
        "display_started",
        "display_ended",
        "display_cost",
    )
    readonly_fields = fields

    display_state = coloured_state(ATTEMPT_COLOURS)
    display_started = time_column("started_at", _("started at"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("salon")

    @display(description=_("number"))
    def display_number(self, attempt):
        return left_to_right(attempt.pk)

    @display(description=_("provider and its number"))
    def display_provider(self, attempt):
        number = attempt.provider_message_id
        return two_lines(provider_name(attempt.provider), left_to_right(number) if number else "")

    @display(description=_("what it means"))
    def display_code(self, attempt):
        meaning = MEANINGS.get(attempt.status)
        return reasons.explain_html(reasons.with_code(meaning, attempt.code)) if meaning else EMPTY

    @display(description=_("ended at"))
    def display_ended(self, attempt):
        if attempt.ended_at is None:
            return EMPTY
        seconds = (attempt.ended_at - attempt.started_at).total_seconds()
        took = gettext("took %(seconds)s s") % {"seconds": f"{seconds:.1f}"}
        return two_lines(show_time(attempt.ended_at, attempt.salon.timezone), took)

    @display(description=_("parts and cost"))
    def display_cost(self, attempt):
        return parts_and_cost([attempt], attempt.segments)


def parts_and_cost(attempts, planned):
    """The SMS that `attempts` took, `planned` where none did, and under them what they cost."""
    parts = costs.parts_of(attempts) or planned
    return two_lines(parts or EMPTY, str(costs.cost_of(attempts)))


class DeliveryReceiptInline(BaseTabularInline):
    model = DeliveryReceipt
    allowed_verbs = ("view",)
    hide_title = True
    fields = ("provider_status", "error_code", "display_created")
    readonly_fields = fields

    display_created = time_column("created_at", _("reported at"))
