"""What an import found and did, in a form that the admin's page and the command both print."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from django.utils.translation import gettext as _

from apps.common.imports.report import MOST_SHOWN, NOTHING, BaseReport, Counts
from apps.common.text import localized
from apps.salons.catalogue_import.columns import COLUMNS

# A name is its Arabic and its English text.
Names: TypeAlias = tuple[str, str]
Value: TypeAlias = str | int | bool | Decimal | Names

MOVED = "category"


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
        return _("Category") if self.key == MOVED else COLUMNS.by_key[self.key].heading

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
    def cells(self) -> list[tuple[str, str]]:
        """`(heading, text)` of each of `addition_headings`."""
        texts = [self.code, shown(self.category_names), str(self.price), str(self.minutes)]
        return list(zip(addition_headings(), texts, strict=True))


def addition_headings() -> list[str]:
    """What is told of a new service besides its name, in the active language."""
    return [_("Code"), _("Category"), _("Price incl. VAT, SAR"), _("Minutes")]


@dataclass
class Report(BaseReport):
    """Counts of services and categories by what happens to them, and the detail behind the counts."""

    services_created: int = 0
    services_updated: int = 0
    services_unchanged: int = 0
    categories_created: int = 0
    categories_updated: int = 0
    durations_defaulted: int = 0
    visits_kept: int = 0
    additions: list[Addition] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def addition_headings(self) -> list[str]:
        """What is told of a new service."""
        return addition_headings()

    @property
    def changes_shown(self) -> list[Change]:
        """The cells of the first changed rows."""
        rows = sorted({change.row for change in self.changes})[:MOST_SHOWN]
        return [change for change in self.changes if change.row in set(rows)]

    def counts(self) -> Counts:
        """Services by what happens to them."""
        return Counts(self.services_created, self.services_updated, self.services_unchanged)

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
