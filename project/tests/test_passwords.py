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
