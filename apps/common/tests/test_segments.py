"""Counting the SMS a text costs, at the edges of both alphabets."""

import pytest

from apps.common.providers.segments import BASIC, EXTENSION, Segments, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ش" * 70, Segments("UCS-2", 70, 1)),
        ("ش" * 71, Segments("UCS-2", 71, 2)),
        ("ش" * 134, Segments("UCS-2", 134, 2)),
        ("ش" * 135, Segments("UCS-2", 135, 3)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("a" * 100 + "ش", Segments("UCS-2", 101, 2)),
        ("ش" * 69 + "💇", Segments("UCS-2", 71, 2)),
        ("ی", Segments("UCS-2", 1, 1)),
        ("سـارة", Segments("UCS-2", 5, 1)),
        ("It\u2019s tomorrow", Segments("UCS-2", 13, 1)),
        ("It's tomorrow", Segments("GSM-7", 13, 1)),
        ("", Segments("GSM-7", 0, 0)),
    ],
)
def test_segments_follow_the_alphabet_the_text_needs(text, expected):
    """MSG01, MSG02, MSG03, MSG05, MSG06"""
    assert segments(text) == expected


def test_extension_characters_cost_two_and_the_basic_ones_cost_one():
    assert segments("".join(BASIC)) == Segments("GSM-7", 127, 1)
    assert segments("".join(EXTENSION)) == Segments("GSM-7", 20, 1)
    assert segments("€" * 80) == Segments("GSM-7", 160, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),
        ("ش" * 66 + "💇" + "ش" * 66, Segments("UCS-2", 134, 3)),
    ],
)
def test_a_character_of_two_units_is_not_cut_by_the_end_of_a_part(text, expected):
    assert segments(text) == expected
