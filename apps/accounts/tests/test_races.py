"""Parallel guesses, sign-ins and refreshes over real connections; each with the naive form that loses the race.

The controls hold everybody between looking and writing until all have looked, so they fail every time.
"""

import threading
from collections import Counter

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from django.utils import timezone

from apps.accounts import services
from apps.accounts.errors import OtpAttemptsExhausted, OtpExpired, OtpIncorrect, SignInEnded
from apps.accounts.models import LimitCounter, OtpChallenge, PhoneGuard, TokenFamily, User
from apps.accounts.services import SignedIn, codes, tokens
from apps.accounts.services.codes import ProvenCode
from apps.accounts.services.tokens import TokenPair
from apps.accounts.tests.factories import UserFactory
from apps.common.errors import RateLimited
from apps.common.testing.race import race
from apps.salons import access

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+966551234567"
RACERS, REFRESHES = 50, 20
# Controls make everybody wait for everybody: as many as a server has connections for.
NAIVE = 20


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
    return services.sign_in(challenge_id=challenge.pk, code=code)


def test_parallel_verifies_of_one_right_code_make_one_session(new_code, compared):
    """OTP03"""
    challenge, code = new_code(PHONE)

    results = race(RACERS, lambda _number: sign_in(challenge, code))

    assert tally(results)[SignedIn] == 1
    assert set(tally(results)) <= {SignedIn, OtpExpired, OtpAttemptsExhausted}
    assert (User.objects.count(), TokenFamily.objects.count()) == (1, 1)
    assert 1 <= len(compared) <= 5


def test_control_reading_before_using_a_code_makes_many_sessions(new_code, monkeypatch):
    challenge, code = new_code(PHONE)
    user = UserFactory(phone=PHONE)
    everybody_read = threading.Barrier(NAIVE)

    def naive_spend(challenge_id, network, purpose):
        return ProvenCode(OtpChallenge.objects.get(pk=challenge_id), None)

    def naive_enter(proven):
        everybody_read.wait(20)
        if proven.challenge.used_at is not None:
            raise OtpExpired
        proven.challenge.used_at = timezone.now()
        proven.challenge.save()
        return SignedIn(user, False, services.issue_tokens(user=user))

    monkeypatch.setattr(codes, "_spend_guess", naive_spend)
    monkeypatch.setattr(codes, "_enter", naive_enter)

    assert tally(race(NAIVE, lambda _number: sign_in(challenge, code))) == {SignedIn: NAIVE}
    assert TokenFamily.objects.count() == NAIVE


def test_of_parallel_wrong_guesses_five_are_compared(new_code, compared):
    challenge, code = new_code(PHONE)

    results = race(RACERS, lambda _number: sign_in(challenge, wrong(code)))

    assert tally(results) == {OtpIncorrect: 5, OtpAttemptsExhausted: RACERS - 5}
    assert len(compared) == 5
    assert OtpChallenge.objects.get().attempts == 5
    assert PhoneGuard.objects.get().consecutive_failures == 5


def test_of_parallel_wrong_guesses_from_many_networks_five_are_compared(new_code, compared):
    """OTP02"""
    challenge, code = new_code(PHONE)

    def guess(number):
        return services.sign_in(challenge_id=challenge.pk, code=wrong(code), network=f"10.0.{number}.0/24")

    assert tally(race(RACERS, guess)) == {OtpIncorrect: 5, OtpAttemptsExhausted: RACERS - 5}
    assert len(compared) == 5
    with pytest.raises(OtpAttemptsExhausted):
        sign_in(challenge, code)


def test_a_phone_with_failures_behind_it_has_one_guess_compared_before_the_delay(new_code, compared):
    challenge, code = new_code(PHONE)
    PhoneGuard.objects.create(phone=PHONE, network="unknown", consecutive_failures=5)

    results = race(RACERS, lambda _number: sign_in(challenge, wrong(code)))

    assert tally(results) == {OtpIncorrect: 1, OtpAttemptsExhausted: RACERS - 1}
    assert len(compared) == 1


def test_control_counting_after_the_comparison_compares_every_guess(new_code, compared, monkeypatch):
    challenge, code = new_code(PHONE)
    everybody_read = threading.Barrier(NAIVE)

    def naive_spend(challenge_id, network, purpose):
        challenge = OtpChallenge.objects.get(pk=challenge_id)
        everybody_read.wait(20)
        if challenge.attempts >= 5:
            raise OtpAttemptsExhausted(retry_after=60)
        challenge.attempts += 1
        challenge.save()
        return ProvenCode(challenge, None)

    monkeypatch.setattr(codes, "_spend_guess", naive_spend)

    results = race(NAIVE, lambda _number: sign_in(challenge, wrong(code)))

    assert tally(results) == {OtpIncorrect: NAIVE}
    assert len(compared) == NAIVE
    assert OtpChallenge.objects.get().attempts == 1


