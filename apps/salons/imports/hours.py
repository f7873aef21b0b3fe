"""Usual hours: opening hours of the salon and working hours of its people."""

from dataclasses import replace
from datetime import time
from functools import partial

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports import cells, moments
from apps.common.imports.columns import Columns
from apps.common.imports.kinds import Field
from apps.common.imports.report import NOTHING, shown
from apps.common.imports.rows import Empty, Row, folded
from apps.common.text import localized
from apps.salons.imports.base import SALON_FIELD, People, ScheduleImporter, code_of, flag, name_cell
from apps.salons.models import ScheduleException, Staff, WeeklyHours

DAYS = {
    WeeklyHours.Weekday.MONDAY: ("الاثنين", "Monday", "الإثنين", "mon"),
    WeeklyHours.Weekday.TUESDAY: ("الثلاثاء", "Tuesday", "tue"),
    WeeklyHours.Weekday.WEDNESDAY: ("الأربعاء", "Wednesday", "wed"),
    WeeklyHours.Weekday.THURSDAY: ("الخميس", "Thursday", "thu"),
    WeeklyHours.Weekday.FRIDAY: ("الجمعة", "Friday", "fri"),
    WeeklyHours.Weekday.SATURDAY: ("السبت", "Saturday", "sat"),
    WeeklyHours.Weekday.SUNDAY: ("الأحد", "Sunday", "sun"),
}


def day_name(weekday: int) -> str:
    """In the active language."""
    return localized(*DAYS[WeeklyHours.Weekday(weekday)][:2])


def season_name(exception: ScheduleException | None) -> str:
    """A season by name and first day: its name comes again next year."""
    return f"{exception.name} ({exception.starts_on.isoformat()})" if exception else ""


STAFF_CODE = Field(
    key="staff_code",
    arabic="رمز الموظف",
    english="Staff code",
    parse=name_cell,
    empty=Empty.NOTHING,
    export=lambda row: code_of(row.staff) if row.staff_id else "",
)
STAFF = Field(
    key="staff",
    arabic="الموظف",
    english="Staff member",
    synonyms=("الموظفة", "staff", "name", "الاسم"),
    parse=name_cell,
    export=lambda row: row.staff.name if row.staff_id else "",
)
WEEKDAY = Field(
    key="weekday",
    arabic="اليوم",
    english="Weekday",
    synonyms=("day",),
    parse=cells.one_of(DAYS),
    empty=Empty.REFUSED,
    export=lambda row: day_name(row.weekday),
)
OPENS = Field(
    key="opens",
    arabic="من",
    english="From",
    synonyms=("opens", "start"),
    parse=moments.clock,
    empty=Empty.REFUSED,
    export=lambda row: f"{row.opens:%H:%M}",
)
CLOSES = Field(
    key="closes",
    arabic="إلى",
    english="Until",
    synonyms=("closes", "end", "حتى"),
    parse=moments.closing,
    attribute="closes",
    empty=Empty.REFUSED,
    export=lambda row: f"{row.closes:%H:%M}",
)


def _day(key: str, arabic: str, english: str) -> Field:
    return Field(
        key=key,
        arabic=arabic,
        english=english,
        parse=moments.day,
        attribute=key,
        empty=None,
        export=lambda row: getattr(row, key),
    )


EXCEPTION = Field(
    key="exception",
    arabic="فقط خلال",
    english="Only during",
    parse=partial(cells.line, longest=200),
    export=lambda row: season_name(row.exception),
)
FIELDS = (
    STAFF_CODE,
    STAFF,
    WEEKDAY,
    OPENS,
    CLOSES,
    flag("ends_next_day", "حتى اليوم التالي", "Until the next day", "next day"),
    flag("is_break", "استراحة", "Break"),
    _day("valid_from", "ساري من", "Valid from"),
    _day("valid_until", "ساري حتى", "Valid until"),
    EXCEPTION,
)
Key = tuple[int | None, int, time]


