"""No byte of one salon reaches the people of another, through whichever door of the admin they try."""

import io
import zipfile
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from apps.accounts.roles import SalonRole
from apps.accounts.tests.factories import OwnerFactory
from apps.common.admin.transfer import ExportableModelAdmin
from apps.common.history import save_as
from apps.salons.access import forget_roles
from apps.salons.models import Customer, Membership, Salon, Service, ServiceCategory, Staff, StaffService, TimeOff
from apps.salons.tests.factories import MembershipFactory, ServiceCategoryFactory, StaffFactory, TimeOffFactory
from project.admin_site.site import own_log_entries
from project.tests.two_salons import MARK, PHONE, WORD, TwoSalons, member, shown_models, tomorrow, two_salons

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> TwoSalons:
    return two_salons()


@pytest.fixture
def manager(client, world):
    person = member(world.ours[Salon])
    client.force_login(person)
    return person


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def text_of(response):
    """Everything an answer says, headers and unpacked spreadsheets included."""
    content = response.content if not response.streaming else b"".join(response.streaming_content)
    if content.startswith(b"PK"):
        parts = zipfile.ZipFile(io.BytesIO(content))
        content = b" ".join(parts.read(name) for name in parts.namelist())
    return f"{dict(response.headers)} {content.decode('utf-8', 'replace')}"


def doors(world, model):
    """Addresses of every page about `model`, asked for own rows and for rows of the other salon."""
    model_admin = admin.site.get_model_admin(model)
    yield url(model, "changelist")
    yield f"{url(model, 'changelist')}?{urlencode({'q': WORD})}"
    yield url(model, "add")
    for rows in (world.ours, world.theirs):
        row = rows[model]
        yield from (url(model, page, row.pk) for page in ("change", "history", "delete"))
        if model_admin.keeps_history:
            yield from (url(model, "simple_history", row.pk, record.pk) for record in row.history.all()[:1])
        content_type = ContentType.objects.get_for_model(model)
        yield reverse("admin:view_on_site", args=[f"{content_type.pk}/{row.pk}/"])
        yield from (url(model, name, row.pk) for name in unfold_actions(model_admin, "detail", "row"))
    yield from (url(model, name) for name in unfold_actions(model_admin, "list"))
    for field in model._meta.concrete_fields:
        if field.is_relation:
            yield f"{url(model, 'changelist')}?{field.name}__id__exact={getattr(world.theirs[model], field.attname)}"
            meta = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
            yield f"{reverse('admin:autocomplete')}?{urlencode(meta)}"
            yield f"{reverse('admin:autocomplete')}?{urlencode({**meta, 'term': WORD})}"


def unfold_actions(model_admin, *places):
    for place in places:
        for action in getattr(model_admin, f"_get_base_actions_{place}")():
            yield action.action_name.removeprefix(f"{model_admin.opts.app_label}_{model_admin.opts.model_name}_")


def leaks(client, addresses):
    found = []
    for address in addresses:
        said = text_of(client.get(address)).lower()
        found += [address for secret in (MARK, PHONE[1:]) if secret in said]
    return found


@pytest.mark.parametrize("role", [SalonRole.MANAGER, SalonRole.STYLIST])
def test_no_page_holds_a_byte_of_another_salon(client, world, role):
    client.force_login(member(world.ours[Salon], role))

    found = [leak for model in shown_models() for leak in leaks(client, doors(world, model))]
    found += leaks(client, [reverse("admin:index"), f"{reverse('admin:search')}?s={WORD}"])

    assert found == []


def test_the_mark_is_seen_by_the_owner_so_that_the_crawl_can_fail(client, world):
    client.force_login(OwnerFactory())

    seen = [model for model in shown_models() if leaks(client, [url(model, "changelist")])]

    assert len(seen) > len(shown_models()) / 2


@pytest.mark.parametrize("file_format", [0, 1], ids=["xlsx", "csv"])
def test_exports_hold_rows_of_own_salons_only(client, world, manager, file_format):
    exported = 0
    for model in shown_models():
        if isinstance(admin.site.get_model_admin(model), ExportableModelAdmin):
            response = client.post(url(model, "export"), {"format": file_format, "resource": "0"})
            exported += response.status_code == 200
            assert MARK not in text_of(response), model
            assert PHONE[1:] not in text_of(response), model
    assert exported >= 5


def test_export_of_selected_rows_refuses_rows_of_another_salon(client, world, manager):
    theirs = world.theirs[Customer]

    response = client.post(url(Customer, "export"), {"format": 1, "resource": "0", "export_items": [theirs.pk]})

    assert MARK not in text_of(response)


# --- M1 to M7: the holes of the stock admin, one by one ---


def test_dropdowns_list_own_rows_only(client, world, manager):
    page = client.get(url(TimeOff, "add")).content.decode()

    assert f'value="{world.ours[Staff].pk}"' in page
    assert f'value="{world.theirs[Staff].pk}"' not in page


