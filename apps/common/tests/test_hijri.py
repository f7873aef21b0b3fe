"""Hijri dates beside the Gregorian ones."""

from datetime import date

import pytest
from django.utils.translation import override

from apps.common.hijri import hijri_of, hijri_text


@pytest.mark.parametrize(
    ("day", "english", "arabic"),
    [
        (date(2026, 2, 17), "29 Sha'ban 1447 AH", "29 شعبان 1447 هـ"),
        (date(2026, 2, 18), "1 Ramadan 1447 AH", "1 رمضان 1447 هـ"),
        (date(2026, 6, 16), "1 Muharram 1448 AH", "1 محرم 1448 هـ"),
        (date(1924, 8, 1), "1 Muharram 1343 AH", "1 محرم 1343 هـ"),
        (date(2077, 11, 16), "30 Dhu al-Hijjah 1500 AH", "30 ذو الحجة 1500 هـ"),
    ],
    ids=["last of a month", "Ramadan", "new year", "first known", "last known"],
)
def test_a_day_is_written_in_the_readers_language_with_latin_digits(day, english, arabic):
    with override("en"):
        assert hijri_text(day) == english
    with override("ar"):
        assert hijri_text(day) == arabic


@pytest.mark.parametrize("day", [date.min, date(1924, 7, 31), date(2077, 11, 17), date.max], ids=str)
def test_a_day_beyond_the_calendar_has_no_hijri_date(day):
    assert hijri_of(day) is None
    assert hijri_text(day) == ""


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 2, 18), date(2026, 2, 24), "1–7 Ramadan 1447 AH"),
        (date(2026, 2, 15), date(2026, 2, 21), "27 Sha'ban – 4 Ramadan 1447 AH"),
        (date(2026, 6, 14), date(2026, 6, 20), "28 Dhu al-Hijjah 1447 – 5 Muharram 1448 AH"),
        (date(2077, 11, 14), date(2077, 11, 20), ""),
    ],
    ids=["one month", "two months", "two years", "beyond the calendar"],
)
def test_a_week_says_once_what_its_ends_have_in_common(first, last, text):
    with override("en"):
        assert hijri_text(first, last) == text
