"""Codes of an app and recovery codes: each good once, guesses spent one by one, nothing stored readable."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts import reasons, services
from apps.accounts.errors import SecondFactorIncorrect, SecondFactorLocked, SecondFactorRequired
from apps.accounts.selectors import has_second_factor, recovery_codes_left
from apps.accounts.tests.factories import (
    AppFactory,
    OwnerFactory,
    PlatformUserFactory,
    TokenFamilyFactory,
    UserFactory,
    app_code,
    wrong_code,
)
from apps.common.errors import Conflict, Forbidden, ProofNeeded

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """A frozen hour; `clock.shift(seconds)` moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def app():
    return AppFactory()


def verify(app, code):
    return services.verify_second_factor(user=app.user, code=code)


def guesses(device):
    device.refresh_from_db()
    return device.throttling_failure_count


def set_up(user):
    """An app and its ten recovery codes."""
    secret = services.new_secret()
    code = app_code(TOTPDevice(key=secret))
    return services.enrol_second_factor(user=user, secret=secret, code=code, proven_at=NOW)


# --- Codes of the app ---


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_code_shown_now_or_half_a_minute_off_is_accepted(app, steps):
    assert verify(app, app_code(app, steps)) == app


@pytest.mark.parametrize("steps", [-2, 2, 20])
def test_a_code_of_another_time_is_refused(app, steps):
    with pytest.raises(SecondFactorIncorrect):
        verify(app, app_code(app, steps))


def test_a_code_is_good_once(app):
    code = app_code(app)
    verify(app, code)

    with pytest.raises(SecondFactorIncorrect):
        verify(app, code)


def test_a_code_older_than_the_last_one_used_is_refused(app):
    verify(app, app_code(app, 1))

    with pytest.raises(SecondFactorIncorrect):
        verify(app, app_code(app, 0))


def in_arabic(code):
    return code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


@pytest.mark.parametrize(
    "typed",
    [
        in_arabic,
        lambda code: f" {code[:3]} {code[3:]} ",
        lambda code: f"\u200f{code}\u200e",
        lambda code: f"{code[:3]}-{code[3:]}",
    ],
    ids=["Arabic digits", "spaces", "direction marks", "a dash"],
)
def test_a_code_is_read_as_people_type_it(app, typed):
    assert verify(app, typed(app_code(app))) == app


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "12e456", "-12345", "+12345", "²23456", "1" * 5000]
)
def test_what_is_no_code_is_refused_and_spends_no_guess(app, typed):
    with pytest.raises(SecondFactorIncorrect):
        verify(app, typed)

    assert guesses(app) == 0


def test_the_code_of_somebody_else_opens_nothing(app):
    other = AppFactory()

    with pytest.raises(SecondFactorIncorrect):
        services.verify_second_factor(user=app.user, code=app_code(other))


def test_after_a_wrong_code_even_the_right_one_waits_and_the_wait_doubles(app, clock):
    for wait in (1, 2, 4, 8):
        with pytest.raises(SecondFactorIncorrect):
            verify(app, wrong_code(app))
        clock.shift(wait - 0.5)
        with pytest.raises(SecondFactorLocked) as refusal:
            verify(app, app_code(app))
        assert refusal.value.retry_after == 1
        clock.shift(0.5)
    assert verify(app, app_code(app)) == app
    assert guesses(app) == 0


def test_the_wait_ends_at_a_good_half_hour(app, clock):
    TOTPDevice.objects.update(throttling_failure_count=10_000, throttling_failure_timestamp=NOW)

    with pytest.raises(SecondFactorLocked) as refusal:
        verify(app, app_code(app))
    assert (refusal.value.retry_after, str(refusal.value)) == (
        2048,
        "Too many wrong codes. Please wait 34:08 (minutes:seconds) and try again.",
    )
    clock.shift(2048)
    assert verify(app, app_code(app)) == app


def test_wrong_codes_of_one_person_lock_nobody_else(app):
    other = AppFactory()
    with pytest.raises(SecondFactorIncorrect):
        verify(app, wrong_code(app))

    assert verify(other, app_code(other)) == other


def test_wrong_codes_of_the_app_leave_the_recovery_codes_open():
    app, codes = set_up(OwnerFactory())
    with pytest.raises(SecondFactorIncorrect):
        verify(app, wrong_code(app))

    assert isinstance(verify(app, codes[0]), StaticDevice)


def test_a_device_that_was_never_confirmed_opens_nothing():
    app = AppFactory(confirmed=False)

    with pytest.raises(SecondFactorIncorrect):
        verify(app, app_code(app))


def test_every_guess_is_in_the_log_by_the_key_of_its_person_and_never_with_the_code(caplog):
    caplog.set_level("INFO")
    app, codes = set_up(OwnerFactory())
    wrong = wrong_code(app)
    with pytest.raises(SecondFactorIncorrect):
        verify(app, wrong)

    verify(app, codes[0])

    about = f"second factor of person {app.user.pk}"
    assert caplog.messages == [f"{about}: wrong code", f"{about}: recovery accepted"]


