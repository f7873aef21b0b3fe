"""Which files and cells are read, and how the others are refused: with a code, in words, before anything is written."""

import io
import time
import zipfile
from datetime import datetime
from decimal import Decimal

import pytest
from django.utils import translation

from apps.common.errors import DomainError, Rejected
from apps.common.imports import cells
from apps.common.imports.sheet import WINDOWS_1256, read_sheet
from apps.salons.catalogue_import.columns import COLUMNS
from apps.salons.models import Service
from apps.salons.tests.factories import SalonFactory
from apps.salons.tests.price_lists import REAL, codes, csv_of, run, stored, xlsx_of

PLAIN = "القسم;الخدمة;السعر;المدة\nشعر;قص;100;45\n"


@pytest.fixture
def salon(db):
    return SalonFactory()


def imported():
    return list(Service.objects.values_list("name_ar", "category__name_ar", "price_amount", "duration_minutes"))


def refusal_of(content, **options):
    with pytest.raises(DomainError) as refused:
        read_sheet(content, known=COLUMNS.known, **options)
    return refused.value.code


# --- Encodings, delimiters, line ends ---


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace(";", ",").encode(),
        PLAIN.replace(";", "\t").encode("utf-8-sig"),
        PLAIN.replace(";", "|").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace("\n", "\r\n", 1).encode(),
        ("\n;;;\n" + PLAIN + ";;;\n\n").encode(),
        PLAIN.replace("شعر", '"شعر"').replace("السعر", '"السعر, شامل الضريبة"').encode(),
        xlsx_of(["القسم", "الخدمة", "السعر", "المدة"], ["شعر", "قص", 100, 45.0]),
        xlsx_of([None], ["القسم", "الخدمة", "السعر", None, "المدة"], [], ["شعر", "قص", "100", None, "٤٥"]),
    ],
)
def test_files_as_programs_write_them_are_read_alike(salon, content):
    assert run(content, salon).problems == []
    assert imported() == [("قص", "شعر", Decimal("100.00"), 45)]


def test_windows_1256_is_read_only_when_the_operator_says_so(salon):
    content = PLAIN.encode(WINDOWS_1256)

    assert refusal_of(content) == "encoding_unknown"
    run(content, salon, encoding=WINDOWS_1256)
    assert imported() == [("قص", "شعر", Decimal("100.00"), 45)]


def test_utf8_is_never_read_as_windows_1256():
    assert refusal_of(PLAIN.encode(), encoding=WINDOWS_1256) == "encoding_is_utf8"
    assert refusal_of(REAL.read_bytes(), encoding=WINDOWS_1256) == "encoding_is_utf8"


def test_row_numbers_are_those_a_spreadsheet_shows(salon):
    content = b'\ncategory;service;price;duration\n\nHair;"Cut\nand dry";100;45\n\n;;;\nHair;Trim;?;45\n'

    assert codes(run(content, salon)) == [(7, "price", "price_not_a_number")]


# --- Whole files ---

NOT_A_BOOK = b"PK\x03\x04" + b"\x00" * 200


