from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from apps.common.resources import ScopedResource
from apps.notifications import reasons
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
    attempts = Field("attempts", _("attempts"))
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
            "provider",
            "reason",
        )

    def get_queryset(self):
        return super().get_queryset().select_related("booking", "salon")

    def dehydrate_due_at(self, notification):
        return _local(notification.due_at, notification)

    def dehydrate_sent_at(self, notification):
        return _local(notification.sent_at, notification)

    def dehydrate_delivered_at(self, notification):
        return _local(notification.delivered_at, notification)

    def dehydrate_reason(self, notification):
        return reasons.explain(notification.reason)


def _local(moment, notification):
    if moment is None:
        return ""
    return moment.astimezone(ZoneInfo(notification.salon.timezone)).strftime("%Y-%m-%d %H:%M")
