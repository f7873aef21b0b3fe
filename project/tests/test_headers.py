"""The headers that browsers obey stand on every answer: of each address, of each kind, in production too."""

import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import resolve

from apps.accounts.tests.factories import OwnerFactory
from project.tests.walls.client import Caller
from project.tests.walls.inventory import addresses, admin_addresses

# A value for each kind of placeholder; what it names does not exist.
VALUES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "slug": "none", "path": "1", "str": "none"}
PICTURE = "0123456789abcdef" * 2
EVERYWHERE = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), "
    "serial=(), usb=()",
}


def example(route):
    """An address that `route` of the URL configuration matches."""
    if route.startswith("^media/"):
        return f"/media/{PICTURE}.webp"
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: VALUES[found[1] or "str"], route)


def missing(response):
    """What the answer lacks, as `{header: what stands there}`."""
    wrong = {
        name: response.headers.get(name) for name, value in EVERYWHERE.items() if response.headers.get(name) != value
    }
    policy = response.headers.get("Content-Security-Policy", "")
    if "default-src 'self'" not in policy and "default-src 'none'" not in policy:
        wrong["Content-Security-Policy"] = policy
    if "Cache-Control" not in response.headers:
        wrong["Cache-Control"] = None
    return wrong


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST", "TRACE"])
def test_every_address_answers_with_every_header(method):
    client = Caller()
    lacking, kinds = {}, set()

    for address in addresses():
        path = example(address.route)
        resolve(path)
        response = client.generic(method, path)
        kinds.add(response.status_code)
        if found := missing(response):
            lacking[path] = found

    assert lacking == {}
    assert kinds >= {"GET": {200, 302, 401, 404, 405}, "POST": {302, 401, 405}, "TRACE": {302, 405}}[method]


@pytest.mark.django_db
def test_every_list_of_the_back_office_answers_with_every_header_and_is_kept_by_nobody(client):
    client.force_login(OwnerFactory())

    answers = [
        client.get(example(address.route)) for address in admin_addresses() if address.name.endswith("_changelist")
    ]

    assert {response.status_code for response in answers} == {200}
    assert [missing(response) for response in answers] == [{}] * len(answers)
    assert all("no-store" in response.headers["Cache-Control"] for response in answers)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "address", "headers", "status"),
    [
        ("GET", "/admin/login/", {"host": "evil.example"}, 400),
        ("POST", "/admin/login/", {}, 403),
        ("GET", "/nowhere/", {}, 404),
        ("GET", "/api/v1/nowhere/", {}, 404),
        ("POST", "/healthz", {}, 403),
        ("PUT", "/api/v1/salons/", {}, 405),
        ("GET", "/api/v1/me/", {}, 401),
        ("POST", "/api/v1/auth/otp/request/", {"content-length": str(10**9)}, 413),
    ],
)
def test_every_kind_of_refusal_carries_the_headers_and_is_kept_by_nobody(method, address, headers, status):
    client = Client(enforce_csrf_checks=True)

    response = client.generic(method, address, b"{}", content_type="application/json", headers=headers)

    assert response.status_code == status
    assert missing(response) == {}
    assert "no-store" in response.headers["Cache-Control"]


def crash(request):
    raise RuntimeError


@pytest.mark.django_db
def test_a_crash_carries_the_headers(monkeypatch):
    monkeypatch.setattr("project.health.JsonResponse", crash)

    response = Caller().get("/healthz")

    assert response.status_code == 500
    assert missing(response) == {}


def test_a_static_file_carries_the_headers_and_is_for_our_own_pages(client):
    response = client.get("/static/project/css/admin.css")

    assert response.status_code == 200
    assert missing(response) == {}
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_picture_carries_the_headers_and_a_policy_of_its_own(client):
    default_storage.delete(f"{PICTURE}.webp")
    default_storage.save(f"{PICTURE}.webp", ContentFile(b"RIFF"))

    response = client.get(f"/media/{PICTURE}.webp")

    assert response.status_code == 200
    assert missing(response) == {}
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("host", ["testserver", "evil.example"])
def test_the_way_to_https_and_a_forged_host_over_http_carry_the_headers(settings, client, host):
    settings.SECURE_SSL_REDIRECT = True

    response = client.get("/admin/", headers={"host": host})

    assert response.status_code == (301 if host == "testserver" else 400)
    assert missing(response) == {}


def test_browsers_are_told_to_come_by_https_only_where_they_did(settings, client):
    settings.SECURE_HSTS_SECONDS = 31536000

    assert client.get("/healthz", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/healthz").headers


@pytest.mark.django_db
def test_what_shows_a_person_is_kept_by_nobody_and_what_is_public_is_asked_for_anew(client):
    assert client.get("/api/v1/bookings/").headers["Cache-Control"] == "no-store"
    assert client.get("/api/v1/salons/").headers["Cache-Control"] == "public, no-cache"
    assert client.get("/").headers["Cache-Control"] == "no-cache"


def test_control_without_our_middleware_headers_are_missing(settings, client):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "project.middleware.HeadersMiddleware"]
    settings.SECURE_SSL_REDIRECT = True

    response = client.get("/admin/", headers={"host": "evil.example"})

    assert missing(response).keys() == {
        *("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"),
        *("Permissions-Policy", "Cache-Control"),
    }
