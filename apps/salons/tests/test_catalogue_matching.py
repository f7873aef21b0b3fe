"""How a row finds its category and service, and what empty, missing and invisible things mean."""

from decimal import Decimal

import pytest
from django.utils import translation

from apps.common.text import search_key
from apps.salons.models import Service, ServiceCategory
from apps.salons.tests.factories import SalonFactory, ServiceCategoryFactory, ServiceFactory
from apps.salons.tests.price_lists import codes, csv_of, run, stored

pytestmark = pytest.mark.django_db

HAIRCUT = "C1;شعر;Hair;قص;Cut;100;45"


@pytest.fixture
def salon():
    return SalonFactory()


def test_a_code_finds_the_service_whatever_else_the_row_says(salon):
    service = ServiceFactory(salon=salon, code="C1", name_ar="قديم", name_en="Old", price_amount=Decimal("90.00"))
    old_category = service.category.name_en

    report = run(csv_of(HAIRCUT), salon)

    service.refresh_from_db()
    assert (service.name_ar, service.name_en, service.category.name_en) == ("قص", "Cut", "Hair")
    assert service.search_text == search_key("قص", "Cut")
    with translation.override("en"):
        shown = [(change.column, change.old_text, change.new_text) for change in report.changes]
    assert shown == [
        ("Category", old_category, "Hair"),
        ("Service (Arabic)", "قديم", "قص"),
        ("Service (English)", "Old", "Cut"),
        ("Price incl. VAT", "90.00", "100.00"),
    ]


@pytest.mark.parametrize(("name_ar", "name_en"), [("أظافِـر", ""), ("", "NAILS"), ("اظافر", "Nails")])
def test_without_a_code_the_name_in_either_language_finds_it_within_its_category(salon, name_ar, name_en):
    category = ServiceCategoryFactory(salon=salon, name_ar="العناية", name_en="Care")
    other = ServiceCategoryFactory(salon=salon)
    service = ServiceFactory(salon=salon, category=category, name_ar="أظافر", name_en="Nails")
    namesake = ServiceFactory(salon=salon, category=other, name_ar="أظافر", name_en="Nails")
    headings = "category;name_ar;name_en;price"

    report = run(csv_of(f"care;{name_ar};{name_en};120", headings=headings), salon)

    service.refresh_from_db()
    namesake.refresh_from_db()
    assert (report.services_updated, service.price_amount) == (1, Decimal("120.00"))
    assert namesake.price_amount == Decimal("100.00")


def test_a_name_that_several_services_answer_to_asks_for_the_code(salon):
    category = ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="Hair")
    ServiceFactory(salon=salon, category=category, name_ar="قص", name_en="Cut")
    ServiceFactory(salon=salon, category=category, name_ar="قص", name_en="Trim")
    before = stored()

    report = run(csv_of("Hair;قص;90", headings="category_en;name_ar;price"), salon)

    assert codes(report) == [(2, "name_ar", "service_ambiguous")]
    assert stored() == before


def test_a_new_code_for_a_name_that_is_there_already_is_refused(salon):
    category = ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="Hair")
    ServiceFactory(salon=salon, category=category, code="OLD", name_ar="قص", name_en="Cut")
    before = stored()

    report = run(csv_of(HAIRCUT), salon)

    assert codes(report) == [(2, "name_ar", "name_taken")]
    assert stored() == before


def test_one_category_has_one_name_in_a_file(salon):
    report = run(csv_of(HAIRCUT, "C2;شعر;Hear;صبغة;Colour;200;45"), salon)

    assert codes(report) == [(3, "category_en", "category_differs")]
    assert ServiceCategory.objects.count() == 0


def test_a_category_is_found_by_the_language_that_an_earlier_row_added(salon):
    lines = ["شعر;;قص;100", "شعر;Hair;لون;50", ";hair;غرة;20"]

    report = run(csv_of(*lines, headings="category_ar;category_en;name_ar;price"), salon, default_duration=30)

    assert (report.categories_created, report.services_created) == (1, 3)
    assert list(ServiceCategory.objects.values_list("name_ar", "name_en")) == [("شعر", "Hair")]


