"""The price list through its doors: the admin's pages, the command, and an export that comes back."""

import re
import tempfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.imports.sheet import MOST_BYTES
from apps.common.imports.uploads import FOLDER
from apps.salons.models import ImportRun, Service, ServiceCategory
from apps.salons.tests.factories import MembershipFactory, SalonFactory, ServiceCategoryFactory, ServiceFactory
from apps.salons.tests.price_lists import REAL, csv_of, stored

pytestmark = pytest.mark.django_db

IMPORT = reverse("admin:salons_service_import")
CONFIRM = reverse("admin:salons_service_process_import")
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


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch):
    """Where uploaded files wait, so that a test sees what is left of them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / FOLDER
    folder.mkdir()
    return folder


def upload(client, content, salon, *, name="list.csv", **options):
    file = SimpleUploadedFile(name, content)
    said = {"resource": "0", "format": "0", "salon": getattr(salon, "pk", salon), "import_file": file, **options}
    return client.post(IMPORT, said)


def confirmation(page):
    """What the browser would send when the operator agrees."""
    return {field.html_name: field.value() or "" for field in page.context["confirm_form"]}


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


# --- The admin ---


@pytest.mark.parametrize(("language", "heading"), [("en", "Import: services"), ("ar", "استيراد: الخدمات")])
def test_the_page_says_that_it_imports_and_into_what(client, salon, manager, language, heading):
    client.cookies["django_language"] = language

    pages = [client.get(IMPORT), upload(client, HAIRCUT, salon)]

    headings = [re.search(r"<h1.*?</h1>", page.content.decode(), re.DOTALL)[0] for page in pages]
    assert [re.sub(r"<[^>]+>", "", text).strip() for text in headings] == [heading, heading]


def test_the_real_list_through_the_pages(client, salon, manager, uploads):
    refused = upload(client, REAL.read_bytes(), salon, default_duration="45")

    assert "confirm_form" not in refused.context
    assert [finding.rows for finding in refused.context["result"].report.findings()] == [[23]]
    page = refused.content.decode()
    assert "400 - 300" in page
    assert "السعر شامل الضريبة" in page
    assert len(list(uploads.iterdir())) == 1

    again = {field.html_name: field.value() or "" for field in refused.context["again_form"]}
    preview = client.post(IMPORT, {**again, "again": "1"})

    assert Service.objects.count() == 0
    assert preview.context["result"].report.services_created == 70

    done = client.post(CONFIRM, confirmation(preview), follow=True)

    assert done.redirect_chain == [(reverse("admin:salons_service_changelist"), 302)]
    assert (Service.objects.filter(salon=salon).count(), ServiceCategory.objects.count()) == (70, 8)
    assert len(messages_of(done)) == 1
    assert "70" in messages_of(done)[0]
    assert set(Service.history.values_list("history_user", flat=True)) == {manager.pk}
    assert list(uploads.iterdir()) == []


def test_the_preview_shows_old_and_new(client, salon, manager):
    category = ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="Hair")
    ServiceFactory(
        salon=salon, category=category, code="C1", name_ar="قص", name_en="Cut", price_amount=Decimal("80.00")
    )

    page = upload(client, HAIRCUT, salon).content.decode()

    assert re.search(r"80\.00.*?100\.00", page, re.DOTALL)
    assert Service.objects.get().price_amount == Decimal("80.00")


def test_a_preview_stays_small_whatever_the_list(client, salon, manager):
    lines = [f"C{n};شعر;Hair;خدمة رقم {n};Service {n};100;45" for n in range(10_000)]

    page = upload(client, csv_of(*lines), salon)

    assert page.context["result"].report.services_created == 10_000
    assert len(page.content) < 100 * 1024


def test_errors_of_a_file_are_told_on_the_page(client, salon, manager, uploads):
    for content in (HAIRCUT.decode().encode("utf-16"), b"PK\x03\x04" + b"\x00" * 60, csv_of("x", headings="foo")):
        page = upload(client, content, salon)
        assert page.status_code == 200
        assert "confirm_form" not in page.context
        assert page.context["result"].has_errors()
    assert list(uploads.iterdir()) == []
    assert stored() == [[], [], [], []]


@pytest.mark.parametrize(
    "options",
    [
        {"default_duration": "4"},
        {"default_duration": "soon"},
        {"skip_rows": "x"},
        {"skip_rows": "1-9999999"},
        {"encoding": "utf-7"},
        {"format": "7"},
    ],
)
def test_wrong_answers_in_the_form_are_form_errors(client, salon, manager, options):
    page = upload(client, HAIRCUT, salon, **options)

    assert page.status_code == 200
    assert set(page.context["form"].errors) == set(options)
    assert stored() == [[], [], [], []]


@pytest.mark.parametrize("named", ["999999", "", "x"])
def test_a_salon_that_is_none_is_a_form_error(client, salon, manager, named):
    page = upload(client, HAIRCUT, named)

    assert set(page.context["form"].errors) == {"salon"}


def test_too_large_a_file_is_refused_by_the_form(client, salon, manager, uploads):
    page = upload(client, b"x" * (MOST_BYTES + 1), salon)

    assert set(page.context["form"].errors) == {"import_file"}
    assert list(uploads.iterdir()) == []


def test_the_catalogue_must_be_as_it_was_in_the_preview(client, salon, manager):
    preview = upload(client, HAIRCUT, salon)
    ServiceFactory(salon=salon, code="C1", price_amount=Decimal("80.00"))
    before = stored()

    answer = client.post(CONFIRM, confirmation(preview), follow=True)

    assert answer.redirect_chain == [(IMPORT, 302)]
    assert len(messages_of(answer)) == 1
    assert stored() == before


def test_confirming_twice_imports_once(client, salon, manager):
    agreed = confirmation(upload(client, HAIRCUT, salon))
    client.post(CONFIRM, agreed)
    before = stored()

    answer = client.post(CONFIRM, agreed, follow=True)

    assert answer.redirect_chain == [(reverse("admin:salons_importrun_changelist"), 302)]
    assert "1" in messages_of(answer)[0]
    assert stored() == before
    assert (Service.objects.count(), ImportRun.objects.count()) == (1, 1)


def test_a_confirmation_is_good_for_its_file_its_salon_its_person_and_its_session_only(client, salon, manager):
    second = MembershipFactory(user=manager).salon
    agreed = confirmation(upload(client, HAIRCUT, salon))
    other_file = confirmation(upload(client, csv_of("C9;شعر;Hair;لون;Colour;1;45"), salon))["import_file_name"]
    forged = [
        {"salon": second.pk},
        {"import_file_name": other_file},
        {"import_file_name": "/etc/passwd"},
        {"previewed": ""},
        {"previewed": agreed["previewed"][:-2]},
        {"format": "nonsense"},
        {"resource": "5"},
    ]

    for change in forged:
        assert client.post(CONFIRM, {**agreed, **change}).url == IMPORT
    client.force_login(MembershipFactory(salon=salon).user)
    assert client.post(CONFIRM, agreed).url == IMPORT
    client.force_login(manager)
    assert client.post(CONFIRM, agreed).url == IMPORT

    assert stored() == [[], [], [], []]


def test_options_changed_after_the_preview_import_nothing(client, salon, manager):
    agreed = confirmation(upload(client, REAL.read_bytes(), salon, default_duration="45", skip_rows="23"))

    client.post(CONFIRM, {**agreed, "skip_rows": "23, 24"})
    client.post(CONFIRM, {**agreed, "default_duration": "60"})

    assert stored() == [[], [], [], []]


@pytest.mark.parametrize(
    "role", [SalonRole.RECEPTIONIST, SalonRole.STYLIST, PlatformRole.SUPPORT, PlatformRole.AUDITOR]
)
def test_only_who_may_import_reaches_the_pages(client, salon, role):
    person = (
        PlatformUserFactory(role=role)
        if role in PlatformRole.values
        else MembershipFactory(salon=salon, role=role).user
    )
    client.force_login(person)

    assert client.get(IMPORT).status_code == 403
    assert upload(client, HAIRCUT, salon).status_code == 403
    assert client.post(CONFIRM, {}).status_code == 403
    assert stored() == [[], [], [], []]


def test_a_manager_is_offered_own_salons_only(client, salon, manager):
    theirs = SalonFactory()
    MembershipFactory(user=manager, salon=SalonFactory(), role=SalonRole.RECEPTIONIST)

    offered = client.get(IMPORT).context["form"].fields["salon"].queryset
    page = upload(client, HAIRCUT, theirs)

    assert list(offered) == [salon]
    assert set(page.context["form"].errors) == {"salon"}
    assert stored() == [[], [], [], []]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_pages_answer_in_the_readers_language(client, salon, manager, language):
    client.cookies["django_language"] = language

    page = upload(client, csv_of("x", headings="القسم;الخدمة"), salon).content.decode()

    expected = {"ar": "السعر شامل الضريبة", "en": "Price incl. VAT"}
    assert expected[language] in page
