"""The columns of a price list and every heading we know them by.

Headings are part of the file format, not of the interface: an export made in one language is read back in the other,
so they stand here in both languages and not in the translation catalogue.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.text import localized, search_key
from apps.salons.catalogue_import.errors import Problem

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
CODE = Column("code", "الرمز", "Code", ("رمز الخدمة", "كود", "الكود", "كود الخدمة", "service code", "sku"))
CATEGORY_AR = Column(
    "category_ar",
    "القسم بالعربية",
    "Category (Arabic)",
    ("القسم بالعربي", "القسم عربي", "القسم (عربي)", "الفئة بالعربية", "arabic category", "category ar"),
)
CATEGORY_EN = Column(
    "category_en",
    "القسم بالإنجليزية",
    "Category (English)",
    ("القسم بالانجليزي", "القسم انجليزي", "القسم (إنجليزي)", "الفئة بالإنجليزية", "english category", "category en"),
)
NAME_AR = Column(
    "name_ar",
    "الخدمة بالعربية",
    "Service (Arabic)",
    (
        "الخدمة بالعربي",
        "الخدمة عربي",
        "الاسم بالعربية",
        "الاسم العربي",
        "الاسم بالعربي",
        "arabic name",
        "name (arabic)",
        "name ar",
        "service ar",
    ),
)
NAME_EN = Column(
    "name_en",
    "الخدمة بالإنجليزية",
    "Service (English)",
    (
        "الخدمة بالانجليزي",
        "الخدمة انجليزي",
        "الاسم بالإنجليزية",
        "الاسم الإنجليزي",
        "الاسم بالانجليزي",
        "english name",
        "name (english)",
        "name en",
        "service en",
    ),
)
PRICE = Column(
    "price",
    "السعر شامل الضريبة",
    "Price incl. VAT",
    (
        "السعر",
        "سعر",
        "سعر الخدمة",
        "السعر بالريال",
        "السعر شامل ضريبة القيمة المضافة",
        "price",
        "price including vat",
        "price with vat",
        "price (sar)",
        "price incl vat sar",
        "price amount",
    ),
)
DURATION = Column(
    "duration",
    "المدة (دقائق)",
    "Duration (minutes)",
    ("المدة", "المدة بالدقائق", "مدة الخدمة", "الدقائق", "المدة (دقيقة)", "duration", "duration (min)", "minutes"),
)
BUFFER_BEFORE = Column(
    "buffer_before",
    "التجهيز قبل الخدمة (دقائق)",
    "Preparation before (minutes)",
    ("التجهيز قبل", "buffer before", "buffer before minutes", "preparation before"),
)
BUFFER_AFTER = Column(
    "buffer_after",
    "التنظيف بعد الخدمة (دقائق)",
    "Cleaning up after (minutes)",
    ("التنظيف بعد", "buffer after", "buffer after minutes", "cleaning up after"),
)
ACTIVE = Column(
    "active",
    "متاحة للحجز",
    "Can be booked",
    ("متاح للحجز", "متاحة", "مفعلة", "نشطة", "active", "is active", "bookable"),
)
DESCRIPTION_AR = Column(
    "description_ar", "الوصف بالعربية", "Description (Arabic)", ("الوصف العربي", "description ar", "arabic description")
)
DESCRIPTION_EN = Column(
    "description_en",
    "الوصف بالإنجليزية",
    "Description (English)",
    ("الوصف الإنجليزي", "description en", "english description"),
)
EXPORTED = (
    CODE,
    CATEGORY_AR,
    CATEGORY_EN,
    NAME_AR,
    NAME_EN,
    PRICE,
    DURATION,
    BUFFER_BEFORE,
    BUFFER_AFTER,
    ACTIVE,
    DESCRIPTION_AR,
    DESCRIPTION_EN,
)
COLUMNS = {column.key: column for column in (SALON, *EXPORTED)}

# Headings that say what but not in which language. Side by side they take the language they are written in; alone,
# each cell of the column counts as Arabic or English by its own letters.
PLAIN = {
    "category_ar": ("القسم", "الفئة", "التصنيف", "المجموعة"),
    "category_en": ("category", "section", "group"),
    "name_ar": ("الخدمة", "اسم الخدمة", "الاسم"),
    "name_en": ("service", "service name", "name", "treatment"),
}
NEEDED = (("category_ar", "category_en"), ("name_ar", "name_en"), ("price",))


def fold(heading: str) -> str:
    """What two spellings of one heading have in common."""
    return PUNCTUATION.sub(" ", search_key(heading)).strip()


KNOWN = {
    fold(text): column.key
    for column in COLUMNS.values()
    for text in (column.key, column.arabic, column.english, *column.synonyms, *PLAIN.get(column.key, ()))
}
PLAIN_FOLDED = {fold(text) for texts in PLAIN.values() for text in texts}


def word_for(*, value: bool) -> str:
    """Yes or no as an export writes it in the active language."""
    return localized("نعم", "yes") if value else localized("لا", "no")


@dataclass(frozen=True)
class Layout:
    """Which column stands where: `keys[i]` is that of cell i, None where no heading stands. `headings` are the file's
    own words, by key. `undecided` holds the name columns whose cells say themselves which language they are in.
    """

    keys: list[str | None]
    headings: dict[str, str]
    undecided: frozenset[str]

    def heading(self, key: str) -> str:
        """What the file calls the column `key`; a lone name column speaks for both languages."""
        other = f"{key[:-2]}{'en' if key.endswith('_ar') else 'ar'}"
        return self.headings.get(key) or self.headings.get(other) or COLUMNS[key].heading


def known(heading: str) -> str | None:
    """Key of the column that `heading` names, or None."""
    return KNOWN.get(fold(heading))


def read_headings(headings: Sequence[str], row: int) -> tuple[Layout, list[Problem]]:
    """The layout that `headings` describe and what is wrong with them: unknown, doubled and missing columns."""
    keys = [known(heading) if heading else None for heading in headings]
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
    for alternatives in NEEDED:
        if not any(key in seen for key in alternatives):
            names = " / ".join(COLUMNS[key].heading for key in alternatives)
            problems.append(Problem(row, names, Rejected(_("This column is missing."), code="column_missing")))
    return Layout(keys, seen, _undecided(seen)), problems


def _undecided(seen: dict[str, str]) -> frozenset[str]:
    pairs = (("category_ar", "category_en"), ("name_ar", "name_en"))
    alone = [key for pair in pairs for key in pair if key in seen and not all(other in seen for other in pair)]
    return frozenset(key for key in alone if fold(seen[key]) in PLAIN_FOLDED)
