"""Codes that a provider makes and checks: our limits stay ours, and its failures cost nobody a guess."""

from datetime import timedelta

import pytest
from django.utils import translation

from apps.accounts import otp, services
from apps.accounts.errors import OtpAttemptsExhausted, OtpExpired, OtpIncorrect, PhoneNotAllowed
from apps.accounts.models import LimitCounter, OtpChallenge, PhoneGuard, User
from apps.accounts.otp import CodeGone
from apps.common.errors import Unavailable
from apps.common.providers import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"


class Holder:
    """Knows one code. `answer` is what happens to calls instead: an error to raise."""

    def __init__(self):
        self.error, self.started, self.checked = None, [], []

    def start(self, *, to, channel, locale):
        self.started.append((to, channel, locale))
        self._fail()
        return f"VE{len(self.started)}"

    def check(self, *, to, code, channel, reference):
        self.checked.append((to, code, channel, reference))
        self._fail()
        return code == "123456"

    def _fail(self):
        if self.error is not None:
            raise self.error


@pytest.fixture
def holder(monkeypatch, settings):
    holder = Holder()
    settings.OTP_PROVIDER, settings.TWILIO_VERIFY_SERVICE_SID = "twilio", "VA" + "0" * 32
    monkeypatch.setitem(otp.HOLDERS, "twilio", lambda: holder)
    return holder


def costs():
    """What guesses have cost: of the code, of the phone, of the limits."""
    return (
        list(OtpChallenge.objects.values_list("attempts", flat=True)),
        sum(PhoneGuard.objects.values_list("consecutive_failures", flat=True)),
        sum(LimitCounter.objects.filter(key__startswith="code ").values_list("used", flat=True)),
    )


def test_the_provider_makes_the_code_and_we_keep_its_number_and_no_hash(holder):
    with translation.override("ar"):
        challenge = services.request_code(phone="0551234567", channel="whatsapp")

    challenge.refresh_from_db()
    assert holder.started == [(PHONE, "whatsapp", "ar")]
    assert (challenge.held_by, challenge.provider_reference, challenge.code_hmac) == ("twilio", "VE1", "")


@pytest.mark.parametrize(("language", "locale"), [("ar", "ar"), ("en", "en"), ("ur", "ar")])
def test_the_provider_is_asked_for_arabic_or_english_only(holder, language, locale):
    with translation.override(language):
        services.request_code(phone=PHONE)

    assert holder.started == [(PHONE, "sms", locale)]


def test_the_provider_judges_the_guess_and_a_right_one_signs_in_once(holder):
    challenge = services.request_code(phone=PHONE)

    with pytest.raises(OtpIncorrect):
        services.sign_in(challenge_id=challenge.pk, code="654321")
    signed_in = services.sign_in(challenge_id=challenge.pk, code="١٢٣٤٥٦")
    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=challenge.pk, code="123456")

    assert signed_in.user.phone == PHONE
    assert holder.checked == [(PHONE, "654321", "sms", "VE1"), (PHONE, "123456", "sms", "VE1")]


def test_a_code_is_checked_by_whoever_holds_it_also_after_the_provider_was_changed(holder, settings):
    challenge = services.request_code(phone=PHONE)
    settings.OTP_PROVIDER = "console"

    assert services.sign_in(challenge_id=challenge.pk, code="123456").user.phone == PHONE


def test_our_five_guesses_count_before_the_provider_is_asked(holder):
    challenge = services.request_code(phone=PHONE)
    for _ in range(5):
        with pytest.raises(OtpIncorrect):
            services.sign_in(challenge_id=challenge.pk, code="654321")

    with pytest.raises(OtpAttemptsExhausted):
        services.sign_in(challenge_id=challenge.pk, code="123456")

    assert len(holder.checked) == 5
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "error", [ProviderUnavailable("down", "unreachable"), ProviderOutcomeUnknown("no answer", "no_answer")]
)
def test_a_guess_that_nobody_judged_costs_nothing(holder, error, caplog):
    """OTP14"""
    challenge = services.request_code(phone=PHONE)
    holder.error = error

    for _ in range(10):
        with pytest.raises(Unavailable):
            services.sign_in(challenge_id=challenge.pk, code="123456")
    assert costs() == ([0], 0, 0)
    assert caplog.messages == [f"sign-in code not checked ({error.code})"] * 10

    holder.error = None
    assert services.sign_in(challenge_id=challenge.pk, code="123456").user.phone == PHONE


def test_a_code_the_provider_no_longer_knows_is_expired(holder):
    challenge = services.request_code(phone=PHONE)
    holder.error = CodeGone("no such code", "20404")

    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=challenge.pk, code="123456")

    holder.error = None
    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=challenge.pk, code="123456")
    assert len(holder.checked) == 1


@pytest.mark.parametrize(
    ("error", "refusal"),
    [(ProviderUnavailable("down", "unreachable"), Unavailable), (ProviderRejected("60200", "bad"), PhoneNotAllowed)],
)
def test_a_code_that_was_not_sent_costs_nothing(holder, error, refusal):
    holder.error = error

    with pytest.raises(refusal):
        services.request_code(phone=PHONE)

    assert not OtpChallenge.objects.exists()
    assert set(LimitCounter.objects.values_list("used", flat=True)) == {0}
    holder.error = None
    services.request_code(phone=PHONE)


def test_our_five_minutes_count_although_the_provider_s_code_lives_longer(holder, clock):
    challenge = services.request_code(phone=PHONE)
    clock.shift(timedelta(minutes=5))

    with pytest.raises(OtpExpired):
        services.sign_in(challenge_id=challenge.pk, code="123456")

    assert holder.checked == []


# --- From the request to the tokens, over HTTP to the stand-in ---

SIGN_IN, VERIFY = "/api/v1/auth/otp/request/", "/api/v1/auth/otp/verify/"


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
@pytest.mark.parametrize("is_held", [False, True], ids=["our code", "held code"])
@pytest.mark.parametrize("name", ["twilio", "unifonic", "authentica"])
def test_a_customer_signs_in_with_what_arrived_on_the_phone(
    api, stand_in, settings, holder_of, providers, name, is_held, channel
):
    settings.OTP_PROVIDER = name
    if is_held:
        holder_of(name)

    asked = api.post(SIGN_IN, {"phone": "0551234567", "channel": channel})
    (text,) = providers.inbox
    body = {"challenge_id": asked.json()["challenge_id"]}
    wrong = api.post(VERIFY, body | {"code": f"{(int(text.code) + 1) % 10**6:06d}"})
    right = api.post(VERIFY, body | {"code": text.code})

    assert (asked.status_code, wrong.status_code, right.status_code) == (202, 400, 200)
    assert text.to == PHONE
    assert right.json()["user"]["phone"] == PHONE
    challenge = OtpChallenge.objects.get()
    assert (challenge.held_by, bool(challenge.code_hmac)) == (name if is_held else "", not is_held)


@pytest.mark.parametrize("name", ["twilio", "unifonic", "authentica"])
def test_while_the_holder_is_down_a_customer_is_asked_to_try_again_and_loses_no_guess(
    api, stand_in, holder_of, providers, name
):
    """OTP14"""
    holder_of(name)
    asked = api.post(SIGN_IN, {"phone": PHONE})
    body = {"challenge_id": asked.json()["challenge_id"], "code": providers.inbox[0].code}
    stand_in.answers = [(503, b"busy")]

    refused = api.post(VERIFY, body)

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "unavailable")
    assert refused.headers["Retry-After"] == "30"
    assert costs() == ([0], 0, 0)
