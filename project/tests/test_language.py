from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.utils import translation

from apps.accounts.models import User
from apps.accounts.tests.factories import OwnerFactory
from project.middleware import LanguageMiddleware

HOSTILE = ["xx", "../../etc", "a" * 600, "ar\x00", "*", ";q=", "e" * 5000]


class Person:
    def __init__(self, locale=""):
        self.locale = locale


def language_of(path, person=None, cookie=None, accept=None):
    request: Any = RequestFactory().get(path, headers={"accept-language": accept} if accept else {})
    request.user = person or Person()
    if cookie is not None:
        request.COOKIES["django_language"] = cookie
    seen = []

    def view(request):
        from django.http import HttpResponse

        seen.append(translation.get_language())
        return HttpResponse()

    response = LanguageMiddleware(view)(request)
    assert response.headers["Content-Language"] == seen[0]
    return seen[0], response.headers["Vary"]


def test_every_language_of_the_pages_can_be_kept_with_a_person():
    assert User.Locale.values == [code for code, _name in settings.LANGUAGES]


def test_a_page_is_arabic_whatever_the_browser_prefers():
    assert language_of("/admin/", accept="en-US,en;q=0.9") == ("ar", "Cookie")


def test_a_page_follows_the_persons_own_language():
    assert language_of("/admin/", Person("en"))[0] == "en"


def test_the_cookie_wins_over_the_persons_own_language():
    assert language_of("/admin/", Person("en"), cookie="ar")[0] == "ar"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_cookie_is_arabic(value):
    assert language_of("/admin/", cookie=value)[0] == "ar"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "ar"),
        ("en", "en"),
        ("en-GB,ar;q=0.5", "en"),
        ("ar-SA,en;q=0.5", "ar"),
        ("fr,en;q=0.5", "en"),
        ("fr", "ar"),
    ],
)
def test_the_api_follows_accept_language_and_ignores_cookie_and_person(accept, language):
    answered = language_of("/api/v1/salons/", Person("en" if language == "ar" else "ar"), "xx", accept)

    assert answered == (language, "Accept-Language")


@pytest.mark.parametrize("value", [value for value in HOSTILE if value.isprintable()])
def test_the_api_answers_arabic_to_a_hostile_header(value):
    assert language_of("/api/v1/salons/", accept=value)[0] == "ar"


@pytest.mark.django_db
def test_a_chosen_language_is_remembered_with_the_person(client):
    person = OwnerFactory(locale="ar")
    client.force_login(person)

    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/admin/account/"})

    person.refresh_from_db()
    assert (answer.status_code, answer.url) == (302, "/admin/account/")
    assert (person.locale, client.cookies["django_language"].value) == ("en", "en")


@pytest.mark.django_db
@pytest.mark.parametrize("language", [*HOSTILE, "fr", ""])
def test_a_language_that_we_do_not_speak_is_not_remembered(client, language):
    person = OwnerFactory(locale="en")
    client.force_login(person)

    client.post("/i18n/setlang/", {"language": language})

    person.refresh_from_db()
    assert person.locale == "en"
    assert person.history.count() == 1


@pytest.mark.django_db
def test_a_link_changes_no_language(client):
    person = OwnerFactory(locale="ar")
    client.force_login(person)

    answer = client.get("/i18n/setlang/", {"language": "en"})

    person.refresh_from_db()
    assert answer.status_code == 405
    assert (person.locale, "django_language" in client.cookies) == ("ar", False)


@pytest.mark.django_db
def test_somebody_who_still_owes_the_second_step_changes_nothing_of_a_person(client, settings):
    settings.OPERATOR_MFA = "required"
    person = OwnerFactory(locale="ar")
    client.force_login(person)

    client.post("/i18n/setlang/", {"language": "en"})

    person.refresh_from_db()
    assert (person.locale, client.cookies["django_language"].value) == ("ar", "en")


@pytest.mark.django_db
def test_a_stranger_chooses_for_the_browser_only(client):
    client.post("/i18n/setlang/", {"language": "en"})

    assert client.get("/admin/login/").headers["Content-Language"] == "en"


@pytest.mark.django_db
def test_whoever_signs_in_after_somebody_else_has_their_own_language(client):
    client.force_login(OwnerFactory(locale="ar"))
    client.post("/i18n/setlang/", {"language": "en"})
    client.post("/admin/logout/")
    client.force_login(OwnerFactory(locale="ar"))

    assert client.get("/admin/").headers["Content-Language"] == "ar"
