"""Rows that served their purpose go."""

import time
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import IdempotencyKey, LimitCounter, OtpChallenge, PhoneGuard, TokenFamily
from apps.accounts.services.guards import KNOWN_FOR

IDEMPOTENCY_KEYS = timedelta(hours=48)
CODES = timedelta(hours=48)  # the limits look back one day
FAILURES = timedelta(hours=48)
ENDED_SIGN_INS = timedelta(days=30)
# Rows of one transaction: nobody who books waits longer for the one writer of SQLite.
BATCH = 500
# Seconds of one pass. What is left after a flood, the next pass takes.
LONGEST = 20


def forget_old_rows() -> dict[str, int]:
    """Delete old keys, codes, used limits, expired sessions and sign-ins, and what is known of long silent phones.

    Returns how many of each. Safe to run twice at once.
    """
    now, until = timezone.now(), time.monotonic() + LONGEST
    known_no_more = Q(succeeded_at__isnull=True) | Q(succeeded_at__lt=now - KNOWN_FOR)
    old: dict[str, QuerySet] = {
        "idempotency_keys": IdempotencyKey.objects.filter(created_at__lt=now - IDEMPOTENCY_KEYS),
        "codes": OtpChallenge.objects.filter(created_at__lt=now - CODES),
        "phone_guards": PhoneGuard.objects.filter(known_no_more, updated_at__lt=now - FAILURES),
        "used_limits": LimitCounter.objects.filter(starts_at__lt=now - CODES),
        "sessions": Session.objects.filter(expire_date__lt=now),
        "sign_ins": TokenFamily.objects.filter(expires_at__lt=now - ENDED_SIGN_INS),
    }
    return {name: _delete(rows, until) for name, rows in old.items()}


def _delete(rows: QuerySet, until: float) -> int:
    """Delete `rows` batch by batch until the monotonic clock reads `until`; returns how many went."""
    gone = 0
    while time.monotonic() < until:
        with transaction.atomic():
            # What another pass is deleting is left to it.
            mine = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            keys = list(mine.order_by().values_list("pk", flat=True)[:BATCH])
            gone += rows.filter(pk__in=keys).delete()[0]
        if len(keys) < BATCH:
            break
    return gone
