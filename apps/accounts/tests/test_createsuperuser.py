"""`manage.py createsuperuser` with the phone in any spelling."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PHONE = "+966551234567"
SPELLINGS = [PHONE, "0551234567", "966551234567", "00966551234567", "٠٥٥١٢٣٤٥٦٧", "055 123-4567", "551234567"]


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def typed(monkeypatch):
    """Answers to the prompts, in order."""

    def answer(*texts, password="correct horse battery"):
        prompts = iter(texts)
        monkeypatch.setattr("builtins.input", lambda *args: next(prompts))
        monkeypatch.setattr("getpass.getpass", lambda *args: password)

    return answer


def owner():
    user = User.objects.get()
    assert (user.phone, user.is_superuser, user.is_staff, user.is_active) == (PHONE, True, True, True)
    return user


@pytest.mark.parametrize("phone", SPELLINGS)
def test_without_questions_from_the_environment(monkeypatch, phone):
    monkeypatch.setenv("DJANGO_SUPERUSER_PHONE", phone)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

    call_command("createsuperuser", interactive=False, stdout=StringIO())

    assert owner().check_password("correct horse battery")


@pytest.mark.parametrize("phone", SPELLINGS)
def test_without_questions_from_the_command_line(phone):
    call_command("createsuperuser", phone=phone, interactive=False, stdout=StringIO())

    assert not owner().has_usable_password()


@pytest.mark.parametrize("phone", SPELLINGS)
def test_with_questions(typed, phone):
    typed(phone)

    call_command("createsuperuser", interactive=True, stdin=Terminal(), stdout=StringIO())

    assert owner().check_password("correct horse battery")


def test_with_questions_a_bad_and_a_taken_phone_are_asked_again(typed):
    UserFactory(phone="+966551234568")
    typed("05512", "0551234568", "0551234567")
    errors = StringIO()

    call_command("createsuperuser", interactive=True, stdin=Terminal(), stdout=StringIO(), stderr=errors)

    first, second = errors.getvalue().splitlines()
    assert first
    assert second
    assert first != second
    assert User.objects.get(phone=PHONE).is_superuser
    assert User.objects.count() == 2


@pytest.mark.parametrize("phone", ["05512", "", "+966551234568", "0551234568"])
def test_without_questions_a_bad_or_taken_phone_ends_with_a_message(phone):
    UserFactory(phone="+966551234568")

    with pytest.raises(CommandError):
        call_command("createsuperuser", phone=phone, interactive=False, stdout=StringIO())

    assert User.objects.count() == 1


@pytest.mark.parametrize("phone", SPELLINGS)
def test_signing_in_with_a_password_takes_any_spelling(phone):
    user = UserFactory(phone=PHONE, password="correct horse battery")

    assert authenticate(username=phone, password="correct horse battery") == user


@pytest.mark.parametrize("name", ["admin", "", "' OR 1=1", "05512", "٤", "+", "x" * 10_000])
def test_signing_in_as_nobody_is_refused_and_nothing_breaks(client, name):
    UserFactory(phone=PHONE, password="correct horse battery")

    assert authenticate(username=name, password="correct horse battery") is None
    response = client.post("/admin/login/", {"username": name, "password": "correct horse battery"})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session