def test_a_lone_name_column_is_called_as_the_file_calls_it(salon):
    ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="x")
    ServiceCategoryFactory(salon=salon, name_ar="شَعر", name_en="y")

    report = run(csv_of("شعر;Cut;5", headings="category;service;price"), salon, default_duration=30)

    assert codes(report) == [(2, "category", "category_ambiguous")]


def test_a_category_gets_its_missing_language_and_history_keeps_the_old(salon):
    category = ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="")

    report = run(csv_of(HAIRCUT), salon)

    category.refresh_from_db()
    assert (category.name_en, category.search_text, report.categories_updated) == ("Hair", "شعر hair", 1)
    assert list(category.history.values_list("history_type", "name_en")) == [("~", "Hair"), ("+", "")]


def test_services_may_swap_their_names(salon):
    run(csv_of(HAIRCUT, "C2;شعر;Hair;لون;Colour;200;45"), salon)

    report = run(csv_of("C1;شعر;Hair;لون;Colour;100;45", "C2;شعر;Hair;قص;Cut;200;45"), salon)

    assert report.services_updated == 2
    assert list(Service.objects.order_by("code").values_list("code", "name_en", "search_text")) == [
        ("C1", "Colour", "لون colour"),
        ("C2", "Cut", "قص cut"),
    ]


def test_codes_count_on_from_the_largest(salon):
    category = ServiceCategoryFactory(salon=salon, name_ar="شعر", name_en="Hair")
    ServiceFactory(salon=salon, category=category, code="S041", position=7)

    run(csv_of(";شعر;Hair;قص;Cut;100;45", "S100;شعر;Hair;لون;Colour;100;45", ";شعر;Hair;غرة;Fringe;50;15"), salon)

    assert dict(Service.objects.values_list("name_en", "code"))["Cut"] == "S101"
    assert list(Service.objects.filter(position__gt=7).values_list("code", "position")) == [
        ("S101", 8),
        ("S100", 9),
        ("S102", 10),
    ]


# --- Empty, missing, and what nobody sees ---


def test_an_empty_cell_clears_and_a_missing_column_leaves(salon):
    headings = "code;category_ar;name_ar;name_en;price;active;description_en;buffer_after"
    run(csv_of("C1;شعر;قص;Cut;100;no;Nice;10", headings=headings), salon, default_duration=45)

    run(csv_of("C1;شعر;قص;;100", headings="code;category_ar;name_ar;name_en;price"), salon)
    service = Service.objects.get()
    kept = (service.name_en, service.is_active, service.description_en, service.buffer_after_minutes)
    run(csv_of("C1;شعر;قص;;100;;;", headings=headings), salon)
    service.refresh_from_db()

    assert kept == ("", False, "Nice", 10)
    assert (service.is_active, service.description_en, service.buffer_after_minutes) == (False, "", 0)
    assert service.duration_minutes == 45


def test_direction_marks_and_doubled_spaces_are_no_change(salon):
    run(csv_of(HAIRCUT), salon)
    Service.objects.update(name_en="\u200fCut  ", description_en="one\r\ntwo ")
    before = stored()
    headings = "code;category_ar;name_ar;name_en;price;description_en"

    report = run(csv_of('C1;شعر;قص;\u200eCut;100;" one\ntwo"', headings=headings), salon)

    assert (report.services_updated, report.services_unchanged) == (0, 1)
    assert stored() == before


def test_a_name_column_alone_takes_the_language_of_its_letters(salon):
    run(csv_of("شعر;Gelish;100", "Nails;لون;50", headings="القسم;الخدمة;السعر"), salon, default_duration=30)

    assert list(Service.objects.order_by("price_amount").values_list("name_ar", "name_en", "category__name_en")) == [
        ("لون", "", "Nails"),
        ("", "Gelish", ""),
    ]
