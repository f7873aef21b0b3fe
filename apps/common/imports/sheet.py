"""From the bytes of a file to numbered rows of cells. Everything hostile or unclear ends here, before a row is read."""

import csv
import datetime
import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from apps.common.imports.errors import (
    EncodingIsUtf8,
    EncodingUnknown,
    FileEmpty,
    FileTooLarge,
    FileUnreadable,
    HasNulBytes,
    OldExcelFile,
    QuoteNotClosed,
    Utf16File,
)
from apps.common.spreadsheets import MOST_RATIO, MOST_UNPACKED_BYTES
from apps.common.text import clean_text

MEGABYTES = 10
MOST_ROWS = 50_000
MOST_BYTES = MEGABYTES * 1024 * 1024
MOST_COLUMNS = 40
LONGEST_HEADING = 120
LONGEST_FIRST_ROW = 200_000  # more than the longest cell that the csv module reads
SMALL_ENOUGH_TO_UNPACK = 1024 * 1024
DELIMITERS = ";,\t|"
WINDOWS_1256 = "windows-1256"
ZIP, COMPOUND_FILE, UTF8_MARK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Special(Enum):
    """A cell of a workbook that holds no plain value."""

    FORMULA = "formula"
    ERROR = "error"
    DATE = "date"


Cell: TypeAlias = str | int | float | bool | datetime.date | datetime.time | Special
Knows: TypeAlias = Callable[[str], object]
NumberedRow: TypeAlias = tuple[int, list[Cell]]


@dataclass(frozen=True)
class Sheet:
    """`headings` stand in row `heading_row`; `rows` are `(number, cells)` below them, numbered as a spreadsheet shows
    them, without blank ones.
    """

    headings: list[str]
    heading_row: int
    rows: list[NumberedRow]


def too_large() -> FileTooLarge:
    return FileTooLarge(megabytes=MEGABYTES, rows=MOST_ROWS, columns=MOST_COLUMNS)


def read_sheet(content: bytes, *, known: Knows, encoding: str = "") -> Sheet:
    """The table in `content`. `encoding` is "" for UTF-8, or WINDOWS_1256 if the operator says so (CSV only).

    `known` says of a text whether it is a heading (anything but None); by that the delimiter is found.

    Raises one of the errors of this package's `errors`.
    """
    if len(content) > MOST_BYTES:
        raise too_large()
    if content.startswith(COMPOUND_FILE):
        raise OldExcelFile
    rows = _workbook_rows(content) if content.startswith(ZIP) else _text_rows(_decoded(content, encoding), known)
    numbered = _limited((number, cells) for number, cells in rows if not _is_blank(cells))
    if len(numbered) < 2:
        raise FileEmpty
    heading_row, headings = numbered[0]
    return Sheet([_heading(cell) for cell in headings], heading_row, numbered[1:])


def _limited(rows: Iterable[NumberedRow]) -> list[NumberedRow]:
    kept: list[NumberedRow] = []
    for number, cells in rows:
        while cells and _is_nothing(cells[-1]):
            cells.pop()
        if len(cells) > MOST_COLUMNS or len(kept) > MOST_ROWS:
            raise too_large()
        kept.append((number, cells))
    return kept


def _is_blank(cells: list[Cell]) -> bool:
    return all(_is_nothing(cell) for cell in cells)


def _is_nothing(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _heading(cell: Cell) -> str:
    return clean_text(str(cell.value if isinstance(cell, Special) else cell)[:LONGEST_HEADING])


# --- CSV ---


def _decoded(content: bytes, encoding: str) -> str:
    if content.startswith(UTF16_MARKS):
        raise Utf16File
    if b"\x00" in content:
        raise HasNulBytes
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if encoding == WINDOWS_1256:
            return content.decode(WINDOWS_1256)
        raise EncodingUnknown from error
    if encoding == WINDOWS_1256 and not content.removeprefix(UTF8_MARK).isascii():
        raise EncodingIsUtf8
    return text


def _text_rows(text: str, known: Knows) -> Iterator[NumberedRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, known), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, list(cells)
    except csv.Error as error:
        raise QuoteNotClosed(row=number + 1) from error


def _delimiter(text: str, known: Knows) -> str:
    """The one that splits the first row into the most headings we know, else into the most cells."""
    # Not of all lines: a list of millions of short ones takes more memory than the file.
    first = next(iter(text.lstrip()[:LONGEST_FIRST_ROW].splitlines()), "")

    def fits(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return sum(known(cell) is not None for cell in cells if cell), len(cells)

    try:
        return max(DELIMITERS, key=fits)
    except csv.Error as error:
        raise too_large() from error


# --- Excel ---


def _workbook_rows(content: bytes) -> Iterator[NumberedRow]:
    try:
        _ensure_unpacks_small(content)
        # Formulas are read as such, not as their last result: that may be old, or not be stored at all.
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        if not book.worksheets:
            raise FileUnreadable
        sheet = book.worksheets[0]
        # The size a workbook claims for itself may be wrong, and rows beyond it would be left out silently.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            yield number, [_plain(cell) for cell in cells]
    except (
        *(zipfile.BadZipFile, zlib.error, InvalidFileException, RuntimeError, OSError, EOFError, AssertionError),
        *(KeyError, IndexError, AttributeError, TypeError, ValueError, OverflowError, ArithmeticError),
        # What the XML parser calls a broken document.
        SyntaxError,
    ) as error:
        raise FileUnreadable from error


def _ensure_unpacks_small(content: bytes) -> None:
    parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    for part in parts:
        if part.file_size > SMALL_ENOUGH_TO_UNPACK and part.file_size > MOST_RATIO * part.compress_size:
            raise too_large()
    if sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        raise too_large()


def _plain(cell: Any) -> Cell:
    if cell.value is None:
        return ""
    if cell.data_type == "f":
        return Special.FORMULA
    if cell.data_type == "e":
        return Special.ERROR
    if isinstance(cell.value, float) and not math.isfinite(cell.value):
        return Special.ERROR
    if isinstance(cell.value, str | int | float):
        return cell.value
    if isinstance(cell.value, datetime.date | datetime.time):
        return cell.value
    return Special.DATE if isinstance(cell.value, datetime.timedelta) else Special.ERROR
