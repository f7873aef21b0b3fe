"""Rows that served their purpose go."""

from datetime import timedelta

from django.utils import timezone

from apps.accounts.models import IdempotencyKey, OtpChallenge, PhoneGuard, TokenFamily

IDEMPOTENCY_KEYS = timedelta(hours=48)
CODES = timedelta(hours=48)  # the limits look back one day
ENDED_SIGN_INS = timedelta(days=30)


def forget_old_rows() -> dict[str, int]:
    """Delete old keys, codes and expired sign-ins, and the failure counts of phones that were quiet since.

    Returns how many of each. Safe to run twice at once.
    """
    now = timezone.now()
    return {
        "idempotency_keys": IdempotencyKey.objects.filter(created_at__lt=now - IDEMPOTENCY_KEYS).delete()[0],
        "codes": OtpChallenge.objects.filter(created_at__lt=now - CODES).delete()[0],
        "phone_guards": PhoneGuard.objects.exclude(phone__in=OtpChallenge.objects.values("phone")).delete()[0],
        "sign_ins": TokenFamily.objects.filter(expires_at__lt=now - ENDED_SIGN_INS).delete()[0],
    }
