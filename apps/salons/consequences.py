"""What a change of hours, people or services means for visits that are booked already.

Visits belong to an app above this one. It answers the questions here, as the object (or module) it hands to
`answer_with`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from apps.common.errors import DomainError


class Wish(StrEnum):
    """What may become of a stranded visit, besides another place."""

    KEEP = "keep"
    CANCEL = "cancel"


class Reason(Protocol):
    """Why a visit is stranded: `text` is for people, in the active language. Equal reasons are the same one."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A free time with somebody who does the service; `starts_at` in the salon's time zone.

    One that is not `is_offered` is free as well, but too soon or off the grid for customers.
    """

    starts_at: datetime
    staff_id: int
    staff: str
    is_offered: bool = True

    @property
    def value(self) -> str:
        """How a form names it."""
        return f"{self.starts_at.isoformat()}/{self.staff_id}"


@dataclass(frozen=True, slots=True)
class StrandedVisit:
    """An upcoming visit that could not be booked as it stands; `starts_at` in the salon's time zone.

    `key` names the visit as it is now: once somebody moved or cancelled it, no key given out before finds it.
    """

    key: str
    starts_at: datetime
    customer: str
    phone: str
    service: str
    staff: str
    staff_id: int
    reasons: Sequence[str]
    places: Sequence[Place]
    may_cancel: bool


Stranded = Mapping[UUID, Sequence[Reason]]
Decisions = Mapping[str, Wish | Place]


class Visits(Protocol):
    """What the keeper of visits answers."""

    def stranded(self, salon_id: int) -> Stranded:
        """Upcoming visits of the salon at times its calendar does not cover, each with the reasons."""

    def describe(self, stranded: Stranded, *, actor: Any, listed: int) -> list[StrandedVisit]:
        """These visits by time; the first `listed` with places `actor` (a User) may move them to."""

    def settle(self, decisions: Decisions, *, actor: Any, reason: str) -> dict[str, DomainError]:
        """Carry out a decision for each key of a visit. What was refused, by key; then the caller rolls back."""

    def count_upcoming(self, service_ids: Collection[int]) -> int:
        """How many visits of these services lie ahead."""

    def count_of(self, card_id: int) -> int:
        """How many visits a customer's card has, past ones too."""

    def hand_over(self, card: Any, into: Any, *, actor: Any, reason: str) -> list[str]:
        """Give all visits of `card` to the card `into` of the same salon; their references.

        Under the locks of both people.
        """


def answer_with(keeper: Visits) -> None:
    """Name who keeps the visits. Called in `AppConfig.ready`."""
    _keepers[:] = [keeper]


def visits() -> Visits:
    """Who keeps the visits."""
    [keeper] = _keepers
    return keeper


def newly_stranded(before: Stranded, after: Stranded) -> Stranded:
    """Those of `after` with a reason they did not have `before`: what was decided once is not asked again.

    Reasons are told apart by what they say: a visit that was kept in spite of ten minutes is asked about when the whole
    day goes, and one that was booked outside the hours when the salon closes on that day.
    """
    return {visit: reasons for visit, reasons in after.items() if set(reasons) - set(before.get(visit, ()))}


_keepers: list[Visits] = []
