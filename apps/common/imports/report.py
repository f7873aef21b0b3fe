"""What an import found and did, in a form that every page and command prints."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from apps.common.imports.errors import Finding, Problem, findings

NOTHING = "—"
MOST_SHOWN = 50
# What leaving the row out does not mend, or should not.
NOT_OF_A_ROW = {"column_unknown", "column_doubled", "column_missing", "row_unknown", "duration_missing"}


@dataclass(frozen=True)
class Counts:
    """Rows by what happens to them."""

    new: int
    changed: int
    same: int


@dataclass
class BaseReport:
    """What is wrong with the file, and the rows that were left out. A report says what is new, changed and the same."""

    problems: list[Problem] = field(default_factory=list)
    rows_skipped: int = 0

    @property
    def refused_rows(self) -> list[int]:
        """Numbers of the rows that could be left out because of a problem."""
        return sorted({problem.row for problem in self.problems if problem.code not in NOT_OF_A_ROW})

    @property
    def is_mended_by_leaving_out(self) -> bool:
        """Whether the rest could be imported without the refused rows."""
        return bool(self.problems) and all(problem.code not in NOT_OF_A_ROW for problem in self.problems)

    def findings(self) -> list[Finding]:
        """The problems for people, in the active language."""
        return findings(self.problems)


@dataclass(frozen=True)
class Change:
    """One value that becomes another, as people read it."""

    row: int
    name: str
    column: str
    old_text: str
    new_text: str


@dataclass(frozen=True)
class Addition:
    """A row that is new; `cells` are `(heading, text)`, one for each of the report's `addition_headings`."""

    row: int
    name: str
    cells: Sequence[tuple[str, str]]


@dataclass
class Report(BaseReport):
    """Of a list of one kind. Details are kept of the first rows only, the fingerprint is of all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    names_kept: int = 0
    addition_headings: Sequence[str] = ()
    additions: list[Addition] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    changed_rows_shown: int = 0
    stranded: Sequence[Any] = ()
    _written: Any = field(default_factory=hashlib.sha256, repr=False)

    def note(self, *written: Any) -> None:
        """Something that would be written belongs to the fingerprint."""
        self._written.update(repr(written).encode())

    def fingerprint(self) -> str:
        """Equal for two reports exactly when they would write the same and leave the same visits without hours."""
        digest = self._written.copy()
        digest.update(repr(sorted(visit.key for visit in self.stranded)).encode())
        return str(digest.hexdigest())

    @property
    def changes_shown(self) -> list[Change]:
        """The cells of the first changed rows."""
        return self.changes

    def counts(self) -> Counts:
        """Rows by what happens to them."""
        return Counts(self.created, self.updated, self.unchanged)

    def lines(self) -> list[tuple[str, int]]:
        """`[(label, count), …]` of what else there is to know, in the active language."""
        kept = [(_("People who keep the name they go by"), self.names_kept)]
        return kept if self.names_kept else []


def shown(value: Any) -> str:
    """`value` for people: numbers never localised, days and times in ISO as the file has them."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return NOTHING if value in (None, "") else str(value)
