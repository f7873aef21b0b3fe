from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db.models import F

from apps.accounts import services
from apps.accounts.models import IdempotencyKey, LimitCounter, OtpChallenge, PhoneGuard, TokenFamily
from apps.accounts.tests.conftest import NOW
from apps.accounts.tests.factories import IdempotencyKeyFactory, TokenFamilyFactory

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"


def test_old_rows_are_forgotten_and_young_ones_stay(clock):
    services.request_code(phone="+966551234568")
    PhoneGuard.objects.create(phone="+966551234568", network="quiet since", consecutive_failures=1)
    IdempotencyKeyFactory(key="old")
    TokenFamilyFactory(expires_at=NOW - timedelta(days=28))
    for key, days in (("old", 2), ("young", 3)):
        Session.objects.create(session_key=key, session_data="", expire_date=NOW + timedelta(days=days))
    recent = TokenFamilyFactory(expires_at=NOW - timedelta(days=27))
    clock.shift(timedelta(hours=47))
    young = services.request_code(phone=PHONE)
    PhoneGuard.objects.create(phone=PHONE, network="just now", consecutive_failures=1)
    IdempotencyKeyFactory(key="young")
    clock.shift(timedelta(hours=1, seconds=1))

    assert services.forget_old_rows() == {
        "idempotency_keys": 1,
        "codes": 1,
        "phone_guards": 1,
        "used_limits": 3,
        "sessions": 1,
        "sign_ins": 1,
    }

    assert OtpChallenge.objects.get() == young
    assert PhoneGuard.objects.get().phone == PHONE
    assert LimitCounter.objects.count() == 3
    assert IdempotencyKey.objects.get().key == "young"
    assert Session.objects.get().session_key == "young"
    assert TokenFamily.objects.get() == recent
    assert set(services.forget_old_rows().values()) == {0}


def test_a_known_network_is_forgotten_after_ninety_days_of_silence(clock):
    for days in (89, 90):
        PhoneGuard.objects.create(
            phone=PHONE, network=f"{days} days", succeeded_at=NOW - timedelta(days=days, seconds=1)
        )
    clock.shift(timedelta(hours=48, seconds=1))
    PhoneGuard.objects.update(succeeded_at=F("succeeded_at") + timedelta(hours=48, seconds=1))

    assert services.forget_old_rows()["phone_guards"] == 1

    assert PhoneGuard.objects.get().network == "89 days"
