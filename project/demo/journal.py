"""The money journal of the seeded past: a sealed step for each state a payment or refund went through."""

from collections.abc import Iterator
from datetime import datetime

from apps.accounts.models import User
from apps.payments.journal import sealed, step
from apps.payments.models import MoneyEvent, Payment, Refund


class Journal:
    """Notes steps in the order in which they are told, and seals those of each payment in that order."""

    def __init__(self) -> None:
        self._steps: dict[object, list[MoneyEvent]] = {}
        self._last: dict[object, MoneyEvent] = {}

    def note(self, row: object, at: datetime | None, by: User | None, reason: str) -> None:
        """Remember what `row` is now; anything but money is none of its business."""
        if isinstance(row, Payment | Refund):
            payment, refund = (row, None) if isinstance(row, Payment) else (row.payment, row)
            self._steps.setdefault(payment.pk, []).append(step(payment, refund, at=at, actor=by, reason=reason))

    def take(self) -> Iterator[MoneyEvent]:
        """The steps noted since the last time, sealed."""
        noted, self._steps = self._steps, {}
        for payment, steps in noted.items():
            for event in sealed(steps, after=self._last.get(payment)):
                self._last[payment] = event
                yield event
