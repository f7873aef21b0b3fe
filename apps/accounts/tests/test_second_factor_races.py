"""Parallel codes over real connections. The controls are django-otp's own check without the lock of its row."""

import threading
from collections import Counter

import pytest
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts import services
from apps.accounts.errors import SecondFactorIncorrect, SecondFactorLocked
from apps.accounts.services import second_factor
from apps.accounts.tests.factories import AppFactory, app_code, wrong_code
from apps.common.testing.race import race

pytestmark = pytest.mark.django_db(transaction=True)

RACERS = 40
# They wait for each other, so each needs a connection of its own.
UNGUARDED = 20


@pytest.fixture
def app():
    return AppFactory()


@pytest.fixture
def compared(monkeypatch):
    """How many codes were compared with the secret."""
    verify, seen = TOTPDevice.verify_token, []

    def counting(device, token):
        seen.append(token)
        return verify(device, token)

    monkeypatch.setattr(TOTPDevice, "verify_token", counting)
    return seen


def tally(results):
    return Counter(result.__class__ for result in results)


def verify(app, code):
    return race(RACERS, lambda _number: services.verify_second_factor(user=app.user, code=code))


def unguarded(model, user, token):
    """What the same code would open if everybody read the row before anybody wrote it."""
    everybody_read = threading.Barrier(UNGUARDED)

    def guess(_number):
        device = model.objects.get(user=user)
        # What it looks at is read by now; only the writing is still to come.
        everybody_read.wait(20)
        return device.verify_token(token)

    return Counter(race(UNGUARDED, guess))


def test_one_code_in_many_sessions_at_once_opens_one(app):
    results = tally(verify(app, app_code(app)))

    assert results[TOTPDevice] == 1
    assert set(results) <= {TOTPDevice, SecondFactorIncorrect, SecondFactorLocked}


def test_control_without_the_lock_one_code_opens_all_of_them(app):
    assert unguarded(TOTPDevice, app.user, app_code(app)) == {True: UNGUARDED}


def test_of_parallel_wrong_codes_one_is_compared(app, compared, settings):
    # Longer than a busy machine needs for all of them; after the delay another one may be compared.
    settings.OTP_TOTP_THROTTLE_FACTOR = 600

    results = tally(verify(app, wrong_code(app)))

    assert results == {SecondFactorIncorrect: 1, SecondFactorLocked: RACERS - 1}
    assert len(compared) == 1
    app.refresh_from_db()
    assert app.throttling_failure_count == 1


def test_control_without_the_lock_every_wrong_code_is_compared_and_one_is_counted(app, compared):
    assert unguarded(TOTPDevice, app.user, wrong_code(app)) == {False: UNGUARDED}

    assert len(compared) == UNGUARDED
    app.refresh_from_db()
    assert app.throttling_failure_count == 1


def test_one_recovery_code_in_many_sessions_at_once_opens_one(app):
    code = second_factor._new_recovery_codes(app.user)[0]

    results = tally(verify(app, code))

    assert results[StaticDevice] == 1
    assert set(results) <= {StaticDevice, SecondFactorIncorrect, SecondFactorLocked}
    assert StaticToken.objects.count() == 9


def test_two_apps_set_up_at_once_leave_one_and_ten_codes():
    person = AppFactory().user

    def set_up(_number):
        secret = services.new_secret()
        return services.enrol_second_factor(
            user=person, secret=secret, code=app_code(TOTPDevice(key=secret)), proven_at=second_factor.timezone.now()
        )

    results = race(8, set_up)

    assert tally(results) == {tuple: 8}
    assert (TOTPDevice.objects.count(), StaticDevice.objects.count(), StaticToken.objects.count()) == (1, 1, 10)
