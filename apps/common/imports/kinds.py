"""Lists of one kind of rows: what a kind declares, and how its rows are compared with what is stored."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports.columns import Column, Layout
from apps.common.imports.errors import Problem
from apps.common.imports.report import MOST_SHOWN, Addition, Change, Report, shown
from apps.common.imports.rows import Parser, Row, RowReader, same_text
from apps.common.imports.run import Importer
from apps.common.imports.writer import insert_rows, update_rows

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, kw_only=True)
class Field(Column):
    """A column and what a cell of it means.

    `parse` makes the value, which is stored in `attribute` ("" for one that only says which row is meant, or that is
    there to be read by people). `empty` is what an empty cell becomes, or an `Empty`. `export` makes the cell of an
    export. `show` makes the text of a preview.
    """

    parse: Parser
    export: Callable[[Any], Any]
    attribute: str = ""
    empty: Any = ""
    show: Callable[[Any], str] = shown


@dataclass
class Draft(Generic[M]):
    """A row as it will be."""

    row: int
    instance: M
    changed: frozenset[str] = frozenset()


class ListPlan(Generic[M]):
    """What would be written, and the report that says so."""

    def __init__(self) -> None:
        self.report = Report()
        self.new: list[Draft[M]] = []
        self.changed: list[Draft[M]] = []


class ListImporter(Importer[ListPlan[M]], ABC, Generic[M]):
    """An import of rows of `model`. A subclass says how a row finds its instance, and what a new one begins as."""

    model: ClassVar[type[models.Model]]
    fields: ClassVar[Sequence[Field]]
    one_of: ClassVar[Sequence[tuple[str, ...]]] = ()
    # Attributes that are stored besides those of the fields.
    derived: ClassVar[Collection[str]] = ()
    # Columns that tell a person in a preview what is new.
    shown_of_new: ClassVar[Sequence[str]] = ()
    actor: Any = None

    @abstractmethod
    def load(self) -> None:
        """Read what is stored of the rows' keys, with as many queries as there are batches."""

    @abstractmethod
    def find(self, row: Row) -> M | None:
        """The stored instance, or one that an earlier row made. Raises Rejected."""

    @abstractmethod
    def make(self, row: Row) -> M:
        """A new instance, to be found by later rows."""

    def adapted(self, row: Row) -> Row:
        """The row as it is meant in this salon. Raises Rejected."""
        return row

    def check(self, instance: M, row: Row) -> None:
        """Raise Rejected (with the key of a column as `field`) when the instance breaks a rule of its model."""

    def finish(self, plan: ListPlan[M]) -> None:
        """Rules over several rows, and what new ones get from their place in the file."""

    def name_of(self, instance: M) -> str:
        """How a person calls it."""
        return str(instance)

    def may(self, verb: str) -> bool:
        """Whether the actor may `verb` rows of the salon; commands may."""
        meta = self.model._meta
        row = self.model(salon=self.salon)
        return self.actor is None or self.actor.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}", row)

    def is_allowed(self, actor: Any) -> bool:
        self.actor = actor
        return self.may("import")

    def reader(self, layout: Layout, problems: list[Problem]) -> RowReader:
        return RowReader(
            layout,
            self.salon.slug,
            {field.key: field.parse for field in self.fields},
            {field.key: field.empty for field in self.fields},
            self.one_of,
            problems,
        )

    def plan(self) -> ListPlan[M]:
        plan: ListPlan[M] = ListPlan()
        headings = [field.key for field in self.fields if field.key in self.shown_of_new]
        plan.report.addition_headings = [self.columns.by_key[key].heading for key in headings]
        if self.rows:
            self.load()
        spoken: dict[int, int] = {}
        for row in self.rows:
            try:
                self._take(row, plan, spoken)
            except Rejected as error:
                self.refuse(plan, row.number, error)
        self.finish(plan)
        self._judge_rights(plan)
        self.complete(plan.report)
        return plan

    def refuse(self, plan: ListPlan[M], number: int, error: Rejected) -> None:
        """Say of row `number` why it is refused."""
        heading = self.layout.heading(error.field) if error.field else ""
        plan.report.problems.append(Problem(number, heading, error))

    def write(self, plan: ListPlan[M], *, actor: Any, reason: str) -> None:
        insert_rows([draft.instance for draft in plan.new], actor=actor, reason=reason)
        attributes = [field.attribute for field in self.fields if field.attribute]
        update_rows(
            [draft.instance for draft in plan.changed], [*attributes, *self.derived], actor=actor, reason=reason
        )

    def _take(self, row: Row, plan: ListPlan[M], spoken: dict[int, int]) -> None:
        row = self.adapted(row)
        instance = self.find(row)
        if instance is None:
            instance = self.make(row)
        elif id(instance) in spoken:
            raise Rejected(
                _("This row speaks of the same as row %(other)s."), code="row_repeated", other=spoken[id(instance)]
            )
        spoken[id(instance)] = row.number
        is_new = instance._state.adding  # noqa: SLF001 - documented for models loaded by hand
        changes = self._apply(instance, row)
        if is_new or changes:
            self.check(instance, row)
        draft = Draft(row.number, instance, frozenset(field.key for field, _old, _new in changes))
        if is_new:
            plan.new.append(draft)
            self._tell_new(plan.report, draft)
        elif changes:
            plan.changed.append(draft)
            self._tell_changed(plan.report, draft, changes)
        else:
            plan.report.unchanged += 1

    def _apply(self, instance: M, row: Row) -> list[tuple[Field, Any, Any]]:
        changes = []
        for field in self.fields:
            if not field.attribute or field.key not in row.values:
                continue
            old, new = getattr(instance, field.attribute), row.values[field.key]
            if old == new or (isinstance(new, str) and isinstance(old, str) and same_text(old, new)):
                continue
            changes.append((field, old, new))
            setattr(instance, field.attribute, new)
        return changes

    def _tell_new(self, report: Report, draft: Draft[M]) -> None:
        report.created += 1
        values = [field.show(getattr(draft.instance, field.attribute)) for field in self.fields if field.attribute]
        report.note(draft.row, self.name_of(draft.instance), values)
        if len(report.additions) < MOST_SHOWN:
            told = [field for field in self.fields if field.key in self.shown_of_new]
            cells = [(field.heading, str(field.show(field.export(draft.instance)))) for field in told]
            report.additions.append(Addition(draft.row, self.name_of(draft.instance), cells))

    def _tell_changed(self, report: Report, draft: Draft[M], changes: Sequence[tuple[Field, Any, Any]]) -> None:
        report.updated += 1
        texts = [(field, field.show(old), field.show(new)) for field, old, new in changes]
        report.note(draft.row, draft.instance.pk, [(field.key, old, new) for field, old, new in texts])
        if report.changed_rows_shown < MOST_SHOWN:
            report.changed_rows_shown += 1
            name = self.name_of(draft.instance)
            report.changes += [Change(draft.row, name, field.heading, old, new) for field, old, new in texts]

    def _judge_rights(self, plan: ListPlan[M]) -> None:
        for verb, drafts, why in (("add", plan.new, MAY_NOT_ADD), ("change", plan.changed, MAY_NOT_CHANGE)):
            if drafts and not self.may(verb):
                for draft in drafts:
                    self.refuse(plan, draft.row, why)


MAY_NOT_ADD = Rejected(_("This row is new, and you may not add rows here."), code="may_not_add")
MAY_NOT_CHANGE = Rejected(_("This row is there already, and you may not change rows here."), code="may_not_change")
