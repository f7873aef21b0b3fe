"""Text as people type it in Arabic and English, and the key under which we compare it."""

import re
import unicodedata
from collections.abc import Callable

from django.utils.translation import get_language

DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
LETTER_FORMS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك"})
# Vowel marks and the stroke that only makes a word longer (tatweel), as code points.
MARKS = [*range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, 0x640]
FOLDED: dict[int, int | str | None] = {**LETTER_FORMS, **DIGITS, **dict.fromkeys(MARKS)}
SPACES = re.compile(r"\s+")


def latin_digits(text: str) -> str:
    """`text` with Arabic-Indic and Persian digits written as 0–9."""
    return text.translate(DIGITS)


def as_typed(code: str) -> str:
    """A code as its keys were meant: Latin digits, without direction marks and spaces."""
    return "".join(INVISIBLE.sub("", latin_digits(code)).split())


def clean_text(text: str) -> str:
    """`text` in NFC without invisible direction marks and doubled spaces: how a name is stored."""
    normal = unicodedata.normalize("NFC", text)
    if normal.isprintable() and "  " not in normal:
        # Whatever is invisible is not printable either, and most names are plain.
        return normal.strip()
    return SPACES.sub(" ", INVISIBLE.sub("", normal)).strip()


def search_key(*texts: str) -> str:
    """One folded string to compare and search by: letter forms, vowel marks, digits and case do not matter."""
    visible = INVISIBLE.sub("", " ".join(text for text in texts if text))
    return " ".join(unicodedata.normalize("NFKC", visible).translate(FOLDED).casefold().split())


def localized(arabic: str, english: str) -> str:
    """The text in the active language, the other one where it is missing."""
    return localizer()(arabic, english)


def localizer() -> Callable[[str, str], str]:
    """`localized` in the language that is active now, for many texts: asking for it costs more than choosing."""
    if (get_language() or "ar").startswith("ar"):
        return lambda arabic, english: arabic or english
    return lambda arabic, english: english or arabic
