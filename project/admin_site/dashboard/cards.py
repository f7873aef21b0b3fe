"""A figure of the first page, and the list that proves it."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.admin.utils import prepare_lookup_value
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

Made = TypeVar("Made")
Lookups = dict[str, str]
UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Card:
    """`value` is what counts, `hint` says what it is measured against. `tone` is plain, good, alarming or failed."""

    key: str
    title: str
    value: str
    icon: str
    link: str
    hint: str = ""
    tone: str = "plain"


class Clock:
    """One moment for the whole page, and the days around it by the clock of the installation."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or timezone.now()
        self.today = timezone.localdate(self.now)

    def midnight(self, days: int = 0) -> datetime:
        """Where today begins, or the day that is `days` away from it."""
        return datetime.combine(self.today + timedelta(days=days), time.min, timezone.get_current_timezone())

    def since(self, field: str, days: int) -> Lookups:
        """Lookups for the days from `days` (negative: in the past) on."""
        return {f"{field}__gte": self.midnight(days).isoformat()}

    def between(self, field: str, first: int, last: int) -> Lookups:
        """Lookups for whole days, both included, counted from today."""
        return {**self.since(field, first), f"{field}__lt": self.midnight(last + 1).isoformat()}


def asked(lookups: Lookups) -> Q:
    """What a list filters by under `lookups`, as a Q: one set of them serves figure and list."""
    return Q(**{name: prepare_lookup_value(name, value) for name, value in lookups.items()})


def count_each(rows: QuerySet, lists: Mapping[str, Lookups], within: Lookups | None = None) -> dict[str, int]:
    """How many of `rows` each of the named lists shows, in one query. All of them lie `within` these lookups."""
    conditions = {name: asked(lookups) for name, lookups in lists.items()}
    counts = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    # Said once more of all rows, so that an index finds the few that count.
    span = asked(within) if within else reduce(or_, conditions.values())
    return rows.order_by().filter(span).aggregate(**counts)


def listed(model: type, lookups: Lookups) -> str:
    """Address of the list of `model` under `lookups`."""
    meta: Any = model._meta
    return f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?{urlencode(lookups)}"


def may_view(user: Any, model: type) -> bool:
    meta: Any = model._meta
    return bool(user.has_perm(f"{meta.app_label}.view_{meta.model_name}"))


def call(key: str, title: str, icon: str, count: int, link: str) -> Card:
    """A card that calls for somebody as soon as its list is not empty."""
    return Card(key, title, f"{count:,}", icon, link, tone="alarming" if count else "good")


def drawn(makers: Iterable[tuple[str, Callable[[], Card | None]]]) -> list[Card]:
    """What `(name, maker)` pairs make; a figure that fails says so in its place and spoils no other."""
    made: list[Card | None] = [tried(name, maker, on_failure=_failed(name)) for name, maker in makers]
    return [card for card in made if card is not None]


def tried(name: str, make: Callable[[], Made], *, on_failure: Made) -> Made:
    """What `make()` makes; where it fails, `on_failure`, and the log says why."""
    try:
        return make()
    except Exception:  # whatever it is, the rest of the page is worth more
        logger.exception("The dashboard's %s could not be read", name)
        return on_failure


def _failed(name: str) -> Card:
    hint = _("Could not be read just now. Load the page again.")
    return Card(name, _("A figure is missing"), UNKNOWN, "sync_problem", reverse("admin:index"), hint, "failed")
