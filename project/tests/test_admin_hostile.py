"""Whatever stands in an address or a form, the admin answers with a page, a redirect or a refusal, never a crash."""

from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import PlatformRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.bookings.models import Booking
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.salons.models import Service, Staff, TimeOff
from project.tests.two_salons import domain_models, every_row, shown_models

pytestmark = pytest.mark.django_db

HUGE = "9" * 40
VALUES = [
    "abc",
    "-1",
    "0",
    HUGE,
    "1,2",
    "(",
    "",
    "٣",
    "\x00",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
]


@pytest.fixture
def owner(client):
    client.raise_request_exception = False
    person = OwnerFactory()
    client.force_login(person)
    return person


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def crashes(client, addresses):
    return [address for address in addresses if client.get(address).status_code >= 500]


def snapshot():
    """Every row of every own table, to show that nothing changed."""
    return {model: sorted(map(str, model._base_manager.values_list())) for model in domain_models()}


def test_filters_survive_hostile_values(client, owner):
    every_row()
    found = []
    for model in shown_models():
        address = url(model, "changelist")
        specs = client.get(address).context["cl"].filter_specs
        names = [name for spec in specs for name in spec.expected_parameters() if name]
        names += [f"{spec.field_path}__in" for spec in specs if hasattr(spec, "field_path")]
        values = {name: HUGE if name.endswith(("__in", "__id__exact")) else "abc" for name in names}
        found += crashes(client, [f"{address}?{urlencode({name: value})}" for name, value in values.items()])
    assert found == []


