"""Headings of the price list."""

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports.columns import Columns
from apps.common.imports.kinds import ListPlan
from apps.common.imports.rows import Row
from apps.common.text import search_key
from apps.salons.imports.base import (
    LARGEST_POSITION,
    SALON_FIELD,
    NameIndex,
    ScheduleImporter,
    flag,
    names_of,
    position,
    text,
)
from apps.salons.models import ServiceCategory

FIELDS = (
    text("name_ar", "القسم بالعربية", "Category (Arabic)", "الاسم بالعربية", "arabic name", "name (arabic)"),
    text("name_en", "القسم بالإنجليزية", "Category (English)", "الاسم بالإنجليزية", "english name", "name (english)"),
    position(),
    flag("is_active", "ظاهر", "Shown", "نشط", "active"),
)
PLAIN = {"name_ar": ("القسم", "الاسم"), "name_en": ("category", "name")}


class CategoryImporter(ScheduleImporter[ServiceCategory]):
    """A row finds its category by name in either language."""

    model = ServiceCategory
    fields = (SALON_FIELD, *FIELDS)
    columns = Columns(fields, needed=(("name_ar", "name_en"),), plain=PLAIN)
    one_of = (("name_ar", "name_en"),)
    derived = ("search_text",)
    shown_of_new = ("is_active",)

    def load(self) -> None:
        self.stored = list(ServiceCategory.objects.filter(salon=self.salon).order_by("position", "pk"))
        self.names = NameIndex(self.stored)

    def find(self, row: Row) -> ServiceCategory | None:
        return self.names.find(names_of(row))

    def make(self, row: Row) -> ServiceCategory:
        name_ar, name_en = names_of(row)
        category = ServiceCategory(salon=self.salon, name_ar=name_ar or "", name_en=name_en or "")
        self.names.add(category)
        return category

    def check(self, instance: ServiceCategory, row: Row) -> None:
        instance.search_text = search_key(instance.name_ar, instance.name_en)

    def finish(self, plan: ListPlan[ServiceCategory]) -> None:
        last = max((row.position for row in getattr(self, "stored", ())), default=0)
        for draft in plan.new:
            if "position" not in draft.changed and not draft.instance.position:
                last = min(last + 1, LARGEST_POSITION)
                draft.instance.position = last
        taken = {row.search_text: row for row in getattr(self, "stored", ())}
        for draft in [*plan.changed, *plan.new]:
            holder = taken.setdefault(draft.instance.search_text, draft.instance)
            if holder is not draft.instance:
                self.refuse(plan, draft.row, NAME_TAKEN)


NAME_TAKEN = Rejected(_("This salon has a category of this name already."), code="name_taken")
