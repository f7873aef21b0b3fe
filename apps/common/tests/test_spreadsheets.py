import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
import tablib
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from apps.common.spreadsheets import (
    MOST_COLUMNS,
    MOST_ROWS,
    CsvFormat,
    TooLarge,
    Unreadable,
    XlsxFormat,
    escape_formula,
    read_spreadsheet,
    unescape_formula,
)

DANGEROUS = [
    "=1+1",
    "==1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    " =1",
    "'=1",
    "\x00=1",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_formula_leaves_as_text_and_comes_back_as_it_was(text):
    assert escape_formula(text) == f"'{text}"
    assert unescape_formula(escape_formula(text)) == text


@pytest.mark.parametrize(
    "value", ["Cut", "قص", "O'Neil", "'quoted'", "1-2", "", 5, Decimal("-3.50"), date(2026, 1, 2), None]
)
def test_what_is_no_formula_leaves_unchanged(value):
    assert escape_formula(value) == value
    assert unescape_formula(value) == value


@given(st.text())
def test_no_text_is_lost_by_escaping(text):
    assert unescape_formula(escape_formula(text)) == text
    assert escape_formula(text)[:1] not in set("=+-@\t\r\n＝＋－＠")


def dataset(*rows):
    return tablib.Dataset(*rows, headers=["name", "price"])


def test_csv_has_the_mark_that_excel_needs_for_arabic_and_no_formula():
    content = CsvFormat().export_data(dataset(("قص", Decimal("130.00")), ("=1+1", -5)))

    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [["name", "price"], ["قص", "130.00"], ["'=1+1", "-5"]]


def test_xlsx_keeps_numbers_and_runs_nothing():
    sheet = load_workbook(
        io.BytesIO(XlsxFormat().export_data(dataset(("=1+1", Decimal("1.50")), ("a\x01b", 2))))
    ).active

    assert [[cell.value for cell in row] for row in sheet.rows] == [["name", "price"], ["'=1+1", 1.5], ["ab", 2]]
    assert {cell.data_type for row in sheet.rows for cell in row} == {"s", "n"}


@pytest.mark.parametrize(("language", "right_to_left"), [("ar", True), ("en", False)])
def test_a_sheet_runs_the_way_its_reader_does(language, right_to_left):
    with override(language):
        content = XlsxFormat().export_data(dataset(("a", 1)))

    assert bool(load_workbook(io.BytesIO(content)).active.sheet_view.rightToLeft) is right_to_left


@pytest.mark.parametrize("fmt", [CsvFormat, XlsxFormat])
def test_an_exported_table_is_read_back_as_it_was(fmt):
    # XML knows neither NUL nor a carriage return of its own.
    texts = [text for text in DANGEROUS if not {"\x00", "\r"} & set(text)]
    table = dataset(*[(text, 1) for text in texts], ("سطر\nثان", 2))

    read = read_spreadsheet(fmt().export_data(table))

    assert read.headers == table.headers
    assert [row[0] for row in read] == [row[0] for row in table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_a_csv_file_is_read_whatever_its_delimiter_and_encoding(delimiter, encoding):
    text = f"الاسم{delimiter}السعر\r\nقص{delimiter}130\r\n\r\n".encode(encoding)

    read = read_spreadsheet(text)

    assert (read.headers, list(read)) == (["الاسم", "السعر"], [("قص", "130")])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (b"\x00\x01\x02", "file_unreadable"),
        (b"PK\x03\x04not a zip", "file_unreadable"),
        (b"a,a\n1,2", "column_twice"),
        (b"a,b\n1,2,3", "row_too_long"),
        (b"a" * 200_000, "file_unreadable"),
        (b"a,b\n" * (MOST_ROWS + 2), "file_too_large"),
        (b"," * (MOST_COLUMNS + 1), "file_too_large"),
        (b"a" * (5 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content, code):
    with pytest.raises((Unreadable, TooLarge)) as refused:
        read_spreadsheet(content)
    assert refused.value.code == code
    assert str(refused.value)


def test_a_file_that_unpacks_to_much_more_is_refused_before_it_is_unpacked():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * (101 * 1024 * 1024))

    with pytest.raises(TooLarge):
        read_spreadsheet(bomb.getvalue())


def test_short_rows_are_filled_and_blank_ones_skipped():
    book = Workbook()
    for row in (["a", "b", None], [1], [None, None], [2, "x"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)

    assert list(read_spreadsheet(out.getvalue())) == [(1, None), (2, "x")]
