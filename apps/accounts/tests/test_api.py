"""The addresses below auth/ and me/, as a client sees them."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts import selectors, services
from apps.accounts.models import DataRequest, OtpChallenge, TokenFamily, User
from apps.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"

REQUEST, VERIFY = "/api/v1/auth/otp/request/", "/api/v1/auth/otp/verify/"
REFRESH, LOGOUT = "/api/v1/auth/token/refresh/", "/api/v1/auth/logout/"
ME, EXPORT = "/api/v1/me/", "/api/v1/me/export/"


def error_of(response):
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["attr"]


def test_sign_in_refresh_and_sign_out(api, sent_codes):
    asked = api.post(REQUEST, {"phone": "٠٥٥ ١٢٣ ٤٥٦٧"})
    assert (asked.status_code, asked.json()) == (
        202,
        {"challenge_id": str(OtpChallenge.objects.get().pk), "expires_in": 300, "resend_in": 60},
    )
    [(phone, code)] = sent_codes()
    assert phone == PHONE

    signed_in = api.post(VERIFY, {"challenge_id": asked.json()["challenge_id"], "code": code})
    user = User.objects.get()
    assert signed_in.status_code == 200
    assert set(signed_in.json()) == {"access", "refresh", "user"}
    assert signed_in.json()["user"] == {
        "id": str(user.pk),
        "phone": PHONE,
        "name": "",
        "locale": "en",
        "marketing_consent": False,
    }

    refreshed = api.post(REFRESH, {"refresh": signed_in.json()["refresh"]})
    assert (refreshed.status_code, set(refreshed.json())) == (200, {"access", "refresh"})
    headers = {"authorization": f"Bearer {refreshed.json()['access']}"}
    assert api.get(ME, headers=headers).json() == signed_in.json()["user"]

    signed_out = api.post(LOGOUT, {"refresh": refreshed.json()["refresh"]})
    assert (signed_out.status_code, signed_out.content) == (204, b"")
    assert error_of(api.get(ME, headers=headers)) == (401, "token_not_valid", None)
    assert error_of(api.post(REFRESH, {"refresh": refreshed.json()["refresh"]})) == (401, "token_not_valid", None)


def test_known_and_unknown_phones_get_the_same_answer(api):
    """OTP08"""
    UserFactory(phone=PHONE)
    known, unknown = (api.post(REQUEST, {"phone": phone}) for phone in (PHONE, "+966551234568"))

    assert known.status_code == unknown.status_code == 202
    assert {**known.json(), "challenge_id": None} == {**unknown.json(), "challenge_id": None}
    # Every answer has a number of its own.
    assert {**known.headers, "X-Request-ID": ""} == {**unknown.headers, "X-Request-ID": ""}


def test_the_console_line_holds_the_full_phone_and_the_code(api, capsys):
    api.post(REQUEST, {"phone": PHONE, "channel": "whatsapp"})

    assert re.fullmatch(r"\[otp\] to=\+966551234567 code=[0-9]{6}\n", capsys.readouterr().out)


def test_asking_too_soon_is_a_429_that_says_when(api, clock):
    api.post(REQUEST, {"phone": PHONE})
    clock.shift(timedelta(seconds=10))

    response = api.post(REQUEST, {"phone": PHONE})

    assert error_of(response) == (429, "rate_limited", None)
    assert response.headers["Retry-After"] == "50"


def test_the_caller_s_address_is_the_one_the_trusted_proxy_saw(api, clock, settings):
    """ADM13."""
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    for number in range(20):
        headers = {"x-forwarded-for": f"198.51.100.{number}, 203.0.113.5"}
        assert api.post(REQUEST, {"phone": f"+9665500000{number:02d}"}, headers=headers).status_code == 202

    refused = api.post(REQUEST, {"phone": PHONE}, headers={"x-forwarded-for": "192.0.2.1, 203.0.113.5"})
    assert error_of(refused) == (429, "rate_limited", None)
    assert api.post(REQUEST, {"phone": PHONE}, headers={"x-forwarded-for": "192.0.2.1"}).status_code == 202


def test_without_a_trusted_proxy_a_forwarded_address_is_not_believed(api, clock):
    for number in range(20):
        headers = {"x-forwarded-for": f"10.{number}.0.1"}
        assert api.post(REQUEST, {"phone": f"+9665500000{number:02d}"}, headers=headers).status_code == 202

    refused = api.post(REQUEST, {"phone": PHONE}, headers={"x-forwarded-for": "10.99.0.1"})
    assert error_of(refused) == (429, "rate_limited", None)


def test_wrong_expired_and_exhausted_codes_have_their_codes(api, clock, new_code):
    challenge, code = new_code(PHONE)
    guess = {"challenge_id": str(challenge.pk), "code": f"{(int(code) + 1) % 10**6:06d}"}

    assert [error_of(api.post(VERIFY, guess)) for _ in range(5)] == [(400, "otp_incorrect", "code")] * 5
    exhausted = api.post(VERIFY, {**guess, "code": code})
    assert error_of(exhausted) == (429, "otp_attempts_exhausted", None)
    assert exhausted.headers["Retry-After"] == "60"

    clock.shift(timedelta(minutes=5))
    assert error_of(api.post(VERIFY, {**guess, "code": code})) == (400, "otp_expired", "code")
    assert not User.objects.exists()
    assert not TokenFamily.objects.exists()


@pytest.mark.parametrize(
    ("address", "body", "code", "attr"),
    [
        (REQUEST, {}, "required", "phone"),
        (REQUEST, {"phone": None}, "null", "phone"),
        (REQUEST, {"phone": ""}, "blank", "phone"),
        (REQUEST, {"phone": "055123456"}, "phone_invalid", "phone"),
        (REQUEST, {"phone": "0112345678"}, "phone_invalid", "phone"),
        (REQUEST, {"phone": "+971501234567"}, "phone_invalid", "phone"),
        (REQUEST, {"phone": ["0551234567"]}, "invalid", "phone"),
        (REQUEST, {"phone": PHONE, "channel": "pigeon"}, "invalid_choice", "channel"),
        (REQUEST, {"phone": PHONE, "channel": {"a": []}}, "invalid_choice", "channel"),
        (REQUEST, {"phone": PHONE, "is_staff": True}, "unknown_field", "is_staff"),
        (REQUEST, [], "invalid", "non_field_errors"),
        (REQUEST, "text", "invalid", "non_field_errors"),
        (VERIFY, {"code": "123456"}, "required", "challenge_id"),
        (VERIFY, {"challenge_id": "1", "code": "123456"}, "invalid", "challenge_id"),
        (VERIFY, {"challenge_id": str(uuid4()), "code": "1" * 33}, "max_length", "code"),
        (VERIFY, {"challenge_id": str(uuid4()), "code": "12345\x00"}, "null_characters_not_allowed", "code"),
        (VERIFY, {"challenge_id": str(uuid4()), "code": "12"}, "otp_incorrect", "code"),
        (VERIFY, {"challenge_id": str(uuid4()), "code": "123456"}, "otp_expired", "code"),
        (REFRESH, {"refresh": ""}, "blank", "refresh"),
        (LOGOUT, {}, "required", "refresh"),
    ],
)
def test_a_bad_body_is_a_400_that_names_the_field_and_changes_nothing(api, sent_codes, address, body, code, attr):
    assert error_of(api.post(address, body)) == (400, code, attr)
    assert (OtpChallenge.objects.count(), User.objects.count(), sent_codes()) == (0, 0, [])


def test_errors_speak_the_caller_s_language(api):
    arabic, english = (
        api.post(REQUEST, {}, headers={"accept-language": language}).json()["errors"][0]["detail"]
        for language in ("ar", "en")
    )

    assert (arabic, english) == ("هذا الحقل مطلوب.", "This field is required.")


def test_a_stale_access_token_does_not_get_in_the_way_of_signing_in(api):
    headers = {"authorization": "Bearer stale"}

    assert api.post(REQUEST, {"phone": PHONE}, headers=headers).status_code == 202


@pytest.mark.parametrize("address", [REQUEST, VERIFY, REFRESH, LOGOUT])
def test_signing_in_and_out_is_post_only(api, address):
    assert error_of(api.get(address)) == (405, "method_not_allowed", None)


@pytest.mark.parametrize(("method", "address"), [("get", ME), ("patch", ME), ("delete", ME), ("get", EXPORT)])
def test_one_s_own_data_needs_a_sign_in(api, method, address):
    assert error_of(getattr(api, method)(address)) == (401, "not_authenticated", None)


@pytest.mark.parametrize("header", ["Bearer", "Bearer x y", "Bearer x.y.z"])
def test_a_malformed_token_header_is_the_same_single_401(api, header):
    response = api.get(ME, headers={"authorization": header, "accept-language": "ar"})

    assert error_of(response) == (401, "token_not_valid", None)
    assert len(response.json()["errors"]) == 1


def test_a_back_office_session_opens_nothing_here(api):
    api.force_login(UserFactory(is_superuser=True), backend="apps.salons.access.RoleBackend")

    assert error_of(api.get(ME)) == (401, "not_authenticated", None)


# One's own profile


def test_the_profile_changes_where_asked_with_history(api, bearer):
    user = UserFactory(name="Sara", locale="en")

    response = api.patch(ME, {"name": "  سارة \u200f محمد\n", "marketing_consent": True}, headers=bearer(user))

    assert (response.status_code, response.json()) == (
        200,
        {"id": str(user.pk), "phone": user.phone, "name": "سارة محمد", "locale": "en", "marketing_consent": True},
    )
    newest, oldest = user.history.all()
    assert (newest.history_user, newest.history_type, newest.name, newest.marketing_consent) == (
        user,
        "~",
        "سارة محمد",
        True,
    )
    assert (oldest.name, oldest.marketing_consent) == ("Sara", False)


def test_a_change_that_changes_nothing_leaves_no_history(api, bearer):
    user = UserFactory(name="Sara")

    assert api.patch(ME, {"name": "Sara", "locale": "en"}, headers=bearer(user)).status_code == 200
    assert api.patch(ME, {}, headers=bearer(user)).status_code == 200

    assert user.history.count() == 1


@pytest.mark.parametrize(
    ("change", "code", "attr"),
    [
        ({"phone": "+966551234568"}, "unknown_field", "phone"),
        ({"is_superuser": True}, "unknown_field", "is_superuser"),
        ({"name": "x" * 161}, "max_length", "name"),
        ({"name": None}, "null", "name"),
        ({"name": "a\x00b"}, "null_characters_not_allowed", "name"),
        ({"locale": "fr"}, "invalid_choice", "locale"),
        ({"marketing_consent": "perhaps"}, "invalid", "marketing_consent"),
        ({"marketing_consent": None}, "null", "marketing_consent"),
    ],
)
def test_a_bad_profile_is_refused_and_nothing_changes(api, bearer, change, code, attr):
    user = UserFactory(name="Sara")

    assert error_of(api.patch(ME, {"locale": "ar", **change}, headers=bearer(user))) == (400, code, attr)

    user.refresh_from_db()
    assert (user.name, user.locale, user.is_superuser, user.history.count()) == ("Sara", "en", False, 1)


def test_deleting_files_one_erasure_request_due_in_thirty_days(api, bearer, clock):
    user = UserFactory()
    headers = bearer(user)

    first, second = api.delete(ME, headers=headers), api.delete(ME, headers=headers)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first.json() == {
        "kind": "erasure",
        "status": "open",
        "created_at": "2026-03-02T01:30:00+03:00",
        "due_on": "2026-04-01",
        "obstacles": [],
    }
    asked = DataRequest.objects.get()
    assert (asked.user, asked.history.get().history_user) == (user, user)
    assert api.get(ME, headers=headers).status_code == 200  # until somebody has looked at it


def test_the_export_holds_one_s_own_data_and_nobody_else_s(api, bearer, clock):
    other = UserFactory(name="Noura")
    services.issue_tokens(user=other)
    services.request_code(phone=other.phone)
    user = UserFactory(phone=PHONE, name="سارة")
    headers = bearer(user)
    services.request_code(phone=PHONE)
    api.delete(ME, headers=headers)

    response = api.get(EXPORT, headers=headers)

    assert response.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    at = "2026-03-01T22:30:00Z"
    data = json.loads(response.content)
    assert data["profile"] == {
        "id": str(user.pk),
        "phone": PHONE,
        "name": "سارة",
        "locale": "en",
        "marketing_consent": False,
        "created_at": at,
        "last_login": None,
    }
    assert data["codes"] == [{"channel": "sms", "network": "unknown", "attempts": 0, "created_at": at, "used_at": None}]
    assert [row["created_at"] for row in data["sign_ins"]] == [at]
    asked = {"source": "app", "created_at": at, "note": "", "extension_reason": "", "answer": ""}
    assert data["data_requests"] == [
        {"kind": "export", "status": "done", "due_on": "2026-03-02", "answered_at": at, **asked},
        {"kind": "erasure", "status": "open", "due_on": "2026-04-01", "answered_at": None, **asked},
    ]
    assert "Noura" not in response.content.decode()
    assert other.phone not in response.content.decode()


def test_a_higher_app_adds_its_part_to_the_export(monkeypatch):
    monkeypatch.setattr(selectors, "_export_parts", dict(selectors._export_parts))
    user = UserFactory(name="Sara")

    selectors.add_export_part("bookings", lambda person: [person.name])

    assert selectors.export_own_data(user)["bookings"] == ["Sara"]
