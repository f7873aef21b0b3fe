"""Parallel guesses, sign-ins and refreshes over real connections; each with the naive form that loses the race.

The controls hold everybody between looking and writing until all have looked, so they fail every time.
"""

import threading
from collections import Counter

import pytest
from django.utils import timezone

from apps.accounts import limits, services
from apps.accounts.errors import OtpAttemptsExhausted, OtpExpired, OtpIncorrect, SignInEnded
from apps.accounts.models import OtpChallenge, PhoneGuard, TokenFamily, User
from apps.accounts.services import codes, tokens
from apps.accounts.services.tokens import TokenPair
from apps.accounts.tests.factories import UserFactory
from apps.common.errors import RateLimited
from apps.common.testing.race import race

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+966551234567"
RACERS = 20


@pytest.fixture
def compared(monkeypatch):
    """How many guesses were compared with the code."""
    matches, seen, lock = codes._matches, [], threading.Lock()

    def counting(challenge, code):
        with lock:
            seen.append(code)
        return matches(challenge, code)

    monkeypatch.setattr(codes, "_matches", counting)
    return seen


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def tally(results):
    return Counter(result.__class__ for result in results)


def sign_in(challenge, code):
    user, _created = services.verify_code(challenge_id=challenge.pk, code=code)
    return services.issue_tokens(user=user)


def test_parallel_verifies_of_one_right_code_make_one_session(new_code, compared):
    """OTP03"""
    challenge, code = new_code(PHONE)

    results = race(RACERS, lambda _number: sign_in(challenge, code))

    assert tally(results)[TokenPair] == 1
    assert set(tally(results)) <= {TokenPair, OtpExpired, OtpAttemptsExhausted}
    assert (User.objects.count(), TokenFamily.objects.count()) == (1, 1)
    assert len(compared) <= 5
    assert PhoneGuard.objects.get().consecutive_failures == 0


def test_control_reading_before_using_a_code_makes_many_sessions(new_code, monkeypatch):
    challenge, code = new_code(PHONE)
    user = UserFactory(phone=PHONE)
    everybody_read = threading.Barrier(RACERS)

    def naive_spend(challenge_id):
        return OtpChallenge.objects.get(pk=challenge_id)

    def naive_sign_in(challenge):
        everybody_read.wait(20)
        if challenge.used_at is not None:
            raise OtpExpired
        challenge.used_at = timezone.now()
        challenge.save()
        return user, False

    monkeypatch.setattr(codes, "_spend_guess", naive_spend)
    monkeypatch.setattr(codes, "_sign_in", naive_sign_in)

    assert tally(race(RACERS, lambda _number: sign_in(challenge, code))) == {TokenPair: RACERS}
    assert TokenFamily.objects.count() == RACERS


def test_of_parallel_wrong_guesses_five_are_compared(new_code, compared):
    challenge, code = new_code(PHONE)

    results = race(RACERS, lambda _number: services.verify_code(challenge_id=challenge.pk, code=wrong(code)))

    assert tally(results) == {OtpIncorrect: 5, OtpAttemptsExhausted: 15}
    assert len(compared) == 5
    assert OtpChallenge.objects.get().attempts == 5
    assert PhoneGuard.objects.get().consecutive_failures == 5


def test_a_phone_with_failures_behind_it_has_one_guess_compared_before_the_delay(new_code, compared):
    challenge, code = new_code(PHONE)
    PhoneGuard.objects.update(consecutive_failures=5)

    results = race(RACERS, lambda _number: services.verify_code(challenge_id=challenge.pk, code=wrong(code)))

    assert tally(results) == {OtpIncorrect: 1, OtpAttemptsExhausted: 19}
    assert len(compared) == 1


def test_control_counting_after_the_comparison_compares_every_guess(new_code, compared, monkeypatch):
    challenge, code = new_code(PHONE)
    everybody_read = threading.Barrier(RACERS)

    def naive_spend(challenge_id):
        challenge = OtpChallenge.objects.get(pk=challenge_id)
        everybody_read.wait(20)
        if challenge.attempts >= 5:
            raise OtpAttemptsExhausted(retry_after=60)
        challenge.attempts += 1
        challenge.save()
        return challenge

    monkeypatch.setattr(codes, "_spend_guess", naive_spend)

    results = race(RACERS, lambda _number: services.verify_code(challenge_id=challenge.pk, code=wrong(code)))

    assert tally(results) == {OtpIncorrect: RACERS}
    assert len(compared) == RACERS
    assert OtpChallenge.objects.get().attempts == 1


def test_of_parallel_requests_for_a_code_one_is_sent(sent_codes):
    results = race(RACERS, lambda _number: services.request_code(phone=PHONE))

    assert tally(results) == {OtpChallenge: 1, RateLimited: 19}
    assert len(sent_codes()) == 1
    assert OtpChallenge.objects.count() == 1


def test_of_parallel_requests_from_one_address_range_the_limit_passes():
    results = race(
        30, lambda number: services.request_code(phone=f"+9665500000{number:02d}", address=f"203.0.113.{number}")
    )

    assert tally(results) == {OtpChallenge: 20, RateLimited: 10}


def test_control_reading_the_counter_before_writing_it_lets_everybody_through(monkeypatch):
    """M11"""
    everybody_read = threading.Barrier(10)

    def naive_change(counter, step, *, keep):
        count = limits.cache.get(counter, 0)
        everybody_read.wait(20)
        limits.cache.set(counter, count + step, keep)
        return count + step

    monkeypatch.setattr(limits, "_change", naive_change)

    def use(_number):
        with limits.counted("control", limit=5, window=codes.HOUR):
            return "passed"

    assert race(10, use) == ["passed"] * 10


def test_of_parallel_refreshes_with_one_token_one_wins():
    """M9"""
    pair = services.issue_tokens(user=UserFactory())

    results = race(RACERS, lambda _number: services.rotate_refresh(refresh=pair.refresh))

    assert tally(results) == {TokenPair: 1, SignInEnded: 19}
    assert TokenFamily.objects.get().revoked_reason == "reused"


def test_control_reading_the_family_before_writing_it_lets_many_refresh(monkeypatch):
    pair = services.issue_tokens(user=UserFactory())
    everybody_read = threading.Barrier(RACERS)

    def naive_rotate(refresh):
        old = tokens._read(refresh)
        family = TokenFamily.objects.get(pk=old["family"])
        everybody_read.wait(20)
        if family.current_jti_hash != tokens._jti_hash(old):
            raise SignInEnded
        new = tokens._new_refresh(family.user_id, family.pk)
        family.current_jti_hash = tokens._jti_hash(new)
        family.save()
        return tokens._pair(new)

    assert tally(race(RACERS, lambda _number: naive_rotate(pair.refresh))) == {TokenPair: RACERS}


def test_the_spent_guess_is_committed_before_anybody_compares(new_code, monkeypatch):
    """O3: killed between spending and comparing, one try is lost, which is the safe direction."""
    challenge, code = new_code(PHONE)

    def killed(challenge, code):
        raise KeyboardInterrupt

    monkeypatch.setattr(codes, "_matches", killed)
    with pytest.raises(KeyboardInterrupt):
        services.verify_code(challenge_id=challenge.pk, code=code)

    assert list(OtpChallenge.objects.values_list("attempts", "used_at")) == [(1, None)]
