"""What an import would write: every row matched with the catalogue, every change known before the first write."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports.columns import Layout
from apps.common.imports.errors import Problem
from apps.common.imports.rows import Row, same_text
from apps.common.text import search_key
from apps.salons.catalogue_import.catalogue import AmbiguousName, Catalogue, CategoryDraft, ServiceDraft
from apps.salons.catalogue_import.report import MOVED, Addition, Change, Names, Report, Value
from apps.salons.consequences import visits
from apps.salons.models import Service, ServiceCategory

ATTRIBUTES = {
    "name_ar": "name_ar",
    "name_en": "name_en",
    "price": "price_amount",
    "duration": "duration_minutes",
    "buffer_before": "buffer_before_minutes",
    "buffer_after": "buffer_after_minutes",
    "active": "is_active",
    "description_ar": "description_ar",
    "description_en": "description_en",
}
OUR_CODE = re.compile(r"S(\d{1,9})")
LARGEST_POSITION = 32767
LONGEST_SEARCH_TEXT = Service._meta.get_field("search_text").max_length or 0


@dataclass
class Plan:
    """Rows to write, and the report that says so. Nothing may be written while `report.problems` holds one."""

    catalogue: Catalogue
    report: Report = field(default_factory=Report)

    @property
    def new_categories(self) -> list[ServiceCategory]:
        return [draft.instance for draft in self.catalogue.categories if draft.is_new]

    @property
    def changed_categories(self) -> list[ServiceCategory]:
        return [draft.instance for draft in self.catalogue.categories if draft.changed and not draft.is_new]

    @property
    def new_services(self) -> list[ServiceDraft]:
        return [draft for draft in self.catalogue.services if draft.is_new]

    @property
    def changed_services(self) -> list[ServiceDraft]:
        return [draft for draft in self.catalogue.services if draft.changed and not draft.is_new]


def make_plan(catalogue: Catalogue, rows: Sequence[Row], layout: Layout, default_duration: int | None) -> Plan:
    """Match `rows` with `catalogue` (whose drafts become what is to be written) and compare."""
    planner = _Planner(catalogue, layout, default_duration)
    for row in rows:
        planner.take(row)
    planner.finish()
    return planner.plan


class _Planner:
    def __init__(self, catalogue: Catalogue, layout: Layout, default_duration: int | None) -> None:
        self.catalogue = catalogue
        self.layout = layout
        self.default_duration = default_duration
        self.plan = Plan(catalogue)
        self.report = self.plan.report

    def take(self, row: Row) -> None:
        try:
            category = self._category(row)
            draft = self._service(row, category)
            if draft.is_new:
                self._fill(draft, row)
            else:
                self._compare(draft, category, row)
        except Rejected as error:
            self._refuse(row.number, error)

    def finish(self) -> None:
        self._refuse_equal_names()
        if not self.report.problems:
            self._number_new_rows()
            self._tell()

    def _refuse(self, number: int, error: Rejected) -> None:
        heading = self.layout.heading(error.field) if error.field else ""
        self.report.problems.append(Problem(number, heading, error))

    # --- Categories ---

    def _category(self, row: Row) -> CategoryDraft:
        names = row.names("category")
        try:
            draft = self.catalogue.category_names.find(names)
        except AmbiguousName:
            raise Rejected(
                _("Several categories of the salon are called like this. Give both names as they stand there."),
                code="category_ambiguous",
                field=self._field("category"),
            ) from None
        if draft is None:
            draft = self.catalogue.add_category(names)
        for key, name in zip(("category_ar", "category_en"), names, strict=True):
            if name:
                self._name_category(draft, row, key, name)
        return draft

    def _name_category(self, draft: CategoryDraft, row: Row, key: str, name: str) -> None:
        """The first row that says a name decides; a later one that says another is a mistake in the file."""
        if key in draft.said:
            other, said = draft.said[key]
            if said != name and search_key(said) != search_key(name):
                raise Rejected(
                    _("“%(name)s”: row %(other)s calls the same category “%(said)s”."),
                    code="category_differs",
                    field=key,
                    name=name,
                    said=said,
                    other=other,
                )
            return
        draft.said[key] = (row.number, name)
        attribute = key.replace("category", "name")
        old = getattr(draft.instance, attribute)
        if same_text(old, name):
            return
        if not draft.is_new:
            names = (draft.instance.name_ar, draft.instance.name_en)
            self.report.changes.append(Change(row.number, "", names, key, old, name))
        setattr(draft.instance, attribute, name)
        draft.changed = True
        self.catalogue.index_category(draft)

    # --- Services ---

    def _service(self, row: Row, category: CategoryDraft) -> ServiceDraft:
        code, names = row.values.get("code", ""), row.names("name")
        try:
            draft = self.catalogue.by_code.get(code) if code else self.catalogue.names_in(category).find(names)
        except AmbiguousName:
            raise Rejected(
                _("Several services of this category are called like this. Add a column with their codes."),
                code="service_ambiguous",
                field=self._field("name"),
            ) from None
        if draft is None:
            draft = self.catalogue.add_service(category, names, code)
        elif draft.row:
            raise Rejected(
                _("This row speaks of the same service as row %(other)s."), code="row_repeated", other=draft.row
            )
        draft.row = row.number
        return draft

    def _fill(self, draft: ServiceDraft, row: Row) -> None:
        for key, attribute in ATTRIBUTES.items():
            if key in row.values:
                setattr(draft.instance, attribute, row.values[key])
        if "duration" not in row.values:
            if self.default_duration is None:
                field = "duration" if "duration" in self.layout.headings else None
                raise Rejected(
                    _("The duration is missing. Give a default duration for services without one, or add a column."),
                    code="duration_missing",
                    field=field,
                )
            draft.instance.duration_minutes = self.default_duration
            self.report.durations_defaulted += 1

    def _compare(self, draft: ServiceDraft, category: CategoryDraft, row: Row) -> None:
        instance = draft.instance
        before = (instance.name_ar, instance.name_en)
        changes: list[tuple[str, Value, Value]] = []
        if category is not draft.category:
            changes.append((MOVED, _names(draft.category), _names(category)))
            draft.category = category
        for key, attribute in ATTRIBUTES.items():
            if key not in row.values:
                continue
            old, new = getattr(instance, attribute), row.values[key]
            if old == new or (isinstance(new, str) and same_text(old, new)):
                continue
            changes.append((key, old, new))
            setattr(instance, attribute, new)
        draft.changed = frozenset(key for key, _old, _new in changes)
        self.report.changes += [Change(row.number, instance.code, before, *change) for change in changes]

    def _field(self, kind: str) -> str:
        return next(key for key in self.layout.headings if key.startswith(kind))

    # --- The whole ---

    def _refuse_equal_names(self) -> None:
        """What the database's unique constraints would refuse, said of the row that causes it."""
        holders: dict[tuple[CategoryDraft | None, str], ServiceDraft | CategoryDraft] = {}
        for category in self.catalogue.categories:
            if category.is_new or category.changed:
                category.instance.search_text = search_key(category.instance.name_ar, category.instance.name_en)
            self._hold(holders, None, category, min((row for row, _name in category.said.values()), default=0))
        for draft in self.catalogue.services:
            if draft.is_new or draft.changed & {"name_ar", "name_en"}:
                draft.instance.search_text = search_key(draft.instance.name_ar, draft.instance.name_en)
            self._hold(holders, draft.category, draft, draft.row)
        self.report.problems.sort(key=lambda problem: problem.row)

    def _hold(
        self,
        holders: dict[tuple[CategoryDraft | None, str], ServiceDraft | CategoryDraft],
        category: CategoryDraft | None,
        draft: ServiceDraft | CategoryDraft,
        row: int,
    ) -> None:
        kind = "category" if category is None else "name"
        text = draft.instance.search_text
        if len(text) > LONGEST_SEARCH_TEXT:
            self._refuse(row, Rejected(_("This name is too long."), code="text_too_long", field=self._field(kind)))
        first = holders.setdefault((category, text), draft)
        if first is not draft:
            row = row or getattr(first, "row", 0)
            self._refuse(
                row,
                Rejected(
                    _("“%(name)s” is there already: two entries of one category cannot have the same name."),
                    code="name_taken",
                    field=self._field(kind),
                    name=draft.instance.name,
                ),
            )

    def _number_new_rows(self) -> None:
        """Codes and positions of what is new: they count on from the largest there is, in the order of the file."""
        positions = Counter[CategoryDraft | None]()
        for category in self.catalogue.categories:
            positions[None] = max(positions[None], category.instance.position)
        numbers = [int(found[1]) for code in self.catalogue.by_code if (found := OUR_CODE.fullmatch(code))]
        number = max(numbers, default=0)
        for draft in self.catalogue.services:
            positions[draft.category] = max(positions[draft.category], draft.instance.position)
        for category in self.catalogue.categories:
            if category.is_new:
                positions[None] += 1
                category.instance.position = min(positions[None], LARGEST_POSITION)
        for draft in self.plan.new_services:
            positions[draft.category] += 1
            draft.instance.position = min(positions[draft.category], LARGEST_POSITION)
            if not draft.instance.code:
                number += 1
                draft.instance.code = f"S{number:03d}"

    def _tell(self) -> None:
        report, new = self.report, self.plan.new_services
        report.additions = [
            Addition(
                draft.row,
                draft.instance.code,
                (draft.instance.name_ar, draft.instance.name_en),
                _names(draft.category),
                draft.instance.price_amount,
                draft.instance.duration_minutes,
            )
            for draft in new
        ]
        report.services_created = len(new)
        report.services_updated = len(self.plan.changed_services)
        named = sum(1 for draft in self.catalogue.services if draft.row)
        report.services_unchanged = named - report.services_created - report.services_updated
        report.categories_created = len(self.plan.new_categories)
        report.categories_updated = len(self.plan.changed_categories)
        if off_sale := [draft.instance.pk for draft in self.plan.changed_services if draft.is_taken_off_sale]:
            report.visits_kept = visits().count_upcoming(off_sale)


def _names(category: CategoryDraft) -> Names:
    return category.instance.name_ar, category.instance.name_en
