"""Strangers who guess, ask and spray keep nobody out of their own account; nobody gets more guesses than meant."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import authenticate
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import services
from apps.accounts.errors import OtpAttemptsExhausted, OtpExpired, OtpIncorrect
from apps.accounts.models import LimitCounter, OtpChallenge, PhoneGuard, TokenFamily
from apps.accounts.services import codes
from apps.accounts.tests.conftest import NOW
from apps.accounts.tests.factories import PASSWORD, OwnerFactory, UserFactory
from apps.common.errors import RateLimited

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"
HOME, SALON, ELSEWHERE = "203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"


@pytest.fixture
def code_from(sent_codes):
    """Ask for a code from a network: `challenge, code = code_from(HOME)`."""

    def ask(network, phone=PHONE):
        challenge = services.request_code(phone=phone, network=network)
        return challenge, sent_codes()[-1][1]

    return ask


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def guess(challenge, code, network):
    return services.sign_in(challenge_id=challenge.pk, code=code, network=network)


def sign_in_from(network, code_from, clock):
    challenge, code = code_from(network)
    guess(challenge, code, network)
    clock.shift(timedelta(hours=2))


def password_from(address, phone=PHONE, password="wrong"):
    """What signing in to the back office from `address` gives: a person, None, or the wait in seconds."""
    try:
        return authenticate(RequestFactory(REMOTE_ADDR=address).post("/"), username=phone, password=password)
    except RateLimited as refusal:
        return refusal.retry_after


# --- Codes ---


def test_a_success_makes_the_network_a_known_one_of_this_phone(clock, code_from):
    sign_in_from(HOME, code_from, clock)

    assert list(PhoneGuard.objects.values_list("phone", "network", "succeeded_at")) == [(PHONE, HOME, NOW)]
    assert TokenFamily.objects.get().network == HOME


def test_a_stranger_s_requests_neither_end_the_owner_s_code_nor_use_up_the_owner_s_sends(clock, code_from):
    """Row 71"""
    sign_in_from(HOME, code_from, clock)
    challenge, code = code_from(HOME)
    for number in range(4):
        services.request_code(phone=PHONE, network=f"10.0.{number}.0/24")
        clock.shift(timedelta(seconds=60))

    assert guess(challenge, code, HOME).user.phone == PHONE
    with pytest.raises(RateLimited):
        [services.request_code(phone=PHONE, network=ELSEWHERE) for _ in range(2)]
    code_from(HOME)


def test_a_stranger_s_guesses_delay_the_stranger_and_not_the_owner(clock, code_from):
    """Row 71"""
    sign_in_from(HOME, code_from, clock)
    challenge, code = code_from(ELSEWHERE)
    for _ in range(5):
        with pytest.raises(OtpIncorrect):
            guess(challenge, wrong(code), ELSEWHERE)
    clock.shift(timedelta(seconds=60))
    challenge, code = code_from(ELSEWHERE)
    with pytest.raises(OtpIncorrect):
        guess(challenge, wrong(code), ELSEWHERE)
    with pytest.raises(OtpAttemptsExhausted):
        guess(challenge, code, ELSEWHERE)

    challenge, code = code_from(HOME)
    assert guess(challenge, code, HOME).user.phone == PHONE


def test_strangers_share_twenty_wrong_guesses_a_day_at_a_phone_and_the_owner_s_network_has_its_own(clock, code_from):
    """Row 65"""
    sign_in_from(HOME, code_from, clock)
    clock.move_to(NOW.replace(hour=0) + timedelta(days=2))
    compared = 0
    for number in range(8):
        network = f"10.0.{number}.0/24"
        challenge, code = code_from(network)
        for _ in range(5):
            try:
                guess(challenge, wrong(code), network)
            except OtpIncorrect:
                compared += 1
            except OtpAttemptsExhausted:
                break
        clock.shift(timedelta(minutes=20))
    assert compared == 20

    challenge, code = code_from(HOME)
    assert guess(challenge, code, HOME).user.phone == PHONE


def test_one_code_for_many_phones_is_stopped_by_the_network_it_comes_from(clock, code_from, monkeypatch):
    """Row 66"""
    monkeypatch.setattr(codes, "SENDS_PER_NETWORK_AND_HOUR", 1000)
    compared, waits = 0, set()
    for number in range(80):
        challenge, code = code_from(ELSEWHERE, phone=f"+96655{number:02d}00000")
        try:
            guess(challenge, wrong(code), ELSEWHERE)
        except OtpIncorrect:
            compared += 1
        except OtpAttemptsExhausted as refusal:
            waits.add(refusal.retry_after)
    assert (compared, waits) == (60, {1800})

    challenge, code = code_from(HOME, phone="+966559900000")
    assert guess(challenge, code, HOME).user.phone == "+966559900000"


def test_guesses_of_all_strangers_together_are_capped_and_known_networks_still_get_in(clock, code_from, monkeypatch):
    """Row 66"""
    monkeypatch.setattr("apps.accounts.services.guards.FAILURES_OF_STRANGERS_PER_HOUR", 10)
    sign_in_from(HOME, code_from, clock)
    for number in range(11):
        network = f"10.0.{number}.0/24"
        challenge, code = code_from(network, phone=f"+96655{number:02d}00000")
        with pytest.raises(OtpIncorrect if number < 10 else OtpAttemptsExhausted):
            guess(challenge, wrong(code), network)

    challenge, code = code_from(HOME)
    assert guess(challenge, code, HOME).user.phone == PHONE


def test_a_right_guess_and_a_refused_one_use_up_nothing(clock, code_from):
    challenge, code = code_from(ELSEWHERE)
    guess(challenge, code, ELSEWHERE)
    with pytest.raises(OtpExpired):
        guess(challenge, code, ELSEWHERE)

    assert set(LimitCounter.objects.filter(key__startswith="code ").values_list("used", flat=True)) == {0}


def test_only_the_three_latest_networks_are_known(clock, code_from):
    for number in range(4):
        sign_in_from(f"10.0.{number}.0/24", code_from, clock)

    assert services.guards.known_networks(PHONE) == ["10.0.3.0/24", "10.0.2.0/24", "10.0.1.0/24"]


# --- Money and pumps ---


def test_pumping_never_costs_more_than_the_day_s_money_for_strangers(clock, code_from, settings, caplog):
    """Row 68, OTP15"""
    settings.OTP_PRICE_HALALAS, settings.OTP_DAILY_BUDGET_HALALAS = 20, 1000
    sign_in_from(HOME, code_from, clock)
    clock.move_to(NOW.replace(hour=0, minute=0) + timedelta(days=2))
    sent, waits = 0, set()
    for number in range(500):
        try:
            services.request_code(phone=f"+9665{number:03d}00000", network=f"10.{number}.0.0/24")
            sent += 1
        except RateLimited as refusal:
            waits.add(refusal.retry_after)

    assert (sent, waits) == (37, {86400})
    assert LimitCounter.objects.filter(key="money for codes").latest("starts_at").used == 740
    assert "the money for sign-in codes is spent for today" in caplog.text
    code_from(HOME)  # what is left is for people from networks they are known from


def test_a_block_of_numbers_whose_codes_nobody_types_in_gets_no_more(clock, code_from):
    """Row 68"""
    for number in range(20):
        services.request_code(phone=f"+96655123{number:04d}", network=f"10.0.{number}.0/24")

    with pytest.raises(RateLimited) as refusal:
        services.request_code(phone="+966551239999", network=ELSEWHERE)

    assert refusal.value.retry_after == 3600
    assert OtpChallenge.objects.count() == 20
    code_from(ELSEWHERE, phone="+966551300000")


def test_one_network_closes_no_block_of_numbers(clock, code_from):
    """Or anybody could keep ten thousand people out."""
    for number in range(20):
        services.request_code(phone=f"+96655123{number:04d}", network=ELSEWHERE)

    code_from(HOME, phone="+966551239999")


def test_a_block_in_use_gets_sixty_an_hour(clock, code_from):
    """Row 68"""
    for number in range(60):
        challenge, code = code_from(f"10.0.{number}.0/24", phone=f"+96655123{number:04d}")
        if number % 10 == 0:
            guess(challenge, code, ELSEWHERE)
        clock.shift(timedelta(seconds=1))  # one after the other, as the latest are looked at

    with pytest.raises(RateLimited):
        services.request_code(phone="+966551239999", network=ELSEWHERE)


# --- Nothing tells known from unknown ---


def statements_of(call):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call()
    return [re.sub(r"'[^']*'|_?x?\d+", "", query["sql"])[:80] for query in captured]


def test_asking_for_a_code_does_the_same_work_for_a_known_and_an_unknown_phone(clock):
    """OTP08, row 67: the same statements in the same order, so the same time."""
    OwnerFactory(phone=PHONE)

    known = statements_of(lambda: services.request_code(phone=PHONE, network=HOME))
    unknown = statements_of(lambda: services.request_code(phone="+966551234568", network=HOME))

    assert known == unknown


# --- Passwords ---


@pytest.fixture
def manager():
    return UserFactory(phone=PHONE)


def test_the_fifth_wrong_password_closes_the_door_for_a_while_also_for_the_right_one(clock, manager):
    """Row 119"""
    assert [password_from("192.0.2.1") for _ in range(5)] == [None] * 5

    assert password_from("192.0.2.77", password=PASSWORD) == 30
    clock.shift(timedelta(seconds=30))
    assert password_from("192.0.2.77", password=PASSWORD) == manager


def test_an_unknown_phone_is_locked_like_a_known_one(clock):
    assert [password_from("192.0.2.1", phone="0559999999") for _ in range(6)] == [None] * 5 + [30]


@pytest.mark.parametrize("spelling", ["0551234567", "551234567", "00966551234567", "٠٥٥١٢٣٤٥٦٧", "055 123 4567"])
def test_spelling_the_phone_differently_buys_no_guesses(clock, manager, spelling):
    for _ in range(5):
        password_from("192.0.2.1")

    assert password_from("192.0.2.1", phone=spelling, password=PASSWORD) == 30


def test_guessing_at_a_manager_from_elsewhere_does_not_lock_the_manager_out_of_the_salon(clock, manager):
    """Row 71"""
    assert password_from("198.51.100.7", password=PASSWORD) == manager
    for network in range(6):
        for _ in range(5):
            password_from(f"10.0.{network}.1")

    assert isinstance(password_from("192.0.2.1", password=PASSWORD), int)  # strangers' guesses are spent for today
    assert password_from("198.51.100.9", password=PASSWORD) == manager


def test_spraying_from_the_salon_s_guest_network_locks_out_nobody_who_works_there(clock, manager):
    """Row 119"""
    assert password_from("198.51.100.7", password=PASSWORD) == manager
    checked = [password_from("198.51.100.66", phone=f"+96650{number:07d}") for number in range(80)]

    assert checked.count(None) == 60
    assert password_from("198.51.100.7", password=PASSWORD) == manager


def test_a_password_without_the_app_s_code_makes_no_network_known(clock, manager, settings):
    """Whoever has the password alone does not push the salon out of the networks the manager is known from."""
    settings.OPERATOR_MFA = "required"
    services.know_network(phone=PHONE, network=SALON)

    for network in range(3):
        assert password_from(f"10.0.{network}.1", password=PASSWORD) == manager

    assert services.guards.known_networks(PHONE) == [SALON]


def test_a_forwarded_address_is_believed_from_trusted_proxies_only(clock, manager, settings):
    """ADM13, row 117"""

    def network(trusted, forwarded):
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": trusted}
        PhoneGuard.objects.all().delete()
        request = RequestFactory(REMOTE_ADDR="192.0.2.1").post("/", headers={"x-forwarded-for": forwarded})
        authenticate(request, username=PHONE, password=PASSWORD)
        return PhoneGuard.objects.get().network

    forged = "203.0.113.9, 198.51.100.7"
    assert [network(trusted, forged) for trusted in (0, 1, 2, 9)] == [ELSEWHERE, SALON, HOME, HOME]
    assert network(1, "nonsense' OR 1=1") == "unknown"


def test_the_login_page_says_until_when_the_door_is_closed(clock, client, manager):
    form = {"username": "0551234567", "password": "wrong"}
    client.cookies["django_language"] = "en"
    for _ in range(5):
        assert "Too many" not in client.post("/admin/login/", form).content.decode()

    page = client.post("/admin/login/", {**form, "password": PASSWORD}).content.decode()

    assert "Too many wrong passwords. Please try again at 1:31\xa0AM." in page
    assert "_auth_user_id" not in client.session


def test_the_owner_lifts_a_lock(clock, client, manager):
    for network in range(5):
        for _ in range(5):
            password_from(f"10.0.{network}.1")
    guard = PhoneGuard.objects.get(network="10.0.0.0/24")
    client.force_login(OwnerFactory())

    address = reverse("admin:accounts_phoneguard_lift_action", args=[guard.pk])
    answer = client.post(address, {"_form_submitted": "True"})

    assert answer.headers["HX-Redirect"] == "/admin/"
    assert LogEntry.objects.get().get_change_message() == "The lock was lifted."
    guard.refresh_from_db()
    assert (guard.consecutive_failures, guard.locked_until) == (0, None)
    assert password_from("10.0.0.1", password=PASSWORD) == manager


def test_lifting_a_lock_opens_one_phone_from_one_network_and_no_other(clock):
    others = [("0551234568", "203.0.113.7"), ("0551234567", "198.51.100.7")]
    for phone, address in [("0551234567", "203.0.113.7"), *others]:
        for _guess in range(5):
            password_from(address, phone=phone)

    services.lift_lock(phone=PHONE, network=HOME)

    assert password_from("203.0.113.7") is None
    assert [password_from(address, phone=phone) for phone, address in others] == [30, 30]
