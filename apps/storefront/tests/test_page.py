"""The one page that customers get, and what it brings along."""

import gzip
import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse

from apps.storefront.urls import PLACES

VISIT = str(uuid4())
GIVEN = {"slug": "reem", "service": VISIT, "booking": VISIT}
BUILT = Path(__file__).parents[1] / "static/storefront"
WORDS = Path(__file__).parents[1] / "frontend/src/i18n"
PLURAL_FORM = re.compile(r"_(zero|one|two|few|many|other)$")
PLACEHOLDER = re.compile(r"{{[^}]*}}|</?\w+>")

pytestmark = pytest.mark.django_db


def address(name):
    wanted = re.findall(r"<\w+:(\w+)>", PLACES[name])
    return reverse(f"storefront-{name}", kwargs={key: GIVEN[key] for key in wanted})


@pytest.mark.parametrize("name", PLACES)
def test_every_place_can_be_opened_anew(client, name):
    answer = client.get(address(name))

    assert answer.status_code == 200
    assert '<div id="app"></div>' in answer.content.decode()


def test_the_gateway_sends_a_customer_back_to_the_booking(client):
    place = reverse("payment-return", args=[VISIT])

    assert place == f"/bookings/{VISIT}/payment/"
    assert client.get(place, {"status": "paid", "message": "<script>"}).status_code == 200


@pytest.mark.parametrize(
    "place", ["/salon/", "/salons/", "/bookings/7/", "/bookings/x/payment/", "/profile", "/salons/a/b/"]
)
def test_what_is_no_place_is_not_found(client, place):
    assert client.get(place).status_code in {301, 404}
    assert client.get(place, follow=True).status_code == (200 if place == "/profile" else 404)


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_the_page_brings_the_words_of_every_language_along(client, language):
    client.cookies["django_language"] = language

    chunk = json.loads((BUILT / "manifest.json").read_text())[f"src/i18n/{language}.ts"]
    assert f'href="/static/storefront/{chunk["file"]}"' in client.get("/").content.decode()


def placeholders(language):
    """`{"confirm.cancel_until": {"{{day}}", "<moment>", …}}`; the plural forms of a text together."""
    found = {}

    def read(name, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                read(f"{name}.{key}", inner)
        else:
            found.setdefault(PLURAL_FORM.sub("", name), set()).update(PLACEHOLDER.findall(value))

    for file in (WORDS / language).glob("*.json"):
        read(file.stem, json.loads(file.read_text()))
    return found


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_the_words_of_every_language_are_the_same_with_the_same_placeholders(language):
    english = placeholders("en")

    assert {"{{day}}", "{{time}}", "<moment>", "</moment>"} == english["confirm.confirm.cancel_until"]
    assert placeholders(language) == english


@pytest.mark.parametrize(
    ("cookie", "opening"), [("", '<html lang="ar" dir="rtl">'), ("en", '<html lang="en" dir="ltr">')]
)
def test_the_page_comes_in_the_readers_language_and_direction(client, cookie, opening):
    client.cookies["django_language"] = cookie

    answer = client.get("/")

    assert opening in answer.content.decode()
    assert answer.content.startswith(b"<!doctype html>")


def test_the_page_runs_no_inline_script_and_no_inline_style(client):
    answer = client.get("/")
    policy = dict(part.split(maxsplit=1) for part in answer.headers["Content-Security-Policy"].split("; "))

    assert (policy["script-src"], policy["style-src"], policy["connect-src"]) == ("'self'",) * 3
    assert re.findall(r"<style|style=|<script(?![^>]* src=)|\son\w+=", answer.content.decode()) == []


def test_the_page_takes_nothing_from_elsewhere_and_what_it_names_is_there(client):
    named = re.findall(r'(?:src|href)="([^"]+)"', client.get("/").content.decode())

    assert len(named) >= 4
    assert [place for place in named if not place.startswith("/static/storefront/")] == []
    assert [place for place in named if finders.find(place.removeprefix("/static/")) is None] == []


def test_every_built_file_is_named_in_the_manifest_and_holds_no_foreign_address():
    manifest = json.loads((BUILT / "manifest.json").read_text())
    files = {chunk["file"] for chunk in manifest.values()} | {
        css for c in manifest.values() for css in c.get("css", [])
    }
    texts = {path.relative_to(BUILT).as_posix(): path.read_text() for path in (BUILT / "assets").iterdir()}

    assert set(texts) == files
    # Names of XML, and pages that a warning points to: nobody asks for them.
    known = {"http://www.w3.org", "https://react.dev", "https://react.i18next.com"}
    assert {place for text in texts.values() for place in re.findall(r"https?://[\w.-]+\.\w+", text)} <= known


def weight(*, of):
    """KiB that a first visit loads of the files that end with `of`, as gzip sends them."""
    chunks = json.loads((BUILT / "manifest.json").read_text())
    wanted, files = ["src/main.tsx", "src/i18n/ar.ts"], set()
    while wanted:
        chunk = chunks[wanted.pop()]
        files |= {chunk["file"], *chunk.get("css", [])}
        wanted += chunk.get("imports", [])
    return sum(len(gzip.compress((BUILT / file).read_bytes(), mtime=0)) for file in files if file.endswith(of)) / 1024


def test_a_first_visit_is_light():
    assert 50 < weight(of=".js") <= 120
    assert 1 < weight(of=".css") <= 20


def test_what_a_browser_fetches_is_compressed(client):
    headers = {"accept-encoding": "gzip"}
    texts = client.get("/static/storefront/manifest.json", headers=headers)
    salons = client.get("/api/v1/salons/", headers=headers)

    assert texts.headers["Content-Encoding"] == "gzip"
    # Too short to be worth it.
    assert (salons.status_code, "Content-Encoding" in salons.headers) == (200, False)


def test_nobody_writes_to_the_page(client):
    assert client.post("/", {}).status_code == 405
