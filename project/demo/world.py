"""The demo's own small world: a clock that has run for months, and what happens when.

Everything that takes place is put on one agenda and carried out in the order of time, up to the moment of seeding.
What would come later simply has not happened yet: that is why a visit of tomorrow is still confirmed, one of an hour
ago is served, and the one between is just arriving.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from project.demo.archive import Archive
from project.demo.content import Content

SEED = 2026
ZONE = ZoneInfo("Asia/Riyadh")
PAST_DAYS = 90
DAYS_AHEAD = 28
OPENED_DAYS_AGO = 200
ALL_MESSAGES_DAYS = 21
REPORTING_DAYS = 14

Step = Callable[..., object]


@dataclass
class World:
    """`now` is the aware moment of seeding, a whole minute; `scale` shrinks the numbers of visits and customers."""

    now: datetime
    scale: float
    content: Content
    gateway_url: str
    archive: Archive = field(default_factory=Archive)
    phones_without_whatsapp: set[str] = field(default_factory=set)
    _agenda: list[tuple[datetime, int, Step, tuple[Any, ...]]] = field(default_factory=list)
    _order: count = field(default_factory=count)

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @cached_property
    def opened(self) -> datetime:
        """When the salons began to work with the product."""
        return self.moment(-OPENED_DAYS_AGO, time(9))

    @cached_property
    def all_messages_since(self) -> datetime:
        """Since when customers get every kind of message; before, they were told of their booking and no more."""
        return self.moment(-ALL_MESSAGES_DAYS, time(0))

    @cached_property
    def reports_since(self) -> datetime:
        """Since when the carrier of messages reports what became of them."""
        return self.moment(-REPORTING_DAYS, time(6))

    def is_carrier_down(self, at: datetime) -> bool:
        """Nine days ago the carrier of messages failed for an evening, and it has just begun to fail again."""
        return any(began <= at < ended for began, ended in self._outages)

    @cached_property
    def _outages(self) -> list[tuple[datetime, datetime]]:
        evening = self.moment(-9, time(17))
        return [(evening, evening + minutes(240)), (self.now - minutes(5), self.now + minutes(60))]

    def moment(self, days: int, clock: time) -> datetime:
        """The aware moment `days` from today (before it when negative) at `clock`, salon time."""
        return datetime.combine(self.today + timedelta(days=days), clock, ZONE).astimezone(UTC)

    def chance(self, *names: object) -> Random:
        """The dice of one part of the story. Each part has its own, so that a new one leaves the others as they are."""
        return Random("/".join(map(str, (SEED, *names))))

    def at(self, moment: datetime, step: Step, *given: object) -> None:
        """Carry out `step(moment, *given)` when its time comes, if it comes before now."""
        if moment <= self.now:
            heappush(self._agenda, (moment, next(self._order), step, given))

    def run(self) -> None:
        """Carry out everything on the agenda, and what that puts on it."""
        while self._agenda:
            moment, _order, step, given = heappop(self._agenda)
            step(moment, *given)


def identity(chance: Random) -> UUID:
    """A random UUID that is the same each time."""
    return UUID(int=chance.getrandbits(128), version=4)


def minutes(number: float) -> timedelta:
    """A span of so many minutes, in whole seconds."""
    return timedelta(seconds=round(number * 60))
