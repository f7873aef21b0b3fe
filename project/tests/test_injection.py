"""What people type stays data: in a log line, a header, a redirect, a message's text, and in whom our server calls."""

import io
import logging
import os
from itertools import product
from logging.config import dictConfig
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.test import Client
from django.urls import reverse

from apps.accounts.tests.factories import OwnerFactory
from apps.common.text import clean_text
from apps.notifications.models import Kind
from apps.notifications.rendering import cleaned, render, validate_text
from apps.salons.models import Customer, Salon, Service
from project.env import LogFormat
from project.settings.logging import logging_settings
from project.tests.two_salons import every_row
from project.tests.walls.calls import call
from project.tests.walls.client import Caller
from project.tests.walls.people import token_of

# --- Logs: row 116 ---

LINES = [
    *("a\nERROR forged", "a\r\nERROR forged", "a\rERROR forged", "a\x0bERROR forged", "a\x0cERROR forged"),
    *("a\x1b[31mred", "a\x9b31mred", "a\x00b", "a\x08\x08b", "a\x85ERROR forged"),
    *(
        "a\u2028ERROR forged",
        "a\u2029ERROR forged",
        "\u202eforged",
        "\u2066forged\u2069",
        "\u200fforged",
        "\u061cforged",
    ),
]
ORDER = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.fixture(params=LogFormat)
def log(request, monkeypatch):
    """What the process writes, with the handlers of an installation."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    dictConfig(logging_settings(request.param))
    yield written
    dictConfig(settings.LOGGING)


def written_lines(log):
    text = log.getvalue()
    assert not set(text) & ORDER
    assert not [sign for sign in text if (sign < " " or "\x7f" <= sign <= "\x9f") and sign != "\n"]
    return text.splitlines()


@pytest.mark.parametrize("said", LINES)
def test_whatever_is_logged_is_one_line_in_the_order_it_was_written(log, said):
    logging.getLogger("apps.salons").warning("file %s of %s", said, "Sara")

    (line,) = written_lines(log)
    assert "Sara" in line


@pytest.mark.django_db
@pytest.mark.parametrize("said", [said for said in LINES if said.isascii() and "\x00" not in said])
def test_a_path_an_agent_and_a_name_of_a_file_are_one_line_each(log, said):
    Client(headers={"user-agent": said}).get(f"/nowhere/{said}", {"q": said}, headers={"referer": said})

    # Django's of the refusal, and the request's own.
    assert len(written_lines(log)) == 2


def test_control_a_formatter_without_the_filter_writes_two_lines():
    written = io.StringIO()
    bare = logging.Logger("bare")  # noqa: LOG001 - one that no handler of ours hears
    bare.addHandler(logging.StreamHandler(written))
    bare.warning("file %s", "a\nERROR forged")

    assert len(written.getvalue().splitlines()) == 2


# --- Redirects: row 107 ---

ELSEWHERE = [
    *(
        f"{start}evil.example"
        for start in ("//", "///", "////", "\\\\", "/\\", "\\/", "/\t/", "/\n/", "http:///", "http:\\\\")
    ),
    *(
        f"{scheme}evil.example/"
        for scheme in ("http://", "https://", "HTTPS://", "ftp://", "file://", "ws://", "gopher://")
    ),
    *(
        f"{scheme}alert(1)"
        for scheme in ("javascript:", "JavaScript:", "java\tscript:", "vbscript:", "data:text/html,")
    ),
    *(
        f"https://testserver{end}"
        for end in ("@evil.example", ".evil.example", ":@evil.example", "%00.evil.example", "%2eevil.example")
    ),
    *(f"//testserver{end}" for end in ("@evil.example/", ".evil.example", "\\@evil.example", "#@evil.example/x")),
    *(" //evil.example", "\x00//evil.example", "\u2028//evil.example", "//evil%E3%80%82example", "//evil。example"),
    *("https:evil.example", "https:/evil.example", "https:\\evil.example", "//[::1]/", "//0x7f.1/", "//127.0.0.1:9/"),
]


def leads_away(answer):
    """Whether a browser would leave this host at the answer: to it, a backslash is a slash and any two begin a host."""
    to = "".join(sign for sign in answer.headers.get("Location", "/") if sign > " ").replace("\\", "/")
    if to.startswith("//"):
        to = f"http://{to.lstrip('/')}"
    parts = urlsplit(to)
    is_ours = parts.hostname == "testserver" if parts.netloc else to.startswith("/")
    return not is_ours or parts.scheme not in {"", "http", "https"}


def test_there_are_at_least_forty_ways_elsewhere():
    assert len(set(ELSEWHERE)) == len(ELSEWHERE) >= 40


@pytest.mark.django_db
def test_no_next_page_leads_to_another_host():
    owner = OwnerFactory(password="a long password of people")
    inside, found = Caller(), []
    inside.force_login(owner)
    for url in ELSEWHERE:
        tries = {
            "language": inside.post(reverse("set_language"), {"language": "en", "next": url}),
            "language by referer": inside.post(
                reverse("set_language"), {"language": "en"}, headers={"referer": quoted(url)}
            ),
            "signing in": inside.post(f"{reverse('admin:login')}", {"next": url}),
            "signed in": inside.get(reverse("admin:login"), {"next": url}),
            "proving": inside.get(reverse("admin:prove"), {"next": url}),
            "password": inside.get(reverse("admin:password_change"), {"next": url}),
        }
        signing_in = Caller()
        form = {"username": owner.phone, "password": "a long password of people", "next": url}
        tries["a fresh sign-in"] = signing_in.post(reverse("admin:login"), form)
        found += [(name, url) for name, answer in tries.items() if leads_away(answer) or answer.status_code >= 500]

    assert found == []


def quoted(url):
    """As a header can carry it."""
    return url.encode("ascii", "ignore").decode().replace("\n", "").replace("\x00", "")


def test_control_a_way_elsewhere_is_noticed():
    assert leads_away(HttpResponseRedirect("//evil.example"))
    assert leads_away(HttpResponseRedirect("https:evil.example"))
    assert not leads_away(HttpResponseRedirect("/admin/"))


# --- Texts of messages: row 100 ---

EXPRESSIONS = ["customer.__class__", "customer.__init__.__globals__", "settings.SECRET_KEY", "os.environ", "environ"]
EXPRESSIONS += [
    "config",
    "self",
    "request",
    "7*7",
    "customer.password",
    "customer.user.password",
    "''.__class__.__mro__",
]
EXPRESSIONS += [
    "CANARY",
    "env.CANARY",
    "os.environ[CANARY]",
    "include 'x'",
    "load static",
    "debug",
    "0",
    "__import__('os')",
]
WRAPPERS = [
    "{%s}",
    "{{%s}}",
    "{{ %s }}",
    "${%s}",
    "{%% %s %%}",
    "#{%s}",
    "<%%= %s %%>",
    "{customer!r:%s}",
    "%%(%s)s",
    "{customer[%s]}",
]
TEMPLATES = [wrapper % expression for wrapper, expression in product(WRAPPERS, EXPRESSIONS)]


@pytest.fixture
def canary(monkeypatch, settings):
    monkeypatch.setenv("CANARY", "canary-of-the-environment")
    settings.SECRET_KEY = "canary-of-the-settings"


def test_no_text_of_a_message_evaluates_anything(canary):
    assert len(set(TEMPLATES)) == 200
    for text in TEMPLATES:
        said = render(text, {"customer": "Sara"})
        assert not any(part in said for part in ("canary", "<class", "49", "__globals__':", "0x")), text
        # What reads like a placeholder and is none cannot be stored in the first place.
        if text.startswith(("{", "$")):
            with pytest.raises(ValidationError):
                validate_text(text, Kind.BOOKING_CONFIRMED)


def test_control_formatting_as_python_does_would_tell_the_environment(canary):
    assert "canary-of-the-environment" in f"{os.environ['CANARY']}"


# --- Headers: row 64 ---

BROKEN_NAMES = [f"Sara{end}Set-Cookie: a=b" for end in ("\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x00")]


@pytest.mark.parametrize("name", BROKEN_NAMES)
def test_a_name_is_one_line_wherever_it_goes(name):
    assert len(clean_text(name).splitlines()) == 1
    assert len(cleaned(name).splitlines()) == 1


@pytest.mark.django_db
def test_no_name_makes_a_header_of_a_file():
    rows = every_row()
    inside = Caller()
    inside.force_login(OwnerFactory())
    outside = Caller(headers={"Authorization": token_of(rows[Customer].user)})
    export = reverse("admin:salons_service_export")
    for name in BROKEN_NAMES:
        said = name.replace("\x00", "")
        Salon.objects.filter(pk=rows[Salon].pk).update(name_en=said, name_ar=said)
        Service.objects.filter(pk=rows[Service].pk).update(name_en=said, name_ar=said)
        answers = [
            inside.post(export, {"format": "0", "resource": "0"}),
            call(rows, "booking-calendar", "GET").send(outside),
            call(rows, "me-export", "GET").send(outside),
        ]
        for answer in answers:
            assert answer.status_code == 200
            assert "attachment" in answer.headers["Content-Disposition"]
            assert not [value for value in answer.headers.values() if len(value.splitlines()) > 1 or "a=b" in value]
