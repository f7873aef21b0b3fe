from zoneinfo import ZoneInfo

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from apps.common.resources import ScopedResource
from apps.notifications import costs, reasons
from apps.notifications.models import Notification


class NotificationResource(ScopedResource):
    """The audit for a spreadsheet: one line per message, times in the salon's own zone. Nothing is imported."""

    booking = Field("booking__display_reference", _("booking"))
    recipient = Field("recipient", _("recipient"))
    kind = Field("get_kind_display", _("kind"))
    channel = Field("get_channel_display", _("channel"))
    status = Field("get_status_display", _("state"))
    due_at = Field("due_at", _("due at"))
    sent_at = Field("sent_at", _("sent at"))
    delivered_at = Field("delivered_at", _("delivered at"))
    attempts = Field(None, _("attempts"))
    parts = Field("segments", _("parts"))
    cost = Field(None, _("cost"))
    currency = Field(None, _("currency"))
    is_estimate = Field(None, _("estimated"))
    is_maybe_double = Field("is_maybe_double", _("maybe twice"))
    provider = Field("provider", _("provider"))
    reason = Field("reason", _("reason"))

    class Meta(ScopedResource.Meta):
        model = Notification
        fields = (
            "booking",
            "recipient",
            "kind",
            "channel",
            "status",
            "due_at",
            "sent_at",
            "delivered_at",
            "attempts",
            "parts",
            "cost",
            "currency",
            "is_estimate",
            "is_maybe_double",
            "provider",
            "reason",
        )

    def get_queryset(self):
        return super().get_queryset().select_related("booking", "salon").prefetch_related("tried")

    def dehydrate_parts(self, notification):
        return costs.parts_of(notification.tried.all()) or notification.segments

    def dehydrate_cost(self, notification):
        """A number for sums; where attempts were paid in several currencies, both of them in words."""
        cost = costs.cost_of(notification.tried.all())
        return next(iter(cost.amounts.values()), "") if len(cost.amounts) < 2 else str(cost)

    def dehydrate_currency(self, notification):
        currencies = list(costs.cost_of(notification.tried.all()).amounts)
        return currencies[0] if len(currencies) == 1 else ""

    def dehydrate_is_estimate(self, notification):
        return _yes_or_no(costs.cost_of(notification.tried.all()).is_estimate)

    def dehydrate_attempts(self, notification):
        return len(notification.tried.all())

    def dehydrate_is_maybe_double(self, notification):
        return _yes_or_no(notification.is_maybe_double)

    def dehydrate_due_at(self, notification):
        return _local(notification.due_at, notification)

    def dehydrate_sent_at(self, notification):
        return _local(notification.sent_at, notification)

    def dehydrate_delivered_at(self, notification):
        return _local(notification.delivered_at, notification)

    def dehydrate_reason(self, notification):
        return reasons.explain(notification.reason)


def _yes_or_no(value):
    return gettext("Yes") if value else gettext("No")


def _local(moment, notification):
    if moment is None:
        return ""
    return moment.astimezone(ZoneInfo(notification.salon.timezone)).strftime("%Y-%m-%d %H:%M")
