"""Another phone for the same person: both numbers are proven, and what the old one opened is closed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts import services
from apps.accounts.errors import SignInAgain
from apps.accounts.events import PhoneChanged
from apps.accounts.models import OtpChallenge, TokenFamily, User
from apps.accounts.services import phone
from apps.accounts.tests.factories import OwnerFactory, UserFactory

pytestmark = pytest.mark.django_db

OLD, NEW = "+966551234567", "+966557654321"
ASK, VERIFY, ME = "/api/v1/me/phone/", "/api/v1/me/phone/verify/", "/api/v1/me/"


def error_of(response):
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["attr"]


@pytest.fixture
def sara():
    return UserFactory(phone=OLD, name="Sara")


@pytest.fixture
def device(api, sara):
    """Headers of a device that sara signed in with now."""
    return lambda: {"authorization": f"Bearer {services.issue_tokens(user=sara).access}"}


def test_the_person_moves_to_the_proven_number_and_other_devices_are_signed_out(
    api, clock, sara, device, sent_codes, news
):
    here, elsewhere = device(), device()
    assert api.get(ME, headers=elsewhere).status_code == 200

    asked = api.post(ASK, {"phone": "٠٥٥٧٦٥٤٣٢١", "channel": "whatsapp"}, headers=here, REMOTE_ADDR="203.0.113.9")
    [(phone, code)] = sent_codes()
    changed = api.post(VERIFY, {"challenge_id": asked.json()["challenge_id"], "code": code}, headers=here)

    assert (asked.status_code, asked.json()["resend_in"], phone) == (202, 60, NEW)
    assert (changed.status_code, changed.json()["phone"]) == (200, NEW)
    assert api.get(ME, headers=here).json()["phone"] == NEW
    assert api.get(ME, headers=elsewhere).status_code == 401
    assert list(TokenFamily.objects.filter(revoked_at__isnull=False).values_list("revoked_reason", flat=True)) == [
        "phone_changed"
    ]
    latest = sara.history.latest()
    assert (latest.phone, latest.history_user) == (NEW, sara)
    assert news == [PhoneChanged(sara.pk, OLD)]
    challenge = OtpChallenge.objects.get()
    assert (challenge.channel, challenge.network) == ("whatsapp", "203.0.113.0/24")


def test_where_the_refresh_token_is_kept_is_no_question_of_a_new_phone(api, clock, sara, device, sent_codes):
    headers = device()
    asked = api.post(ASK, {"phone": NEW}, headers=headers)
    [(_phone, code)] = sent_codes()

    body = {"challenge_id": asked.json()["challenge_id"], "code": code, "client": "web"}

    assert error_of(api.post(VERIFY, body, headers=headers)) == (400, "unknown_field", "client")
    assert api.get(ME, headers=headers).json()["phone"] == OLD


def test_a_sign_in_older_than_ten_minutes_has_to_be_repeated(api, clock, sara, device, sent_codes):
    """Row 73: a stolen token alone moves nobody."""
    headers = device()
    asked = api.post(ASK, {"phone": NEW}, headers=headers)
    code = sent_codes()[-1][1]
    clock.shift(timedelta(minutes=4))
    TokenFamily.objects.update(created_at=TokenFamily.objects.get().created_at - timedelta(minutes=6))

    refused = [
        error_of(api.post(ASK, {"phone": NEW}, headers=headers)),
        error_of(api.post(VERIFY, {"challenge_id": asked.json()["challenge_id"], "code": code}, headers=headers)),
    ]

    assert refused == [(403, "sign_in_again", None)] * 2
    assert User.objects.get().phone == OLD
    assert (OtpChallenge.objects.get().attempts, sent_codes()) == (0, [])


def test_a_code_of_one_purpose_is_no_code_of_the_other(api, sara, device, sent_codes):
    """OTP09, row 70"""
    headers = device()
    sign_in = api.post("/api/v1/auth/otp/request/", {"phone": NEW}).json()["challenge_id"]
    sign_in_code = sent_codes()[-1][1]
    change = api.post(ASK, {"phone": "0559999999"}, headers=headers).json()["challenge_id"]
    change_code = sent_codes()[-1][1]

    as_change = api.post(VERIFY, {"challenge_id": sign_in, "code": sign_in_code}, headers=headers)
    as_sign_in = api.post("/api/v1/auth/otp/verify/", {"challenge_id": change, "code": change_code})

    assert error_of(as_change) == error_of(as_sign_in) == (400, "otp_expired", "code")
    assert (User.objects.get().phone, TokenFamily.objects.count()) == (OLD, 1)


def test_the_number_of_another_account_is_not_taken_over(api, sara, device, sent_codes):
    UserFactory(phone=NEW)
    headers = device()
    asked = api.post(ASK, {"phone": NEW}, headers=headers)
    body = {"challenge_id": asked.json()["challenge_id"], "code": sent_codes()[-1][1]}

    assert asked.status_code == 202  # who has a number is not told to whoever asks
    assert error_of(api.post(VERIFY, body, headers=headers)) == (409, "phone_in_use", None)
    assert sorted(User.objects.values_list("phone", flat=True)) == [OLD, NEW]
    assert OtpChallenge.objects.get().used_at is None


def test_a_wrong_code_changes_nothing(api, sara, device, sent_codes):
    headers = device()
    asked = api.post(ASK, {"phone": NEW}, headers=headers)
    wrong = f"{(int(sent_codes()[-1][1]) + 1) % 10**6:06d}"

    answer = api.post(VERIFY, {"challenge_id": asked.json()["challenge_id"], "code": wrong}, headers=headers)

    assert error_of(answer) == (400, "otp_incorrect", "code")
    assert User.objects.get().phone == OLD


@pytest.mark.parametrize("address", [ASK, VERIFY])
def test_nobody_changes_a_phone_without_a_token(api, address):
    assert api.post(address, {"phone": NEW}).status_code == 401


def test_a_phone_changed_by_the_owner_ends_every_sign_in(api, client, sara, device):
    """OTP19; the message to the old number is in the tests of notifications."""
    headers = device()
    owner = OwnerFactory()
    client.force_login(owner)
    form = {"phone": "0557654321", "name": "Sara", "locale": "en", "is_active": "on"}

    saved = client.post(f"/admin/accounts/user/{sara.pk}/change/", form)

    assert (saved.status_code, User.objects.get(pk=sara.pk).phone) == (302, NEW)
    assert api.get(ME, headers=headers).status_code == 401
    assert TokenFamily.objects.get().revoked_reason == "phone_changed"


def test_saving_a_person_without_a_new_phone_signs_nobody_out(api, client, sara, device):
    headers = device()
    client.force_login(OwnerFactory())

    client.post(
        f"/admin/accounts/user/{sara.pk}/change/",
        {"phone": "055 123 4567", "name": "Sara A.", "locale": "en", "is_active": "on"},
    )

    assert api.get(ME, headers=headers).json()["name"] == "Sara A."


def test_an_operator_s_number_is_not_changed_by_a_code(api, sent_codes):
    """Whoever holds the SIM of an operator has no password and no app of theirs."""
    owner = OwnerFactory(phone=OLD)
    headers = {"authorization": f"Bearer {services.issue_tokens(user=owner).access}"}

    assert error_of(api.post(ASK, {"phone": NEW}, headers=headers)) == (403, "permission_denied", None)
    assert (User.objects.get().phone, sent_codes()) == (OLD, [])


@pytest.mark.parametrize("end", ["erased", "signed out elsewhere", "dismissed"])
def test_what_ended_while_the_code_was_checked_stays_ended(api, sara, device, sent_codes, monkeypatch, end):
    owner, headers = OwnerFactory(), device()
    asked = api.post(ASK, {"phone": NEW}, headers=headers)
    body = {"challenge_id": asked.json()["challenge_id"], "code": sent_codes()[-1][1]}
    request = services.request_erasure(user=sara, actor=sara)
    prove = phone.prove_code

    def slow(**said):
        proven = prove(**said)
        if end == "erased":
            services.erase_person(request_id=request.pk, actor=owner)
        elif end == "dismissed":
            User.objects.filter(pk=sara.pk).update(is_active=False)
        else:
            TokenFamily.objects.update(revoked_at=timezone.now())
        return proven

    monkeypatch.setattr(phone, "prove_code", slow)

    assert error_of(api.post(VERIFY, body, headers=headers)) == (403, "sign_in_again", None)
    assert not User.objects.filter(phone=NEW).exists()
    assert not User.history.filter(phone=NEW).exists()
    monkeypatch.undo()
    challenge = services.request_code(phone="0559999999")
    assert services.sign_in(challenge_id=challenge.pk, code=sent_codes()[-1][1]).is_new


def test_a_sign_in_that_another_process_ended_changes_no_phone(api, sara, device, sent_codes):
    headers = device()
    assert api.get(ME, headers=headers).status_code == 200
    TokenFamily.objects.update(revoked_at=timezone.now())  # and this process still remembers it

    assert error_of(api.post(ASK, {"phone": NEW}, headers=headers)) == (403, "sign_in_again", None)
    assert sent_codes() == []


def test_the_fresh_sign_in_of_somebody_else_moves_nobody(sara, sent_codes):
    services.issue_tokens(user=UserFactory())
    theirs = TokenFamily.objects.get()

    with pytest.raises(SignInAgain):
        services.request_phone_change(user=sara, family_id=theirs.pk, phone=NEW, network="", channel="sms")

    assert (sent_codes(), OtpChallenge.objects.count()) == ([], 0)


def test_who_moved_while_the_code_was_checked_signs_in_again(sara, device, sent_codes, monkeypatch):
    """The number that the sign-in was made with is not theirs any more."""
    device()
    family = TokenFamily.objects.get()
    asked = services.request_phone_change(user=sara, family_id=family.pk, phone=NEW, network="", channel="sms")
    lock = phone.lock_phones
    held = []

    def late(*phones):
        held.append(phones)
        User.objects.filter(pk=sara.pk).update(phone="+966559999999")
        lock(*phones)

    monkeypatch.setattr(phone, "lock_phones", late)

    with pytest.raises(SignInAgain):
        services.change_own_phone(
            user=sara, family_id=family.pk, challenge_id=asked.pk, code=sent_codes()[-1][1], network=""
        )
    # The other move happened in the same transaction here, so it is gone with the refusal.
    assert (held, User.objects.get().phone) == ([(OLD, NEW)], OLD)
