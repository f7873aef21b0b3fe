"""Days by the Umm al-Qura calendar, which is known for 1343–1500 AH (1 August 1924 – 16 November 2077)."""

from datetime import date
from typing import Literal

from django.utils.translation import get_language
from hijridate import Gregorian
from hijridate.convert import Hijri


def hijri_of(day: date) -> Hijri | None:
    """`day` in that calendar, None where it is not known. The religious start of a month may differ by a day."""
    try:
        return Gregorian(day.year, day.month, day.day).to_hijri()
    except OverflowError:
        return None


def hijri_text(first: date, last: date | None = None) -> str:
    """`1 Ramadan 1447 AH`, in the active language with Latin digits; empty where the calendar is not known.

    With `last` the days from `first` to `last`, and what both have in common only once.
    """
    begins, ends = hijri_of(first), hijri_of(last or first)
    if begins is None or ends is None:
        return ""
    language: Literal["ar", "en"] = "ar" if (get_language() or "ar").startswith("ar") else "en"
    until = f"{ends.day} {ends.month_name(language)} {ends.year} {ends.notation(language)}"
    if begins == ends:
        return until
    if begins.year != ends.year:
        return f"{begins.day} {begins.month_name(language)} {begins.year} – {until}"
    if begins.month != ends.month:
        return f"{begins.day} {begins.month_name(language)} – {until}"
    return f"{begins.day}–{until}"
