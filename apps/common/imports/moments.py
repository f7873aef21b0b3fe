"""Cells that say when: days, times of day and moments, in ISO or as a spreadsheet program stores them; no guessing."""

import re
from datetime import date, datetime, time

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports.cells import text_of
from apps.common.imports.sheet import Cell
from apps.common.text import clean_text, latin_digits

DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
CLOCK = re.compile(r"(\d{2}):(\d{2})(?::00)?")
# Years of the Hijri calendar and slips of the finger lie outside.
FIRST_YEAR, LAST_YEAR = 2000, 2199


def day(cell: Cell) -> date:
    """`2026-11-30`."""
    if isinstance(cell, datetime):
        if cell.time() != time(0):
            raise _no_day()
        return _in_range(cell.date())
    if isinstance(cell, date):
        return _in_range(cell)
    return _day(_plain(cell))


def clock(cell: Cell) -> time:
    """`09:30`, full minutes."""
    if isinstance(cell, time):
        return _full_minutes(cell)
    return _clock(_plain(cell))


def closing(cell: Cell) -> tuple[time, bool]:
    """A time of day, and whether it was written as 24:00, the midnight that ends the day."""
    if isinstance(cell, time):
        return _full_minutes(cell), False
    text = _plain(cell)
    return (time(0), True) if text in {"24:00", "24:00:00"} else (_clock(text), False)


def moment(cell: Cell) -> datetime:
    """`2026-11-30 14:00`, the clock on the salon's wall; a day alone begins at midnight. Without a time zone."""
    if isinstance(cell, datetime):
        return datetime.combine(_in_range(cell.date()), _full_minutes(cell.time()))
    if isinstance(cell, date):
        return datetime.combine(_in_range(cell), time(0))
    text = _plain(cell).replace("T", " ")
    first, _blank, second = text.partition(" ")
    return datetime.combine(_day(first), _clock(second) if second else time(0))


def _plain(cell: Cell) -> str:
    """What was typed; a bare number is a day that a spreadsheet program counts, and from when is anybody's guess."""
    return "" if isinstance(cell, bool | int | float) else latin_digits(clean_text(text_of(cell)))


def _day(text: str) -> date:
    found = DAY.fullmatch(text)
    if found is None:
        raise _no_day()
    try:
        return _in_range(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError as error:
        raise _no_day() from error


def _clock(text: str) -> time:
    found = CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise Rejected(_("Write the time like 09:30 or 21:00."), code="clock_unclear")
    return time(int(found[1]), int(found[2]))


def _full_minutes(value: time) -> time:
    if value.second or value.microsecond:
        raise Rejected(_("Enter full minutes."), code="clock_unclear")
    return value


def _in_range(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Rejected(
            _("The year %(year)s is not one of this calendar. Write the Gregorian day like 2026-11-30."),
            code="year_out_of_range",
            year=value.year,
        )
    return value


def _no_day() -> Rejected:
    return Rejected(_("Write the day like 2026-11-30: year, month, day."), code="day_unclear")
