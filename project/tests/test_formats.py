from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django import forms
from django.conf import settings
from django.utils import formats, translation
from django.utils.timezone import localtime

from project.env import BASE_DIR

MOMENT = datetime(2026, 11, 27, 18, 5, tzinfo=UTC)  # 9:05 in the evening in Riyadh
LANGUAGES = [code for code, _name in settings.LANGUAGES]


def test_every_language_has_formats_of_its_own():
    assert {path.parent.name for path in (BASE_DIR / "project/formats").glob("*/formats.py")} == set(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "moment", "day", "short"),
    [
        ("ar", "27 نوفمبر 2026، 9:05\N{NO-BREAK SPACE}م", "27 نوفمبر 2026", "27/11/2026"),
        ("en", "27 Nov 2026, 9:05\N{NO-BREAK SPACE}PM", "27 Nov 2026", "27/11/2026"),
    ],
)
def test_dates_are_written_day_first_with_a_twelve_hour_clock(language, moment, day, short):
    with translation.override(language):
        local = localtime(MOMENT)

        assert formats.date_format(local, "DATETIME_FORMAT") == moment
        assert formats.date_format(local, "DATE_FORMAT") == day
        assert formats.date_format(local, "SHORT_DATE_FORMAT") == short


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_keep_the_dot_and_are_grouped_only_on_request(language):
    with translation.override(language):
        assert formats.localize(Decimal("1389.50")) == "1389.50"
        assert formats.number_format(Decimal("1389.50"), 2, force_grouping=True) == "1,389.50"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_week_starts_on_sunday(language):
    with translation.override(language):
        assert formats.get_format("FIRST_DAY_OF_WEEK") == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["2026-11-27", "27/11/2026", "2026/11/27"])
def test_a_typed_date_means_the_same_in_all_languages(language, typed):
    with translation.override(language):
        assert forms.DateField().clean(typed) == date(2026, 11, 27)


@pytest.mark.parametrize("language", LANGUAGES)
def test_inputs_show_iso_dates_and_hours_without_seconds(language):
    with translation.override(language):
        assert forms.DateInput().format_value(date(2026, 11, 27)) == "2026-11-27"
        assert forms.TimeInput().format_value(localtime(MOMENT).time()) == "21:05"
        assert forms.DecimalField(localize=True).clean("1389.50") == Decimal("1389.50")