def damaged_workbook():
    good = xlsx_of(["service"], ["Cut"])
    return good[: len(good) // 2] + b"\x00" * 20 + good[len(good) // 2 + 20 :]


def workbook_with(part, text, compression=zipfile.ZIP_DEFLATED):
    """A real workbook in which one part is replaced."""
    source, out = zipfile.ZipFile(io.BytesIO(xlsx_of(["service"], ["Cut"]))), io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as book:
        for name in source.namelist():
            book.writestr(name, text if name == part else source.read(name))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "file_empty"),
        (b"category;service;price\n;;\n", "file_empty"),
        (PLAIN.encode("utf-16"), "file_utf16"),
        (PLAIN.encode("utf-16-le"), "file_has_nul"),
        (b"category;service;price\nHair;C\x00ut;5\n", "file_has_nul"),
        (b"category;service;price\nHair;\xed\xa0\x80;5\n", "encoding_unknown"),
        (b'category;service;price\nHair;"Cut;5\n', "quote_not_closed"),
        (b'category;service;price\nHair;"Cut"x;5\n', "quote_not_closed"),
        (b'category;service;price\nHair;"' + b"x" * 200_000 + b'";5\n', "quote_not_closed"),
        (b"category;service;price\n" + b"x" * (10 * 1024 * 1024), "file_too_large"),
        (b"category;service;price\n" + b"a;b;5\n" * 50_001, "file_too_large"),
        (b";".join([b"price"] * 41) + b"\n1\n", "file_too_large"),
        (b"x" * 300_000 + b";b\n1\n", "file_too_large"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 100, "old_excel_file"),
        (NOT_A_BOOK, "file_unreadable"),
        (damaged_workbook(), "file_unreadable"),
        (b"PK\x03\x04 not a zip", "file_unreadable"),
        (workbook_with(SHEET, "<worksheet><sheetData><row"), "file_unreadable"),
        (workbook_with(SHEET, " " * 60 * 1024 * 1024), "file_too_large"),
        (workbook_with(SHEET, LAUGHS + "]><worksheet>&j;</worksheet>"), "file_unreadable"),
        (workbook_with("xl/workbook.xml", "<workbook/>"), "file_unreadable"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_quickly_and_in_words(content, code):
    # Of the processor: what other processes do with it in the meantime is not ours.
    start = time.process_time()

    assert refusal_of(content) == code

    assert time.process_time() - start < 2


def test_every_refusal_of_a_file_says_something_in_both_languages():
    for content in (b"", NOT_A_BOOK, PLAIN.encode("utf-16"), b"PK\x03\x04", b'a;"b\n'):
        for language in ("ar", "en"):
            with translation.override(language), pytest.raises(DomainError) as refused:
                read_sheet(content, known=COLUMNS.known)
            assert len(str(refused.value)) > 10


def test_a_workbook_whose_claimed_size_is_wrong_loses_no_row(salon):
    def row(number, *texts):
        inline = '<c r="{}{}" t="inlineStr"><is><t>{}</t></is></c>'
        filled = (inline.format("ABC"[column], number, text) for column, text in enumerate(texts))
        return f'<row r="{number}">{"".join(filled)}</row>'

    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1"/>'
        f"<sheetData>{row(1, 'category', 'service', 'price')}{row(2, 'Hair', 'Cut', '90')}</sheetData></worksheet>"
    )

    assert run(workbook_with(SHEET, sheet), salon, default_duration=30).services_created == 1


# --- Headings ---


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("القسم;الخدمة;السعر;id", [(1, "id", "column_unknown")]),
        ("القسم;الخدمة;السعر;السعر قبل الضريبة", [(1, "السعر قبل الضريبة", "column_unknown")]),
        ("القسم;الخدمة;السعر;Price", [(1, "Price", "column_doubled")]),
        ("القسم;السعر", [(1, "الخدمة بالعربية / الخدمة بالإنجليزية", "column_missing")]),
        (
            "foo;service",
            [
                (1, "foo", "column_unknown"),
                (1, "القسم بالعربية / القسم بالإنجليزية", "column_missing"),
                (1, "السعر شامل الضريبة", "column_missing"),
            ],
        ),
    ],
)
def test_headings_are_judged_before_any_row(salon, headings, expected):
    with translation.override("ar"):
        report = run(csv_of("x;y;not a price;w", headings=headings), salon)

    assert codes(report) == expected
    assert report.refused_rows == []
    assert stored() == [[], [], [], []]


def test_a_missing_column_is_named_in_the_readers_language(salon):
    with translation.override("en"):
        assert codes(run(csv_of("a;b", headings="category;service"), salon)) == [
            (1, "Price incl. VAT", "column_missing")
        ]


def test_cells_beside_the_headings_are_refused(salon):
    report = run(csv_of("Hair;Cut;x;5;", "Hair;Trim;;5;;6", headings="category;service;;price;"), salon)

    assert codes(report) == [(2, "", "cell_without_heading"), (3, "", "cell_without_heading")]


