"""One cell becomes one value: each parser takes a `Cell` and raises `Rejected` with the reason."""

import datetime
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports.sheet import Cell, Special
from apps.common.money import CENT
from apps.common.phones import is_saudi_mobile, normalize_phone
from apps.common.spreadsheets import unescape_formula
from apps.common.text import INVISIBLE, clean_text, latin_digits, localized, search_key

LARGEST_PRICE = Decimal("99999999.99")
# What a spreadsheet program computes with may end in …999 or …001.
FLOAT_NOISE = Decimal("0.000001")
LONGEST_NUMBER = 60
LONGEST_DESCRIPTION = 30_000
SHORTEST, LONGEST, LONGEST_BUFFER = 5, 1440, 480

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
NEWLINES = re.compile(r"\r\n?|\u2028|\u2029")
WHOLE_NUMBER = re.compile(r"\d{1,9}")
PLAIN_NUMBER = re.compile(r"\d{1,12}(\.\d{1,2})?")
# Commas in front of groups of three part thousands; in front of one or two digits they can only be a decimal comma.
GROUPED_NUMBER = re.compile(r"\d{1,3}(,\d{3})+(\.\d{1,2})?")
DECIMAL_COMMA = re.compile(r"\d{1,12},\d{1,2}")
TOO_PRECISE = re.compile(r"\d+[.,]\d{3,}")
RANGE = re.compile(r"^\D*\d[\d.,]*\s*(-|–|—|−|/|~|to|الى|إلى|حتى|او|أو)\s*\d[\d.,]*\D*$", re.IGNORECASE)
CURRENCY = re.compile(
    r"^(sar|sr|ر\.?\s?س\.?|ريال(\s+سعودي)?|﷼|\u20c1)|(sar|sr|ر\.?\s?س\.?|ريال(\s+سعودي)?|﷼|\u20c1)$", re.IGNORECASE
)
ARABIC_SEPARATORS = str.maketrans({"٫": ".", "٬": ",", "،": ","})
FORMULA_SIGNS = ("=", "@", "＝", "＠")
# A program that cannot store Arabic writes a question mark for every letter.
LOST_LETTERS = re.compile(r"\ufffd|(^|\s)\?{3,}(\s|$)|^[?\s\d.,()+-]*\?\?[?\s\d.,()+-]*$")

YES = {
    search_key(word)
    for word in ("yes", "y", "true", "1", "active", "on", "نعم", "متاح", "متاحة", "صح", "مفعل", "مفعلة")
}
NO = {
    search_key(word)
    for word in ("no", "n", "false", "0", "inactive", "off", "لا", "غير متاح", "غير متاحة", "خطأ", "موقوف")
}


def is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not (cell.strip() and (cell.isprintable() or clean_text(cell)))


def canonical(text: str) -> str:
    """`text` without what nobody sees: control and direction marks, differences of newlines, blanks around lines."""
    if text.isprintable() and "  " not in text:
        # No newline, no mark, no control character: nearly every cell there is.
        return unicodedata.normalize("NFC", text.strip())
    visible = CONTROL.sub("", INVISIBLE.sub("", NEWLINES.sub("\n", text)))
    return "\n".join(clean_text(line) for line in visible.split("\n")).strip()


def line(cell: Cell, longest: int) -> str:
    """A name or a code: one line of at most `longest` letters."""
    return _text(cell, " ".join, longest)


def paragraphs(cell: Cell, longest: int = LONGEST_DESCRIPTION) -> str:
    """A description, line breaks kept."""
    return _text(cell, "\n".join, longest)


def _text(cell: Cell, join: Callable[[list[str]], str], longest: int) -> str:
    text = join(canonical(text_of(cell)).split("\n"))
    if len(text) > longest:
        raise Rejected(_("This text is longer than %(longest)s letters."), code="text_too_long", longest=longest)
    if LOST_LETTERS.search(text):
        raise Rejected(
            _("The letters of this cell were lost when the file was saved. Save it as “CSV UTF-8” again."),
            code="letters_lost",
        )
    return text


def text_of(cell: Cell) -> str:
    """What was typed into a cell, without what protects it from being run. Raises Rejected for what is no text."""
    if type(cell) is not str:
        return _text_of_value(cell)
    if cell.lstrip().startswith(FORMULA_SIGNS):
        raise _special(Special.FORMULA)
    return unescape_formula(cell)


def _text_of_value(cell: Cell) -> str:
    if isinstance(cell, Special):
        raise _special(cell)
    if isinstance(cell, datetime.date | datetime.time):
        raise _special(Special.DATE)
    return _number_text(cell)


def _number_text(value: Any) -> str:
    return str(int(value)) if value == int(value) and not isinstance(value, bool) else str(value)


