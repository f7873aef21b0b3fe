"""What a salon sells today, loaded once, and how a row of a file finds its category and service in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from apps.common.imports.cells import canonical
from apps.common.imports.rows import folded
from apps.salons.models import Salon, Service, ServiceCategory


class AmbiguousName(Exception):
    """Several rows of the catalogue answer to the name."""


class HasNames(Protocol):
    folded_names: tuple[str, str]


@dataclass(eq=False)
class CategoryDraft:
    """A category as it will be. `said` remembers which row of the file gave its name in which language."""

    instance: ServiceCategory
    folded_names: tuple[str, str]
    said: dict[str, tuple[int, str]] = field(default_factory=dict)
    changed: bool = False

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None


@dataclass(eq=False)
class ServiceDraft:
    """A service as it will be. `row` is the number of the file's row that speaks of it, 0 when none does."""

    instance: Service
    category: CategoryDraft
    folded_names: tuple[str, str]
    row: int = 0
    changed: frozenset[str] = frozenset()

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None

    @property
    def is_taken_off_sale(self) -> bool:
        return "active" in self.changed and not self.instance.is_active


Draft = TypeVar("Draft", bound=HasNames)


class NameIndex(Generic[Draft]):
    """Finds drafts by a name in either language, whatever its letter forms."""

    def __init__(self, drafts: Iterable[Draft] = ()) -> None:
        self._by_name: dict[str, list[Draft]] = {}
        for draft in drafts:
            self.add(draft)

    def add(self, draft: Draft) -> None:
        for name in {*draft.folded_names} - {""}:
            self._by_name.setdefault(name, []).append(draft)

    def find(self, names: tuple[str | None, str | None]) -> Draft | None:
        """The draft of these names, None when there is none. Raises AmbiguousName.

        Equal in both languages wins over equal in one.
        """
        wanted = folded(names)
        found = {id(draft): draft for name in wanted if name for draft in self._by_name.get(name, ())}
        if len(found) > 1:
            exact = {key: draft for key, draft in found.items() if draft.folded_names == wanted}
            if len(exact) != 1:
                raise AmbiguousName
            found = exact
        return next(iter(found.values()), None)


class Catalogue:
    """Categories and services of one salon, as stored: two queries, whatever is imported."""

    def __init__(self, salon: Salon) -> None:
        self.salon = salon
        stored = ServiceCategory.objects.filter(salon=salon).order_by("position", "pk")
        self.categories = [CategoryDraft(row, folded((row.name_ar, row.name_en))) for row in stored]
        by_id = {draft.instance.pk: draft for draft in self.categories}
        self.services = [
            ServiceDraft(row, by_id[row.category_id], folded((row.name_ar, row.name_en)))
            for row in Service.objects.filter(salon=salon).order_by("position", "pk")
        ]
        self.category_names = NameIndex(self.categories)
        self.service_names: dict[CategoryDraft, NameIndex[ServiceDraft]] = {}
        for draft in self.services:
            self.names_in(draft.category).add(draft)
        self.by_code = {canonical(draft.instance.code): draft for draft in self.services}

    def names_in(self, category: CategoryDraft) -> NameIndex[ServiceDraft]:
        return self.service_names.setdefault(category, NameIndex())

    def add_category(self, names: tuple[str | None, str | None]) -> CategoryDraft:
        instance = ServiceCategory(
            salon=self.salon,
            name_ar=names[0] or "",
            name_en=names[1] or "",
        )
        draft = CategoryDraft(instance, folded(names))
        self.categories.append(draft)
        self.category_names.add(draft)
        return draft

    def index_category(self, draft: CategoryDraft) -> None:
        """Let later rows find a category by the name it just got."""
        draft.folded_names = folded((draft.instance.name_ar, draft.instance.name_en))
        self.category_names.add(draft)

    def add_service(self, category: CategoryDraft, names: tuple[str | None, str | None], code: str) -> ServiceDraft:
        instance = Service(salon=self.salon, code=code, name_ar=names[0] or "", name_en=names[1] or "")
        draft = ServiceDraft(instance, category, folded(names))
        self.services.append(draft)
        self.names_in(category).add(draft)
        if code:
            self.by_code[code] = draft
        return draft
