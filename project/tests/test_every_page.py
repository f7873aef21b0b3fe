"""What holds on every page of the back office: no English word on an Arabic one, and no script of the page's own."""

import re

import pytest

from apps.accounts.tests.factories import OwnerFactory
from project.tests.pages import APPS, OUTSIDE, admin_pages, opened, read, write_arabic
from project.tests.two_salons import every_row

pytestmark = pytest.mark.django_db

# Placeholders of messages, words with digits (colours, ids, moments) and references, which may have none, are no words.
NO_WORD = re.compile(r"\{\w*\}|\S*\d\S*|\b[\w.-]+@[\w.-]+|\b[A-Z]{3}-?[A-Z]{3}-?[A-Z]{3}\b")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
# Names, formats and codes that an Arabic reader writes in Latin letters too.
LATIN_BY_NATURE = {
    *("Authentica", "Moyasar", "Twilio", "Unifonic"),
    *("CSV", "PDF", "XLSX", "xlsx", "UTF", "QR", "UUID", "SMS", "JPEG", "PNG", "WebP"),
    *("HarfBuzz", "Pango", "weasyprint"),
    *("Authenticator", "Google", "Microsoft"),
    *("Asia", "Riyadh", "POST", "REEM", "AD", "SAR"),
    # The key that closes the palette, as it is printed on keyboards.
    "esc",
}
# An invoice is Arabic with English beside it; its seller is what the factory wrote into a row that never changes.
BILINGUAL = ("/print/",)
FINAL_ROWS = {"Salon"}


@pytest.fixture(autouse=True)
def nobody_is_called(settings):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"


def latin_words(text):
    words = set(LATIN_WORD.findall(NO_WORD.sub("", text)))
    return sorted(words - LATIN_BY_NATURE - FINAL_ROWS)


def faults(address, html):
    """What an Arabic reader, or our content security policy, would stumble over."""
    seen = read(html)
    found = [f"{address}: {text}" for text in seen.texts if latin_words(text) and not address.endswith(BILINGUAL)]
    return found + [f"{address}: {script}" for script in [*seen.scripts, *seen.handlers]]


@pytest.mark.parametrize("app", APPS)
def test_every_page_is_arabic_and_carries_no_script_of_its_own(client, app):
    rows = every_row()
    write_arabic()
    client.force_login(OwnerFactory(name="المالك"))
    client.cookies["django_language"] = "ar"
    pages = {address: html for address in admin_pages(rows, app) if (html := opened(client, address)) is not None}

    assert len(pages) > 3
    assert [fault for address, html in pages.items() for fault in faults(address, html)] == []


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_page_outside_the_back_office_is_arabic_and_carries_no_script_of_its_own(client, address):
    html = client.get(address).content.decode()

    assert 'lang="ar" dir="rtl"' in html
    assert faults(address, html) == []


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_an_error_page_is_arabic_and_carries_no_script_of_its_own(rf, status):
    from project.error_pages import error_response

    assert faults(status, error_response(rf.get("/"), status).content.decode()) == []


def test_scripts_come_from_our_own_files_only(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    # Alpine, which Unfold is built on, evaluates expressions that stand in attributes.
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["default-src"] == "'self'"
    assert directives["object-src"] == "'none'"


def test_control_an_english_word_a_script_and_a_handler_are_named():
    page = """<p>حفظ Save</p><bdi dir="ltr">Code</bdi><input placeholder="Search"><script>x()</script>
        <script src="/a.js"></script><script type="application/json">{}</script><a onclick="x()">رابط</a>"""

    assert faults("/", page) == ["/: حفظ Save", "/: Search", "/: <script>", "/: <a onclick>"]