def _special(cell: Special) -> Rejected:
    if cell is Special.FORMULA:
        return Rejected(_("This cell holds a formula. Replace it with its result."), code="cell_is_formula")
    if cell is Special.DATE:
        return Rejected(
            _("The spreadsheet program took this cell for a date. Format it as text or number and type it again."),
            code="cell_is_date",
        )
    return Rejected(_("This cell holds an error of the spreadsheet program."), code="cell_is_error")


def price(cell: Cell) -> Decimal:
    """SAR with two places, greater than zero."""
    amount = _amount(cell)
    if amount <= 0:
        raise Rejected(_("A price is greater than zero."), code="price_not_positive")
    if amount > LARGEST_PRICE:
        raise Rejected(_("This price is too large."), code="price_too_large")
    return amount


def _amount(cell: Cell) -> Decimal:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _cents(Decimal(str(cell)))
    typed = text_of(cell)[:LONGEST_NUMBER]
    text = CURRENCY.sub("", latin_digits(clean_text(typed)).translate(ARABIC_SEPARATORS)).strip()
    if RANGE.match(text):
        raise Rejected(
            _("“%(value)s” is not one price but a range. Enter a single price."),
            code="price_is_range",
            value=clean_text(typed),
        )
    sign = -1 if text.startswith(("-", "−")) else 1
    digits = text.lstrip("-−").strip()
    if PLAIN_NUMBER.fullmatch(digits):
        return sign * Decimal(digits).quantize(CENT)
    if GROUPED_NUMBER.fullmatch(digits):
        return sign * Decimal(digits.replace(",", "")).quantize(CENT)
    if DECIMAL_COMMA.fullmatch(digits):
        return sign * Decimal(digits.replace(",", ".")).quantize(CENT)
    if TOO_PRECISE.fullmatch(digits):
        raise _too_precise()
    raise Rejected(
        _("“%(value)s” is not a price. Write it like 517.50."), code="price_not_a_number", value=_short(typed)
    )


def _cents(amount: Decimal) -> Decimal:
    if not abs(amount) <= LARGEST_PRICE:
        return LARGEST_PRICE + 1
    rounded = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    if abs(rounded - amount) > FLOAT_NOISE:
        raise _too_precise()
    return rounded


def _too_precise() -> Rejected:
    return Rejected(_("A price has at most two decimal places, as in 517.50."), code="price_too_precise")


def _short(text: str) -> str:
    text = clean_text(text)
    return text if len(text) <= 40 else f"{text[:40]}…"


def duration(cell: Cell) -> int:
    """Minutes of a service."""
    minutes = _minutes(cell)
    if not SHORTEST <= minutes <= LONGEST:
        raise Rejected(_("A service takes between 5 minutes and 24 hours."), code="duration_out_of_range")
    return minutes


def buffer(cell: Cell) -> int:
    """Minutes before or after a service."""
    minutes = _minutes(cell)
    if minutes > LONGEST_BUFFER:
        raise Rejected(_("Preparation and cleaning up take at most 8 hours each."), code="buffer_out_of_range")
    return minutes


def _minutes(cell: Cell) -> int:
    text = latin_digits(clean_text(text_of(cell)))
    if isinstance(cell, bool) or not WHOLE_NUMBER.fullmatch(text):
        raise Rejected(
            _("“%(value)s” is not a whole number of minutes."), code="minutes_not_a_number", value=_short(text)
        )
    return int(text)


def yes_or_no(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    word = search_key(text_of(cell))
    if word in YES:
        return True
    if word in NO:
        return False
    raise Rejected(_("Write yes or no."), code="yes_or_no_expected")


def whole_number(cell: Cell, most: int) -> int:
    """0 to `most`."""
    text = latin_digits(clean_text(text_of(cell)))
    if isinstance(cell, bool) or not WHOLE_NUMBER.fullmatch(text) or int(text) > most:
        raise Rejected(_("Write a whole number from 0 to %(most)s."), code="whole_number_expected", most=most)
    return int(text)


def phone(cell: Cell) -> str:
    """E.164, of any spelling; what spreadsheet programs take away is put back."""
    typed = text_of(cell)
    if is_saudi_mobile(typed):
        return typed
    number = normalize_phone(typed)
    if number is None:
        raise Rejected(_("“%(value)s” is not a phone number."), code="phone_invalid", value=_short(typed))
    return number


def one_of(words: Mapping[Any, Collection[str]]) -> Callable[[Cell], Any]:
    """A parser that finds the value by one of its `words`, in any letter form and case."""
    by_word = {search_key(word): value for value, texts in words.items() for word in texts}

    def parse(cell: Cell) -> Any:
        found = by_word.get(search_key(text_of(cell)))
        if found is None:
            allowed = ", ".join(localized(*[*texts][:2]) for texts in words.values())
            raise Rejected(_("Write one of: %(allowed)s."), code="word_unknown", allowed=allowed)
        return found

    return parse
