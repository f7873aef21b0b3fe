"""One story of a booking out of many tables: what its history, its money and its messages tell, newest first.

Money and messages belong to apps above this one. They hand a function to `contribute`, and the page of a booking joins
what all of them tell.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

LATEST = 100


class Button(NamedTuple):
    """Opens a dialog: its text, and the address (a path) of the dialog."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, or is planned, `at` a moment (aware). Texts are in the active language, for the story's reader.

    `icon` is a name of Material Symbols, `colour` one of success, info, warning, danger, primary and default. `changes`
    are pairs of an old and a new value, `who` did it through which `door`, `link` is the path of a page that
    says more, `copied` a text worth copying.
    """

    at: datetime
    icon: str
    colour: str
    title: str
    detail: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    who: str = ""
    door: str = ""
    reason: str = ""
    link: str = ""
    button: Button | None = None
    copied: str = ""


class Story(NamedTuple):
    """The latest entries, and whether there are older ones."""

    entries: list[Entry]
    is_cut: bool


# Called with a booking, `reader` (a User: what they may not see is not told) and `limit` (how many of the newest).
Contributor = Callable[..., Iterable[Entry]]


def contribute(contributor: Contributor) -> None:
    """Let `contributor` tell its part of every story. Called in `AppConfig.ready`."""
    if contributor not in _contributors:
        _contributors.append(contributor)


def story_of(booking: Any, *, reader: Any, own: Contributor) -> Story:
    """The story of `booking` with the page's `own` part, cut to LATEST entries."""
    asked = {"reader": reader, "limit": LATEST + 1}
    # Of two things at one moment, what follows from the other stands above it.
    told = [entry for tell in (*reversed(_contributors), own) for entry in tell(booking, **asked)]
    told.sort(key=lambda entry: entry.at, reverse=True)
    return Story(told[:LATEST], len(told) > LATEST)


_contributors: list[Contributor] = []
