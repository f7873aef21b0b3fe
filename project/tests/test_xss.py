"""Whatever a text holds, a page shows it as text: no element, handler, address or expression comes out of it.

Every free text of every row, histories included, holds as many payloads as fit; each page is parsed as a browser would.
The long form (`THOROUGH=1`) goes round until every payload has stood in every field.
"""

from html.parser import HTMLParser
from urllib.parse import quote, unquote

import pytest
from django.template import Context, Template
from django.urls import reverse

from apps.accounts.tests.factories import OwnerFactory
from apps.bookings.models import Booking
from apps.common.testing.thorough import THOROUGH
from apps.salons.models import Customer, Salon
from project.tests.pages import APPS, VOID, admin_pages, write_texts
from project.tests.two_salons import every_row
from project.tests.walls.calls import call, open_the_salon
from project.tests.walls.client import Caller
from project.tests.walls.inventory import OPERATIONS
from project.tests.walls.people import token_of

pytestmark = pytest.mark.django_db
CALLED = "xq9()"
# No page of ours has one.
FOREIGN = {"iframe", "object", "embed", "applet", "base", "math", "marquee", "frameset", "portal", "xq9", "audio"}
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcdoc", "background", "srcset"}
SCHEMES = ("javascript:", "vbscript:", "data:text")
# What Alpine and htmx, on which Unfold is built, run as code.
EVALUATED = ("x-", "@", ":", "hx-on", "hx-vals")

SCRIPT_TAILS = ("/x", " x", "\t", "\n", " type=module", " type='text/javascript'")
ENDS = ("'>", '">', "-->", "</title>", "</textarea>", "</style>", "</script>", "]]>", "</option></select>")
ENDS += ("</template>", "</noscript>", "*/", "`>")
LINKS = (
    "javascript:",
    "JaVaScRiPt:",
    "java\tscript:",
    "&#106;avascript:",
    "vbscript:",
    " javascript:",
    "data:text/html,",
)
PAYLOADS = [
    *(f"<{name}>{CALLED}</{name}>" for name in ("script", "SCRIPT", "xq9", "math", "marquee")),
    *(f"<script{tail}>{CALLED}</script>" for tail in SCRIPT_TAILS),
    *(f"{end}<script>{CALLED}</script>" for end in ENDS),
    *(f"<img src=x {name}={CALLED}>" for name in ("onerror", "onload", "ONERROR", "onmouseover", "onpointerenter")),
    *(f"<svg {name}={CALLED}>" for name in ("onload", "onbegin", "onclick")),
    *(f"<{tag} autofocus onfocus={CALLED}>" for tag in ("input", "select", "textarea", "button", "a tabindex=0")),
    *(f"{quoted} autofocus onfocus={CALLED} x={quoted}" for quoted in ('"', "'")),
    f"<details open ontoggle={CALLED}>",
    f"<body onload={CALLED}>",
    f"<video><source onerror={CALLED}>",
    f"<audio src onerror={CALLED}>",
    f"<img/src='x'/onerror={CALLED}>",
    f"<img src=x onerror\n=\n{CALLED}>",
    f"<svg><animate onbegin={CALLED} attributeName=x>",
    *(f'<a href="{scheme}{CALLED}">x</a>' for scheme in LINKS),
    f'<form action="javascript:{CALLED}"><button>x</button></form>',
    f'<iframe src="javascript:{CALLED}">',
    f'<iframe srcdoc="<script>{CALLED}</script>">',
    f'<object data="javascript:{CALLED}">',
    f'<embed src="javascript:{CALLED}">',
    '<base href="//evil.example/">',
    f'<meta http-equiv="refresh" content="0;url=javascript:{CALLED}">',
    f'<div x-data x-init="{CALLED}">',
    f'<div x-data @click="{CALLED}">',
    f'<div x-data :title="{CALLED}">',
    f'<div hx-on:load="{CALLED}">',
]


