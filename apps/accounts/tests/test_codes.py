"""Asking for a code and proving it, through the services."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import translation

from apps.accounts import otp, services
from apps.accounts.errors import AccountInactive, OtpAttemptsExhausted, OtpExpired, OtpIncorrect, PhoneNotAllowed
from apps.accounts.models import OtpChallenge, PhoneGuard, User
from apps.accounts.services import codes
from apps.accounts.tests.factories import UserFactory
from apps.common.errors import RateLimited, Unavailable
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def fail(challenge, code, times):
    for _ in range(times):
        with pytest.raises(OtpIncorrect):
            services.verify_code(challenge_id=challenge.pk, code=wrong(code))


class Carrier:
    """Fails with `error`, or takes the code."""

    def __init__(self, error=None):
        self.error = error
        self.sent = []

    def send_code(self, *, to, code, channel, reference):
        self.sent.append((to, code, channel, reference))
        if self.error:
            raise self.error


@pytest.fixture
def carrier(monkeypatch):
    def use(error=None):
        provider = Carrier(error)
        monkeypatch.setitem(otp.PROVIDERS, "console", lambda: provider)
        return provider

    return use


# Asking


def test_a_code_is_sent_and_kept_as_a_keyed_hash_only(clock, new_code):
    """OTP16"""
    challenge, code = new_code("0551234567")

    challenge = OtpChallenge.objects.get(pk=challenge.pk)
    assert (challenge.phone, challenge.channel, challenge.purpose) == (PHONE, "sms", "sign_in")
    assert challenge.expires_at == NOW + timedelta(minutes=5)
    assert (challenge.attempts, challenge.used_at, challenge.superseded_at) == (0, None, None)
    assert len(challenge.code_hmac) == 64
    assert code not in challenge.code_hmac


def test_the_hash_depends_on_pepper_challenge_phone_and_purpose(settings):
    challenge = OtpChallenge(phone=PHONE)
    original = codes._code_hmac(challenge, "123456")
    others = [
        codes._code_hmac(OtpChallenge(phone=PHONE), "123456"),
        codes._code_hmac(OtpChallenge(id=challenge.pk, phone="+966551234568"), "123456"),
        codes._code_hmac(OtpChallenge(id=challenge.pk, phone=PHONE, purpose="change_phone"), "123456"),
        codes._code_hmac(challenge, "123457"),
    ]
    settings.OTP_PEPPER = "another pepper"
    others.append(codes._code_hmac(challenge, "123456"))

    assert len({original, *others}) == 6


def test_a_new_code_ends_the_older_one(clock, new_code):
    """OTP06"""
    older, older_code = new_code(PHONE)
    clock.shift(timedelta(seconds=60))
    newer, newer_code = new_code(PHONE)

    with pytest.raises(OtpExpired):
        services.verify_code(challenge_id=older.pk, code=older_code)
    user, created = services.verify_code(challenge_id=newer.pk, code=newer_code)

    assert (user.phone, created) == (PHONE, True)
    older.refresh_from_db()
    assert (older.attempts, older.superseded_at) == (0, NOW + timedelta(seconds=60))


def test_asking_again_too_soon_is_refused_with_the_wait_and_the_earlier_code_still_works(clock, new_code):
    """OTP05"""
    challenge, code = new_code(PHONE)
    clock.shift(timedelta(seconds=10))

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone=PHONE)

    assert (refusal.value.code, refusal.value.retry_after) == ("rate_limited", 50)
    assert OtpChallenge.objects.count() == 1
    assert services.verify_code(challenge_id=challenge.pk, code=code)[0].phone == PHONE


@pytest.mark.parametrize(
    ("gap", "allowed", "retry_after"),
    [
        pytest.param(timedelta(minutes=2), 5, 3600 - 5 * 120, id="five an hour"),
        pytest.param(timedelta(minutes=15), 10, 86400 - 10 * 900, id="ten a day"),
    ],
)
def test_codes_per_phone_are_capped(clock, gap, allowed, retry_after):
    for _ in range(allowed):
        services.request_code(phone=PHONE)
        clock.shift(gap)

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone=PHONE)
    assert refusal.value.retry_after == retry_after
    assert OtpChallenge.objects.count() == allowed

    clock.shift(timedelta(seconds=retry_after))
    services.request_code(phone=PHONE)
    assert OtpChallenge.objects.count() == allowed + 1


def test_codes_per_address_range_are_capped_whatever_the_phone(clock):
    """OTP15"""
    for number in range(20):
        services.request_code(phone=f"+9665500000{number:02d}", address=f"203.0.113.{number}")

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone="+966550000099", address="203.0.113.200")
    assert refusal.value.retry_after == 3600
    assert not OtpChallenge.objects.filter(phone="+966550000099").exists()

    services.request_code(phone="+966550000099", address="203.0.114.1")


def test_a_refused_call_does_not_spend_the_address(clock):
    services.request_code(phone=PHONE, address="203.0.113.1")
    for _ in range(30):
        with pytest.raises(RateLimited):
            services.request_code(phone=PHONE, address="203.0.113.1")

    for number in range(19):
        services.request_code(phone=f"+9665500000{number:02d}", address="203.0.113.1")


@pytest.mark.parametrize(
    "phone",
    [
        pytest.param("0112345678", id="PH07 land line"),
        pytest.param("920012345", id="PH08 unified number"),
        pytest.param("8001234567", id="PH08 free-phone"),
        pytest.param("+971501234567", id="PH11 Emirates"),
        pytest.param("+15551234567", id="PH11 America"),
        pytest.param("05512345678", id="PH09 too long"),
        pytest.param("", id="empty"),
    ],
)
def test_only_saudi_mobiles_get_codes(phone, sent_codes):
    with pytest.raises(PhoneNotAllowed) as refusal:
        services.request_code(phone=phone)

    assert (refusal.value.code, refusal.value.field) == ("phone_invalid", "phone")
    assert (OtpChallenge.objects.count(), PhoneGuard.objects.count(), sent_codes()) == (0, 0, [])


def test_a_provider_that_is_down_costs_nothing_and_leaves_the_earlier_code_good(clock, new_code, carrier):
    earlier, code = new_code(PHONE)
    clock.shift(timedelta(seconds=60))
    provider = carrier(ProviderUnavailable("down", "unreachable"))

    with pytest.raises(Unavailable):
        services.request_code(phone=PHONE, address="203.0.113.1")

    assert len(provider.sent) == 1
    assert list(OtpChallenge.objects.all()) == [earlier]
    assert services.verify_code(challenge_id=earlier.pk, code=code)[0].phone == PHONE
    provider.error = None
    services.request_code(phone=PHONE, address="203.0.113.1")  # at once: no wait was spent


def test_a_number_the_provider_will_never_reach_is_refused_as_a_phone(carrier):
    carrier(ProviderRejected("21614", "number is not a mobile"))

    with pytest.raises(PhoneNotAllowed):
        services.request_code(phone=PHONE)

    assert OtpChallenge.objects.count() == 0


def test_a_code_that_may_have_arrived_counts_and_is_not_sent_twice(clock, carrier):
    """OTP13"""
    provider = carrier(ProviderOutcomeUnknown("no answer", "no_answer"))

    challenge = services.request_code(phone=PHONE)

    [(to, code, channel, reference)] = provider.sent
    assert (to, channel, reference) == (PHONE, "sms", str(challenge.pk))
    with pytest.raises(RateLimited):
        services.request_code(phone=PHONE)
    assert services.verify_code(challenge_id=challenge.pk, code=code)[0].phone == PHONE


# Proving


def test_the_first_sign_in_makes_the_person_and_the_second_finds_them(clock, new_code):
    challenge, code = new_code(PHONE)
    with translation.override("en"):
        user, created = services.verify_code(challenge_id=challenge.pk, code=code)

    assert created
    assert (user.phone, user.name, user.locale, user.is_active, user.is_superuser) == (PHONE, "", "en", True, False)
    assert not user.has_usable_password()

    clock.shift(timedelta(seconds=60))
    challenge, code = new_code(PHONE)
    assert services.verify_code(challenge_id=challenge.pk, code=code) == (user, False)
    assert User.objects.count() == 1


def test_a_code_works_once(clock, new_code):
    """OTP01"""
    challenge, code = new_code(PHONE)
    services.verify_code(challenge_id=challenge.pk, code=code)

    with pytest.raises(OtpExpired):
        services.verify_code(challenge_id=challenge.pk, code=code)


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

    assert services.verify_code(challenge_id=challenge.pk, code=spell(code))[0].phone == PHONE


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "-12345", "½23456", "1.3456"])
def test_what_cannot_be_a_code_is_incorrect_and_costs_no_guess(new_code, code):
    challenge, _ = new_code(PHONE)

    with pytest.raises(OtpIncorrect):
        services.verify_code(challenge_id=challenge.pk, code=code)

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
        services.verify_code(challenge_id=challenge.pk, code=code)

    assert (refusal.value.code, refusal.value.retry_after) == ("otp_attempts_exhausted", 60)
    assert not User.objects.exists()


@pytest.mark.parametrize(("age", "good"), [(299.999, True), (300, False)])
def test_a_code_lives_five_minutes(clock, new_code, age, good):
    """OTP07"""
    challenge, code = new_code(PHONE)
    clock.shift(timedelta(seconds=age))

    if good:
        assert services.verify_code(challenge_id=challenge.pk, code=code)[0].phone == PHONE
    else:
        with pytest.raises(OtpExpired):
            services.verify_code(challenge_id=challenge.pk, code=code)
        assert not User.objects.exists()


def test_failures_are_remembered_across_codes_and_delays_grow(clock, new_code):
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=5)
    clock.shift(timedelta(seconds=60))
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=1)

    for delay in (30, 60, 120):
        with pytest.raises(OtpAttemptsExhausted) as refusal:
            services.verify_code(challenge_id=challenge.pk, code=code)
        assert refusal.value.retry_after == delay
        clock.shift(timedelta(seconds=delay))
        fail(challenge, code, times=1)

    assert PhoneGuard.objects.get(phone=PHONE).consecutive_failures == 9


def test_no_code_is_sent_to_a_phone_that_is_locked(clock, sent_codes):
    PhoneGuard.objects.create(phone=PHONE, consecutive_failures=8, locked_until=NOW + timedelta(seconds=120))

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone=PHONE)

    assert (refusal.value.retry_after, sent_codes()) == (120, [])


def test_success_clears_the_failures(clock, new_code):
    challenge, code = new_code(PHONE)
    fail(challenge, code, times=4)

    services.verify_code(challenge_id=challenge.pk, code=code)

    guard = PhoneGuard.objects.get(phone=PHONE)
    assert (guard.consecutive_failures, guard.locked_until) == (0, None)


@pytest.mark.parametrize(("failures", "seconds"), [(5, None), (6, 30), (7, 60), (12, 1920), (13, 3600), (999, 3600)])
def test_the_delay_doubles_from_the_sixth_failure_up_to_an_hour(failures, seconds):
    end = codes._delay_end(failures, NOW)

    assert end == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_a_phone_takes_twenty_failures_a_day(clock, new_code):
    for _ in range(4):
        challenge, code = new_code(PHONE)
        fail(challenge, code, times=5)
        PhoneGuard.objects.update(consecutive_failures=0, locked_until=None)  # the day's cap alone is meant here
        clock.shift(timedelta(minutes=20))
    challenge, code = new_code(PHONE)

    with pytest.raises(OtpAttemptsExhausted) as refusal:
        services.verify_code(challenge_id=challenge.pk, code=code)

    assert refusal.value.retry_after == 86400 - 4 * 1200


def test_a_code_for_another_purpose_signs_nobody_in(new_code):
    """OTP09"""
    challenge, code = new_code(PHONE)
    OtpChallenge.objects.update(purpose=OtpChallenge.Purpose.CHANGE_PHONE)

    with pytest.raises(OtpExpired):
        services.verify_code(challenge_id=challenge.pk, code=code)


def test_the_code_of_one_challenge_proves_nothing_for_another(new_code, monkeypatch):
    numbers = iter([111111, 222222])
    monkeypatch.setattr(codes.secrets, "randbelow", lambda _limit: next(numbers))
    first, first_code = new_code(PHONE)
    second, second_code = new_code("+966551234568")

    for challenge, code in ((first, second_code), (second, first_code)):
        with pytest.raises(OtpIncorrect):
            services.verify_code(challenge_id=challenge.pk, code=code)


def test_an_unknown_challenge_looks_like_an_expired_one():
    with pytest.raises(OtpExpired):
        services.verify_code(challenge_id=uuid4(), code="123456")
    assert not PhoneGuard.objects.exists()


def test_a_deactivated_person_proves_the_phone_and_still_stays_out(new_code):
    """OTP18"""
    UserFactory(phone=PHONE, is_active=False)
    challenge, code = new_code(PHONE)

    with pytest.raises(AccountInactive):
        services.verify_code(challenge_id=challenge.pk, code=code)

    challenge.refresh_from_db()
    assert challenge.used_at is None


def test_old_rows_are_forgotten_and_young_ones_stay(clock, new_code):
    services.request_code(phone="+966551234568")
    clock.shift(timedelta(hours=47))
    young, _ = new_code(PHONE)
    clock.shift(timedelta(hours=1, seconds=1))

    forgotten = services.forget_old_rows()

    assert forgotten == {"idempotency_keys": 0, "codes": 1, "phone_guards": 1, "sign_ins": 0}
    assert list(OtpChallenge.objects.all()) == [young]
    assert list(PhoneGuard.objects.values_list("phone", flat=True)) == [PHONE]
