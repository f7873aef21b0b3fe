"""A key of another salon, posted wherever a page takes one: refused, and nothing changes. Made from the registry."""

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import reverse

from apps.accounts.tests.factories import OwnerFactory
from apps.common.admin.transfer import ExportableModelAdmin, ImportableModelAdmin
from apps.common.scope import salon_model
from apps.common.testing.web import _FormParser
from apps.salons.models import Salon
from project.tests.test_admin_walls import text_of
from project.tests.two_salons import MARK, member, shown_models, two_salons
from project.tests.walls import inventory
from project.tests.walls.client import everything, undone

pytestmark = pytest.mark.django_db
PEOPLE = {"manager": lambda world: member(world.ours[Salon]), "owner": lambda world: OwnerFactory()}


@pytest.fixture
def world():
    return two_salons()


@pytest.fixture(params=PEOPLE)
def client(request, world):
    """The manager of our salon reaches nothing of theirs; the owner reaches both, and still joins no two of them."""
    client = Client()
    client.force_login(PEOPLE[request.param](world))
    client.is_owner = request.param == "owner"
    return client


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def forms(client, world):
    """`(address, page)` of every form the person may fill in."""
    for model in shown_models():
        verbs = admin.site.get_model_admin(model).allowed_verbs
        # An empty form of the owner is refused for what it lacks; a filled one is tried in `test_admin_walls`.
        addresses = [page(model, "add")] if "add" in verbs and not client.is_owner else []
        addresses += [page(model, "change", world.ours[model].pk)] if "change" in verbs else []
        for address in addresses:
            shown = client.get(address)
            if shown.status_code == 200 and shown.context["adminform"].form.fields:
                yield address, shown


def as_shown(shown, world) -> dict:
    """What a browser would send when the form is submitted as it came; a new row is to be one of ours."""
    parser = _FormParser()
    parser.feed(shown.content.decode())
    asked = shown.context["adminform"].form.fields
    # The other forms of a page are those of its menu: language, signing out. A moment has two boxes.
    values = max(
        (form.values for form in parser.forms), key=lambda held: len({name.rstrip("_01") for name in held} & {*asked})
    )
    sent = {name: given[0] if len(given) == 1 else given for name, given in values.items()}
    return sent | ({"salon": world.ours[Salon].pk} if "salon" in asked else {})


def crosses(client, related):
    """Whether a key of `related` is foreign to the person: for the owner, only what belongs to a salon."""
    return not client.is_owner or salon_model(related) is not None


def relations(form, world, client):
    """`(name, foreign key)` of the boxes of `form` in which a row is chosen."""
    return [
        (name, world.theirs[field.queryset.model].pk)
        for name, field in form.fields.items()
        if isinstance(field, ModelChoiceField) and crosses(client, field.queryset.model)
    ]


def test_every_box_of_every_form_refuses_a_foreign_key(client, world):
    before, tried = everything(), []

    for address, shown in forms(client, world):
        sent = as_shown(shown, world)
        for name, foreign in relations(shown.context["adminform"].form, world, client):
            answer = client.post(address, {**sent, name: foreign})
            assert answer.status_code == 200, (address, name)
            assert answer.context["adminform"].form.errors[name], (address, name)
            tried.append((address, name))

    assert everything() == before
    assert len(tried) >= 7


def test_every_row_inside_a_form_refuses_a_foreign_key(client, world):
    before, tried = everything(), []

    for address, shown in forms(client, world):
        sent = as_shown(shown, world)
        for formset in [one.formset for one in shown.context["inline_admin_formsets"]]:
            counts = {f"{formset.prefix}-TOTAL_FORMS": 1, f"{formset.prefix}-INITIAL_FORMS": 0}
            for name, foreign in relations(formset.empty_form, world, client):
                if name in (formset.fk.name, formset.model._meta.pk.name):
                    continue
                answer = client.post(address, {**sent, **counts, f"{formset.prefix}-0-{name}": foreign})
                (told,) = [
                    one.formset
                    for one in answer.context["inline_admin_formsets"]
                    if one.formset.prefix == formset.prefix
                ]
                assert told.errors[0][name], (address, formset.prefix, name)
                tried.append((address, formset.prefix, name))

    assert everything() == before
    assert {(prefix, name) for _address, prefix, name in tried} == {
        ("staff_services", "staff"),
        ("staff_services", "service"),
        ("weekly_hours", "staff"),
    }


@pytest.mark.parametrize("deletes", [False, True], ids=["changed", "deleted"])
def test_no_form_changes_or_deletes_a_foreign_row_inside_another(client, world, deletes):
    before, tried = everything(), 0
    # A row that is not of this form may be passed over, and the rest is saved as it was: one line in the person's log.
    before.pop("admin.LogEntry")

    for address, shown in forms(client, world):
        sent = as_shown(shown, world)
        for formset in [one.formset for one in shown.context["inline_admin_formsets"]]:
            prefix, theirs = formset.prefix, world.theirs[formset.model]
            for parent in ("", str(getattr(theirs, formset.fk.attname))):
                row = {f"{prefix}-0-id": theirs.pk, f"{prefix}-0-{formset.fk.name}": parent}
                row |= {f"{prefix}-0-DELETE": "on"} if deletes else {}
                counts = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 1}
                client.post(address, {**sent, **counts, **row})
                tried += 1

    assert {label: rows for label, rows in everything().items() if label != "admin.LogEntry"} == before
    assert tried >= 10