def test_filters_list_own_rows_only(client, world, manager):
    second = TimeOffFactory(salon=world.ours[Salon]).staff

    page = client.get(url(TimeOff, "changelist"))

    (spec,) = [spec for spec in page.context["cl"].filter_specs if getattr(spec, "field_path", "") == "staff"]
    assert {key for key, _label in spec.lookup_choices} == {world.ours[Staff].pk, second.pk}


def test_a_posted_key_of_another_salon_is_refused(client, world, manager):
    before = TimeOff.objects.count()
    moment = tomorrow()
    form = {
        "staff": world.theirs[Staff].pk,
        "starts_at_0": moment.date().isoformat(),
        "starts_at_1": "10:00",
        "ends_at_0": moment.date().isoformat(),
        "ends_at_1": "11:00",
        "reason": "",
    }

    response = client.post(url(TimeOff, "add"), form)

    assert response.status_code == 200
    assert "staff" in response.context["adminform"].errors
    assert TimeOff.objects.count() == before


def test_an_autocomplete_field_refuses_a_posted_key_of_another_salon(client, world, manager):
    ours = world.ours[StaffService]
    form = {"staff": ours.staff_id, "service": world.theirs[Service].pk, "price_amount": "", "duration_minutes": ""}

    response = client.post(url(StaffService, "change", ours.pk), form)

    ours.refresh_from_db()
    assert "service" in response.context["adminform"].errors
    assert ours.service == world.ours[Service]


def test_a_posted_salon_moves_no_row(client, world, manager):
    ours = world.ours[ServiceCategory]
    form = {"name_ar": ours.name_ar, "name_en": "Renamed", "position": 0, "is_active": "on"}

    response = client.post(url(ServiceCategory, "change", ours.pk), {**form, "salon": world.theirs[Salon].pk})

    ours.refresh_from_db()
    assert response.status_code == 302
    assert (ours.name_en, ours.salon) == ("Renamed", world.ours[Salon])


def test_a_manager_of_two_salons_chooses_among_them_and_no_other(client, world, manager):
    second = MembershipFactory(user=manager).salon
    form = {"name_ar": "", "name_en": "Nails", "position": 0, "is_active": "on"}

    page = client.get(url(ServiceCategory, "add"))
    refused = client.post(url(ServiceCategory, "add"), {**form, "salon": world.theirs[Salon].pk})
    accepted = client.post(url(ServiceCategory, "add"), {**form, "salon": second.pk})

    offered = {row.pk for row in page.context["adminform"].form.fields["salon"].queryset}
    assert offered == {world.ours[Salon].pk, second.pk}
    assert "salon" in refused.context["adminform"].errors
    assert accepted.status_code == 302
    assert ServiceCategory.objects.get(name_en="Nails").salon == second


def test_a_row_of_one_own_salon_takes_no_key_of_another_own_salon(client, world, manager):
    second = MembershipFactory(user=manager).salon
    elsewhere = ServiceCategoryFactory(salon=second)
    service = world.ours[Service]
    form = {
        "name_ar": service.name_ar,
        "name_en": service.name_en,
        "category": elsewhere.pk,
        "code": service.code,
        "price_amount": "10",
        "duration_minutes": 30,
        "position": 0,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "staff_services-TOTAL_FORMS": 0,
        "staff_services-INITIAL_FORMS": 0,
    }

    changed = client.post(url(Service, "change", service.pk), form)
    added = client.post(url(Service, "add"), {**form, "salon": world.ours[Salon].pk, "code": "NEW"})

    service.refresh_from_db()
    assert "category" in changed.context["adminform"].errors
    assert added.context["adminform"].errors["category"] == ["This belongs to another salon."]
    assert service.category == world.ours[ServiceCategory]
    assert not Service.objects.filter(code="NEW").exists()


def test_an_inline_takes_no_key_of_another_salon(client, world, manager):
    staff = world.ours[Staff]
    form = {
        "name_ar": staff.name_ar,
        "name_en": staff.name_en,
        "gender": "female",
        "color": "#7c3aed",
        "position": 0,
        "is_active": "on",
        "staff_services-TOTAL_FORMS": 1,
        "staff_services-INITIAL_FORMS": 0,
        "staff_services-0-service": world.theirs[Service].pk,
        "weekly_hours-TOTAL_FORMS": 0,
        "weekly_hours-INITIAL_FORMS": 0,
        "time_off-TOTAL_FORMS": 0,
        "time_off-INITIAL_FORMS": 0,
    }
    before = StaffService.objects.count()

    response = client.post(url(Staff, "change", staff.pk), form)

    assert response.status_code == 200
    assert StaffService.objects.count() == before