@pytest.mark.parametrize("value", ["abc", "²", HUGE, f"-{HUGE}", "1,2"])
@pytest.mark.parametrize(
    ("model", "field"),
    [
        (model, name)
        for model, page in sorted(admin.site._registry.items(), key=lambda entry: str(entry[0]))
        for name in page.autocomplete_fields
    ],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_a_box_that_looks_up_rows_survives_what_is_no_key(client, owner, model, field, value):
    every_row()
    before = snapshot()
    address = url(model, "add")

    answers = [client.get(address, {field: value}), client.post(address, {field: value})]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert field in answers[1].context["adminform"].form.errors
    assert snapshot() == before


def test_a_box_that_looks_up_rows_still_shows_the_chosen_one(client, owner):
    service = every_row()[Service]

    page = client.get(url(Booking, "add"), {"service": service.pk}).content.decode()

    assert f'<option value="{service.pk}" selected>{service}</option>' in page


@pytest.mark.parametrize(
    ("given", "boxes"),
    [
        ("abc", ("", "")),
        ("2027-13-45T99:99", ("", "")),
        ("0001-01-01T00:00:00+14:00", ("", "")),
        ("9999-12-31T23:59:59-12:00", ("", "")),
        ("2027-01-05T10:00:00Z", ("2027-01-05", "13:00:00")),
        ("2027-01-05", ("2027-01-05", "00:00:00")),
    ],
)
def test_a_moment_in_the_address_of_a_form_is_one_or_is_left_out(client, owner, given, boxes):
    every_row()

    answer = client.get(url(TimeOff, "add"), {"starts_at": given})

    assert answer.status_code == 200
    initial = answer.context["adminform"].form.initial["starts_at"]
    assert (f"{initial:%Y-%m-%d}", f"{initial:%H:%M:%S}") == boxes if boxes[0] else initial is None


@pytest.mark.parametrize("model", [Service, Booking], ids=str)
def test_lists_survive_hostile_parameters(client, owner, model):
    every_row()
    names = ["q", "p", "o", "e", "all", "_popup", "_to_field", "_facets", "pk__in", "id__regex", "starts_at__year", "x"]

    addresses = [f"{url(model, 'changelist')}?{urlencode({name: value})}" for name in names for value in VALUES]

    assert crashes(client, addresses) == []


@pytest.mark.parametrize("value", VALUES)
def test_keys_in_addresses_survive_hostile_values(client, owner, value):
    service = every_row()[Service]
    texts = [value, f"{value}/x", f"{service.pk}"]
    if not value:
        return
    addresses = [
        f"/admin/salons/service/{key}/{page}"
        for key in texts
        for page in ("change/", "history/", "delete/", f"history/{value}/", f"{value}/", "")
    ]
    addresses += [f"/admin/r/{value}/{value}/", f"/admin/accounts/user/{value}/password/", f"/admin/{value}/"]
    assert crashes(client, addresses) == []


def test_autocomplete_refuses_the_far_ends_of_relations(client, owner):
    every_row()
    fields = [field for model in shown_models() for field in model._meta.get_fields() if field.auto_created]
    far = [field for field in fields if field.is_relation and field.related_model in admin.site._registry]

    asked = [(field.model._meta.app_label, field.model._meta.model_name, field.name) for field in far]
    names = ("app_label", "model_name", "field_name")
    answers = [client.get(reverse("admin:autocomplete"), dict(zip(names, one, strict=True))) for one in asked]

    assert "salons.Staff.bookings" in {f"{field.model._meta.label}.{field.name}" for field in far}
    assert {answer.status_code for answer in answers} <= {403, 404}


def test_search_and_autocomplete_survive_hostile_values(client, owner):
    found = []
    for value in VALUES:
        search = {"s": value, "page": value, "extended": "1"}
        field = {
            "app_label": "salons",
            "model_name": "staffservice",
            "field_name": "staff",
            "term": value,
            "page": value,
        }
        wrong = {"app_label": value, "model_name": value, "field_name": value}
        found += crashes(
            client,
            [
                f"{reverse('admin:search')}?{urlencode(search)}",
                f"{reverse('admin:search')}?{urlencode({'s': 'a', 'page': value})}",
                f"{reverse('admin:autocomplete')}?{urlencode(field)}",
                f"{reverse('admin:autocomplete')}?{urlencode(wrong)}",
            ],
        )
    assert found == []


def test_actions_survive_hostile_selections(client, owner):
    every_row()
    before = snapshot()
    for model in shown_models():
        for value in ("abc", HUGE, "\x00"):
            form = {"action": "delete_selected", "_selected_action": [value], "index": value, "select_across": value}
            assert client.post(url(model, "changelist"), form).status_code < 500, (model, value)
    assert snapshot() == before


def test_export_survives_unknown_formats_and_resources(client, owner):
    for model in shown_models():
        if isinstance(admin.site.get_model_admin(model), ExportableModelAdmin):
            for value in ("abc", HUGE, "-1"):
                form = {"format": value, "resource": value, "export_items": [value]}
                assert client.post(url(model, "export"), form).status_code < 500, (model, value)


def test_import_survives_what_is_no_spreadsheet(client, owner):
    before = snapshot()
    uploads = [
        b"",
        b"\x00\x01",
        b"PK\x03\x04garbage",
        b"\xff\xfe\x00",
        b"a,b\n1",
        b'"',
        "\ufeff".encode(),
        b"a" * 200_000,
    ]
    for model in shown_models():
        if isinstance(admin.site.get_model_admin(model), ImportableModelAdmin):
            for content in uploads:
                form = {"format": "0", "resource": "0", "import_file": SimpleUploadedFile("list.csv", content)}
                assert client.post(url(model, "import"), form).status_code < 500, (model, content)
            for value in VALUES:
                form = {"import_file_name": value, "original_file_name": value, "format": value, "resource": value}
                assert client.post(url(model, "process_import"), form).status_code < 500, (model, value)
    assert snapshot() == before


def test_forms_survive_tampered_inlines(client, owner):
    rows = every_row()
    staff = rows[TimeOff].staff
    form = {"name_en": "x", "time_off-TOTAL_FORMS": HUGE, "time_off-INITIAL_FORMS": "abc", "time_off-0-id": HUGE}

    assert client.post(f"/admin/salons/staff/{staff.pk}/change/", form).status_code == 200
    assert client.post(f"/admin/salons/staff/{staff.pk}/change/", {"name_en": "a\x00"}).status_code == 400


@pytest.mark.parametrize("role", ["9" * 19, "-1", "x"])
def test_a_role_that_cannot_be_one_is_refused_in_the_form(client, owner, role):
    person = PlatformUserFactory(role=PlatformRole.SUPPORT)

    answer = client.post(url(User, "change", person.pk), {"phone": person.phone, "groups": [role]})

    assert answer.status_code == 200
    assert set(answer.context["adminform"].errors) >= {"groups"}
    assert list(person.groups.values_list("name", flat=True)) == [PlatformRole.SUPPORT]


@pytest.mark.parametrize("number", ["²", "½", "00", "0", "-1", HUGE, "٢", "abc"])
def test_rows_inside_a_form_survive_a_page_that_is_none(client, owner, number):
    staff = every_row()[TimeOff].staff

    answers = [
        client.get(url(Staff, "change", staff.pk), {"time_off-page": number}),
        client.post(url(Staff, "change", staff.pk), {"time_off-page": number}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_looking_changes_nothing(client, owner):
    """A GET on any address of the admin, the addresses of actions above all."""
    rows = every_row()
    client.get(reverse("admin:index"))
    before = snapshot()
    for model in shown_models():
        model_admin = admin.site.get_model_admin(model)
        name = f"{model._meta.app_label}_{model._meta.model_name}_"
        for action in (*model_admin._get_base_actions_detail(), *model_admin._get_base_actions_row()):
            response = client.get(url(model, action.action_name.removeprefix(name), rows[model].pk))
            assert response.status_code < 500, action.action_name
        for action in model_admin._get_base_actions_list():
            assert client.get(url(model, action.action_name.removeprefix(name))).status_code < 500, action.action_name
        for page in ("change", "delete", "history"):
            client.get(url(model, page, rows[model].pk))
        client.get(f"{url(model, 'changelist')}?action=delete_selected&_selected_action={rows[model].pk}&post=yes")
        if isinstance(model_admin, ImportableModelAdmin):
            assert client.get(url(model, "process_import")).status_code in {302, 405}
    assert snapshot() == before


def test_a_post_without_its_token_is_refused(owner):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(owner)
    rows = every_row()
    before = snapshot()

    for model in shown_models():
        for address in (url(model, "changelist"), url(model, "add"), url(model, "change", rows[model].pk)):
            assert strict.post(address, {"action": "delete_selected"}).status_code == 403, address

    assert snapshot() == before
