"""Every door of the admin × method × person answers as the policy table says. Nothing is asked of the code under test.

The doors come from the registries (`inventory`), the people from `people`, the expected answers from the policy table
and from what a page offers at all (`allowed_verbs`). An auditor who writes, support that edits a booking and a manager
who gives out roles are cells of it.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.forms.models import _get_foreign_key
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse
from rest_framework.views import APIView
from unfold.decorators import action

from apps.accounts.roles import SalonRole
from apps.common.admin.base import BaseModelAdmin
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.common.testing.thorough import THOROUGH
from project.admin_site.site import SalonAdminSite
from project.tests.two_salons import every_row, shown_models
from project.tests.walls import inventory
from project.tests.walls.client import Caller, everything, undone, writes
from project.tests.walls.inventory import NO_SUCH_METHOD, OPEN, REFUSED, SIGN_IN
from project.tests.walls.people import NEVER, PRINCIPALS, token_of

pytestmark = pytest.mark.django_db
LEAST_CELLS = 8000
METHODS = ("GET", "POST")


@dataclass(frozen=True)
class Cell:
    """One question: `method` on `address` with `said`, asked about `row` (if any) brought into the state `state`."""

    door: str
    method: str
    address: str
    expected: str
    said: dict = field(default_factory=dict)
    row: Any = None
    state: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.method} {self.door}"


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def permission(model, verb):
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def cells(principal, rows):
    """Every cell of one person."""
    for model in shown_models():
        yield from model_cells(principal, model, rows[model])
    yield from site_cells(principal, rows)


def model_cells(principal, model, row):
    model_admin = admin.site.get_model_admin(model)
    key, label = row.pk, model._meta.label_lower

    def answer(verb, *, row):
        offered = verb in {*model_admin.allowed_verbs, "export", "import"}
        return principal.answer(permission(model, verb), row=row) if offered else principal.answer(NEVER, row=row)

    def cell(name, method, expected, said=None, args=()):
        return Cell(f"{label} {name}", method, page(model, name, *args), expected, said or {})

    view, change, delete = (answer(verb, row=True) for verb in ("view", "change", "delete"))
    selected = {"action": "delete_selected", "_selected_action": key}
    yield cell("changelist", "GET", answer("view", row=False))
    yield Cell(f"{label} delete_selected", "POST", page(model, "changelist"), delete, selected)
    yield cell("add", "GET", answer("add", row=False))
    yield cell("add", "POST", answer("add", row=False))
    yield cell("change", "GET", view, args=[key])
    yield cell("change", "POST", change, args=[key])
    yield cell("delete", "GET", delete, args=[key])
    yield cell("delete", "POST", delete, {"post": "yes"}, args=[key])
    for method in METHODS:
        yield cell("history", method, view, args=[key])
        enters = OPEN if principal.enters else SIGN_IN
        yield Cell(f"{label} short address", method, page(model, "changelist") + f"{key}/", enters)
    if model_admin.keeps_history:
        version = row.history.first().pk
        yield cell("simple_history", "GET", view, args=[key, version])
        # An old version is never written back, by nobody.
        yield cell("simple_history", "POST", principal.answer(NEVER, row=True), args=[key, version])
    if isinstance(model_admin, ExportableModelAdmin):
        yield cell("export", "GET", answer("export", row=False))
        yield cell("export", "POST", answer("export", row=False), {"format": 1, "resource": "0"})
    if isinstance(model_admin, ImportableModelAdmin):
        for method in METHODS:
            yield cell("import", method, answer("import", row=False))
        # Leads to the form that is asked for the right.
        yield cell("process_import", "GET", OPEN if principal.enters else SIGN_IN)
        yield cell("process_import", "POST", answer("import", row=False))
    yield from button_cells(principal, model_admin, row)
    yield from autocomplete_cells(principal, model)


def button_cells(principal, model_admin, row):
    label = model_admin.opts.label_lower
    for name, place in inventory.buttons(model_admin).items():
        needed, is_row = inventory.BUTTONS[f"{label}.{name}"], place != "list"
        written = inventory.WRITTEN.get(f"{label}.{name}", needed)
        address = page(model_admin.model, name, *([row.pk] if is_row else []))
        state = inventory.STATES.get(f"{label}.{name}", {})
        for method in METHODS:
            # A list of a role that reaches own rows only has no salon in which a day could be given away.
            expected = principal.answer(*(written if method == "POST" else needed), row=is_row)
            yield Cell(f"{label} {name}", method, address, expected, row=row, state=state)


def autocomplete_cells(principal, model):
    for relation in model._meta.get_fields():
        if not relation.is_relation or relation.auto_created:
            continue
        remote = relation.remote_field.model
        asked = {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": relation.name,
        }
        searched = remote in admin.site._registry and admin.site.get_model_admin(remote).search_fields
        expected = principal.answer(permission(remote, "view") if searched else NEVER, row=False)
        door = f"autocomplete {relation}"
        yield Cell(door, "GET", reverse("admin:autocomplete"), expected, asked)
        yield Cell(door, "POST", reverse("admin:autocomplete"), NO_SUCH_METHOD if principal.enters else SIGN_IN, asked)


def site_cells(principal, rows):
    for name, (inside, outside) in inventory.SITE_PAGES.items():
        address = {"view_on_site": "/admin/r/1/1/", "catch_all_view": "/admin/nowhere/"}.get(name)
        for method, expected in zip(METHODS, inside if principal.enters else outside, strict=True):
            yield Cell(name, method, address or reverse(f"admin:{name}"), expected)
    for app in sorted({model._meta.app_label for model in shown_models()}):
        shown = [permission(model, "view") for model in shown_models() if model._meta.app_label == app]
        for method in METHODS:
            address = reverse("admin:app_list", args=[app])
            yield Cell(f"app_list {app}", method, address, principal.answer("|".join(shown), row=False))
    for name, (label, needed) in inventory.ROW_PAGES.items():
        (row,) = (rows[model] for model in rows if model._meta.label_lower == label)
        for method in METHODS:
            address = reverse(f"admin:{name}", args=[row.pk])
            yield Cell(name, method, address, principal.answer(needed, row=True))
    for name, needed in inventory.WIDE_PAGES.items():
        yield Cell(name, "GET", reverse(f"admin:{name}"), principal.answer(needed, row=False))
        yield Cell(name, "POST", reverse(f"admin:{name}"), NO_SUCH_METHOD if principal.enters else SIGN_IN)
    for name, needed in inventory.TOOLS.items():
        yield Cell(name, "GET", reverse(f"admin:{name}"), NO_SUCH_METHOD if principal.enters else SIGN_IN)
        yield Cell(name, "POST", reverse(f"admin:{name}"), principal.answer(needed, row=False))
    yield from screen_cells(principal, rows)


def screen_cells(principal, rows):
    no_such_method = NO_SUCH_METHOD if principal.enters else SIGN_IN
    page = reverse(f"admin:{inventory.CALENDAR}")
    yield Cell(inventory.CALENDAR, "GET", page, principal.answer("bookings.view_booking", row=False))
    yield Cell(inventory.CALENDAR, "POST", page, no_such_method)
    keys = {f"{{{model.__name__}}}": row.pk for model, row in rows.items()}
    for name, (method, needed, asked) in inventory.SCREENS.items():
        told = {word: keys.get(value, value) for word, value in asked.items()}
        # A stylist finds an empty calendar where only others have visits.
        is_row = not (name == f"{inventory.CALENDAR}_days" and principal.role == SalonRole.STYLIST)
        for tried in METHODS:
            expected = principal.answer(needed, row=is_row) if tried == method else no_such_method
            yield Cell(name, tried, reverse(f"admin:{name}"), expected, told)


def client_of(principal, rows):
    person = principal.make(rows)
    if principal.by_token:
        return Caller(headers={"Authorization": token_of(person)})
    client = Caller()
    if person is not None:
        client.force_login(person)
    return client


def ask(client, cell):
    return (client.get if cell.method == "GET" else client.post)(cell.address, cell.said)


def said(cell, response):
    """The kind of answer that `response` is."""
    status, location = response.status_code, response.headers.get("Location", "")
    if status == 302 and location.startswith(reverse("admin:login")) and cell.door != "logout":
        return SIGN_IN
    if status in {403, 404}:
        return REFUSED
    if status == 405:
        return NO_SUCH_METHOD
    if cell.door.endswith("delete_selected"):
        # The question is about rows, or says which others stand in the way. One about no row is none.
        signs = (b'name="_selected_action"', b"protected related objects", b"permission to delete the following types")
        asks = any(sign in response.content for sign in signs)
        return OPEN if asks and b"delete-selected-confirmation" in response.content else REFUSED
    # What a person may not see is told on the first page, as Django does for a row that is not there.
    if status == 302 and location == reverse("admin:index") and " " in cell.door:
        return REFUSED
    return OPEN if status in {200, 302} else f"status {status}"


@pytest.fixture(autouse=True)
def nobody_is_called(settings):
    """A port that nobody listens at: a button that asks the gateway hears at once that it is away."""
    settings.MOYASAR_BASE_URL = "http://127.0.0.1:9/v1"


def chosen(principal, rows):
    """All cells in the long form (`THOROUGH=1`); in the short one half of the people try each."""
    every = list(cells(principal, rows))
    return every if THOROUGH else every[PRINCIPALS.index(principal) % 2 :: 2]


@pytest.mark.parametrize("principal", PRINCIPALS, ids=lambda principal: principal.name)
def test_every_door_answers_as_the_policy_table_says(principal):
    rows = every_row()
    client, wrong = client_of(principal, rows), []
    before = everything()

    for cell in chosen(principal, rows):
        with undone():
            if cell.state:
                type(cell.row)._base_manager.filter(pk=cell.row.pk).update(**cell.state)
            # Signing out ends the session, so somebody like this person does it.
            asking = client_of(principal, rows) if cell.door == "logout" else client
            with writes() as written:
                answer = said(cell, ask(asking, cell))
        if answer != cell.expected:
            wrong.append(f"{principal.name}: {cell} answered {answer}, the table says {cell.expected}")
        if cell.expected != OPEN and written:
            wrong.append(f"{principal.name}: {cell} was refused and wrote {written[0]}")
        elif cell.method == "GET" and written:
            wrong.append(f"{principal.name}: {cell} wrote {written[0]}; an action that writes needs a dialog")

    assert wrong == []
    assert everything() == before


def test_the_matrix_has_at_least_so_many_cells():
    rows = every_row()
    counted = Counter()
    for principal in PRINCIPALS:
        counted.update((principal.name, cell.expected) for cell in cells(principal, rows))

    assert sum(counted.values()) >= LEAST_CELLS
    # A table in which everything is refused, or everything allowed, would prove nothing.
    for principal in PRINCIPALS:
        kinds = {expected for name, expected in counted if name == principal.name}
        assert kinds >= ({OPEN, REFUSED} if principal.enters else {SIGN_IN})


# --- Rows inside the form of another row ---

VERBS = ("view", "add", "change", "delete")


def inlines():
    """Each inline with the admin it stands in."""
    return [(model, inline) for model in shown_models() for inline in admin.site.get_model_admin(model).inlines]


def inline_answers(principal, parent, inline):
    """`{verb: whether it is offered}`: what the table says of the inner rows, where the outer row may be changed."""
    parent_verbs = admin.site.get_model_admin(parent).allowed_verbs
    reached = principal.holds(permission(parent, "view")) and principal.reaches
    edits = reached and "change" in parent_verbs and principal.holds(permission(parent, "change"))
    may = {v: v in inline.allowed_verbs and principal.holds(permission(inline.model, v)) for v in VERBS}
    return {verb: may[verb] and (reached if verb == "view" else edits) for verb in VERBS}


def offered(client, address, inline):
    """The same, as the form says it."""
    answer = client.get(address)
    formsets = answer.context["inline_admin_formsets"] if answer.status_code == 200 else []
    shown = [one for one in formsets if type(one.opts) is inline]
    return {verb: any(getattr(one, f"has_{verb}_permission") for one in shown) for verb in VERBS}


def row_taken_out(parent, inline, row):
    """A form that deletes `row` on the page of `parent`."""
    key = _get_foreign_key(parent, inline.model, fk_name=inline.fk_name)
    prefix = key.remote_field.get_accessor_name(model=inline.model).replace("+", "")
    counts = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 1}
    return {**counts, f"{prefix}-0-id": row.pk, f"{prefix}-0-{key.name}": "", f"{prefix}-0-DELETE": "on"}


@pytest.mark.parametrize("principal", PRINCIPALS, ids=lambda principal: principal.name)
def test_rows_inside_a_form_offer_the_verbs_of_the_policy_table(principal):
    rows = every_row()
    person = principal.make(rows)
    client = Client(headers={"Authorization": token_of(person)} if principal.by_token else {})
    if person is not None and not principal.by_token:
        client.force_login(person)
    before = everything()

    for parent, inline in inlines():
        address = page(parent, "change", rows[parent].pk)
        expected = inline_answers(principal, parent, inline)
        assert offered(client, address, inline) == expected, (principal.name, parent, inline)
        if not expected["delete"]:
            with writes() as written:
                client.post(address, row_taken_out(parent, inline, rows[inline.model]))
            assert written == [], (principal.name, parent, inline)

    assert everything() == before


# --- Nothing writes without its token ---


def test_every_unsafe_address_of_the_admin_asks_for_a_token():
    """Row 112, address by address: the owner's browser is led to it by another site."""
    rows = every_row()
    owner = next(principal for principal in PRINCIPALS if principal.name == "owner")
    client = Caller(enforce_csrf_checks=True)
    client.force_login(owner.make(rows))
    asked = {cell.address for cell in cells(owner, rows)}
    before = everything()

    assert [address for address in sorted(asked) if client.post(address, {"post": "yes"}).status_code != 403] == []
    assert everything() == before


