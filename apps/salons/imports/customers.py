"""The cards a salon keeps of its customers."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.services.registration import name_people, new_person, register_people
from apps.common.imports import cells
from apps.common.imports.columns import Columns
from apps.common.imports.kinds import Field, ListImporter, ListPlan
from apps.common.imports.rows import Empty, Row, same_text
from apps.common.reader import shown_phone
from apps.salons.blocks import blocked_phones
from apps.salons.imports.base import SALON_FIELD, flag, name_cell
from apps.salons.models import Customer

BATCH = 1000

PHONE = Field(
    key="phone",
    arabic="الجوال",
    english="Phone",
    synonyms=("رقم الجوال", "الهاتف", "mobile", "phone number"),
    parse=cells.phone,
    empty=Empty.REFUSED,
    export=lambda card: shown_phone(card.user.phone, card),
)
NAME = Field(
    key="name",
    arabic="الاسم",
    english="Name",
    synonyms=("اسم العميل", "اسم العميلة", "customer", "customer name"),
    parse=name_cell,
    empty=Empty.NOTHING,
    export=lambda card: card.user.name,
)
NOTES = Field(
    key="notes",
    arabic="ملاحظات",
    english="Notes",
    synonyms=("الملاحظات", "note"),
    parse=cells.paragraphs,
    attribute="notes",
    export=lambda card: card.notes,
)
SINCE = Field(
    key="since",
    arabic="عميل منذ",
    english="Customer since",
    parse=lambda cell: cell,
    empty=Empty.NOTHING,
    export=lambda card: card.created_at.date(),
)
FIELDS = (
    PHONE,
    NAME,
    NOTES,
    flag("is_blocked", "ممنوع من الحجز عبر الإنترنت", "May not book online", "محظور", "blocked"),
    SINCE,
)


class CustomerImporter(ListImporter[Customer]):
    """A row finds its card by phone. Whoever has no account yet gets one, as when the desk opens a card.

    A person who goes by a name keeps it: other salons know them by it. One without a name gets that of the file.
    Of who has no card yet a preview tells what stands in the file and nothing else, not even that they are known:
    it leaves no trace, and would make a list of phones a list of other salons' customers.
    """

    model = Customer
    fields = (SALON_FIELD, *FIELDS)
    columns = Columns(fields, needed=(("phone",),))
    shown_of_new = ("phone", "is_blocked")
    locks = False

    def lock(self) -> None:
        # Not the people's locks, of which a booking takes one and the database has not ten thousand: their rows.
        self.locks = True

    def load(self) -> None:
        self.people: dict[str, User] = {}
        self.cards: dict[str, Customer] = {}
        self.named: dict[str, User] = {}
        self.typed: dict[str, str] = {}
        self.unknown: list[User] = []
        self.names_kept = 0
        phones = sorted({row.values["phone"] for row in self.rows})
        for some in _batches(phones):
            people = {person.pk: person for person in self._rows(User.objects.filter(phone__in=some))}
            self.people |= {person.phone: person for person in people.values()}
            cards = Customer.objects.filter(salon=self.salon, user__in=people)
            for card in self._rows(cards):
                card.user = people[card.user_id]
                self.cards[card.user.phone] = card

    def find(self, row: Row) -> Customer | None:
        return self.cards.get(row.values["phone"])

    def make(self, row: Row) -> Customer:
        phone = row.values["phone"]
        if phone not in self.people:
            self.people[phone] = new_person(phone, row.values.get("name", ""))
            self.unknown.append(self.people[phone])
        self.typed[phone] = row.values.get("name", "")
        self.cards[phone] = Customer(salon=self.salon, user=self.people[phone])
        return self.cards[phone]

    def adapted(self, row: Row) -> Row:
        person = self.people.get(row.values["phone"])
        name = row.values.get("name")
        if person is not None and name:
            if not person.name:
                person.name = name
                self.named[person.phone] = person
            elif person.phone in self.cards and not same_text(person.name, name):
                self.names_kept += 1
        return row

    def finish(self, plan: ListPlan[Customer]) -> None:
        plan.report.names_kept = getattr(self, "names_kept", 0)
        named = getattr(self, "named", {}).items()
        plan.report.note(sorted((phone, person.name) for phone, person in named if phone not in self.typed))
        by_phone = {draft.instance.user.phone: draft.instance for draft in plan.new}
        for some in _batches(sorted(by_phone)):
            for phone in blocked_phones(self.salon, some):
                by_phone[phone].is_blocked = True

    def name_of(self, instance: Customer) -> str:
        phone = instance.user.phone
        name = self.typed.get(phone, instance.user.name)
        return name or shown_phone(phone, instance, reader=self.actor)

    def write(self, plan: ListPlan[Customer], *, actor: Any, reason: str) -> None:
        register_people(self.unknown, actor=actor, reason=reason)
        name_people(list(self.named.values()), actor=actor, reason=reason)
        super().write(plan, actor=actor, reason=reason)

    def _rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = rows.order_by("pk")
        return rows.select_for_update(of=("self",), no_key=True) if self.locks else rows


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