# --- Setting up ---


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_setting_up_keeps_secret_and_pace_of_an_app_that_is_half_a_minute_off(clock, steps):
    user, secret = OwnerFactory(), services.new_secret()
    code = app_code(TOTPDevice(key=secret), steps)

    app, _codes = services.enrol_second_factor(user=user, secret=secret, code=code, proven_at=NOW)

    assert (app.key, app.name, app.drift) == (secret, "app", steps)
    clock.shift(60)
    assert verify(app, app_code(TOTPDevice(key=secret), steps)) == app


@pytest.mark.parametrize("code_of", [wrong_code, lambda app: app_code(app, -2), lambda app: app_code(app, 2)])
def test_setting_up_needs_a_code_of_the_new_app_and_of_now(code_of):
    user, secret = OwnerFactory(), services.new_secret()

    with pytest.raises(SecondFactorIncorrect):
        services.enrol_second_factor(user=user, secret=secret, code=code_of(TOTPDevice(key=secret)), proven_at=NOW)

    assert not has_second_factor(user)
    assert user.history.count() == 1


def test_setting_up_stores_the_app_and_is_in_the_history():
    user = OwnerFactory()

    app, codes = set_up(user)

    assert TOTPDevice.objects.get() == app
    assert (len(codes), recovery_codes_left(user)) == (10, 10)
    last = user.history.first()
    assert (last.history_user, last.history_change_reason) == (user, reasons.SET_UP)


def test_the_code_that_set_the_app_up_opens_nothing_more():
    user = OwnerFactory()
    app, _codes = set_up(user)

    with pytest.raises(SecondFactorIncorrect):
        verify(app, app_code(app))


def test_another_phone_takes_the_place_of_the_first(clock):
    user = OwnerFactory()
    old, old_codes = set_up(user)

    new, _codes = set_up(user)
    clock.shift(30)

    assert list(TOTPDevice.objects.all()) == [new]
    for code in (app_code(old), old_codes[0]):
        with pytest.raises(SecondFactorIncorrect):
            verify(new, code)
        clock.shift(60)
    assert verify(new, app_code(new)) == new


def test_an_app_reads_name_issuer_and_secret_from_the_square_code(settings):
    user = OwnerFactory(phone="+966500000001")

    assert services.setup_address(user=user, secret="00" * 20) == (
        "otpauth://totp/Salon%20back%20office%3A%2B966500000001?secret=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "&algorithm=SHA1&digits=6&period=30&issuer=Salon%20back%20office"
    )
    assert services.secret_to_type("00" * 20) == " ".join(["AAAA"] * 8)


