"""What leaves the admin as a spreadsheet is noted down before it leaves; what is refused leaves no note."""

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.accounts.models import ExportLog
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.common.admin.transfer import ExportableModelAdmin
from apps.salons.models import Customer, Salon
from apps.salons.tests.factories import CustomerFactory
from project.tests.two_salons import every_row, member, shown_models

pytestmark = pytest.mark.django_db


def export(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_export")


def exportable():
    return [model for model in shown_models() if isinstance(admin.site.get_model_admin(model), ExportableModelAdmin)]


@pytest.mark.parametrize(("file_format", "name"), [(0, "xlsx"), (1, "csv")])
def test_every_export_is_noted_down_once(client, file_format, name):
    rows = every_row()
    owner = OwnerFactory()
    client.force_login(owner)

    for model in exportable():
        assert client.post(export(model), {"format": file_format, "resource": "0"}).status_code == 200, model

        entry = ExportLog.objects.latest("pk")
        assert (entry.actor, entry.model_label, entry.file_format) == (owner, model._meta.label_lower, name)
        assert entry.row_count == model._default_manager.count(), model
        assert entry.salons == (rows[Salon].slug if hasattr(rows[model], "salon_id") else ""), model
    assert ExportLog.objects.filter(actor=owner).count() == len(exportable())


def test_the_note_says_which_rows_of_which_salons_and_from_where(client):
    ours = CustomerFactory(is_blocked=True)
    CustomerFactory(salon=ours.salon)
    CustomerFactory(is_blocked=True)
    manager = member(ours.salon)
    client.force_login(manager)

    address = f"{export(Customer)}?is_blocked__exact=1&q=Sara"
    ours.user.name = "Sara"
    ours.user.save()
    client.post(address, {"format": 0, "resource": "0"}, REMOTE_ADDR="203.0.113.77")

    entry = ExportLog.objects.get()
    assert (entry.actor, entry.row_count, entry.salons) == (manager, 1, ours.salon.slug)
    assert (entry.filters, entry.network) == ("is_blocked__exact=1&q=*", "203.0.113.0/24")


@pytest.mark.parametrize("role", ["receptionist", "stylist"])
def test_a_refused_export_leaves_no_note(client, role):
    rows = every_row()
    person = member(rows[Salon], role)
    client.force_login(person)

    for model in exportable():
        assert client.post(export(model), {"format": 0, "resource": "0"}).status_code in {302, 403, 404}, model

    assert ExportLog.objects.filter(actor=person).count() == 0


def test_a_file_that_cannot_be_noted_down_does_not_leave(client, monkeypatch):
    CustomerFactory()
    client.force_login(OwnerFactory())
    client.raise_request_exception = False

    def fail(**_values):
        raise RuntimeError("disk full")

    monkeypatch.setattr(ExportLog.objects, "create", fail)
    response = client.post(export(Customer), {"format": 0, "resource": "0"})

    assert response.status_code == 500
    assert b"PK" not in response.content[:2]


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("support", 403)])
def test_owner_and_auditor_read_the_notes_and_nobody_changes_them(client, role, status):
    entry = every_row()[ExportLog]
    client.force_login(PlatformUserFactory(role=role))
    page = reverse("admin:accounts_exportlog_change", args=[entry.pk])

    assert client.get(reverse("admin:accounts_exportlog_changelist")).status_code == status
    assert client.post(page, {"row_count": 0}).status_code == 403
    client.force_login(OwnerFactory())
    assert client.post(page, {"row_count": 0}).status_code == 403

    entry.refresh_from_db()
    assert entry.row_count == 1
