"""The people whom customers book."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports import cells
from apps.common.imports.columns import Columns
from apps.common.imports.kinds import Field, ListPlan
from apps.common.imports.rows import Empty, Row
from apps.common.imports.sheet import Cell
from apps.common.reader import shown_phone
from apps.common.text import localized
from apps.salons.imports.base import (
    SALON_FIELD,
    People,
    ScheduleImporter,
    code_of,
    flag,
    name_cell,
    names_of,
    position,
    text,
)
from apps.salons.models import Staff

WORDS = {
    Staff.Gender.FEMALE: ("أنثى", "female", "f", "امرأة", "woman"),
    Staff.Gender.MALE: ("ذكر", "male", "m", "رجل", "man"),
}
COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def colour(cell: Cell) -> str:
    """`#7c3aed`."""
    typed = cells.line(cell, 20)
    if not COLOUR.fullmatch(typed):
        raise Rejected(_("Write a colour like #7c3aed."), code="colour_unclear")
    return typed.lower()


CODE = Field(
    key="code",
    arabic="رمز الموظف",
    english="Staff code",
    synonyms=("الرمز", "code"),
    parse=name_cell,
    empty=Empty.NOTHING,
    export=code_of,
)
GENDER = Field(
    key="gender",
    arabic="الجنس",
    english="Gender",
    parse=cells.one_of(WORDS),
    attribute="gender",
    empty=Empty.NOTHING,
    export=lambda staff: localized(*WORDS[staff.gender][:2]),
    show=lambda value: localized(*WORDS[value][:2]),
)
COLOR = Field(
    key="color",
    arabic="اللون في التقويم",
    english="Colour in the calendar",
    synonyms=("اللون", "colour", "color"),
    parse=colour,
    attribute="color",
    empty=Empty.NOTHING,
    export=lambda staff: staff.color,
)
PHONE = Field(
    key="phone",
    arabic="جوال الدخول",
    english="Phone of the sign-in",
    parse=name_cell,
    empty=Empty.NOTHING,
    export=lambda staff: shown_phone(staff.user.phone, staff) if staff.user_id else "",
)
FIELDS = (
    CODE,
    text("name_ar", "الاسم بالعربية", "Name (Arabic)", "الاسم العربي", "arabic name"),
    text("name_en", "الاسم بالإنجليزية", "Name (English)", "الاسم الإنجليزي", "english name"),
    text("title_ar", "المسمى بالعربية", "Title (Arabic)", "arabic title", longest=120),
    text("title_en", "المسمى بالإنجليزية", "Title (English)", "english title", longest=120),
    GENDER,
    COLOR,
    position(),
    flag("keeps_prayer_pause", "تتوقف للصلاة", "Keeps the prayer pause", "prayer pause"),
    flag("is_active", "تستقبل الحجوزات", "Takes bookings", "نشط", "active"),
    PHONE,
)
PLAIN = {"name_ar": ("الاسم", "الموظف", "الموظفة"), "name_en": ("name", "staff", "staff member")}


class StaffImporter(ScheduleImporter[Staff]):
    """A row finds its person by code, without one by name. The sign-in is to be read only."""

    model = Staff
    fields = (SALON_FIELD, *FIELDS)
    columns = Columns(fields, needed=(("name_ar", "name_en"),), plain=PLAIN)
    one_of = (("name_ar", "name_en"),)
    derived = ("search_text",)
    shown_of_new = ("gender", "is_active")

    def load(self) -> None:
        self.people = People(self.salon)

    def find(self, row: Row) -> Staff | None:
        return self.people.find(row.values.get("code"), names_of(row))

    def make(self, row: Row) -> Staff:
        name_ar, name_en = names_of(row)
        staff = Staff(salon=self.salon, name_ar=name_ar or "", name_en=name_en or "")
        self.people.add(staff)
        return staff

    def check(self, instance: Staff, row: Row) -> None:
        try:
            instance.clean()
        except ValidationError as error:
            field = "gender" if "gender" in self.layout.headings else None
            raise Rejected(error.messages[0], code="gender_refused", field=field) from error

    def finish(self, plan: ListPlan[Staff]) -> None:
        last = max((row.position for row in self.people.staff), default=0) if self.rows else 0
        for draft in plan.new:
            if not draft.instance.position:
                last = min(last + 1, 32767)
                draft.instance.position = last
