"""Proving a code: one success each, few guesses, growing delays."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import translation

from apps.accounts import services
from apps.accounts.errors import AccountInactive, OtpAttemptsExhausted, OtpExpired, OtpIncorrect
from apps.accounts.models import OtpChallenge, PhoneGuard, User
from apps.accounts.services import codes, guards
from apps.accounts.tests.conftest import NOW
from apps.accounts.tests.factories import UserFactory
from apps.common.errors import RateLimited

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def fail(challenge, code, times):
    for _ in range(times):
        with pytest.raises(OtpIncorrect):
            services.sign_in(challenge_id=challenge.pk, code=wrong(code))


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_a_new_person_keeps_the_language_in_which_they_signed_in(new_code, language):
    challenge, code = new_code(PHONE)
    with translation.override(language):
        signed_in = services.sign_in(challenge_id=challenge.pk, code=code)

    assert signed_in.user.locale == language


def test_the_first_sign_in_makes_the_person_and_the_second_finds_them(clock, new_code):
    challenge, code = new_code(PHONE)
    with translation.override("en"):
        first = services.sign_in(challenge_id=challenge.pk, code=code)

    user = first.user
    assert first.is_new
    assert (user.phone, user.name, user.locale, user.is_active, user.is_superuser) == (PHONE, "", "en", True, False)
    assert not user.has_usable_password()

    clock.shift(timedelta(seconds=60))
    challenge, code = new_code(PHONE)
    again = services.sign_in(challenge_id=challenge.pk, code=code)
    assert (again.user, again.is_new) == (user, False)
    assert User.objects.count() == 1


def test_a_code_works_once(clock, new_code):
    """OTP01"""
    challenge, code = new_code(PHONE)
    services.sign_in(challenge_id=challenge.pk, code=code)

    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=challenge.pk, code=code)


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(lambda code: code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), id="Arabic-Indic"),
        pytest.param(lambda code: code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")), id="Persian"),
        pytest.param(lambda code: f" {code[:3]} {code[3:]}\n", id="spaces"),
        pytest.param(lambda code: f"\u200f{code}\u200e", id="direction marks"),
    ],
)
def test_a_code_is_accepted_as_people_type_it(new_code, spell):
    """OTP11"""
    challenge, code = new_code(PHONE)

    assert services.sign_in(challenge_id=challenge.pk, code=spell(code)).user.phone == PHONE


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "-12345", "½23456", "1.3456"])
def test_what_cannot_be_a_code_is_incorrect_and_costs_no_guess(new_code, code):
    challenge, _ = new_code(PHONE)

    with pytest.raises(OtpIncorrect):
        services.sign_in(challenge_id=challenge.pk, code=code)

    challenge.refresh_from_db()
    assert challenge.attempts == 0


def test_a_wrong_guess_is_spent_and_signs_nobody_in(new_code):
    challenge, code = new_code(PHONE)

    fail(challenge, code, times=1)

    challenge.refresh_from_db()
    assert (challenge.attempts, challenge.used_at) == (1, None)
    assert PhoneGuard.objects.get(phone=PHONE).consecutive_failures == 1
    assert not User.objects.exists()


def test_the_right_code_is_refused_after_five_wrong_ones(clock, new_code):
    """OTP02"""
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=5)

    with pytest.raises(OtpAttemptsExhausted) as refusal:
        services.sign_in(challenge_id=challenge.pk, code=code)

    assert (refusal.value.code, refusal.value.retry_after) == ("otp_attempts_exhausted", 60)
    assert not User.objects.exists()


@pytest.mark.parametrize(("age", "good"), [(299.999, True), (300, False)])
def test_a_code_lives_five_minutes(clock, new_code, age, good):
    """OTP07"""
    challenge, code = new_code(PHONE)
    clock.shift(timedelta(seconds=age))

    if good:
        assert services.sign_in(challenge_id=challenge.pk, code=code).user.phone == PHONE
    else:
        with pytest.raises(OtpExpired):
            services.sign_in(challenge_id=challenge.pk, code=code)
        assert not User.objects.exists()


def test_failures_are_remembered_across_codes_and_delays_grow(clock, new_code):
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=5)
    clock.shift(timedelta(seconds=60))
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=1)

    for delay in (30, 60, 120):
        with pytest.raises(OtpAttemptsExhausted) as refusal:
            services.sign_in(challenge_id=challenge.pk, code=code)
        assert refusal.value.retry_after == delay
        clock.shift(timedelta(seconds=delay))
        fail(challenge, code, times=1)

    assert PhoneGuard.objects.get(phone=PHONE).consecutive_failures == 9


def test_no_code_is_sent_to_a_phone_that_is_locked(clock, sent_codes):
    locked_until = NOW + timedelta(seconds=120)
    PhoneGuard.objects.create(phone=PHONE, network="unknown", consecutive_failures=8, locked_until=locked_until)

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone=PHONE)

    assert (refusal.value.retry_after, sent_codes()) == (120, [])


def test_success_clears_the_failures(clock, new_code):
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=4)

    services.sign_in(challenge_id=challenge.pk, code=code)

    guard = PhoneGuard.objects.get(phone=PHONE)
    assert (guard.consecutive_failures, guard.locked_until) == (0, None)


@pytest.mark.parametrize(
    ("proof", "failures", "seconds"),
    [
        *(("code", failures, seconds) for failures, seconds in [(5, None), (6, 30), (7, 60), (12, 1920), (13, 3600)]),
        ("code", 999, 3600),
        *(("password", failures, seconds) for failures, seconds in [(4, None), (5, 30), (6, 60), (12, 3600)]),
    ],
)
def test_the_delay_doubles_up_to_an_hour_from_the_sixth_code_or_the_fifth_password(proof, failures, seconds):
    end = guards._delay_end(guards.Proof(proof), failures, NOW)

    assert end == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_a_phone_takes_twenty_failures_a_day(clock, new_code):
    for _ in range(4):
        challenge, code = new_code(PHONE)
        fail(challenge, code, times=5)
        PhoneGuard.objects.update(consecutive_failures=0, locked_until=None)  # the day's cap alone is meant here
        clock.shift(timedelta(minutes=20))
    challenge, code = new_code(PHONE)

    with pytest.raises(OtpAttemptsExhausted) as refusal:
        services.sign_in(challenge_id=challenge.pk, code=code)

    assert refusal.value.retry_after == 5400 - 4 * 1200  # a day of limits ends at midnight UTC


def test_a_code_for_another_purpose_signs_nobody_in(new_code):
    """OTP09"""
    challenge, code = new_code(PHONE)
    OtpChallenge.objects.update(purpose=OtpChallenge.Purpose.CHANGE_PHONE)

    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=challenge.pk, code=code)


def test_the_code_of_one_challenge_proves_nothing_for_another(new_code, monkeypatch):
    numbers = iter([111111, 222222])
    monkeypatch.setattr(codes.secrets, "randbelow", lambda _limit: next(numbers))
    first, first_code = new_code(PHONE)
    second, second_code = new_code("+966551234568")

    for challenge, code in ((first, second_code), (second, first_code)):
        with pytest.raises(OtpIncorrect):
            services.sign_in(challenge_id=challenge.pk, code=code)


def test_an_unknown_challenge_looks_like_an_expired_one():
    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=uuid4(), code="123456")
    assert not PhoneGuard.objects.exists()


def test_a_deactivated_person_proves_the_phone_and_still_stays_out(new_code):
    """OTP18"""
    UserFactory(phone=PHONE, is_active=False)
    challenge, code = new_code(PHONE)

    with pytest.raises(AccountInactive):
        services.sign_in(challenge_id=challenge.pk, code=code)

    challenge.refresh_from_db()
    assert challenge.used_at is None
