"""Why a file, or a row of it, is refused."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict, DomainError, Rejected


class FileEmpty(Rejected):
    """There is no row below the headings, or not even headings."""

    code = "file_empty"
    message = _("The file is empty.")


class FileTooLarge(Rejected):
    """More bytes, rows, columns or letters in a cell than any price list has."""

    code = "file_too_large"
    message = _("The file is too large: at most %(megabytes)s MB, %(rows)s rows and %(columns)s columns.")


class FileUnreadable(Rejected):
    """Neither a sheet of a current Excel nor text in rows."""

    code = "file_unreadable"
    message = _("The file could not be read. Use an Excel file (.xlsx) or a CSV file.")


class QuoteNotClosed(Rejected):
    """A quotation mark of a CSV file opens a cell and never ends it."""

    code = "quote_not_closed"
    message = _("Row %(row)s cannot be read: a quotation mark is missing or stands in the wrong place.")


class OldExcelFile(Rejected):
    """A workbook of Excel 97–2003, or one with a password."""

    code = "old_excel_file"
    message = _(
        "This is an old Excel file (.xls) or one with a password. Save it as “Excel Workbook (.xlsx)” "
        "without a password."
    )


class Utf16File(Rejected):
    """“Unicode Text” of Excel."""

    code = "file_utf16"
    message = _("This file is in UTF-16. Save it as “CSV UTF-8” or as an Excel workbook (.xlsx).")


class HasNulBytes(Rejected):
    """Not a text file, or a damaged one."""

    code = "file_has_nul"
    message = _("This file is damaged or not a table: it holds NUL characters.")


class EncodingUnknown(Rejected):
    """Not UTF-8. Guessing would store wrong letters, so the operator says which encoding it is."""

    code = "encoding_unknown"
    message = _(
        "The letters of this file are not in UTF-8. Save it as “CSV UTF-8”, or choose the encoding Windows-1256 "
        "if an older Arabic Excel wrote it."
    )


class EncodingIsUtf8(Rejected):
    """Windows-1256 was chosen for a file that is UTF-8 without doubt."""

    code = "encoding_is_utf8"
    message = _("This file is in UTF-8, not in Windows-1256. Choose UTF-8.")


class ImportOutdated(Conflict):
    """What would be written is no longer what the operator saw in the preview."""

    code = "import_outdated"
    message = _("The salon changed since the preview. Nothing was imported; please look at the new preview.")


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be imported. `row` is its number in the spreadsheet (the headings are row 1), `column` the
    heading as it stands in the file, "" for the row as a whole.
    """

    row: int
    column: str
    error: DomainError

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def reason(self) -> str:
        """The reason in the active language."""
        return str(self.error)


@dataclass(frozen=True)
class Finding:
    """The same reason in the same column of one or many rows, to be read by a person."""

    rows: list[int]
    column: str
    reason: str

    @property
    def row_text(self) -> str:
        return spans(self.rows)

    def __str__(self) -> str:
        words = {"row": self.row_text, "column": self.column, "reason": self.reason}
        if len(self.rows) == 1:
            text = _("Row %(row)s, column “%(column)s”: %(reason)s") if self.column else _("Row %(row)s: %(reason)s")
        else:
            text = _("Rows %(row)s, column “%(column)s”: %(reason)s") if self.column else _("Rows %(row)s: %(reason)s")
        return str(text) % words


def findings(problems: Iterable[Problem]) -> list[Finding]:
    """`problems` in the active language, those that differ only in their row as one, by first row."""
    rows: dict[tuple[str, str], list[int]] = {}
    for problem in problems:
        rows.setdefault((problem.column, problem.reason), []).append(problem.row)
    found = [Finding(sorted(set(numbers)), column, reason) for (column, reason), numbers in rows.items()]
    return sorted(found, key=lambda finding: finding.rows[0])


def spans(numbers: Iterable[int]) -> str:
    """Ascending row numbers as people list them: `2-22, 24`."""
    pieces: list[list[int]] = []
    for number in numbers:
        if pieces and number == pieces[-1][-1] + 1:
            pieces[-1] = [pieces[-1][0], number]
        else:
            pieces.append([number])
    return ", ".join("-".join(str(end) for end in piece) for piece in pieces)