def test_of_parallel_requests_for_a_code_one_is_sent(sent_codes):
    results = race(RACERS, lambda _number: services.request_code(phone=PHONE))

    assert tally(results) == {OtpChallenge: 1, RateLimited: RACERS - 1}
    assert len(sent_codes()) == 1
    assert OtpChallenge.objects.count() == 1


def test_of_parallel_requests_from_one_network_the_limit_passes(sent_codes):
    results = race(30, lambda number: services.request_code(phone=f"+9665{number:08d}", network="203.0.113.0/24"))

    assert tally(results) == {OtpChallenge: 20, RateLimited: 10}
    assert len(sent_codes()) == 20


def test_parallel_requests_spend_the_day_s_money_and_not_a_halala_more(settings, sent_codes):
    settings.OTP_PRICE_HALALAS, settings.OTP_DAILY_BUDGET_HALALAS = 20, 200  # strangers have 150 of it: seven codes

    results = race(
        RACERS, lambda number: services.request_code(phone=f"+9665{number:02d}000000", network=f"10.0.{number}.0/24")
    )

    assert tally(results) == {OtpChallenge: 7, RateLimited: RACERS - 7}
    assert len(sent_codes()) == 7
    assert LimitCounter.objects.get(key="money for codes").used == 140


def test_of_parallel_refreshes_with_one_token_one_wins():
    """M9"""
    pair = services.issue_tokens(user=UserFactory())

    results = race(REFRESHES, lambda _number: services.rotate_refresh(refresh=pair.refresh))

    assert tally(results) == {TokenPair: 1, SignInEnded: REFRESHES - 1}
    assert TokenFamily.objects.get().revoked_reason == "reused"


def test_control_reading_the_family_before_writing_it_lets_many_refresh(monkeypatch):
    pair = services.issue_tokens(user=UserFactory())
    everybody_read = threading.Barrier(REFRESHES)

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

    assert tally(race(REFRESHES, lambda _number: naive_rotate(pair.refresh))) == {TokenPair: REFRESHES}


def test_the_spent_guess_is_committed_before_anybody_compares(new_code, monkeypatch):
    """O3: killed between spending and comparing, one try is lost, which is the safe direction."""
    challenge, code = new_code(PHONE)

    def killed(challenge, code):
        raise KeyboardInterrupt

    monkeypatch.setattr(codes, "_matches", killed)
    with pytest.raises(KeyboardInterrupt):
        services.sign_in(challenge_id=challenge.pk, code=code)

    assert list(OtpChallenge.objects.values_list("attempts", "used_at")) == [(1, None)]


def sign_in_with_password(phone, password):
    return authenticate(RequestFactory().post("/"), username=phone, password=password)


@pytest.fixture
def checked_passwords(monkeypatch):
    """How many passwords were compared."""
    compare, seen, lock = User.check_password, [], threading.Lock()

    def counting(user, password):
        with lock:
            seen.append(password)
        return compare(user, password)

    monkeypatch.setattr(User, "check_password", counting)
    return seen


def test_of_parallel_wrong_passwords_five_are_checked(checked_passwords):
    """M12, row 119"""
    UserFactory(phone=PHONE)

    results = race(40, lambda _number: sign_in_with_password(PHONE, "wrong"))

    assert tally(results) == {type(None): 5, RateLimited: 35}
    assert len(checked_passwords) == 5


def test_control_counting_wrong_passwords_afterwards_checks_all_of_them(checked_passwords, monkeypatch):
    """M12"""
    UserFactory(phone=PHONE)
    everybody_read = threading.Barrier(NAIVE)

    def naive(*, phone, network, check):
        failures = PhoneGuard.objects.filter(phone=phone).count()
        everybody_read.wait(20)
        if failures >= 5:
            raise RateLimited(retry_after=30)
        return check()

    monkeypatch.setattr(access, "guarded_password", naive)

    assert race(NAIVE, lambda _number: sign_in_with_password(PHONE, "wrong")) == [None] * NAIVE
    assert len(checked_passwords) == NAIVE
