"""Every line of history says which door the change came through, and the number of the request, as the log has it."""

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from apps.accounts.services.tokens import issue_tokens
from apps.accounts.tests.factories import OwnerFactory, UserFactory
from apps.common import trace
from apps.common.doors import Door, through
from apps.salons.catalogue_import import Options, import_catalogue
from apps.salons.models import Service
from apps.salons.tests.factories import SalonFactory, ServiceCategoryFactory
from project.middleware import door_of

pytestmark = pytest.mark.django_db
PRICE_LIST = "Code,Category (English),Service (English),Duration,Price\nCUT,Hair,Cut,45,115.00\n"


def test_adm07_a_form_of_the_admin_comes_through_the_back_office(client):
    client.force_login(OwnerFactory())
    category = ServiceCategoryFactory()
    said = {"name_en": "Nails", "name_ar": "", "position": "3"}

    answer = client.post(reverse("admin:salons_servicecategory_change", args=[category.pk]), said)

    assert answer.status_code == 302
    line = category.history.first()
    assert (line.history_door, line.history_request) == (Door.ADMIN, answer.headers["X-Request-ID"])


def test_adm07_a_call_of_the_api_comes_through_the_customers_app(client):
    person = UserFactory(name="Huda")
    key = {"authorization": f"Bearer {issue_tokens(user=person).access}"}

    answer = client.patch("/api/v1/me/", {"name": "Maha"}, content_type="application/json", headers=key)

    assert answer.status_code == 200
    line = person.history.first()
    assert (line.history_door, line.history_request) == (Door.API, answer.headers["X-Request-ID"])


def test_adm07_a_price_list_comes_through_a_file_whoever_reads_it_in():
    salon = SalonFactory()

    with through(Door.ADMIN), trace.running("import_catalog"):
        number = trace.current_request_id()
        report = import_catalogue(PRICE_LIST.encode(), salon=salon, actor=None, source="list.csv", options=Options())

    assert report.problems == []
    told = {(row.history_door, row.history_request) for row in Service.history.filter(salon=salon)}
    assert told == {(Door.IMPORT, number)}


def test_adm07_what_no_request_changes_is_a_job_or_a_command():
    line = ServiceCategoryFactory().history.get()

    assert (line.history_door, line.history_request) == (Door.JOB, None)


@pytest.mark.parametrize("page", ["admin:salons_servicecategory_history", "admin:changes"])
def test_adm07_a_line_shows_the_number_of_its_request(client, page):
    client.force_login(OwnerFactory())
    with trace.running("tick"):
        number, category = trace.current_request_id(), ServiceCategoryFactory()

    shown = client.get(reverse(page, args=[] if page == "admin:changes" else [category.pk])).content.decode()

    assert f'<bdi dir="ltr">{number}</bdi>' in shown


@pytest.mark.parametrize("model", [model for model in apps.get_models() if hasattr(model, "history")], ids=str)
def test_adm07_lines_from_before_numbers_were_kept_do_not_get_that_of_the_migration(model):
    field = model.history.model._meta.get_field("history_request")

    with trace.running("migrate"):
        number = trace.current_request_id()
        definition, values = connection.schema_editor().column_sql(model.history.model, field, include_default=True)

    assert "DEFAULT NULL" in definition
    assert number not in [definition, *values]


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/admin/salons/service/1/change/", Door.ADMIN),
        ("/api/v1/bookings/", Door.API),
        ("/api/v1/webhooks/moyasar/", Door.WEBHOOK),
    ],
)
def test_an_address_belongs_to_one_door(path, door):
    assert door_of(path) == door
