"""What an import makes of rows: the real list, matching, defaults, all or nothing, and what it costs."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.roles import PlatformRole, SalonRole
from apps.accounts.tests.factories import PlatformUserFactory
from apps.common.errors import Forbidden
from apps.common.testing.race import race
from apps.common.text import search_key
from apps.salons.catalogue_import.errors import CatalogueChanged
from apps.salons.models import Service, ServiceCategory
from apps.salons.tests.factories import MembershipFactory, SalonFactory, ServiceFactory
from apps.salons.tests.price_lists import CORRECTED, REAL, codes, csv_of, run, stored

pytestmark = pytest.mark.django_db

HAIRCUT = "C1;شعر;Hair;قص;Cut;100;45"


@pytest.fixture
def salon():
    return SalonFactory(slug="nawara")


# --- The list as an owner sent it ---


def test_the_real_list_names_its_one_bad_cell_and_writes_nothing(salon):
    report = run(REAL.read_bytes(), salon, default_duration=45)

    assert codes(report) == [(23, "السعر شامل الضريبة", "price_is_range")]
    assert "400 - 300" in str(report.findings()[0])
    assert stored() == [[], [], [], []]


def test_the_real_list_without_its_bad_row(salon):
    report = run(REAL.read_bytes(), salon, default_duration=45, skip_rows=[23])

    assert report.problems == []
    assert (report.services_created, report.categories_created, report.rows_skipped) == (70, 8, 1)
    assert (report.services_updated, report.services_unchanged, report.durations_defaulted) == (0, 0, 70)
    assert Service.objects.filter(salon=salon).count() == 70
    assert list(ServiceCategory.objects.values_list("name_en", "position")) == [
        ("Skincare and hair care", 1),
        ("Colouring", 2),
        ("Skin and nails", 3),
        ("Hairstyles at home", 4),
        ("Make-up in the salon", 5),
        ("Make-up at home", 6),
        ("Bridal package", 7),
        ("Care at home", 8),
    ]


def test_the_corrected_list_is_complete_and_exact(salon):
    report = run(CORRECTED.read_bytes(), salon, default_duration=45)

    assert (report.services_created, report.categories_created) == (71, 8)
    assert list(Service.objects.values_list("code", flat=True)) == [f"S{number:03d}" for number in range(1, 72)]
    extension = Service.objects.get(name_en="Acrylic extension")
    assert (extension.price_amount, extension.duration_minutes) == (Decimal("517.50"), 45)
    assert (extension.name_ar, extension.category.name_ar) == ("اكريلك اكستنشن", "العناية بالبشرة و الاظافر")
    assert extension.search_text == search_key("اكريلك اكستنشن", "Acrylic extension")
    assert (extension.position, extension.is_active, extension.buffer_after_minutes) == (14, True, 0)
    assert Service.objects.get(name_en="Colour, medium").price_amount == Decimal("350.00")


def test_equal_names_in_different_categories_are_different_services(salon):
    run(CORRECTED.read_bytes(), salon, default_duration=45)

    found = Service.objects.filter(name_ar="بديكير منيكير مع لون").values_list("category__name_en", "price_amount")

    assert set(found) == {("Skin and nails", Decimal("210.00")), ("Care at home", Decimal("250.00"))}


@pytest.mark.parametrize("default", [None, 45, 30])
def test_importing_the_corrected_list_again_changes_nothing(salon, default):
    run(CORRECTED.read_bytes(), salon, default_duration=45)
    before = stored()

    report = run(CORRECTED.read_bytes(), salon, default_duration=default)

    assert (report.services_created, report.services_updated, report.services_unchanged) == (0, 0, 71)
    assert (report.categories_created, report.categories_updated) == (0, 0)
    assert stored() == before


def test_the_corrected_list_after_the_first_with_a_row_left_out_adds_that_row_only(salon):
    run(REAL.read_bytes(), salon, default_duration=45, skip_rows=[23])

    report = run(CORRECTED.read_bytes(), salon, default_duration=60)

    assert (report.services_created, report.services_updated, report.services_unchanged) == (1, 0, 70)
    added = Service.objects.get(name_en="Colour, medium")
    assert (added.code, added.position, added.duration_minutes) == ("S071", 10, 60)


# --- Durations ---


def test_rows_without_duration_are_errors_until_the_operator_gives_a_default(salon):
    report = run(CORRECTED.read_bytes(), salon)

    assert {code for _row, _column, code in codes(report)} == {"duration_missing"}
    assert [finding.row_text for finding in report.findings()] == ["2-72"]
    assert report.refused_rows == []
    assert stored() == [[], [], [], []]


def test_an_own_duration_wins_over_the_default(salon):
    run(csv_of(HAIRCUT, "C2;شعر;Hair;صبغة;Colour;200;"), salon, default_duration=90)

    assert list(Service.objects.values_list("code", "duration_minutes")) == [("C1", 45), ("C2", 90)]


# --- All or nothing ---


def test_every_error_is_listed_with_its_row_and_column_and_nothing_is_written(salon):
    good = [f"G{number};شعر;Hair;قص {number};Cut {number};100;45" for number in range(998)]
    lines = [*good[:499], "B1;شعر;Hair;;;free;4", *good[499:], ";شعر;Hair;لون;Colour;-5;9999"]

    report = run(csv_of(*lines), salon)

    assert codes(report) == [
        (501, "price", "price_not_a_number"),
        (501, "duration", "duration_out_of_range"),
        (1001, "price", "price_not_positive"),
        (1001, "duration", "duration_out_of_range"),
    ]
    assert stored() == [[], [], [], []]


def test_a_row_to_leave_out_must_exist(salon):
    report = run(csv_of(HAIRCUT), salon, skip_rows=[3])

    assert codes(report) == [(3, "", "row_unknown")]
    assert Service.objects.count() == 0


def test_two_rows_about_one_service_are_refused(salon):
    report = run(csv_of(HAIRCUT, "C1;شعر;Hair;قص;Cut;120;45", ";شعر;Hair;قصّ;;90;45"), salon)

    assert codes(report) == [(3, "", "row_repeated"), (4, "", "row_repeated")]
    assert [finding.rows for finding in report.findings()] == [[3, 4]]
    assert Service.objects.count() == 0


def test_nothing_is_written_in_a_dry_run_which_reports_the_same(salon):
    planned = run(csv_of(HAIRCUT), salon, dry_run=True)
    before = stored()
    done = run(csv_of(HAIRCUT), salon)

    assert before == [[], [], [], []]
    assert planned == done
    assert planned.fingerprint() == done.fingerprint()


def test_what_was_not_previewed_is_not_written(salon):
    previewed = run(csv_of(HAIRCUT), salon, dry_run=True).fingerprint()
    ServiceFactory(salon=salon, code="C1", price_amount=Decimal("80.00"))
    before = stored()

    with pytest.raises(CatalogueChanged):
        run(csv_of(HAIRCUT), salon, previewed=previewed)

    assert stored() == before


# --- Walls ---


def test_rows_go_to_the_chosen_salon_and_leave_the_codes_of_others_alone(salon):
    theirs = ServiceFactory(code="C1", name_en="Cut", price_amount=Decimal("70.00"))
    before = Service.objects.filter(pk=theirs.pk).values().get()

    report = run(csv_of(HAIRCUT), salon)

    assert report.services_created == 1
    assert Service.objects.filter(pk=theirs.pk).values().get() == before
    assert Service.objects.get(salon=salon).category.salon == salon
    assert theirs.history.count() == 1


def test_a_row_that_names_another_salon_is_refused(salon):
    other = SalonFactory(slug="other")
    line = "{};شعر;قص;100;45"
    headings = "salon;category_ar;name_ar;price;duration"

    report = run(csv_of(line.format("other"), headings=headings), salon)
    good = run(csv_of(line.format("nawara"), headings=headings), salon)

    assert codes(report) == [(2, "salon", "other_salon")]
    assert (good.services_created, Service.objects.filter(salon=other).count()) == (1, 0)


@pytest.mark.parametrize("role", [SalonRole.RECEPTIONIST, SalonRole.STYLIST])
def test_members_without_the_right_import_nothing(salon, role):
    person = MembershipFactory(salon=salon, role=role).user

    with pytest.raises(Forbidden):
        run(csv_of(HAIRCUT), salon, actor=person)

    assert stored() == [[], [], [], []]


def test_managers_of_other_salons_and_auditors_import_nothing(salon):
    for person in (MembershipFactory().user, PlatformUserFactory(role=PlatformRole.AUDITOR)):
        with pytest.raises(Forbidden):
            run(csv_of(HAIRCUT), salon, actor=person)
    assert stored() == [[], [], [], []]


def test_history_says_who_and_from_which_file(salon):
    manager = MembershipFactory(salon=salon).user

    run(csv_of(HAIRCUT), salon, actor=manager)
    run(csv_of(HAIRCUT.replace("100", "110")), salon, actor=manager)

    created, updated = Service.history.order_by("history_id")
    assert [created.history_type, updated.history_type] == ["+", "~"]
    assert {created.history_user, updated.history_user} == {manager}
    assert "list.csv" in created.history_change_reason
    assert updated.price_amount == Decimal("110.00")
    assert updated.created_at == created.created_at == Service.objects.get().created_at
    assert updated.updated_at == Service.objects.get().updated_at > created.updated_at


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_do_not_double_the_list():
    salon = SalonFactory()

    reports = race(2, lambda _number: run(CORRECTED.read_bytes(), salon, default_duration=45))

    assert sorted(report.services_created for report in reports) == [0, 71]
    assert (Service.objects.count(), ServiceCategory.objects.count()) == (71, 8)


# --- Cost ---


def test_an_import_costs_the_same_for_ten_rows_and_a_thousand(salon):
    few, many = statements(lines_of(10, "a"), salon), statements(lines_of(1000, "b"), salon)

    assert few == many
    assert Service.objects.count() == Service.history.count() == 1010


def test_updates_cost_the_same_for_ten_rows_and_a_thousand(salon):
    run(csv_of(*lines_of(1000, "a")), salon)

    few, many = statements(lines_of(10, "a", price=110), salon), statements(lines_of(1000, "a", price=120), salon)

    assert few == many
    assert Service.objects.filter(price_amount=120).count() == 1000
    assert Service.history.filter(history_type="~").count() == 1010


def test_new_rows_get_keys_that_later_rows_do_not_get_again(salon):
    run(csv_of(*lines_of(3, "a")), salon)
    by_hand = ServiceFactory(salon=salon)
    run(csv_of(*lines_of(3, "b")), salon)

    keys = list(Service.objects.order_by("pk").values_list("pk", flat=True))
    assert len(set(keys)) == 7
    assert keys[3] == by_hand.pk
    assert set(Service.history.values_list("id", flat=True)) == set(keys)


def lines_of(count, prefix, price=100):
    return [f"{prefix}{n};قسم {prefix};Part {prefix};خدمة {n};Service {n};{price};45" for n in range(count)]


def statements(lines, salon):
    """How many statements an import of `lines` takes; a COPY is none of them, and there is one for each table."""
    content = csv_of(*lines)
    with CaptureQueriesContext(connection) as captured:
        assert run(content, salon).problems == []
    return len(captured)