class HoursImporter(ScheduleImporter[WeeklyHours]):
    """A row finds its window by person, weekday and beginning; where several have those, by season and first day too.

    Without a person it is a window of the whole salon.
    """

    model = WeeklyHours
    fields = (SALON_FIELD, *FIELDS)
    columns = Columns(fields, needed=(("staff", "staff_code"), ("weekday",), ("opens",), ("closes",)))
    shown_of_new = ("weekday", "opens", "closes")

    def load(self) -> None:
        self.people = People(self.salon)
        self.seasons = list(ScheduleException.objects.filter(salon=self.salon))
        self.windows: dict[Key, list[WeeklyHours]] = {}
        for window in WeeklyHours.objects.filter(salon=self.salon).select_related("staff", "exception").order_by("pk"):
            self.windows.setdefault((window.staff_id, window.weekday, window.opens), []).append(window)

    def adapted(self, row: Row) -> Row:
        closes, is_midnight = row.values["closes"]
        said = {"closes": closes, "person": self._person(row)}
        if is_midnight:
            said["ends_next_day"] = True
        if "exception" in row.values:
            said["season"] = self._season(row.values["exception"])
        return replace(row, values={**row.values, **said})

    def find(self, row: Row) -> WeeklyHours | None:
        found = self.windows.get(self._key(row), [])
        season, begins = row.values.get("season"), row.values.get("valid_from")
        if "season" in row.values:
            found = [window for window in found if window.exception_id == (season.pk if season else None)]
        if "valid_from" in row.values:
            found = [window for window in found if window.valid_from == begins]
        if len(found) > 1:
            raise Rejected(
                _("Several hours begin then. Add the columns “%(from)s” and “%(during)s”, as an export has them."),
                code="hours_ambiguous",
                field="opens",
                **{"from": self.columns.by_key["valid_from"].heading, "during": EXCEPTION.heading},
            )
        return found[0] if found else None

    def make(self, row: Row) -> WeeklyHours:
        window = WeeklyHours(
            salon=self.salon,
            staff=row.values["person"],
            weekday=row.values["weekday"],
            opens=row.values["opens"],
            valid_from=row.values.get("valid_from"),
            exception=row.values.get("season"),
        )
        self.windows.setdefault(self._key(row), []).append(window)
        return window

    def check(self, instance: WeeklyHours, row: Row) -> None:
        is_in_order = (instance.closes <= instance.opens) == instance.ends_next_day
        if not is_in_order:
            raise Rejected(
                _("The end lies after the start; for a night shift or 24:00 say yes under “%(column)s”."),
                code="hours_order",
                field="closes",
                column=self.columns.by_key["ends_next_day"].heading,
            )
        if instance.valid_from and instance.valid_until and instance.valid_until < instance.valid_from:
            raise Rejected(_("The last day is not before the first."), code="validity_order", field="valid_until")

    def name_of(self, instance: WeeklyHours) -> str:
        who = instance.staff.name if instance.staff else _("the whole salon")
        season = f" · {season_name(instance.exception)}" if instance.exception_id else ""
        return f"{who} · {day_name(instance.weekday)} {shown(instance.opens)}{season}"

    def _key(self, row: Row) -> Key:
        person = row.values["person"]
        return person.pk if person else None, row.values["weekday"], row.values["opens"]

    def _person(self, row: Row) -> Staff | None:
        return person_of(self.people, row)

    def _season(self, typed: str) -> ScheduleException | None:
        if not typed:
            return None
        wanted = folded((typed, None))[0]
        found = [season for season in self.seasons if wanted in _names(season)]
        if len(found) != 1:
            raise Rejected(
                _("“%(name)s” is not one season of the salon. Write it like “Ramadan (2027-02-08)”."),
                code="season_unknown",
                field="exception",
                name=typed,
            )
        return found[0]


def person_of(people: People, row: Row) -> Staff | None:
    """The staff member a row of somebody's time names; None for nobody. Raises Rejected."""
    code, name = row.values.get("staff_code"), row.values.get("staff")
    if not code and not name:
        return None
    try:
        found = people.find(code, (name, None))
    except Rejected as error:
        raise Rejected(error.template, code=error.code, field="staff_code" if code else "staff") from error
    if found is None:
        raise Rejected(
            _("Nobody of the staff is called “%(name)s”."), code="staff_unknown", field="staff", name=name or NOTHING
        )
    return found


def _names(season: ScheduleException) -> set[str]:
    texts = [name for name in (season.name_ar, season.name_en) if name]
    dated = [f"{name} ({season.starts_on.isoformat()})" for name in texts]
    return {folded((name, None))[0] for name in [*texts, *dated]}
