import pytest
from django.utils import translation

from apps.common.text import clean_text, latin_digits, localized, search_key


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "0123456789", "٠1۲٣4۵٦7۸٩"])
def test_digits_of_every_script_become_latin(digits):
    assert latin_digits(f"من {digits} ريال") == "من 0123456789 ريال"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  قص   شعر \n", "قص شعر"),
        ("\u200fقص\u200e شعر\u202c", "قص شعر"),
        ("\u061cقص\u00ad شعر\ufeff", "قص شعر"),
        ("Cafe\u0301", "Café"),
        ("Line\r\nbreak\tand\u00a0more", "Line break and more"),
        ("قَصّ أظافر", "قَصّ أظافر"),
        ("", ""),
    ],
)
def test_a_name_is_stored_as_typed_without_what_nobody_sees(typed, stored):
    """CSV18"""
    assert clean_text(typed) == stored


@pytest.mark.parametrize(
    "spelling",
    [
        "إزالة الشعر",
        "ازالة الشعر",
        "أزاله الشعر",
        "آزالة  الشعر",
        "ٱزالة الشعر",
        "إزَالَةُ الشَّعْرِ",
        "إزالـــة الشـعر",
        "\u200fإزالة\u200e الشعر\u200c",
        " إزالة\u00a0الشعر ",
    ],
)
def test_arabic_spellings_of_one_name_share_a_key(spelling):
    """CSV18"""
    assert search_key(spelling) == "ازاله الشعر"


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ("ليلى", "ليلي", "ليلي"),
        ("ليلی", "ليلى", "ليلي"),
        ("کوافیر", "كوافير", "كوافير"),
        ("HAIR Cut", "hair cut", "hair cut"),
        ("Straße", "STRASSE", "strasse"),
        ("Café", "Cafe\u0301", "café"),
        ("باقة ٣", "باقة 3", "باقه 3"),
        ("ﻻ", "لا", "لا"),
    ],
)
def test_two_spellings_meet(one, other, key):
    assert (search_key(one), search_key(other)) == (key, key)


def test_different_names_stay_different():
    assert search_key("قص") != search_key("قصر")


def test_a_key_joins_what_is_given():
    assert search_key("قص", "", None, "Cut") == "قص cut"
    assert search_key() == ""


@pytest.mark.parametrize(
    ("language", "names", "shown"),
    [
        ("ar", ("قص", "Cut"), "قص"),
        ("en", ("قص", "Cut"), "Cut"),
        ("ar", ("", "Cut"), "Cut"),
        ("en", ("قص", ""), "قص"),
        ("ar-sa", ("قص", "Cut"), "قص"),
        (None, ("قص", "Cut"), "قص"),
    ],
)
def test_the_name_in_the_reader_s_language_or_the_other_one(language, names, shown):
    with translation.override(language):
        assert localized(*names) == shown
