"""Every line of history says which door the change came through."""

import pytest
from django.urls import reverse

from apps.accounts.services.tokens import issue_tokens
from apps.accounts.tests.factories import OwnerFactory, UserFactory
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
    assert category.history.first().history_door == Door.ADMIN


def test_adm07_a_call_of_the_api_comes_through_the_customers_app(client):
    person = UserFactory(name="Huda")
    key = {"authorization": f"Bearer {issue_tokens(user=person).access}"}

    answer = client.patch("/api/v1/me/", {"name": "Maha"}, content_type="application/json", headers=key)

    assert answer.status_code == 200
    assert person.history.first().history_door == Door.API


def test_adm07_a_price_list_comes_through_a_file_whoever_reads_it_in():
    salon = SalonFactory()

    with through(Door.ADMIN):
        report = import_catalogue(PRICE_LIST.encode(), salon=salon, actor=None, source="list.csv", options=Options())

    assert report.problems == []
    assert {row.history_door for row in Service.history.filter(salon=salon)} == {Door.IMPORT}


def test_adm07_what_no_request_changes_is_a_job_or_a_command():
    assert ServiceCategoryFactory().history.get().history_door == Door.JOB


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
