"""Whether messages leave in time: what the readiness page and the banner of the admin judge by."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.notifications.models import Notification
from apps.notifications.querysets import NotificationQuerySet
from project.models import LastRun

SENDER = "deliver_notifications"
LATE_OUTBOX = timedelta(minutes=15)
SILENT_SCHEDULER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was found at `read_at`: when the pass that sends last began, if it ever did, how many messages should be
    out, and since when the oldest of them.
    """

    read_at: datetime
    last_run_at: datetime | None
    overdue: int
    oldest_due_at: datetime | None

    @property
    def outbox_age(self) -> timedelta | None:
        """How long the oldest message that should be out has been waiting; None when none waits."""
        return self._since(self.oldest_due_at)

    @property
    def scheduler_age(self) -> timedelta | None:
        """How long ago the pass that sends last began; None when it never did."""
        return self._since(self.last_run_at)

    @property
    def is_outbox_late(self) -> bool:
        return self.outbox_age is not None and self.outbox_age > LATE_OUTBOX

    @property
    def is_scheduler_silent(self) -> bool:
        """A new installation has no run yet and is not blamed for it before there is something to send."""
        if self.scheduler_age is None:
            return self.overdue > 0
        return self.scheduler_age > SILENT_SCHEDULER

    @property
    def is_late(self) -> bool:
        return self.is_outbox_late or self.is_scheduler_silent

    def _since(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else max(self.read_at - moment, timedelta(0))


def read_delivery(messages: NotificationQuerySet | None = None) -> Delivery:
    """The delivery of `messages` (all by default) as it is now, in one query over the index of waiting messages."""
    now = timezone.now()
    run = Subquery(LastRun.objects.filter(name=SENDER).values("started_at")[:1])
    waiting = (Notification.objects.all() if messages is None else messages).due(now).order_by()
    found = waiting.aggregate(
        overdue=Count("pk"),
        oldest_due_at=Min("due_at"),
        # `aggregate` takes no bare subquery, and Max is empty where no message waits.
        last_run_at=Coalesce(Max(run), run),
    )
    return Delivery(read_at=now, **found)
