from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.db.models import F

from apps.accounts import services
from apps.accounts.models import IdempotencyKey, LimitCounter, OtpChallenge, PhoneGuard, TokenFamily
from apps.accounts.services import retention
from apps.accounts.tests.conftest import NOW
from apps.accounts.tests.factories import IdempotencyKeyFactory, OtpChallengeFactory, TokenFamilyFactory
from apps.common.testing.race import race

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


KEPT = {
    "idempotency_keys": (lambda now: aged(IdempotencyKeyFactory(), created_at=now), timedelta(hours=48)),
    "codes": (lambda now: aged(OtpChallengeFactory(), created_at=now), timedelta(hours=48)),
    "phone_guards": (lambda now: aged(PhoneGuard.objects.create(phone=PHONE), updated_at=now), timedelta(hours=48)),
    "used_limits": (
        lambda now: LimitCounter.objects.create(key="a limit", starts_at=now, used=1),
        timedelta(hours=48),
    ),
    "sessions": (
        lambda now: Session.objects.create(session_key="a key", session_data="", expire_date=now),
        timedelta(0),
    ),
    "sign_ins": (lambda now: TokenFamilyFactory(expires_at=now), timedelta(days=30)),
}


def aged(row, **moments):
    type(row).objects.filter(pk=row.pk).update(**moments)
    return row


@pytest.mark.parametrize("kind", KEPT)
def test_a_row_is_kept_to_the_last_moment_of_its_time_and_goes_right_after_it(clock, kind):
    make, kept_for = KEPT[kind]
    make(NOW)
    clock.shift(kept_for)
    assert services.forget_old_rows()[kind] == 0

    clock.shift(timedelta(seconds=1))
    assert services.forget_old_rows() == dict.fromkeys(KEPT, 0) | {kind: 1}


def test_many_old_rows_go_in_batches_and_what_a_pass_leaves_the_next_one_takes(clock, monkeypatch):
    for number in range(5):
        aged(IdempotencyKeyFactory(key=f"old {number}"), created_at=NOW - timedelta(days=3))
    monkeypatch.setattr(retention, "BATCH", 2)
    # The pass begins, looks twice at the clock before a batch, and then its time is over.
    readings = iter([0, 0, 19, *[20] * 6])
    monkeypatch.setattr(retention, "time", SimpleNamespace(monotonic=lambda: next(readings)))

    assert services.forget_old_rows()["idempotency_keys"] == 4

    monkeypatch.setattr(retention, "time", SimpleNamespace(monotonic=lambda: 0))
    assert services.forget_old_rows()["idempotency_keys"] == 1
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_passes_beside_each_other_forget_each_row_once(clock, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(20):
        aged(IdempotencyKeyFactory(key=f"old {number}"), created_at=NOW - timedelta(days=3))

    counts = race(3, lambda number: services.forget_old_rows()["idempotency_keys"])

    assert (sum(counts), IdempotencyKey.objects.count()) == (20, 0)