def test_secrets_have_160_bits_and_never_repeat():
    secrets = {services.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {40}


# --- Recovery codes ---


def test_each_recovery_code_is_good_once():
    app, codes = set_up(OwnerFactory())

    for left, code in zip(range(9, -1, -1), codes, strict=True):
        verify(app, code)
        assert recovery_codes_left(app.user) == left

    with pytest.raises(SecondFactorIncorrect):
        verify(app, codes[0])


def test_a_recovery_code_has_twelve_digits_and_is_read_in_groups_and_arabic():
    app, codes = set_up(OwnerFactory())

    assert {len(code) for code in codes} == {12}
    assert len(set(codes)) == 10
    assert max(codes) > "0" * 3 + "9" * 9  # all twelve are drawn
    verify(app, in_arabic(f"{codes[0][:4]} {codes[0][4:8]} {codes[0][8:]}"))


def test_the_recovery_code_of_somebody_else_opens_nothing():
    app, _codes = set_up(OwnerFactory())
    _other, codes = set_up(OwnerFactory())

    with pytest.raises(SecondFactorIncorrect):
        verify(app, codes[0])

    assert StaticToken.objects.count() == 20


def test_recovery_codes_are_stored_as_keyed_hashes_only(settings):
    app, codes = set_up(OwnerFactory())
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM otp_static_statictoken")
        stored = " ".join(row[0] for row in cursor.fetchall())

    assert not any(code in stored for code in codes)
    settings.OTP_PEPPER = "another key"
    with pytest.raises(SecondFactorIncorrect):
        verify(app, codes[0])


def test_new_recovery_codes_replace_the_old_ones(clock):
    app, old = set_up(OwnerFactory())

    new = services.renew_recovery_codes(user=app.user, proven_at=NOW)

    assert recovery_codes_left(app.user) == 10
    with pytest.raises(SecondFactorIncorrect):
        verify(app, old[0])
    clock.shift(1)
    verify(app, new[0])
    last = app.user.history.first()
    assert (last.history_user, last.history_change_reason) == (app.user, reasons.RECOVERY_CODES)


def test_recovery_codes_belong_to_an_app():
    with pytest.raises(Conflict):
        services.renew_recovery_codes(user=OwnerFactory(), proven_at=NOW)

    assert not StaticToken.objects.exists()


# --- Turning off, resetting ---


def test_turning_off_takes_app_and_codes_away():
    app, _codes = set_up(OwnerFactory())

    services.turn_second_factor_off(user=app.user, proven_at=NOW)

    assert (TOTPDevice.objects.count(), StaticDevice.objects.count(), StaticToken.objects.count()) == (0, 0, 0)
    last = app.user.history.first()
    assert (last.history_user, last.history_change_reason) == (app.user, reasons.TURNED_OFF)


def test_where_it_is_required_nobody_turns_it_off(settings):
    settings.OPERATOR_MFA = "required"
    app, _codes = set_up(OwnerFactory())

    with pytest.raises(SecondFactorRequired):
        services.turn_second_factor_off(user=app.user, proven_at=NOW)

    assert (TOTPDevice.objects.count(), StaticToken.objects.count()) == (1, 10)


STALE = [None, NOW - timedelta(minutes=5, seconds=1)]


@pytest.mark.parametrize("proven_at", STALE, ids=["never", "too long ago"])
@pytest.mark.parametrize(
    "change",
    [
        lambda owner, person, at: services.turn_second_factor_off(user=person, proven_at=at),
        lambda owner, person, at: services.renew_recovery_codes(user=person, proven_at=at),
        lambda owner, person, at: services.enrol_second_factor(
            user=person, secret="00" * 20, code=app_code(TOTPDevice(key="00" * 20)), proven_at=at
        ),
        lambda owner, person, at: services.end_own_sessions(user=person, current="", handle=None, proven_at=at),
        lambda owner, person, at: services.reset_second_factor(
            actor=owner, user_id=person.pk, reason="Lost", proven_at=at
        ),
    ],
    ids=["turn off", "recovery codes", "another phone", "end sessions", "reset of another"],
)
def test_what_guards_an_account_changes_on_fresh_proof_only(change, proven_at):
    owner, person = OwnerFactory(), PlatformUserFactory()
    set_up(person)
    before = (list(TOTPDevice.objects.values()), list(StaticToken.objects.values()), person.history.count())

    with pytest.raises(ProofNeeded):
        change(owner, person, proven_at)

    after = (list(TOTPDevice.objects.values()), list(StaticToken.objects.values()), person.history.count())
    assert after == before


def test_proof_counts_for_five_minutes():
    services.ensure_proven(NOW - timedelta(minutes=5))

    with pytest.raises(ProofNeeded):
        services.ensure_proven(NOW - timedelta(minutes=5, microseconds=1))


def test_the_owner_resets_the_second_factor_of_another_person_with_a_reason(caplog):
    owner, person = OwnerFactory(), PlatformUserFactory()
    set_up(person)
    family, other = TokenFamilyFactory(user=person), TokenFamilyFactory()

    services.reset_second_factor(actor=owner, user_id=person.pk, reason="Phone stolen", proven_at=NOW)

    assert (has_second_factor(person), StaticToken.objects.count()) == (False, 0)
    last = person.history.first()
    assert (last.history_user, last.history_change_reason) == (owner, "two-step sign-in reset: Phone stolen")
    for row in (family, other):
        row.refresh_from_db()
    assert (family.revoked_at, family.revoked_reason, other.revoked_at) == (NOW, "signed_out", None)
    assert f"second factor of person {person.pk}: reset" in caplog.messages


@pytest.mark.parametrize("who", ["support", "customer", "themself"])
def test_nobody_else_resets_a_second_factor(who):
    person = OwnerFactory()
    set_up(person)
    actor = {"support": PlatformUserFactory(), "customer": UserFactory(), "themself": person}[who]

    with pytest.raises(Forbidden):
        services.reset_second_factor(actor=actor, user_id=person.pk, reason="Please", proven_at=NOW)

    assert (has_second_factor(person), recovery_codes_left(person)) == (True, 10)


def test_the_owner_who_lost_everything_resets_on_the_server():
    owner, other = OwnerFactory(phone="+966500000001"), OwnerFactory()
    set_up(owner)
    set_up(other)
    said = StringIO()

    call_command("reset_second_factor", "0500000001", stdout=said)

    assert (has_second_factor(owner), has_second_factor(other)) == (False, True)
    assert "+966500000001" not in said.getvalue()
    last = owner.history.first()
    assert (last.history_user, last.history_change_reason) == (None, reasons.RESET)


def test_the_command_says_when_nobody_has_the_phone():
    with pytest.raises(CommandError, match=r"Nobody has this phone\."):
        call_command("reset_second_factor", "0500000001")


def test_a_reason_is_told_in_the_readers_language():
    kept = reasons.with_detail(reasons.RESET, "Phone stolen")

    with override("ar"):
        assert reasons.explain(kept) == "إعادة ضبط التحقق بخطوتين: Phone stolen"
        assert reasons.explain("Her own words: as typed") == "Her own words: as typed"
