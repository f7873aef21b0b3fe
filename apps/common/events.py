"""News from a lower app to the higher ones: typed facts, told inside the publisher's transaction.

An event is a frozen dataclass of ids and plain values. Handlers run at once, in the order they subscribed, so the
rows they write commit or vanish together with the fact. A required handler's failure undoes the fact; an optional
one (telling people about it) runs in a savepoint, and its failure is logged while the fact stands.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

logger = logging.getLogger(__name__)

Handler = Callable[[Any], Any]
Subscription = tuple[Handler, bool]


@dataclass(frozen=True)
class RowsExported:
    """A spreadsheet is about to leave the admin."""

    actor_id: Any
    model: str
    file_format: str
    filters: str
    row_count: int
    salons: tuple[str, ...]
    network: str


_watches: list[Handler] = []
_subscriptions: defaultdict[type[Any], list[Subscription]] = defaultdict(list)


def subscribe(event_type: type[Any], handler: Handler, *, required: bool = True) -> None:
    """Call `handler(event)` for each published `event_type`. Made in `AppConfig.ready`, listed in docs/events.md."""
    if (handler, required) not in _subscriptions[event_type]:
        _subscriptions[event_type].append((handler, required))


def watch_events(watch: Handler) -> None:
    """Let every published event pass by `watch(event)`, which writes nothing and cannot fail. Made in `ready`."""
    if watch not in _watches:
        _watches.append(watch)


def subscriptions() -> dict[type[Any], list[Subscription]]:
    """`{event type: [(handler, required), …]}`, for the documentation test."""
    return dict(_subscriptions)


def publish(event: Any) -> None:
    """Tell every subscriber. Raises RuntimeError outside a transaction: a fact that is not being stored is no fact."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was published outside a transaction")
    for watch in _watches:
        watch(event)
    for handler, required in _subscriptions[type(event)]:
        if required:
            handler(event)
        else:
            _call_optional(handler, event)


def _call_optional(handler: Handler, event: Any) -> None:
    try:
        with transaction.atomic():
            handler(event)
    except Exception:
        about = {"event_type": type(event).__name__, "handler": handler.__name__}
        logger.exception("optional handler failed", extra=about)
