"""Asking for a code: who gets one, how often, and what a provider's failure costs."""

from datetime import timedelta

import pytest

from apps.accounts import otp, services
from apps.accounts.errors import OtpExpired, PhoneNotAllowed
from apps.accounts.models import OtpChallenge, PhoneGuard
from apps.accounts.services import codes
from apps.accounts.tests.conftest import NOW
from apps.common.errors import RateLimited, Unavailable
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"
HOME = "203.0.113.0/24"


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
        services.sign_in(challenge_id=older.pk, code=older_code)
    signed_in = services.sign_in(challenge_id=newer.pk, code=newer_code)

    assert (signed_in.user.phone, signed_in.is_new) == (PHONE, True)
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
    assert services.sign_in(challenge_id=challenge.pk, code=code).user.phone == PHONE


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


def test_a_code_is_one_of_a_million(monkeypatch, carrier):
    monkeypatch.setattr(codes.secrets, "randbelow", lambda most: most - 1)
    provider = carrier()

    services.request_code(phone=PHONE)

    assert provider.sent[0][1] == "999999"


def test_asking_too_soon_is_refused_from_the_own_network_as_from_strangers_together(clock, sent_codes):
    challenge = services.request_code(phone=PHONE, network=HOME)
    services.sign_in(challenge_id=challenge.pk, code=sent_codes()[-1][1], network=HOME)
    clock.shift(timedelta(minutes=2))
    services.request_code(phone=PHONE, network=HOME)
    services.request_code(phone=PHONE, network="198.51.100.0/24")

    for network in (HOME, "198.51.101.0/24"):
        with pytest.raises(RateLimited):
            services.request_code(phone=PHONE, network=network)

    assert OtpChallenge.objects.count() == 3


def test_codes_per_network_are_capped_whatever_the_phone(clock):
    """OTP15"""
    for number in range(20):
        services.request_code(phone=f"+96655{number:02d}00000", network="203.0.113.0/24")

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone="+966550000099", network="203.0.113.0/24")
    assert refusal.value.retry_after == 1800  # until the next full hour
    assert not OtpChallenge.objects.filter(phone="+966550000099").exists()

    services.request_code(phone="+966550000099", network="203.0.114.0/24")


def test_a_refused_call_does_not_spend_what_the_network_may(clock):
    services.request_code(phone=PHONE, network="203.0.113.0/24")
    for _ in range(30):
        with pytest.raises(RateLimited):
            services.request_code(phone=PHONE, network="203.0.113.0/24")

    for number in range(19):
        services.request_code(phone=f"+9665500000{number:02d}", network="203.0.113.0/24")


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


def test_a_provider_that_is_down_costs_nothing_and_leaves_the_earlier_code_good(clock, new_code, carrier, caplog):
    earlier, code = new_code(PHONE)
    clock.shift(timedelta(seconds=60))
    provider = carrier(ProviderUnavailable("down", "unreachable"))

    with pytest.raises(Unavailable):
        services.request_code(phone=PHONE, network="203.0.113.0/24")

    assert caplog.messages == ["sign-in code not sent (unreachable)"]
    assert len(provider.sent) == 1
    assert list(OtpChallenge.objects.all()) == [earlier]
    assert services.sign_in(challenge_id=earlier.pk, code=code).user.phone == PHONE
    provider.error = None
    services.request_code(phone=PHONE, network="203.0.113.0/24")  # at once: no wait was spent


def test_a_number_the_provider_will_never_reach_is_refused_as_a_phone(carrier):
    carrier(ProviderRejected("21614", "number is not a mobile"))

    with pytest.raises(PhoneNotAllowed):
        services.request_code(phone=PHONE)

    assert OtpChallenge.objects.count() == 0


def test_a_code_that_may_have_arrived_counts_and_is_not_sent_twice(clock, carrier, caplog):
    """OTP13"""
    provider = carrier(ProviderOutcomeUnknown("no answer", "no_answer"))

    challenge = services.request_code(phone=PHONE)

    assert caplog.messages == ["sign-in code: outcome unknown (no_answer)"]
    [(to, code, channel, reference)] = provider.sent
    assert (to, channel, reference) == (PHONE, "sms", str(challenge.pk))
    with pytest.raises(RateLimited):
        services.request_code(phone=PHONE)
    assert services.sign_in(challenge_id=challenge.pk, code=code).user.phone == PHONE
