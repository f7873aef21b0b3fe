"""Spreadsheets in and out: CSV as people and programs write it, and XLSX; no formula ever leaves, no bomb comes in."""

import csv
import io
import re
import zipfile

import tablib
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import Format
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from apps.common.errors import Rejected

MEGABYTE = 1024 * 1024
MOST_BYTES = 5 * MEGABYTE
MOST_UNPACKED_BYTES = 100 * MEGABYTE
MOST_RATIO = 100
MOST_ROWS = 20_000
MOST_COLUMNS = 100
DELIMITERS = ",;\t|"
# What spreadsheet programs take for a formula: these signs, also in full width, also behind blanks and apostrophes.
FORMULA = re.compile(r"['\s\u200b-\u200f\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n\x00]")


class Unreadable(Rejected):
    """The file is not one we can read."""

    code = "file_unreadable"
    message = _("The file could not be read. Use an Excel file (.xlsx) or a CSV file.")


class TooLarge(Rejected):
    """The file is larger than any list of a salon."""

    code = "file_too_large"
    message = _("The file is too large: at most 5 MB, %(rows)s rows and %(columns)s columns.")

    def __init__(self):
        super().__init__(rows=MOST_ROWS, columns=MOST_COLUMNS)


def escape_formula(value):
    """`value` so that no spreadsheet program runs it; numbers and dates stay what they are."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def unescape_formula(value):
    """The value that `escape_formula` was given."""
    if isinstance(value, str) and value.startswith("'") and FORMULA.match(value[1:]):
        return value[1:]
    return value


def read_spreadsheet(content):
    """The table in `content` (bytes of a CSV or XLSX file) as a tablib Dataset with headers.

    Raises Unreadable or TooLarge, both in words for the person who chose the file.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge
    rows = _xlsx_rows(content) if content.startswith(b"PK\x03\x04") else _csv_rows(content)
    return _dataset(rows)


def _dataset(rows):
    rows = [row for row in rows if any(cell not in (None, "") for cell in row)]
    if not rows:
        raise Unreadable(_("The file is empty."), code="file_empty")
    headers = [str(cell).strip() if cell is not None else "" for cell in rows[0]]
    while headers and not headers[-1]:
        headers.pop()
    if doubled := sorted({header for header in headers if header and headers.count(header) > 1}):
        raise Unreadable(_("The column “%(column)s” is there twice."), code="column_twice", column=doubled[0])
    dataset = tablib.Dataset(headers=headers)
    for number, row in enumerate(rows[1:], start=2):
        cells = [unescape_formula(cell) for cell in row]
        if any(cell not in (None, "") for cell in cells[len(headers) :]):
            raise Unreadable(_("Row %(row)s has more cells than there are columns."), code="row_too_long", row=number)
        dataset.append([*cells[: len(headers)], *[""] * (len(headers) - len(cells))])
    return dataset


def _csv_rows(content):
    text = _decoded(content)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=re.sub(r'"[^"]*"', "", first_line).count)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > MOST_ROWS + 1 or len(row) > MOST_COLUMNS:
                raise TooLarge
    except csv.Error as error:
        raise Unreadable from error
    return rows


def _decoded(content):
    """Text of a CSV file: UTF-8, UTF-16 with its mark, or what Excel writes on an Arabic Windows (cp1256)."""
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1256"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable


def _xlsx_rows(content):
    try:
        _ensure_unpacks_small(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        rows = [
            list(row)
            for row in book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True)
        ]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        SyntaxError,
    ) as error:
        # SyntaxError is what the XML parser calls a broken document.
        raise Unreadable from error
    if len(rows) > MOST_ROWS + 1 or any(len(row) > MOST_COLUMNS and row[MOST_COLUMNS] is not None for row in rows):
        raise TooLarge
    return rows


def _ensure_unpacks_small(content):
    parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES or (unpacked > 10 * MEGABYTE and unpacked > MOST_RATIO * len(content)):
        raise TooLarge


class SpreadsheetFormat(Format):
    """The one format people upload: whatever is inside decides, not the name of the file."""

    def __init__(self, encoding=None):
        self.encoding = encoding

    def get_title(self):
        return _("Excel or CSV")

    def can_import(self):
        return True

    def create_dataset(self, in_stream):
        return read_spreadsheet(in_stream)


class CsvFormat(SpreadsheetFormat):
    """CSV in UTF-8 with a byte order mark, so that Excel shows Arabic."""

    def get_title(self):
        return "CSV"

    def get_extension(self):
        return "csv"

    def get_content_type(self):
        return "text/csv; charset=utf-8"

    def can_export(self):
        return True

    def export_data(self, dataset, **kwargs):
        out = io.StringIO()
        writer = csv.writer(out)
        for row in [dataset.headers, *dataset]:
            writer.writerow([escape_formula(cell) for cell in row])
        return out.getvalue().encode("utf-8-sig")


class XlsxFormat(SpreadsheetFormat):
    """An Excel sheet, written from right to left for readers of Arabic; numbers stay numbers."""

    def get_title(self):
        return _("Excel (XLSX)")

    def get_extension(self):
        return "xlsx"

    def get_content_type(self):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def can_export(self):
        return True

    def export_data(self, dataset, **kwargs):
        book = Workbook()
        sheet = book.active
        sheet.sheet_view.rightToLeft = get_language_bidi()
        sheet.freeze_panes = "A2"
        for number, row in enumerate([dataset.headers, *dataset], start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(row=number, column=column)
                if isinstance(value, str):
                    cell.value = ILLEGAL_CHARACTERS_RE.sub("", escape_formula(value))
                    cell.data_type = "s"
                else:
                    cell.value = value
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
