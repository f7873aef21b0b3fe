"""An export of the price list: what leaves, and that it comes back without a change."""

import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import OwnerFactory, PlatformUserFactory
from apps.salons.models import Service, ServiceCategory
from apps.salons.tests.factories import MembershipFactory, SalonFactory, ServiceFactory
from apps.salons.tests.price_lists import CORRECTED, csv_of, run, stored

pytestmark = pytest.mark.django_db

EXPORT = reverse("admin:salons_service_export")
HAIRCUT = csv_of("C1;شعر;Hair;قص;Cut;100;45")
XLSX, CSV = "0", "1"
SKINCARE = "Skincare and hair care"


@pytest.fixture
def salon():
    return SalonFactory(slug="nawara")


@pytest.fixture
def manager(client, salon):
    person = MembershipFactory(salon=salon).user
    client.force_login(person)
    return person


def exported(client, file_format, language):
    client.cookies["django_language"] = language
    response = client.post(EXPORT, {"format": file_format, "resource": "0"})
    assert response.status_code == 200
    return response.content


@pytest.fixture
def catalogue(salon):
    run(CORRECTED.read_bytes(), salon, default_duration=45)
    hair = ServiceCategory.objects.get(name_en="Colouring")
    texts = {"description_en": "First line\r\nsecond; \"quoted\", 'single'", "description_ar": "وصف"}
    ServiceFactory(salon=salon, category=hair, code="=1+1", name_ar="=HYPERLINK(1)", name_en="@SUM(1)", **texts)
    ServiceFactory(salon=salon, category=hair, code="-5", name_ar="+966 هدية", name_en="'=2", is_active=False)
    ServiceFactory(salon=salon, category=hair, code="007", name_ar="", name_en="\tTab", price_amount=Decimal("0.05"))
    # The same Arabic name twice: only codes tell them apart.
    ServiceFactory(salon=salon, category=hair, code="A", name_ar="لون", name_en="One", buffer_after_minutes=10)
    ServiceFactory(salon=salon, category=hair, code="B", name_ar="لون", name_en="Two")
    return stored()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("file_format", [CSV, XLSX])
def test_an_export_comes_back_without_a_change(client, salon, manager, catalogue, file_format, language):
    content = exported(client, file_format, language)

    for reader in ("ar", "en"):
        with translation.override(reader):
            report = run(content, salon, actor=manager)
        assert report.problems == []
        assert (report.services_unchanged, report.services_updated, report.services_created) == (76, 0, 0)
        assert (report.categories_created, report.categories_updated) == (0, 0)
    assert stored() == catalogue


@pytest.mark.parametrize("file_format", [CSV, XLSX])
def test_an_export_fills_an_empty_salon_with_the_same_list(client, salon, manager, catalogue, file_format):
    branch = SalonFactory()

    report = run(exported(client, file_format, "ar"), branch)

    columns = ("code", "name_ar", "name_en", "price_amount", "duration_minutes", "is_active", "category__name_en")
    there, here = (list(Service.objects.filter(salon=each).values_list(*columns)) for each in (branch, salon))
    assert report.services_created == 76
    assert there[0] == ("S001", "استشوار القصير جداً", "Blow-dry, very short", Decimal("50.00"), 45, True, SKINCARE)
    assert [row[0] for row in there] == [row[0] for row in here]
    assert [row for row in there if row[0] != "007"] == [row for row in here if row[0] != "007"]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_csv_export_has_a_mark_for_arabic_plain_numbers_and_no_live_formula(
    client, salon, manager, catalogue, language
):
    content = exported(client, CSV, language)

    text = content.decode("utf-8-sig")
    assert content.startswith(b"\xef\xbb\xbf")
    assert text.splitlines()[0].split(",")[0] == {"ar": "الرمز", "en": "Code"}[language]
    assert ",517.50,45," in text
    assert "'=1+1," in text
    assert not re.search(r'(^|,)"?[=+@\t-]', text, re.MULTILINE)


def test_an_xlsx_export_has_numbers_and_no_formula(client, salon, manager, catalogue):
    book = load_workbook(io.BytesIO(exported(client, XLSX, "ar")))

    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
    assert book.active.sheet_view.rightToLeft is True
    assert "f" not in {cell.data_type for cell in cells}
    assert {type(cell.value) for cell in book.active["F"][1:]} <= {int, float}
    assert 517.5 in [cell.value for cell in book.active["F"]]


def test_an_export_of_several_salons_says_whose_each_row_is_and_cannot_land_in_one_of_them(client, salon):
    run(HAIRCUT, salon)
    other = SalonFactory(slug="other")
    run(HAIRCUT.replace(b"C1", b"C2"), other)
    client.force_login(OwnerFactory())
    before = stored()

    content = exported(client, CSV, "en")
    report = run(content, salon)

    assert content.decode("utf-8-sig").splitlines()[0].startswith("Salon,Code,")
    assert [(problem.row, problem.code) for problem in report.problems] == [(3, "other_salon")]
    assert stored() == before


def test_receptionists_do_not_export_prices_and_auditors_do(client, salon):
    client.force_login(MembershipFactory(salon=salon, role=SalonRole.RECEPTIONIST).user)
    assert client.get(EXPORT).status_code == 403

    client.force_login(PlatformUserFactory(role=PlatformRole.AUDITOR))
    assert client.get(EXPORT).status_code == 200