# --- Cells ---


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("50", "50.00"),
        ("517.5", "517.50"),
        ("٥١٧٫٥", "517.50"),
        ("۱۲۰", "120.00"),
        ("517,5", "517.50"),
        ("1,615", "1615.00"),
        ("١٬٦١٥٫٢٥", "1615.25"),
        ("1,234,567.89", "1234567.89"),
        (" 50 SAR", "50.00"),
        ("٥٠ ريال", "50.00"),
        ("ر.س 50", "50.00"),
        (517.5, "517.50"),
        (50, "50.00"),
        (57.499999999999993, "57.50"),
    ],
)
def test_prices_as_people_write_them(typed, amount):
    assert str(cells.price(typed)) == amount


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("400 - 300", "price_is_range"),
        ("٣٠٠–٤٠٠", "price_is_range"),
        ("300/400", "price_is_range"),
        ("من 300 الى 400", "price_is_range"),
        ("300 to 400 SAR", "price_is_range"),
        ("0", "price_not_positive"),
        ("-5", "price_not_positive"),
        (-5, "price_not_positive"),
        ("100000000", "price_too_large"),
        (1e300, "price_too_large"),
        ("1.234", "price_too_precise"),
        (1.234, "price_too_precise"),
        ("1 150", "price_not_a_number"),
        ("1,61", None),
        ("16,15,2", "price_not_a_number"),
        ("free", "price_not_a_number"),
        ("1e3", "price_not_a_number"),
        ("NaN", "price_not_a_number"),
        ("0x10", "price_not_a_number"),
        ("9" * 50_000, "price_not_a_number"),
        (True, "price_not_a_number"),
        ("=1+1", "cell_is_formula"),
        ("'=1+1", "price_not_a_number"),
        ("@SUM(1)", "cell_is_formula"),
        ("＝1", "cell_is_formula"),
    ],
)
def test_prices_that_are_none(typed, code):
    if code is None:
        assert cells.price(typed) == Decimal("1.61")
        return
    with pytest.raises(Rejected) as refused:
        cells.price(typed)
    assert refused.value.code == code
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("heading", "typed", "code"),
    [
        ("duration", "4", "duration_out_of_range"),
        ("duration", "1441", "duration_out_of_range"),
        ("duration", "0:45", "minutes_not_a_number"),
        ("duration", "45.5", "minutes_not_a_number"),
        ("duration", "9" * 20, "minutes_not_a_number"),
        ("buffer_after", "481", "buffer_out_of_range"),
        ("buffer_before", "-1", "minutes_not_a_number"),
        ("active", "perhaps", "yes_or_no_expected"),
        ("code", "x" * 33, "text_too_long"),
        ("name_en", "x" * 161, "text_too_long"),
        ("name_en", "ﷺ" * 160, "text_too_long"),
        ("name_en", "????", "letters_lost"),
        ("name_en", "Nashi ?????", "letters_lost"),
        ("name_en", "Na\ufffdshi", "letters_lost"),
        ("name_en", "=HYPERLINK(1)", "cell_is_formula"),
        ("name_en", "  ", "value_missing"),
    ],
)
def test_cells_that_are_refused(salon, heading, typed, code):
    headings = ["category_en", "price", "duration", "name_en", "code", "active", "buffer_after", "buffer_before"]
    row = {"category_en": "Hair", "price": "5", "duration": "45", "name_en": "Cut", heading: typed}
    content = csv_of(";".join(row.get(name, "") for name in headings), headings=";".join(headings))

    assert codes(run(content, salon)) == [(2, heading, code)]
    assert stored() == [[], [], [], []]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=1+1", "cell_is_formula"),
        (datetime(2026, 5, 1), "cell_is_date"),  # noqa: DTZ001 - spreadsheets know no time zones
        ("#N/A", "cell_is_error"),
    ],
)
def test_workbook_cells_that_hold_no_value_are_refused(salon, cell, code):
    report = run(xlsx_of(["category", "service", "price", "duration"], ["Hair", "Cut", cell, 45]), salon)

    assert codes(report) == [(2, "price", code)]


def test_signs_that_a_spreadsheet_would_run_are_kept_as_text(salon):
    names = ["'=1+1", "+ gift", "- offer", "'@home", "'\tTab", "'tis", "''=2"]
    lines = [f"Hair;{name};{n + 1};45" for n, name in enumerate(names)]

    assert run(csv_of(*lines, headings="category;service;price;duration"), salon).problems == []

    stored_names = list(Service.objects.order_by("price_amount").values_list("name_en", flat=True))
    assert stored_names == ["=1+1", "+ gift", "- offer", "@home", "Tab", "'tis", "'=2"]


def test_names_are_stored_in_one_form_and_matched_in_every_form(salon):
    headings = "category;name_ar;price;duration"

    run(csv_of("Hair;\u202bأظافِـر\u202c \u200b جل;100;45", headings=headings), salon)
    report = run(csv_of("Hair;اظافر جل;100;45", headings=headings), salon)

    assert (report.services_created, report.services_updated) == (0, 1)
    assert list(Service.history.order_by("history_id").values_list("name_ar", flat=True)) == ["أظافِـر جل", "اظافر جل"]