@pytest.mark.parametrize(
    "lookup",
    [
        "notes__startswith=a",
        "notes__contains=a",
        "notes__regex=(",
        "user__password__startswith=a",
        "user__phone__startswith=%2B",
        "salon__name_en__startswith=z",
        "salon__in=1,2",
        "bookings__note__contains=a",
        "pk__gt=0",
        "id__exact=1",
    ],
)
def test_no_lookup_reads_a_column_letter_by_letter(client, manager, lookup):
    assert client.get(f"{url(Customer, 'changelist')}?{lookup}").status_code == 400
    assert client.post(f"{url(Customer, 'export')}?{lookup}", {"format": 1, "resource": "0"}).status_code == 400


def test_view_on_site_leads_nowhere(client, world, manager):
    content_type = ContentType.objects.get_for_model(Salon)

    for rows in (world.ours, world.theirs):
        address = reverse("admin:view_on_site", args=[f"{content_type.pk}/{rows[Salon].pk}/"])
        assert client.get(address).status_code == 404


def test_deleting_names_no_row_that_the_reader_cannot_see(client, world, manager, monkeypatch):
    staff = StaffFactory(salon=world.ours[Salon])
    TimeOff.objects.create(
        salon=staff.salon, staff=staff, starts_at=tomorrow(), ends_at=tomorrow(), reason="hidden thing"
    )
    monkeypatch.setattr(type(TimeOff.objects.all()), "visible_to", lambda rows, user: rows.none(), raising=False)

    page = client.get(url(Staff, "delete", staff.pk)).content.decode()
    client.post(url(Staff, "delete", staff.pk), {"post": "yes"})

    assert "hidden thing" not in page
    assert "Records that you cannot see depend on this." in page
    assert Staff.objects.filter(pk=staff.pk).exists()


# --- History ---


def test_history_pages_of_another_salon_are_as_if_they_were_not_there(client, world, manager):
    theirs = world.theirs[Service]
    version = theirs.history.first().pk

    assert client.get(url(Service, "history", theirs.pk)).status_code == 404
    assert client.get(url(Service, "simple_history", theirs.pk, version)).status_code == 404
    assert client.post(url(Service, "simple_history", theirs.pk, version), {"name_en": "x"}).status_code == 404


def test_a_version_of_another_row_is_not_found_under_an_own_one(client, world, manager):
    ours, theirs = world.ours[Service], world.theirs[Service]

    address = url(Service, "simple_history", ours.pk, theirs.history.first().pk)

    assert client.get(address).status_code == 404


def test_an_old_version_can_be_read_and_not_restored(client, world, manager):
    ours = world.ours[Service]
    ours.price_amount = 777
    ours.save()
    address = url(Service, "simple_history", ours.pk, ours.history.last().pk)

    assert "100.00" in client.get(address).content.decode()
    assert client.post(address, {"price_amount": "100.00"}).status_code == 403
    ours.refresh_from_db()
    assert ours.price_amount == 777


def test_history_says_what_changed_from_what_to_what_by_whom_and_why(client, world, manager):
    ours = world.ours[Salon]
    ours.confirmation = Salon.Confirmation.BY_HAND
    save_as(ours, actor=manager, reason="We want to look first")

    page = client.get(url(Salon, "history", ours.pk))

    (change,) = page.context["page_obj"][0].display["changes"]
    assert (change["field"], change["old"], change["new"]) == (
        "Bookings are",
        "confirmed at once",
        "confirmed by the salon",
    )
    assert page.context["page_obj"][0].display["who"] == f"<bdi>{manager.name}</bdi>"
    assert "We want to look first" in page.content.decode()
    assert "None" not in page.content.decode().split('id="main"')[-1]


# --- The person behind the session ---


def test_who_loses_a_salon_sees_nothing_of_it_at_the_next_click(client, world, manager):
    assert client.get(url(Service, "change", world.ours[Service].pk)).status_code == 200
    MembershipFactory(user=manager)
    Membership.objects.filter(user=manager, salon=world.ours[Salon]).update(is_active=False)

    page = client.get(url(Service, "changelist"))

    assert list(page.context["cl"].result_list) == []
    assert client.get(url(Service, "change", world.ours[Service].pk)).status_code == 302
    assert client.get(url(Service, "history", world.ours[Service].pk)).status_code == 404


def test_who_has_no_role_any_more_is_asked_to_sign_in(client, world, manager):
    """ADM17. A switched off account is one of the people of `walls/test_admin_matrix.py`."""
    Membership.objects.filter(user=manager).update(is_active=False)

    for model in shown_models():
        assert client.get(url(model, "changelist")).status_code == 302


def test_recent_actions_forget_rows_that_are_out_of_sight(client, world, manager):
    category = ServiceCategoryFactory(salon=world.ours[Salon])
    client.post(
        url(ServiceCategory, "change", category.pk),
        {"name_ar": "", "name_en": "Seen", "position": 0, "is_active": "on"},
    )
    assert [entry.object_repr for entry in own_log_entries(manager)] == ["Seen"]

    Membership.objects.filter(user=manager).update(is_active=False)
    forget_roles(manager)
    assert list(own_log_entries(manager)) == []
    assert list(own_log_entries(member(world.ours[Salon]))) == []
