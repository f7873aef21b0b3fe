from datetime import timedelta

import pytest

from apps.accounts import services
from apps.accounts.models import IdempotencyKey, OtpChallenge, PhoneGuard, TokenFamily
from apps.accounts.tests.conftest import NOW
from apps.accounts.tests.factories import IdempotencyKeyFactory, TokenFamilyFactory

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"


def test_old_rows_are_forgotten_and_young_ones_stay(clock):
    services.request_code(phone="+966551234568")
    IdempotencyKeyFactory(key="old")
    TokenFamilyFactory(expires_at=NOW - timedelta(days=28))
    recent = TokenFamilyFactory(expires_at=NOW - timedelta(days=27))
    clock.shift(timedelta(hours=47))
    young = services.request_code(phone=PHONE)
    IdempotencyKeyFactory(key="young")
    clock.shift(timedelta(hours=1, seconds=1))

    assert services.forget_old_rows() == {"idempotency_keys": 1, "codes": 1, "phone_guards": 1, "sign_ins": 1}

    assert OtpChallenge.objects.get() == young
    assert PhoneGuard.objects.get().phone == PHONE
    assert IdempotencyKey.objects.get().key == "young"
    assert TokenFamily.objects.get() == recent
    assert set(services.forget_old_rows().values()) == {0}
