"""Headings of a file and the columns they name.

Headings are part of the file format, not of the interface: an export made in one language is read back in the other,
so they stand in the code in both languages and not in the translation catalogue.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports.errors import Problem
from apps.common.text import localized, search_key

PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Column:
    """`key` names it in code, `arabic` and `english` head it in our exports, `synonyms` are others that people use."""

    key: str
    arabic: str
    english: str
    synonyms: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The heading in the active language."""
        return localized(self.arabic, self.english)


SALON = Column("salon", "الصالون", "Salon", ("salon slug",))


def fold(heading: str) -> str:
    """What two spellings of one heading have in common."""
    return PUNCTUATION.sub(" ", search_key(heading)).strip()


def word_for(*, value: bool) -> str:
    """Yes or no as an export writes it in the active language."""
    return localized("نعم", "yes") if value else localized("لا", "no")


@dataclass(frozen=True)
class Layout:
    """Which column stands where: `keys[i]` is that of cell i, None where no heading stands. `headings` are the file's
    own words, by key. `undecided` holds the name columns whose cells say themselves which language they are in.
    """

    columns: "Columns"
    keys: list[str | None]
    headings: dict[str, str]
    undecided: frozenset[str]

    def heading(self, key: str) -> str:
        """What the file calls the column `key`; a lone name column speaks for both languages."""
        other = f"{key[:-2]}{'en' if key.endswith('_ar') else 'ar'}"
        return self.headings.get(key) or self.headings.get(other) or self.columns.by_key[key].heading


class Columns:
    """The columns of one kind of file: `needed` lists alternatives of which one has to be there.

    `plain` are headings that say what but not in which language. Side by side they take the language they are written
    in; alone, each cell of the column counts as Arabic or English by its own letters.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        needed: Sequence[tuple[str, ...]],
        plain: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.needed = needed
        self.by_key = {column.key: column for column in columns}
        plain = plain or {}
        self._pairs = sorted({(f"{key[:-3]}_ar", f"{key[:-3]}_en") for key in plain})
        self._known = {
            fold(text): column.key
            for column in columns
            for text in (column.key, column.arabic, column.english, *column.synonyms, *plain.get(column.key, ()))
        }
        self._plain = {fold(text) for texts in plain.values() for text in texts}

    def known(self, heading: str) -> str | None:
        """Key of the column that `heading` names, or None."""
        return self._known.get(fold(heading))

    def read(self, headings: Sequence[str], row: int) -> tuple[Layout, list[Problem]]:
        """The layout that `headings` describe and what is wrong with them: unknown, doubled and missing columns."""
        keys = [self.known(heading) if heading else None for heading in headings]
        seen: dict[str, str] = {}
        problems = []
        for heading, key in zip(headings, keys, strict=True):
            if heading and key is None:
                refusal = Rejected(_("This column is not known. Rename it or remove it."), code="column_unknown")
                problems.append(Problem(row, heading, refusal))
            elif key in seen:
                refusal = Rejected(
                    _("This column is there twice; the other one is called “%(other)s”."),
                    code="column_doubled",
                    other=seen[key],
                )
                problems.append(Problem(row, heading, refusal))
            elif key is not None:
                seen[key] = heading
        for alternatives in self.needed:
            if not any(key in seen for key in alternatives):
                names = " / ".join(self.by_key[key].heading for key in alternatives)
                problems.append(Problem(row, names, Rejected(_("This column is missing."), code="column_missing")))
        return Layout(self, keys, seen, self._undecided(seen)), problems

    def _undecided(self, seen: dict[str, str]) -> frozenset[str]:
        alone = [
            key for pair in self._pairs for key in pair if key in seen and not all(other in seen for other in pair)
        ]
        return frozenset(key for key in alone if fold(seen[key]) in self._plain)
