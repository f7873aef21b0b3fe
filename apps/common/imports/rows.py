"""From cells to typed rows. Every cell of every row is looked at, so that one report names all that is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports import cells
from apps.common.imports.columns import Layout
from apps.common.imports.errors import Problem
from apps.common.imports.sheet import MOST_ROWS, Cell, Sheet
from apps.common.text import clean_text, latin_digits, search_key

ARABIC_LETTER = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
DASH = re.compile(r"\s*[-–]\s*")
BETWEEN_NUMBERS = re.compile(r"[\s,،;]+")
NUMBER_OR_SPAN = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?")
Parser = Callable[[Cell], Any]


class Empty(Enum):
    """What an empty cell says, where it does not simply clear what is stored."""

    NOTHING = "nothing"
    REFUSED = "refused"


@dataclass(frozen=True)
class Row:
    """`values` has a key for every column the row says something about."""

    number: int
    values: Mapping[str, Any]

    def names(self, kind: str) -> tuple[str | None, str | None]:
        """Arabic and English name of the row's `"category"` or service (`"name"`), None where nothing is said."""
        return self.values.get(f"{kind}_ar"), self.values.get(f"{kind}_en")


@dataclass
class RowReader:
    """Reads rows laid out as `layout` for the salon of address name `slug`; `problems` grows.

    `parsers` make a value of a cell by key; `empty` says by key what an empty one becomes, "" where it says nothing of
    the key. Of each group in `one_of` a row has to fill one column.
    """

    layout: Layout
    slug: str
    parsers: Mapping[str, Parser]
    empty: Mapping[str, Any]
    one_of: Sequence[tuple[str, ...]] = ()
    problems: list[Problem] = field(default_factory=list)
    _meanings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, sheet: Sheet) -> list[Row]:
        """The good rows, in the order of the file."""
        rows = [self._row(number, row_cells) for number, row_cells in sheet.rows]
        return [row for row in rows if row is not None]

    def _row(self, number: int, row_cells: list[Cell]) -> Row | None:
        known = len(self.problems)
        values: dict[str, Any] = {}
        for index, key in enumerate(self.layout.keys):
            cell = row_cells[index] if index < len(row_cells) else ""
            if key is not None:
                self._cell(number, key, cell, values)
            elif not cells.is_empty(cell):
                self._refuse(number, "", CELL_WITHOUT_HEADING)
        if len(row_cells) > len(self.layout.keys):
            self._refuse(number, "", CELL_WITHOUT_HEADING)
        if len(self.problems) == known:
            self._check(number, values)
        return Row(number, values) if len(self.problems) == known else None

    def _cell(self, number: int, key: str, cell: Cell, values: dict[str, Any]) -> None:
        if cells.is_empty(cell):
            said = Empty.NOTHING if key in self.layout.undecided else self.empty.get(key, "")
            if said is Empty.REFUSED:
                self._refuse(number, key, VALUE_MISSING)
            elif said is not Empty.NOTHING:
                values[key] = said
            return
        # The same words stand in many rows: what a text of a column means is found out once.
        known = self._meanings.setdefault(key, {})
        value = known.get(cell) if isinstance(cell, str) else None
        if value is None:
            try:
                value = self.parsers[key](cell)
            except Rejected as error:
                self._refuse(number, key, error)
                return
            if isinstance(cell, str):
                known[cell] = value
        values[self._language(key, value)] = value

    def _language(self, key: str, value: Any) -> str:
        if key not in self.layout.undecided:
            return key
        return f"{key.rpartition('_')[0]}_{'ar' if ARABIC_LETTER.search(value) else 'en'}"

    def _check(self, number: int, values: dict[str, Any]) -> None:
        for group in self.one_of:
            if not any(values.get(key) for key in group):
                key = next(key for key in group if key in self.layout.headings)
                self._refuse(number, key, VALUE_MISSING)
        salon = values.get("salon")
        if salon and salon != self.slug:
            self._refuse(number, "salon", OTHER_SALON)

    def _refuse(self, number: int, key: str, error: Rejected) -> None:
        self.problems.append(Problem(number, self.layout.heading(key) if key else "", error))


CELL_WITHOUT_HEADING = Rejected(
    _("A cell stands outside the columns that have a heading."), code="cell_without_heading"
)
VALUE_MISSING = Rejected(_("This cell is empty."), code="value_missing")
OTHER_SALON = Rejected(_("This row belongs to another salon."), code="other_salon")
ROW_UNKNOWN = Rejected(_("The file has no such row, so it cannot be skipped."), code="row_unknown")


def row_numbers(text: str) -> frozenset[int]:
    """The numbers in `text` as people list them: `23`, `23, 40-42`, Arabic digits and commas too. Raises Rejected."""
    numbers: set[int] = set()
    for part in BETWEEN_NUMBERS.split(DASH.sub("-", latin_digits(clean_text(text)))):
        found = NUMBER_OR_SPAN.fullmatch(part)
        if found is not None:
            first, last = int(found[1]), int(found[2] or found[1])
            if 1 <= first <= last < first + MOST_ROWS:
                numbers.update(range(first, last + 1))
                continue
        if part:
            raise Rejected(_("Write row numbers like 23 or 23, 40-42."), code="row_numbers_unclear")
    return frozenset(numbers)


def without_rows(sheet: Sheet, numbers: frozenset[int]) -> tuple[Sheet, list[Problem]]:
    """`sheet` without the rows the operator leaves out, and a problem for each number that is no row of it."""
    missing = numbers - {number for number, _cells in sheet.rows}
    kept = [(number, row_cells) for number, row_cells in sheet.rows if number not in numbers]
    return Sheet(sheet.headings, sheet.heading_row, kept), [Problem(row, "", ROW_UNKNOWN) for row in sorted(missing)]


def same_text(first: str, second: str) -> bool:
    """Whether two texts differ only in what nobody sees."""
    return first == second or cells.canonical(first) == cells.canonical(second)


def folded(names: tuple[str | None, str | None]) -> tuple[str, str]:
    """Both names as they are compared, "" for none."""
    return _folded(names[0] or ""), _folded(names[1] or "")


# Categories stand in every row, and a new service is looked for before it is made.
_folded = lru_cache(maxsize=4096)(search_key)
