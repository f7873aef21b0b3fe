"""One search for free times, as we do it and as the partners do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.bookings import selectors
from apps.bookings.availability import to_minutes
from apps.salons.models import Service, Staff
from project.bench.partners.one_query import slots_by_sql
from project.bench.partners.slow_slots import naive_slots


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: a service by `staff` people on `days` days; `staff_id` asks for one of them."""

    service: Service
    staff: list[Staff]
    first: date
    days: int
    now: datetime
    staff_id: int | None = None

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def staff_days(self) -> int:
        return self.days * len(self.staff)

    def __str__(self) -> str:
        return f"{len(self.staff)} staff × {self.days} days"

    def ours(self) -> list[selectors.Slot]:
        """The function that the API and the admin call."""
        return selectors.free_slots(
            self.service, first=self.first, last=self.last, now=self.now, staff_id=self.staff_id
        )

    def by_sql(self) -> list[tuple[int, int]]:
        """The database's answer."""
        return slots_by_sql(self.service, self.first, self.last, self.now)

    def naively(self) -> list[tuple[int, int]]:
        """The answer of many questions."""
        found = naive_slots(self.service, self.staff, self.first, self.last, self.now)
        return [(to_minutes(start), staff_id) for start, staff_id in found]

    def pairs(self) -> list[tuple[int, int]]:
        """Our answer in the partners' form: start in minutes since the epoch and staff key, by time."""
        return sorted((to_minutes(slot.starts_at), staff_id) for slot in self.ours() for staff_id in slot.staff_ids)
