"""A page of ours keeps its refresh token in a cookie; every other client gets and sends it in the body."""

import pytest
from django.test import Client

from apps.accounts import services
from apps.accounts.models import TokenFamily
from apps.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
REFRESH = "/api/v1/auth/token/refresh/"
LOGOUT = "/api/v1/auth/logout/"
WEB = {"client": "web"}


@pytest.fixture
def browser():
    return Client()


@pytest.fixture
def signed_in(browser):
    """A browser with the cookie of a sign-in."""
    tokens = services.issue_tokens(user=UserFactory())
    browser.cookies["refresh"] = tokens.refresh
    return browser


def post(client, address, body, **headers):
    return client.post(address, body, content_type="application/json", headers=headers)


def test_a_code_signs_a_page_in(browser, sent_codes):
    asked = post(browser, "/api/v1/auth/otp/request/", {"phone": "+966551234567"}).json()
    [(phone, code)] = sent_codes()

    answer = post(browser, "/api/v1/auth/otp/verify/", {"challenge_id": asked["challenge_id"], "code": code, **WEB})

    assert set(answer.json()) == {"access", "user"}
    assert answer.json()["user"]["phone"] == phone
    assert post(browser, REFRESH, WEB).status_code == 200


def test_the_cookie_is_for_the_addresses_of_signing_in_alone_and_for_no_script(signed_in, settings):
    settings.SESSION_COOKIE_SECURE = True

    answer = post(signed_in, REFRESH, WEB)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access"}
    cookie = answer.cookies["refresh"]
    assert (cookie["path"], cookie["samesite"], cookie["max-age"]) == ("/api/v1/auth/", "Strict", 30 * 24 * 3600)
    assert cookie["httponly"] is True
    assert cookie["secure"] is True


def test_the_access_token_of_a_page_opens_the_api(signed_in):
    access = post(signed_in, REFRESH, WEB).json()["access"]

    assert signed_in.get("/api/v1/me/", headers={"authorization": f"Bearer {access}"}).status_code == 200


def test_the_cookie_alone_opens_nothing(signed_in):
    assert signed_in.get("/api/v1/me/").status_code == 401
    assert post(signed_in, "/api/v1/me/phone/", {"phone": "+966551234567"}).status_code == 401


def test_each_refresh_sets_the_next_cookie(signed_in):
    first = signed_in.cookies["refresh"].value
    second = post(signed_in, REFRESH, WEB).cookies["refresh"].value
    third = post(signed_in, REFRESH, WEB).cookies["refresh"].value

    assert len({first, second, third}) == 3


def test_a_cookie_that_was_used_before_ends_the_sign_in_and_goes(signed_in):
    old = signed_in.cookies["refresh"].value
    post(signed_in, REFRESH, WEB)
    signed_in.cookies["refresh"] = old

    answer = post(signed_in, REFRESH, WEB)

    assert answer.status_code == 401
    assert (answer.cookies["refresh"].value, answer.cookies["refresh"]["path"]) == ("", "/api/v1/auth/")
    assert TokenFamily.objects.get().revoked_at is not None


def test_signing_out_ends_the_sign_in_and_takes_the_cookie(signed_in):
    answer = post(signed_in, LOGOUT, WEB)

    assert answer.status_code == 204
    assert answer.cookies["refresh"].value == ""
    assert TokenFamily.objects.get().revoked_at is not None


@pytest.mark.parametrize("address", [REFRESH, LOGOUT])
def test_a_page_without_the_cookie_is_signed_out(browser, address):
    answer = post(browser, address, WEB)

    assert answer.status_code in {204, 401}
    assert "refresh" not in answer.cookies


def test_other_clients_see_neither_a_cookie_nor_its_token(browser):
    tokens = services.issue_tokens(user=UserFactory())

    answer = post(browser, REFRESH, {"refresh": tokens.refresh})

    assert set(answer.json()) == {"access", "refresh"}
    assert answer.cookies == {}


def test_the_cookie_is_not_read_for_a_client_that_does_not_say_it_is_a_page(signed_in):
    answer = post(signed_in, REFRESH, {})

    assert answer.status_code == 400
    assert [(error["code"], error["attr"]) for error in answer.json()["errors"]] == [("required", "refresh")]
    assert TokenFamily.objects.get().revoked_at is None


def test_a_form_of_another_site_cannot_use_the_cookie(signed_in):
    """A form can send anything but JSON, and SameSite keeps the cookie at home besides."""
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = signed_in.post(LOGOUT, b'{"client": "web"}', content_type=kind)
        assert answer.status_code == 415
    assert TokenFamily.objects.get().revoked_at is None


def test_an_unknown_kind_of_client_is_refused(signed_in):
    answer = post(signed_in, REFRESH, {"client": "watch"})

    assert [(error["code"], error["attr"]) for error in answer.json()["errors"]] == [("invalid_choice", "client")]
