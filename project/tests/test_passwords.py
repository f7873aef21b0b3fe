import re

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

PHONE = "+966500000009"


@pytest.mark.django_db
def test_the_demos_password_opens_no_account_outside_the_demo(settings):
    get_user_model().objects.create_user(PHONE, settings.DEMO_PASSWORD)

    assert authenticate(None, username=PHONE, password=settings.DEMO_PASSWORD) is None

    settings.DEMO_MODE = True
    assert authenticate(None, username=PHONE, password=settings.DEMO_PASSWORD) is not None


@pytest.mark.django_db
def test_any_other_password_is_left_to_the_next_backend():
    get_user_model().objects.create_user(PHONE, "a-sentence-of-her-own")

    assert authenticate(None, username=PHONE, password="a-sentence-of-her-own") is not None
    assert authenticate(None, username=PHONE, password="another-sentence") is None


def test_the_demos_password_is_refused_for_a_new_account(settings):
    with pytest.raises(ValidationError) as refusal:
        validate_password(settings.DEMO_PASSWORD)

    assert [error.code for error in refusal.value.error_list] == ["password_published"]


@pytest.mark.django_db
def test_a_password_is_taken_whole_and_exactly_as_typed():
    password = " كلمة سر طويلة with Spaces, 😀 and more " * 6
    get_user_model().objects.create_user(PHONE, password)
    others = [password.strip(), password[:-1], password[:72], password.lower(), password.replace("  ", " ")]

    validate_password(password)

    assert len(password) > 200
    assert authenticate(None, username=PHONE, password=password) is not None
    assert [other for other in others if authenticate(None, username=PHONE, password=other)] == []


@pytest.mark.parametrize("password", ["short-one-1", "q1w2e3r4t5y6", "966500000009"])
def test_short_common_and_numeric_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.django_db
def test_password_boxes_hide_what_is_typed_and_open_to_password_managers(client):
    login = client.get("/admin/login/").content.decode()
    client.force_login(get_user_model().objects.create_superuser(PHONE, "a-sentence-of-her-own"))
    pages = [login, client.get("/admin/otp/").content.decode(), client.get("/admin/password_change/").content.decode()]

    boxes = [re.findall(r'<input type="password"[^>]*autocomplete="([a-z-]+)"', page) for page in pages]

    assert boxes == [["current-password"], ["current-password"], ["current-password", "new-password", "new-password"]]
    assert not any("onpaste" in page for page in pages)
