"""Whatever stands in a path, a query, a form, a body or a header of any address: a page or a refusal, never a crash.

Every address meets every value, in its path where it has a parameter, else in its form, else in its query; the other
ways in meet the values in turn, all names of a form or query over all addresses. The long form (`THOROUGH=1`) asks all
of the values, the short one some.
"""

import json
import re
import sys
import traceback
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest
from django.contrib import admin
from django.core.signals import got_request_exception
from django.urls import reverse
from twilio.request_validator import RequestValidator

from apps.accounts.tests.factories import OwnerFactory
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.salons.models import Customer
from project.tests.two_salons import every_row, shown_models
from project.tests.walls import inventory
from project.tests.walls.calls import call, open_the_salon
from project.tests.walls.client import Caller, everything, undone
from project.tests.walls.hostile import ALL, BODIES, LONG, SHORT, THINGS, VALUES
from project.tests.walls.inventory import OPERATIONS
from project.tests.walls.people import token_of

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
PARAMETER = re.compile(r"<\w+:\w+>|<\w+>|\(\[\^/\]\+\)|\(\?P<\w+>[^)]*\)")
# Every sixth value: enough for a way in that is not the main one of its address.
STRIDE = 6
PAIRS = list(zip(VALUES[::2], VALUES[1::2], strict=True))
NAMES_OF_LISTS = ["q", "p", "o", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters", "pk__in"]
NAMES_OF_LISTS += ["id__regex", "created_at__year", "x__y", "page", "action"]


class Crashes(list):
    """What answered 500 or showed a stack trace, with the exception behind it."""

    def __init__(self):
        super().__init__()
        self.raised = []
        self.asked = 0
        got_request_exception.connect(self._note)

    def _note(self, **_signal):
        error = sys.exc_info()[1]
        frame = traceback.extract_tb(error.__traceback__)[-1]
        self.raised.append(f"{error!r:.200} at {frame.filename}:{frame.lineno}")

    def look(self, asked, response):
        self.asked += 1
        content = b"" if response.streaming else response.content
        # The gateway is away in these tests, which is an answer of its own.
        if (response.status_code >= 500 and response.status_code != 503) or b"Traceback (most recent" in content:
            self.append((asked, response.status_code, self.raised[-1:]))


@pytest.fixture
def crashes(settings):
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"
    return Crashes()


@pytest.fixture
def owner():
    client = Caller()
    client.force_login(OwnerFactory())
    return client


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def get(client, crashes, address, query=""):
    asked = f"{address}?{query}" if query else address
    with undone():
        crashes.look(asked, client.get(asked))


def post(client, crashes, address, form):
    with undone():
        crashes.look((address, form), client.generic("POST", address, form, content_type=FORM))


def names_in(client, address) -> list[str]:
    """Names of what the forms of a page ask, one row of each inline among them."""
    content = client.get(address).content.decode()
    names = re.findall(r'name="([^"]+)"', content)
    return sorted({name.replace("__prefix__", "0") for name in names} - {"csrfmiddlewaretoken", "viewport"})


def filled(names, *values, counted=False) -> str:
    """A form of nothing but `values`, in turn; `counted` leaves the counts of inlines believable, so they are read."""
    counts = {"-TOTAL_FORMS": "1", "-INITIAL_FORMS": "0", "-MIN_NUM_FORMS": "0", "-MAX_NUM_FORMS": "9"}
    said = []
    for number, name in enumerate(names):
        count = next((count for end, count in counts.items() if counted and name.endswith(end)), None)
        said.append(f"{name}={count or values[number % len(values)]}")
    return "&".join(said)


def test_there_are_sixty_different_values():
    assert len(set(ALL)) == 60
    assert {name: len(values) for name, values in LONG.items()} == {"sqlite": 60, "postgresql": 32}
    assert {name: len(values) for name, values in SHORT.items()} == {"sqlite": 20, "postgresql": 12}


@pytest.mark.urls("project.tests.test_error_pages")
def test_control_a_crash_is_noticed(crashes):
    get(Caller(), crashes, "/crash")

    ((asked, status, _error),) = crashes
    assert (asked, status) == ("/crash", 500)


def with_parameters() -> Iterator[str]:
    for one in inventory.admin_addresses():
        route = one.route.replace("^", "").replace("$", "")
        if PARAMETER.search(route):
            yield "/" + route


def test_every_path_of_the_admin_meets_every_value(owner, crashes):
    every_row()
    before = everything()
    routes = list(with_parameters())

    for route in routes:
        for value in VALUES:
            get(owner, crashes, PARAMETER.sub(value.replace("\\", r"\\"), route))

    assert [*crashes] == [], [*crashes]
    assert len(routes) >= 130
    assert everything() == before


def test_every_list_meets_every_value(owner, crashes):
    every_row()
    for turn, model in enumerate(shown_models()):
        address = page(model, "changelist")
        parameters = re.findall(r'name="([^"]+)"', owner.get(address).content.decode())
        names = sorted({*NAMES_OF_LISTS, *parameters} - {"csrfmiddlewaretoken", "viewport"})
        # Two at a time, each value under another name in every list.
        for number, (one, other) in enumerate(PAIRS):
            first, second = (names[(turn + 2 * number + step) % len(names)] for step in (0, 1))
            get(owner, crashes, address, f"{first}={one}&{second}={other}")
        for value in VALUES[turn % STRIDE :: STRIDE]:
            post(owner, crashes, address, f"action=delete_selected&_selected_action={value}&index={value}&post=yes")
            post(owner, crashes, address, f"action={value}&_selected_action=1&select_across={value}")

    assert [*crashes] == [], [*crashes]


@pytest.mark.parametrize("part", range(2))
def test_every_form_meets_every_value(owner, crashes, part):
    """Two values at a time, half of them in the form and half in the address that fills it in."""
    rows = every_row()
    for turn, model in enumerate(shown_models()[part::2]):
        model_admin = admin.site.get_model_admin(model)
        if "add" in model_admin.allowed_verbs:
            address = page(model, "add")
            names = names_in(owner, address)
            for number, pair in enumerate(PAIRS):
                if (number + turn) % 2:
                    post(owner, crashes, address, filled(names, *pair, counted=number % 4 < 2))
                else:
                    get(owner, crashes, address, filled(names, *pair))
        if "change" in model_admin.allowed_verbs:
            address = page(model, "change", rows[model].pk)
            names = names_in(owner, address)
            for number, pair in enumerate(PAIRS[turn % STRIDE :: STRIDE]):
                post(owner, crashes, address, filled(names, *pair, counted=number % 2))

    assert [*crashes] == [], [*crashes]


def test_every_dialog_and_file_meets_every_value(owner, crashes):
    rows = every_row()
    for turn, model in enumerate(shown_models()):
        model_admin = admin.site.get_model_admin(model)
        for name, place in inventory.buttons(model_admin).items():
            row = rows[model]
            state = inventory.STATES.get(f"{model._meta.label_lower}.{name}")
            if state:
                type(row)._base_manager.filter(pk=row.pk).update(**state)
            address = page(model, name, *([] if place == "list" else [row.pk]))
            names = [*names_in(owner, address), "reason", "staff"]
            for pair in PAIRS:
                post(owner, crashes, address, filled(names, *pair))
            for pair in PAIRS[::STRIDE]:
                get(owner, crashes, address, filled(names, *pair))
        if isinstance(model_admin, ExportableModelAdmin):
            # All exports are one view and one form.
            for value in VALUES[turn % STRIDE :: STRIDE]:
                form = filled(["format", "resource", "export_items"], value)
                post(owner, crashes, page(model, "export"), form)
        if isinstance(model_admin, ImportableModelAdmin):
            names = names_in(owner, page(model, "import"))
            names += ["import_file_name", "original_file_name", "previewed"]
            # All imports are one view, too.
            for value in VALUES[turn % STRIDE :: STRIDE]:
                for address in (page(model, "import"), page(model, "process_import")):
                    post(owner, crashes, address, filled(names, value))

    assert [*crashes] == [], [*crashes]


def test_the_other_pages_of_the_admin_meet_every_value(owner, crashes):
    person = every_row()[Customer].user
    nobody = Caller()
    forms = {
        reverse("admin:login"): ["username", "password", "next"],
        reverse("admin:password_change"): ["old_password", "new_password1", "new_password2"],
        reverse("admin:auth_user_password_change", args=[person.pk]): ["password1", "password2", "usable_password"],
        reverse("set_language"): ["language", "next"],
        reverse("admin:logout"): ["next"],
    }
    queries = {
        reverse("admin:index"): ["e", "q", "_popup"],
        reverse("admin:jsi18n"): ["language", "domain"],
        reverse("admin:search"): ["s", "page", "extended"],
        reverse("admin:autocomplete"): ["app_label", "model_name", "field_name", "term", "page"],
        reverse("admin:login"): ["next"],
        reverse("admin:app_list", args=["salons"]): ["e", "q"],
    }
    for pair in PAIRS:
        for address, names in forms.items():
            client = nobody if address in {reverse("admin:login"), reverse("admin:logout")} else owner
            post(client, crashes, address, filled(names, *pair))
        for address, names in queries.items():
            client = nobody if address == reverse("admin:login") else owner
            get(client, crashes, address, filled(names, *pair))
    field = "app_label=salons&model_name=staffservice&field_name=staff"
    for value in VALUES:
        for name in ("term", "page"):
            get(owner, crashes, reverse("admin:autocomplete"), f"{field}&{name}={value}")
        get(owner, crashes, reverse("admin:search"), f"s=a&page={value}")

    assert [*crashes] == [], [*crashes]


# --- The API and the addresses beside it ---


@pytest.fixture
def customer():
    rows = every_row()
    open_the_salon(rows)
    return rows, Caller(headers={"Authorization": token_of(rows[Customer].user)})


def test_every_path_and_query_of_the_api_meets_every_value(customer, crashes):
    rows, client = customer
    known = ["service", "staff", "from", "to", "starts_at", "page", "page_size", "status", "city", "audience", "search"]
    for one in inventory.api_addresses():
        for method in OPERATIONS[one.name]:
            sent = call(rows, one.name, method)
            for number, value in enumerate(VALUES):
                if PARAMETER.search(one.route):
                    path = PARAMETER.sub(value.replace("\\", r"\\"), "/" + one.route)
                    with undone():
                        crashes.look(path, client.generic(method, path, b"{}", content_type="application/json"))
                name = known[number % len(known)]
                with undone():
                    address = f"{sent.address}?{name}={value}"
                    crashes.look(address, client.generic(method, address, b"{}", content_type="application/json"))
                if sent.query:
                    spoilt = {**sent.query, list(sent.query)[number % len(sent.query)]: None}
                    query = "&".join(f"{key}={value if text is None else text}" for key, text in spoilt.items())
                    get(client, crashes, sent.address, query)

    assert [*crashes] == [], [*crashes]


def test_every_body_of_the_api_meets_every_value(customer, crashes):
    rows, client = customer
    fields = ["phone", "channel", "challenge_id", "code", "refresh", "name", "locale", "marketing_consent", "rating"]
    fields += ["service", "staff", "starts_at", "note", "guest_name", "quote", "reason", "comment"]
    for one in inventory.api_addresses():
        for method in set(OPERATIONS[one.name]) - {"GET"}:
            sent = call(rows, one.name, method)
            names = list(sent.body) or fields
            for number, thing in enumerate(THINGS):
                one_spoilt = {**sent.body, names[number % len(names)]: thing}
                for body in (one_spoilt, dict.fromkeys(names, thing)):
                    with undone():
                        crashes.look((str(sent), body), sent.send(client, body=body))
            for body in BODIES:
                with undone():
                    crashes.look((str(sent), body[:40]), sent.send(client, body=body))

    assert [*crashes] == [], [*crashes]


def test_machines_with_the_right_secret_send_every_value(customer, crashes, settings):
    _rows, client = customer
    settings.MOYASAR_WEBHOOK_SECRET = settings.UNIFONIC_CALLBACK_SECRET = settings.TWILIO_AUTH_TOKEN = "shared"
    validator = RequestValidator("shared")
    twilio, unifonic = reverse("webhook-twilio"), reverse("webhook-unifonic", args=["shared"])
    for thing in THINGS:
        for body in ({"id": thing}, {"type": thing}, {"data": thing}, {"data": {"id": thing, "status": thing}}):
            event = {"id": "e1", "type": "payment_paid", "data": {"id": "p1"}, **body, "secret_token": "shared"}
            with undone():
                said = json.dumps(event).encode()
                crashes.look(event, client.generic("POST", reverse("webhook-moyasar"), said, "application/json"))
        with undone():
            said = json.dumps({"MessageId": thing, "Status": thing, "referenceId": thing}).encode()
            crashes.look(("unifonic", thing), client.generic("POST", unifonic, said, "application/json"))
    for value in VALUES:
        for names in (["MessageSid", "MessageStatus"], ["MessageSid", "MessageStatus", "ErrorCode", "SmsSid"]):
            form = filled(names, value)
            with undone():
                crashes.look(("unifonic", form), client.generic("POST", f"{unifonic}?{form}", form, FORM))
            with undone():
                told = client.generic("POST", twilio, form, FORM).wsgi_request.POST
                url = f"{settings.PUBLIC_BASE_URL}{twilio}"
                signature = validator.compute_signature(url, told)
                signed = {"X-Twilio-Signature": signature}
                crashes.look(("twilio", form), client.generic("POST", twilio, form, FORM, headers=signed))

    assert [*crashes] == [], [*crashes]


@pytest.mark.parametrize("name", sorted(inventory.PUBLIC - {"set_language"}))
def test_every_address_beside_admin_and_api_meets_every_value(crashes, name):
    client = Caller()
    (one,) = [one for one in inventory.addresses() if one.name == name and not one.route.startswith("admin/")]
    names = ["id", "status", "format", "lang", "message"]
    for value in VALUES:
        address = PARAMETER.sub(value.replace("\\", r"\\"), "/" + one.route)
        get(client, crashes, address, filled(names, value))
        get(client, crashes, f"{address}{value}x")
        post(client, crashes, address, f"id={value}")

    assert [*crashes] == [], [*crashes]


HEADERS = [
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "HX-Current-URL",
    "Host",
    "Idempotency-Key",
    "If-Modified-Since",
    "Origin",
    "Referer",
    "X-Forwarded-For",
    "X-Twilio-Signature",
]


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_meets_every_value(customer, crashes, name):
    rows, client = customer
    booking = call(rows, "booking-list", "POST")
    body = json.dumps(booking.body).encode()
    for value in VALUES:
        # As a server hands the bytes of a header to Django; it lets no line break through.
        text = unquote_to_bytes(value).decode("latin-1").replace("\r", "").replace("\n", "")
        if name == "Cookie":
            text = f"sessionid={text}; django_language={text}; csrftoken={text}"
        for address in ("/admin/", "/api/v1/me/", "/nowhere/"):
            crashes.look((address, name, text), client.get(address, headers={name: text}))
        with undone():
            said = {"Content-Type": "application/json", "Idempotency-Key": "once", name: text}
            answer = client.generic("POST", booking.address, body, said.pop("Content-Type"), headers=said)
            crashes.look((booking.address, name, text), answer)
        if name == "Authorization":
            for scheme in ("Bearer", "Basic", "Bearer Bearer"):
                crashes.look((scheme, text), client.get("/api/v1/me/", headers={name: f"{scheme} {text}"}))

    assert [*crashes] == [], [*crashes]
