"""How many webhook calls of a day were turned away, or were of the wrong mode."""

import logging
import threading
from collections import Counter
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from apps.payments.models import WebhookRefusal

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=1)


class Tally:
    """The counts of this process, which become rows at most once a second.

    Anybody can call the address. If each call were a write, a flood of forgeries would take SQLite's one write lock,
    or a row lock that all of them queue for, again and again, from those who pay. So the first call of a second is
    written with what has gathered since the last one; what a process has gathered when it ends is lost. The number
    is there to be noticed, not to be added up.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._gathered: Counter[str] = Counter()
        self._written_at: datetime | None = None

    def count(self, reason):
        """Count one call turned away for that WebhookRefusal.Reason. Never fails: the caller has an answer to give."""
        now = timezone.now()
        with self._lock:
            self._gathered[reason] += 1
            if self._written_at is not None and timedelta() <= now - self._written_at < PAUSE:
                return
            self._written_at = now
            gathered, self._gathered = self._gathered, Counter()
        try:
            with transaction.atomic():
                for each, number in gathered.items():
                    _write(each, number, now)
        except DatabaseError:
            logger.warning("refused webhooks could not be counted")
            with self._lock:
                self._gathered += gathered


tally = Tally()


def _write(reason, number, now):
    today = WebhookRefusal.objects.filter(day=timezone.localdate(now), reason=reason)
    more = {"count": F("count") + number, "last_at": now}
    if today.update(**more):
        return
    values = {"count": number, "last_at": now}
    _row, is_new = WebhookRefusal.objects.get_or_create(day=timezone.localdate(now), reason=reason, defaults=values)
    if not is_new:
        today.update(**more)