class Dom(HTMLParser):
    """`faults` are the places of a page where something of a payload would run."""

    def __init__(self):
        super().__init__()
        self.faults = []
        self._open = []

    def handle_starttag(self, tag, attributes):
        said = {name: value or "" for name, value in attributes}
        if tag in FOREIGN:
            self.faults.append(f"<{tag}>")
        if tag == "script" and "src" not in said and "json" not in said.get("type", ""):
            self.faults.append("a script in the page")
        if tag == "meta" and said.get("http-equiv", "").lower() == "refresh":
            self.faults.append("a page that leaves by itself")
        for name, value in said.items():
            address = "".join(sign for sign in value if sign > " ").lower()
            if name.startswith("on"):
                self.faults.append(f"<{tag} {name}>")
            if name in ADDRESSES and address.startswith(SCHEMES):
                self.faults.append(f"<{tag} {name}={value[:40]}>")
            if name.startswith(EVALUATED) and "xq9" in unquote(value):
                self.faults.append(f"<{tag} {name}> is run")
        if tag not in VOID:
            self._open.append(tag)

    handle_startendtag = handle_starttag


def faults(html):
    dom = Dom()
    dom.feed(html)
    dom.close()
    return dom.faults


def infected(turn):
    """`text(number, field)`: payloads from the `turn`th on, each field beginning elsewhere, as many as fit."""

    def text(number, field):
        begin = (turn + number + len(field.name)) % len(PAYLOADS)
        chosen = [*PAYLOADS[begin:], *PAYLOADS[:begin]]
        fitting, left = [], field.max_length or 10_000
        for payload in chosen:
            if len(payload) <= left:
                fitting.append(payload)
                left -= len(payload)
        return "".join(fitting)

    return text


@pytest.fixture(autouse=True)
def nobody_is_called(settings):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def owner():
    client = Caller()
    client.force_login(OwnerFactory())
    return client


def answered(client, address):
    """What runs on the page at `address`, which is text, a file or HTML, and never guessed to be what it is not."""
    answer = client.get(address)
    assert answer.status_code < 500, address
    assert answer.headers["X-Content-Type-Options"] == "nosniff", address
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    return [f"{address}: {fault}" for fault in faults(answer.content.decode())]


def test_there_are_sixty_four_different_payloads():
    assert len(set(PAYLOADS)) == len(PAYLOADS) == 64


@pytest.mark.parametrize("payload", PAYLOADS)
def test_control_each_payload_would_run_where_a_page_does_not_escape(payload):
    page = "<title>x</title><p>{{ text|safe }}</p><input value='{{ text|safe }}'><input value=\"{{ text|safe }}\">"

    assert faults(Template(page).render(Context({"text": payload}))) != []
    assert faults(Template(page.replace("|safe", "")).render(Context({"text": payload}))) == []


def test_control_what_alpine_would_run_is_found():
    assert faults("""<p x-data="{name: 'xq9()'}">""") == ["<p x-data> is run"]
    assert faults("""<p x-data="{name: 'Sara'}" title="xq9()">""") == []


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("turn", range(0, len(PAYLOADS), 1 if THOROUGH else len(PAYLOADS)))
def test_no_page_of_the_back_office_runs_what_a_text_holds(owner, app, turn):
    rows = every_row()
    fields = write_texts(infected(turn))
    pages = list(admin_pages(rows, app))

    assert fields >= 150
    assert len(pages) > 3
    assert [fault for address in pages for fault in answered(owner, address)] == []


def test_no_address_is_shown_as_a_part_of_the_page(owner):
    nobody = Caller()
    found = []
    for payload in PAYLOADS if THOROUGH else PAYLOADS[::4]:
        said = quote(payload, safe="")
        found += answered(nobody, f"/admin/login/?next={said}")
        found += answered(nobody, f"/nowhere/{said}")
        found += answered(owner, f"/admin/bookings/booking/?q={said}")
        found += answered(owner, f"/admin/bookings/booking/{said}/change/")
        found += answered(owner, f"{reverse('admin:search')}?s={said}")
        found += answered(owner, f"/admin/salons/service/add/?name_en={said}")

    assert found == []


def test_no_answer_of_the_api_can_be_taken_for_a_page():
    rows = every_row()
    open_the_salon(rows)
    write_texts(infected(0))
    client = Caller(headers={"Authorization": token_of(rows[Customer].user)})
    kinds = set()
    for name, allowed in OPERATIONS.items():
        if "GET" in allowed:
            answer = call(rows, name, "GET").send(client)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", name
            kinds.add(answer.headers["Content-Type"].partition(";")[0])

    assert kinds == {"application/json", "text/calendar"}
    assert CALLED in call(rows, "booking-detail", "GET").send(client).content.decode()
    assert rows[Booking].salon == rows[Salon]
