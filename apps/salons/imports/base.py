"""What the lists of a salon have in common: names as keys, people by code, and visits that a change strands."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Rejected
from apps.common.imports import cells
from apps.common.imports.columns import SALON, word_for
from apps.common.imports.errors import ImportOutdated
from apps.common.imports.kinds import Field, ListImporter, ListPlan
from apps.common.imports.rows import Empty, Row, folded
from apps.common.models import Named
from apps.salons.consequences import Wish, newly_stranded, visits
from apps.salons.models import Staff
from apps.salons.services import lock_schedule

M = TypeVar("M", bound=models.Model)
N = TypeVar("N", bound=Named)
LONGEST_NAME = 160
LARGEST_POSITION = 32767
name_cell = partial(cells.line, longest=LONGEST_NAME)

SALON_FIELD = Field(
    key=SALON.key,
    arabic=SALON.arabic,
    english=SALON.english,
    synonyms=SALON.synonyms,
    parse=name_cell,
    empty=Empty.NOTHING,
    export=lambda row: row.salon.slug,
)


def flag(key: str, arabic: str, english: str, *synonyms: str) -> Field:
    """A column of yes and no; an empty cell leaves what is stored."""
    return Field(
        key=key,
        arabic=arabic,
        english=english,
        synonyms=synonyms,
        parse=cells.yes_or_no,
        attribute=key,
        empty=Empty.NOTHING,
        export=lambda row: word_for(value=getattr(row, key)),
    )


def text(key: str, arabic: str, english: str, *synonyms: str, longest: int = LONGEST_NAME) -> Field:
    """A column of one line each; an empty cell clears."""
    return Field(
        key=key,
        arabic=arabic,
        english=english,
        synonyms=synonyms,
        parse=partial(cells.line, longest=longest),
        attribute=key,
        export=lambda row: getattr(row, key),
    )


def position() -> Field:
    """The place in a list; an empty cell leaves it."""
    return Field(
        key="position",
        arabic="الترتيب",
        english="Position",
        synonyms=("order",),
        parse=partial(cells.whole_number, most=LARGEST_POSITION),
        attribute="position",
        empty=Empty.NOTHING,
        export=lambda row: row.position,
    )


class NameIndex(Generic[N]):
    """Finds rows by a name in either language, whatever its letter forms."""

    def __init__(self, rows: Iterable[N]) -> None:
        self._by_name: dict[str, list[N]] = {}
        for row in rows:
            self.add(row)

    def add(self, row: N) -> None:
        for name in {*folded((row.name_ar, row.name_en))} - {""}:
            self._by_name.setdefault(name, []).append(row)

    def find(self, names: tuple[str | None, str | None]) -> N | None:
        """The row of these names, None when there is none; equal in both languages wins. Raises Rejected."""
        wanted = folded(names)
        found = {id(row): row for name in wanted if name for row in self._by_name.get(name, ())}
        if len(found) > 1:
            found = {key: row for key, row in found.items() if folded((row.name_ar, row.name_en)) == wanted}
            if len(found) != 1:
                raise Rejected(_("Several are called like this. Give the code."), code="name_ambiguous")
        return next(iter(found.values()), None)


def code_of(staff: Staff) -> str:
    """What stands for a staff member in files: short, unlike a name never that of two, and never changing."""
    return staff.public_id.hex[:8].upper()


class People:
    """The staff of a salon, by code and by name: one query."""

    def __init__(self, salon: Any) -> None:
        self.staff = list(Staff.objects.filter(salon=salon).order_by("pk"))
        self._by_code = {code_of(row): row for row in self.staff}
        self._by_name = NameIndex(self.staff)

    def add(self, staff: Staff) -> None:
        self._by_name.add(staff)

    def find(self, code: str | None, names: tuple[str | None, str | None]) -> Staff | None:
        """Who is meant; None when nobody has the names. Raises Rejected for a code that nobody has."""
        if not code:
            return self._by_name.find(names)
        if found := self._by_code.get(code.upper()):
            return found
        raise Rejected(_("Nobody of the staff has this code. Leave it empty for a new person."), code="staff_unknown")


def checked(call: Callable[[], None], field: str) -> None:
    """What a model's own check says, of the column `field`. Raises Rejected."""
    try:
        call()
    except ValidationError as error:
        raise Rejected(error.messages[0], code="invalid", field=field) from error


class ScheduleImporter(ListImporter[M]):
    """Of rows that decide when, by whom or whether a service is offered.

    A preview writes and undoes it, to see which visits would be stranded. They are kept, if the operator agrees.
    """

    is_preview = False

    def lock(self) -> None:
        lock_schedule(self.salon.pk)

    def preview(self) -> ListPlan[M]:
        self.is_preview = True
        with transaction.atomic():
            self.lock()
            plan = self.plan()
            if not plan.report.problems:
                self.write(plan, actor=self.actor, reason="")
            transaction.set_rollback(True)
        return plan

    def write(self, plan: ListPlan[M], *, actor: Any, reason: str) -> None:
        if not plan.new and not plan.changed:
            return
        before = visits().stranded(self.salon.pk)
        super().write(plan, actor=actor, reason=reason)
        stranded = newly_stranded(before, visits().stranded(self.salon.pk))
        plan.report.stranded = visits().describe(stranded, actor=actor, listed=0) if stranded else ()
        if stranded and not self.is_preview:
            decisions = {visit.key: Wish.KEEP for visit in plan.report.stranded}
            if visits().settle(decisions, actor=actor, reason=reason):
                raise ImportOutdated


def names_of(row: Row) -> tuple[str | None, str | None]:
    """Arabic and English name that a row gives."""
    return row.names("name")