def test_only_the_api_is_exempt_from_tokens_of_forms():
    """It knows nobody by a cookie: `test_api_matrix` sends it the owner's."""
    exempt = [one.route for one in inventory.addresses() if getattr(one.view, "csrf_exempt", False)]

    assert [route for route in exempt if not route.startswith("api/")] == []


# --- Something new without a policy is noticed ---


def test_every_door_is_in_a_table():
    unknown = inventory.unknown_doors(rows=every_row())

    assert not unknown, "\n".join(unknown)


def test_the_tables_name_no_door_that_is_gone():
    found = {
        f"{model._meta.label_lower}.{name}"
        for model in shown_models()
        for name in inventory.buttons(admin.site.get_model_admin(model))
    }
    names = {one.name for one in inventory.admin_addresses()}

    assert set(inventory.BUTTONS) == found
    assert names >= {
        *inventory.SITE_PAGES,
        *inventory.ASKED_PAGES,
        *inventory.ROW_PAGES,
        *inventory.TOOLS,
        *inventory.SCREENS,
    }
    assert {one.name for one in inventory.api_addresses()} == set(inventory.OPERATIONS)
    assert {one.name for one in inventory.addresses()} >= inventory.PUBLIC


class SessionAdmin(BaseModelAdmin):
    """A page as a careless hand might add it: no line in the policy, a button, a list action and a page of its own."""

    actions = ["forget_all"]
    actions_detail = ["end_action"]

    def get_urls(self):
        report = path("secret-report/", self.admin_site.admin_view(secret_report), name="secret_report")
        return [report, *super().get_urls()]

    def has_end_permission(self, request, object_id=None):
        return True

    @action(description="End", url_path="end", permissions=["end"])
    def end_action(self, request, object_id):
        return HttpResponse()

    @admin.action(description="Forget all")
    def forget_all(self, request, queryset):
        queryset.delete()


def secret_report(request):
    return HttpResponse()


class SecretNumbers(APIView):
    def get(self, request):
        return HttpResponse()


def test_a_new_model_button_action_page_and_operation_without_a_policy_are_noticed():
    site = SalonAdminSite(name="careless")
    site.register(Session, SessionAdmin)
    patterns = [path("api/v1/secrets/", SecretNumbers.as_view(), name="secrets"), path("figures", secret_report)]

    found = inventory.unknown_doors(site, rows={}, patterns=patterns)

    assert found == [
        "sessions.session has a page and no line in POLICY (apps/accounts/roles.py).",
        "sessions.session has a page and no row in every_row() (project/tests/two_salons.py).",
        "sessions.session.end_action (detail) is a button; say in BUTTONS what it needs.",
        "sessions.session.forget_all is an action of the list; say in LIST_ACTIONS which verb it needs.",
        "admin/sessions/session/secret-report/ (secret_report) is a page; "
        "say in SITE_PAGES, ROW_PAGES or TOOLS for whom.",
        "api/v1/secrets/ (secrets) is an API address; say in OPERATIONS who calls it.",
        "figures (secret_report) is an address of no table; say in PUBLIC what it shows.",
    ]
