"""What the races of the salon's pages share: two clicks at one moment, in luck's order or in a written one.

Answers are read as text: the test client notes the context of every page rendered meanwhile, in whatever thread.
"""

from inspect import unwrap
from itertools import count
from threading import Barrier

from django.contrib.messages import get_messages
from django.db.models import QuerySet

from apps.common.testing.race import PATIENCE, Halt, beside, wait_for_blocked


def told(answer):
    """`[(level, text), …]` of what the next page says."""
    return [(message.level_tag, str(message)) for message in get_messages(answer.wsgi_request)]


def halting(monkeypatch, place, name):
    """A Halt before the first call of `place.name`: whoever makes it stands between look and write."""
    halt, function, calls = Halt(), getattr(place, name), count()

    def halted(*args, **kwargs):
        if next(calls) == 0:
            halt.here()
        return function(*args, **kwargs)

    monkeypatch.setattr(place, name, halted)
    return halt


def meeting(monkeypatch, place, name, n=2):
    """Let `n` of them come to `place.name` before one goes on: each has looked then, and nobody has written."""
    barrier, function = Barrier(n), getattr(place, name)

    def met_first(*args, **kwargs):
        barrier.wait(PATIENCE)
        return function(*args, **kwargs)

    monkeypatch.setattr(place, name, met_first)


def one_after_the_other(halt, first, second):
    """What both answered, the second sent while the first stands at `halt`."""
    with beside(first) as one:
        halt.wait()
        with beside(second) as other:
            wait_for_blocked(other)
            halt.lift()
    return one.result(), other.result()


def without_transaction(monkeypatch, place, name):
    """The guard off: what `place.name` reads and what it writes are no longer one step, and no lock is held between."""
    monkeypatch.setattr(place, name, unwrap(getattr(place, name)))
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_kwargs: rows)
