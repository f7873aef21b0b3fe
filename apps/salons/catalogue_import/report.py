"""What an import found and did, in a form that the admin's page and the command both print."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from django.utils.translation import gettext as _

from apps.common.text import localized
from apps.salons.catalogue_import.columns import COLUMNS
from apps.salons.catalogue_import.errors import Finding, Problem, findings, spans

# A name is its Arabic and its English text.
Names: TypeAlias = tuple[str, str]
Value: TypeAlias = str | int | bool | Decimal | Names

NOTHING = "—"
MOVED = "category"
# What leaving the row out does not mend, or should not.
NOT_OF_A_ROW = {"column_unknown", "column_doubled", "column_missing", "row_unknown", "duration_missing"}


def shown(value: Value) -> str:
    """`value` for people: names in the active language, numbers never localised."""
    if isinstance(value, tuple):
        return localized(*value) or NOTHING
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value) if value != "" else NOTHING


@dataclass(frozen=True)
class Change:
    """One value that becomes another. `key` is that of the column, or MOVED for a service that changes its category;
    `code` is "" for a change of a category.
    """

    row: int
    code: str
    names: Names
    key: str
    old: Value
    new: Value

    @property
    def name(self) -> str:
        return shown(self.names)

    @property
    def column(self) -> str:
        return _("Category") if self.key == MOVED else COLUMNS[self.key].heading

    @property
    def old_text(self) -> str:
        return shown(self.old)

    @property
    def new_text(self) -> str:
        return shown(self.new)


@dataclass(frozen=True)
class Addition:
    """A service that is new."""

    row: int
    code: str
    names: Names
    category_names: Names
    price: Decimal
    minutes: int

    @property
    def name(self) -> str:
        return shown(self.names)

    @property
    def category(self) -> str:
        return shown(self.category_names)


@dataclass
class Report:
    """Counts of services and categories by what happens to them, and the detail behind the counts."""

    services_created: int = 0
    services_updated: int = 0
    services_unchanged: int = 0
    categories_created: int = 0
    categories_updated: int = 0
    rows_skipped: int = 0
    durations_defaulted: int = 0
    visits_kept: int = 0
    problems: list[Problem] = field(default_factory=list)
    additions: list[Addition] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def bad_rows(self) -> str:
        """Numbers of the rows that could be left out because of a problem, as the operator would write them."""
        return spans(sorted({problem.row for problem in self.problems if problem.code not in NOT_OF_A_ROW}))

    def findings(self) -> list[Finding]:
        """The problems for people, in the active language."""
        return findings(self.problems)

    def lines(self) -> list[tuple[str, int]]:
        """`[(label, count), …]` in the active language."""
        kept = [(_("Visits ahead of services that can no longer be booked, all kept"), self.visits_kept)]
        return [
            (_("Services created"), self.services_created),
            (_("Services updated"), self.services_updated),
            (_("Services unchanged"), self.services_unchanged),
            (_("Categories created"), self.categories_created),
            (_("Categories updated"), self.categories_updated),
            (_("Rows skipped"), self.rows_skipped),
            *(kept if self.visits_kept else []),
        ]

    def fingerprint(self) -> str:
        """Equal for two reports exactly when they would write the same."""
        written = repr((self.additions, self.changes))
        return hashlib.sha256(written.encode()).hexdigest()
