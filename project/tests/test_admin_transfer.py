"""Import and export: nothing of another salon comes in or goes out, no formula leaves, a file is imported whole."""

import csv
import io

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override
from import_export.fields import Field
from openpyxl import load_workbook

from apps.accounts.tests.factories import UserFactory
from apps.common.resources import ScopedForeignKeyWidget, ScopedResource
from apps.salons.models import Customer, Salon, Service, ServiceCategory
from apps.salons.tests.factories import CustomerFactory, MembershipFactory, SalonFactory
from project.tests.two_salons import TwoSalons, member, two_salons

pytestmark = pytest.mark.django_db


class ServiceRows(ScopedResource):
    """A resource as simple as can be."""

    category = Field(
        attribute="category", column_name="category", widget=ScopedForeignKeyWidget(ServiceCategory, "name_en")
    )

    class Meta(ScopedResource.Meta):
        model = Service
        fields = ("code", "name_en", "category", "price_amount", "duration_minutes")
        import_id_fields = ("code",)


@pytest.fixture
def world() -> TwoSalons:
    return two_salons()


def imported(world, *rows, **kwargs):
    table = tablib.Dataset(*rows, headers=["code", "name_en", "category", "price_amount", "duration_minutes"])
    user = member(world.ours[Salon])
    resource = ServiceRows(user=user, salon=world.ours[Salon])
    return resource.import_data(table, rollback_on_validation_errors=True, **kwargs), user


def test_a_code_of_another_salon_makes_an_own_row_and_leaves_theirs_alone(world):
    theirs = world.theirs[Service]
    category = world.ours[ServiceCategory]

    result, user = imported(world, (theirs.code, "Cut", category.name_en, "50", "30"))

    ours = Service.objects.get(salon=world.ours[Salon], code=theirs.code)
    theirs.refresh_from_db()
    assert not result.has_errors()
    assert ours.price_amount == 50
    assert theirs.price_amount == 100
    assert ours.history.get().history_user == user


def test_a_category_of_another_salon_is_not_found_and_nothing_is_imported(world):
    category, theirs = world.ours[ServiceCategory], world.theirs[ServiceCategory]

    result, _user = imported(world, ("A", "Cut", category.name_en, "5", "30"), ("B", "Dye", theirs.name_en, "5", "30"))

    assert result.has_errors() or result.has_validation_errors()
    assert not Service.objects.filter(code__in=["A", "B"]).exists()


def test_a_row_that_breaks_a_rule_takes_the_whole_file_back(world):
    category = world.ours[ServiceCategory]

    result, _user = imported(
        world, ("A", "Cut", category.name_en, "5", "30"), ("B", "Dye", category.name_en, "-1", "30")
    )

    assert result.has_validation_errors()
    assert not Service.objects.filter(code__in=["A", "B"]).exists()


def test_importing_again_changes_nothing(world):
    row = ("A", "Cut", world.ours[ServiceCategory].name_en, "5", "30")
    imported(world, row)

    result, _user = imported(world, row)

    assert result.totals["skip"] == 1
    assert Service.objects.get(code="A").history.count() == 1


def test_the_preview_shows_old_and_new_each_in_its_own_direction(world):
    service = world.ours[Service]

    row = (service.code, service.name_en, service.category.name_en, "120", "45")
    with override("ar"):
        result, _user = imported(world, row, dry_run=True)

    assert "<del><bdi>100.00</bdi></del> ← <ins><bdi>120</bdi></ins>" in result.rows[0].diff
    assert f"<bdi>{service.code}</bdi>" in result.rows[0].diff


def test_a_key_without_a_reader_finds_nothing(world):
    widget = ScopedForeignKeyWidget(ServiceCategory, "name_en")

    assert not widget.get_queryset("x", {}).exists()


def test_a_file_is_imported_into_an_own_salon_only(client, world):
    person = member(world.ours[Salon])
    second = MembershipFactory(user=person).salon
    client.force_login(person)
    upload = SimpleUploadedFile("list.csv", "الخدمة,السعر\nقص,50".encode())
    address = reverse("admin:salons_service_import")

    page = client.get(address)
    answer = client.post(address, {"salon": world.theirs[Salon].pk, "import_file": upload, "format": 0, "resource": 0})

    assert set(page.context["form"].fields["salon"].queryset) == {world.ours[Salon], second}
    assert "salon" in answer.context["form"].errors
    assert "confirm_form" not in answer.context


@pytest.mark.parametrize("name", ["test.sqlite3", "../../etc/passwd", "", "x" * 300])
def test_no_file_of_the_server_is_imported_by_its_name(client, world, name):
    client.force_login(member(world.ours[Salon]))
    form = {"import_file_name": name, "original_file_name": "a.csv", "format": 0, "resource": 0}

    answer = client.post(reverse("admin:salons_service_process_import"), {**form, "salon": world.ours[Salon].pk})

    assert answer.status_code == 302
    assert answer.url == reverse("admin:salons_service_import")


def exported(client, file_format):
    return client.post(reverse("admin:salons_customer_export"), {"format": file_format, "resource": 0}).content


def test_a_name_that_looks_like_a_formula_leaves_as_text(client):
    salon = SalonFactory()
    CustomerFactory(salon=salon, user=UserFactory(name='=HYPERLINK("http://x")'), notes="@cmd")
    client.force_login(member(salon))

    [row] = csv.DictReader(io.StringIO(exported(client, 1).decode("utf-8-sig")))
    sheet = load_workbook(io.BytesIO(exported(client, 0))).active

    assert row["Name"] == '\'=HYPERLINK("http://x")'
    assert row["Notes"] == "'@cmd"
    assert row["Phone"].startswith("'+9665")
    assert "f" not in {cell.data_type for row in sheet.rows for cell in row}


def test_an_export_speaks_the_language_of_its_reader(client):
    salon = SalonFactory()
    CustomerFactory(salon=salon, is_blocked=True)
    client.force_login(member(salon, locale="en"))

    english = exported(client, 1).decode("utf-8-sig").splitlines()

    assert english[0] == "Phone,Name,Notes,May not book online,Customer since"
    assert english[1].split(",")[3] == "yes"


def test_an_export_holds_what_the_list_shows(client):
    salon = SalonFactory()
    wanted = CustomerFactory(salon=salon, is_blocked=True)
    CustomerFactory(salon=salon)
    client.force_login(member(salon))

    address = f"{reverse('admin:salons_customer_export')}?is_blocked__exact=1"
    rows = client.post(address, {"format": 1, "resource": 0}).content.decode("utf-8-sig").splitlines()

    assert len(rows) == 2
    assert wanted.user.phone in rows[1]
    assert Customer.objects.count() == 2
