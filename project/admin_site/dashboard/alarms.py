"""What waits for somebody: each figure is the count of the list it opens."""

from collections import defaultdict
from datetime import timedelta
from functools import cache, partial
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import DataRequest
from apps.notifications.models import Notification
from apps.payments.models import Payment, ReconciliationFinding, Refund, WebhookEvent
from project.admin_site.dashboard.cards import Card, Clock, Lookups, call, count_each, listed, may_view
from project.admin_site.dashboard.today import Makers

DATA_REQUESTS_DUE = timedelta(days=7)
# Banks let a reservation go after 14 days: before that somebody asks why it was not taken.
RESERVED_FOR_LONG = timedelta(days=10)
# A message that failed longer ago is past helping; the list still has it.
MESSAGES_LOOKED_BACK = 7


def makers(user: Any, clock: Clock) -> Makers:
    """`(name, maker)` of each figure `user` may see, the dearest to overlook first."""
    due_soon = (clock.today + DATA_REQUESTS_DUE + timedelta(days=1)).isoformat()
    reserved_before = (clock.now - RESERVED_FOR_LONG).replace(microsecond=0).isoformat()
    failed = {**clock.since("created_at", 1 - MESSAGES_LOOKED_BACK), "status__in": "failed,undelivered"}
    due = {"status__in": "open", "due_on__lt": due_soon}
    unresolved = {"resolved_at__isnull": "True"}
    held = {"status__in": "authorized", "authorized_at__lt": reserved_before}
    wanted: list[tuple[str, type, Any, str, Lookups]] = [
        ("refunds", Refund, _("Refunds waiting"), "currency_exchange", {"status__in": "requested,not_applied,review"}),
        ("review", Payment, _("Payments to decide"), "gavel", {"status__in": "review"}),
        ("by_hand", Refund, _("Money to hand over"), "handshake", {"status__in": "approved", "way__exact": "by_hand"}),
        ("held", Payment, _("Reserved for ten days"), "lock_clock", held),
        ("messages", Notification, _("Failed messages, 7 days"), "sms_failed", failed),
        ("findings", ReconciliationFinding, _("Differences with the gateway"), "troubleshoot", unresolved),
        ("webhooks", WebhookEvent, _("Webhooks given up"), "webhook", {"status__in": "dead"}),
        ("requests", DataRequest, _("Data requests due soon"), "policy", due),
    ]
    lists: dict[type, dict[str, Lookups]] = defaultdict(dict)
    for key, model, _title, _icon, lookups in wanted:
        lists[model][key] = lookups

    @cache
    def counts(model: Any) -> dict[str, int]:
        return count_each(model.objects.visible_to(user), lists[model])

    def alarm(key: str, model: type, title: str, icon: str, lookups: Lookups) -> Card:
        return call(key, title, icon, counts(model)[key], listed(model, lookups))

    return [(entry[0], partial(alarm, *entry)) for entry in wanted if may_view(user, entry[1])]
