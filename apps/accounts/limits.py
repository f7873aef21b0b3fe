"""How often something may happen: counted in the database, where every process of an installation sees it.

    with transaction.atomic():
        spend(allowance(f"codes from {network}", 20, HOUR), allowance("codes to all", 500, HOUR))
        ...

One conditional statement per limit decides, so parallel calls cannot pass together. What a transaction spent comes
back when it is undone. A database that does not answer lets nobody through.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import LimitCounter
from apps.common.errors import RateLimited

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Allowance:
    """At most `most` of what `key` names in the window from `starts_at` to `ends_at`; one use takes `step` of them."""

    key: str
    most: int
    starts_at: datetime
    ends_at: datetime
    step: int = 1


def allowance(key: str, most: int, window: timedelta, *, step: int = 1) -> Allowance:
    """The allowance of the window that runs now; windows begin at whole multiples of their length."""
    seconds = int(window.total_seconds())
    begun = int(timezone.now().timestamp()) // seconds * seconds
    starts_at = datetime.fromtimestamp(begun, UTC)
    return Allowance(key, most, starts_at, starts_at + window, step)


def spend(*allowances: Allowance) -> None:
    """Use each once, in this order; raises RateLimited, with the wait, at the first that is used up.

    Several belong into one transaction, which a refusal then undoes as a whole.
    """
    for one in allowances:
        if not _spent(one):
            raise RateLimited(retry_after=whole_seconds(one.ends_at - timezone.now()))


def give_back(*allowances: Allowance) -> None:
    """Undo `spend` of these very allowances, for something that did not happen after all."""
    for one in allowances:
        counters = LimitCounter.objects.filter(key=one.key, starts_at=one.starts_at, used__gte=one.step)
        counters.update(used=F("used") - one.step)


def whole_seconds(wait: timedelta) -> int:
    """`wait` in seconds, rounded up, at least one: what a refusal tells to wait."""
    return max(math.ceil(wait.total_seconds()), 1)


def _spent(one: Allowance) -> bool:
    if one.step > one.most:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_limitcounter (key, starts_at, used) VALUES (%s, %s, %s) "
            "ON CONFLICT (key, starts_at) DO UPDATE SET used = accounts_limitcounter.used + excluded.used "
            "WHERE accounts_limitcounter.used + excluded.used <= %s",
            [one.key, connection.ops.adapt_datetimefield_value(one.starts_at), one.step, one.most],
        )
        return bool(cursor.rowcount)
