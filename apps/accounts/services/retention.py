"""Rows that served their purpose go."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import IdempotencyKey, LimitCounter, OtpChallenge, PhoneGuard, TokenFamily
from apps.accounts.services.guards import KNOWN_FOR

IDEMPOTENCY_KEYS = timedelta(hours=48)
CODES = timedelta(hours=48)  # the limits look back one day
FAILURES = timedelta(hours=48)
ENDED_SIGN_INS = timedelta(days=30)


def forget_old_rows() -> dict[str, int]:
    """Delete old keys, codes, used limits, expired sessions and sign-ins, and what is known of long silent phones.

    Returns how many of each. Safe to run twice at once.
    """
    now = timezone.now()
    known_no_more = Q(succeeded_at__isnull=True) | Q(succeeded_at__lt=now - KNOWN_FOR)
    return {
        "idempotency_keys": IdempotencyKey.objects.filter(created_at__lt=now - IDEMPOTENCY_KEYS).delete()[0],
        "codes": OtpChallenge.objects.filter(created_at__lt=now - CODES).delete()[0],
        "phone_guards": PhoneGuard.objects.filter(known_no_more, updated_at__lt=now - FAILURES).delete()[0],
        "used_limits": LimitCounter.objects.filter(starts_at__lt=now - CODES).delete()[0],
        "sessions": Session.objects.filter(expire_date__lt=now).delete()[0],
        "sign_ins": TokenFamily.objects.filter(expires_at__lt=now - ENDED_SIGN_INS).delete()[0],
    }