def pointers(world):
    """How many rows point to each row of theirs."""
    return {
        (relation.related_model._meta.label, relation.field.name, model._meta.label): (
            relation.related_model._base_manager.filter(**{relation.field.name: row.pk}).count()
        )
        for model, row in world.theirs.items()
        for relation in model._meta.related_objects
    }


def test_relations_that_a_form_does_not_ask_for_cannot_be_written_through_it(client, world):
    before, tried = pointers(world), 0

    for address, shown in forms(client, world):
        form = shown.context["adminform"].form
        sent = as_shown(shown, world)
        for relation in form._meta.model._meta.get_fields():
            is_key = relation.is_relation and not relation.auto_created and relation.related_model in world.theirs
            if not is_key or relation.name in form.fields:
                continue
            foreign = world.theirs[relation.related_model].pk
            with undone():
                client.post(address, {**sent, relation.name: foreign, f"{relation.name}_id": foreign})
                assert pointers(world) == before, (address, relation.name)
                tried += 1

    assert tried >= 10


def test_no_filter_shows_a_foreign_row(world):
    """The owner would see theirs, and may."""
    client, tried = Client(), 0
    client.force_login(member(world.ours[Salon]))

    for model in shown_models():
        shown = client.get(page(model, "changelist"))
        specs = shown.context["cl"].filter_specs if shown.status_code == 200 else []
        for name in {name for spec in specs for name in spec.expected_parameters() if name}:
            relation = name.split("__")[0]
            row = getattr(world.theirs[model], relation, None)
            answer = client.get(page(model, "changelist"), {name: getattr(row, "pk", row) or ""})
            assert MARK not in text_of(answer), (model, name)
            tried += 1

    assert tried >= 20


def test_no_action_of_a_list_touches_a_foreign_row(world):
    client, tried = Client(), 0
    client.force_login(member(world.ours[Salon]))
    before = everything()

    for model in shown_models():
        for _function, name, _description in admin.site.get_model_admin(model)._get_base_actions():
            form = {"action": name, "_selected_action": [world.theirs[model].pk], "post": "yes"}
            answer = client.post(page(model, "changelist"), form)
            assert MARK not in text_of(answer), (model, name)
            tried += 1

    assert everything() == before
    assert tried >= 20


def test_no_dialog_takes_a_foreign_row(client, world):
    """Every button on a row of ours, its questions answered with rows of theirs, by the names the questions have."""
    before, tried = everything(), []
    named = {model._meta.model_name: row.pk for model, row in world.theirs.items() if crosses(client, model)}

    for model in shown_models():
        model_admin = admin.site.get_model_admin(model)
        for name, place in inventory.buttons(model_admin).items():
            if client.is_owner and place == "list":
                # It is about no row of ours, and the owner may answer it with anybody of any salon.
                continue
            address = page(model, name, *([] if place == "list" else [world.ours[model].pk]))
            shown = client.get(address)
            parser = _FormParser()
            is_page = shown.status_code == 200 and shown.headers["Content-Type"].startswith("text/html")
            parser.feed(shown.content.decode() if is_page else "")
            for form in parser.forms:
                sent = {field: given[0] if given else "" for field, given in form.values.items()}
                sent |= {"reason": "because", "day": "2027-01-05"}
                for field in set(form.values) & set(named):
                    answer = client.post(address, {**sent, field: named[field]})
                    assert "HX-Redirect" not in answer.headers, (address, field)
                    assert client.is_owner or MARK not in text_of(answer)
                    tried.append((name, field))

    wanted = {("reassign_action", "staff"), ("reschedule_action", "staff"), ("service_action", "service")}
    assert set(tried) >= wanted - ({("reassign_action", "staff")} if client.is_owner else set())
    assert everything() == before


def test_no_file_goes_into_a_foreign_salon(world):
    client, tried = Client(), 0
    client.force_login(member(world.ours[Salon]))
    before = everything()
    theirs = world.theirs[Salon].pk

    for model in shown_models():
        if isinstance(admin.site.get_model_admin(model), ImportableModelAdmin):
            file = SimpleUploadedFile("list.csv", b"code,name_en\nA,Cut\n")
            form = {"resource": "0", "format": "0", "salon": theirs, "import_file": file}
            answer = client.post(page(model, "import"), form)
            assert answer.context["form"].errors["salon"], model
            client.post(page(model, "process_import"), {**form, "import_file_name": "x", "original_file_name": "x"})
            tried += 1

    assert everything() == before
    assert tried


def test_no_export_takes_a_foreign_row_along(world):
    client, tried = Client(), 0
    client.force_login(member(world.ours[Salon]))

    for model in shown_models():
        if isinstance(admin.site.get_model_admin(model), ExportableModelAdmin):
            for file_format in (0, 1):
                form = {"format": file_format, "resource": "0", "export_items": [world.theirs[model].pk]}
                assert MARK not in text_of(client.post(page(model, "export"), form)), model
                tried += 1

    assert tried >= 20
