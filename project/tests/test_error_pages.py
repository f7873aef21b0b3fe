import pytest
import requests
from django.core.exceptions import FieldError, ImproperlyConfigured, MultipleObjectsReturned
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from django.template import TemplateSyntaxError
from django.test import Client, RequestFactory
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny

from project import error_pages, urls

SECRET = "secret detail of the failure"
# What breaks inside of us, with what it would tell; a row that is missing or a right that lacks is no crash.
FAILURES = {
    kind: kind(f"SELECT {SECRET}")
    for kind in (
        *(RuntimeError, ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError, MemoryError),
        *(OSError, TimeoutError, ConnectionError, LookupError, ArithmeticError, ImportError, NotImplementedError),
        *(DatabaseError, OperationalError, IntegrityError, DataError, ProgrammingError, InterfaceError),
        *(FieldError, ImproperlyConfigured, MultipleObjectsReturned, TemplateSyntaxError, requests.RequestException),
    )
}
failure = FAILURES[RuntimeError]


def crash(request):
    raise failure


@api_view(["GET"])
@permission_classes([AllowAny])
def crash_of_an_operation(request):
    raise failure


urlpatterns = [
    path("crash", crash),
    path("api/v1/crash", crash),
    path("api/v1/operation", crash_of_an_operation),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.mark.django_db
def test_an_unknown_page_is_arabic_and_right_to_left(client):
    response = client.get("/nowhere/", headers={"accept-language": "en"})

    page = response.content.decode()
    assert response.status_code == 404
    assert '<html lang="ar" dir="rtl">' in page
    assert response.headers["Content-Language"] == "ar"


@pytest.mark.django_db
def test_an_unknown_page_follows_the_language_cookie(client):
    client.cookies["django_language"] = "en"

    page = client.get("/nowhere/").content.decode()

    assert '<html lang="en" dir="ltr">' in page
    assert "Page not found" in page


@pytest.mark.parametrize("language", ["ar", "en"])
def test_an_unknown_api_address_keeps_the_error_shape(client, language):
    response = client.get("/api/v1/nowhere/", headers={"accept-language": language})

    assert response.status_code == 404
    assert response.json()["type"] == "client_error"
    (error,) = response.json()["errors"]
    assert (error["code"], error["attr"]) == ("not_found", None)
    assert (error["detail"] == "Not found.") is (language == "en")


@pytest.mark.urls(__name__)
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/crash", "/api/v1/crash", "/api/v1/operation"])
@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
def test_a_crash_shows_no_detail(monkeypatch, kind, address):
    monkeypatch.setattr(f"{__name__}.failure", FAILURES[kind])

    response = Client(raise_request_exception=False).get(address)

    page = response.content.decode()
    assert response.status_code == (503 if kind is OperationalError else 500)
    assert not [word for word in (SECRET, "Traceback", "SELECT", kind.__name__, __name__) if word in page]


@pytest.mark.urls(__name__)
def test_control_the_crash_reaches_the_handler_with_its_detail(client):
    with pytest.raises(RuntimeError, match=SECRET):
        client.get("/crash")


@pytest.mark.urls(__name__)
def test_a_crash_of_the_api_keeps_the_error_shape():
    client = Client(raise_request_exception=False)

    response = client.get("/api/v1/crash", headers={"accept-language": "en"})

    assert response.json() == {
        "type": "server_error",
        "errors": [
            {
                "code": "error",
                "detail": "Something went wrong on our side. Please try again.",
                "attr": None,
            }
        ],
    }


def test_a_forged_host_is_refused_before_the_language_is_chosen(client):
    response = client.get("/admin/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert 'dir="rtl"' in response.content.decode()
    assert "evil.example" not in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_politely():
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": "y"})

    assert response.status_code == 403
    assert 'dir="rtl"' in response.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_error_pages_ask_neither_database_nor_session(status):
    response = error_pages.error_response(RequestFactory().get("/admin/"), status)

    assert response.status_code == status


@pytest.mark.urls(__name__)
@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Number of this request:"), ("ar", "رقم هذا الطلب:")])
def test_an_error_page_shows_the_number_that_the_log_has(language, words):
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language

    response = client.get("/crash")

    number = response.headers["X-Request-ID"]
    assert len(number) == 36
    assert f'{words} <bdi dir="ltr">{number}</bdi>' in response.content.decode()
