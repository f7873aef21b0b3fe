"""Real parallelism for race tests: threads with a database connection each, let go at one moment.

Other connections see only what is committed, so the tests are marked `django_db(transaction=True)`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import Any

from django.db import connection, connections

from apps.common.testing.web import wait_until

PATIENCE = 30


def race(n: int, function: Callable[[int], Any]) -> list[Any]:
    """Run `function(0)` … `function(n - 1)` at the same time. Returns what each returned or raised, in that order."""
    [results] = race_rounds(n, 1, lambda _round, number: function(number))
    return results


def race_rounds(n: int, rounds: int, function: Callable[[int, int], Any]) -> list[list[Any]]:
    """`rounds` races of `n` in threads that keep their connections: `function(round, number)`; `[round][number]` back.

    A server that has not room for so many connections gets a third of what it takes, each of which runs for several.
    """
    seats = min(n, _spare_connections())
    start = Barrier(seats)
    results: list[list[Any]] = [[None] * n for _ in range(rounds)]

    def run(seat: int) -> None:
        connection.ensure_connection()  # so that a slow handshake spreads nobody out
        for turn in range(rounds):
            start.wait(PATIENCE)
            for number in range(seat, n, seats):
                results[turn][number] = _outcome(lambda number=number: function(turn, number))  # noqa: B023

    with ThreadPoolExecutor(seats) as pool:
        for done in [pool.submit(_with_own_connection, run, seat) for seat in range(seats)]:
            done.result()
    return results


@contextmanager
def beside(function: Callable[[], Any]) -> Iterator[Future]:
    """`function()` in a thread of its own while the body runs; its `result()` is what it returned or raised."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_with_own_connection, _outcome, function)


class Halt:
    """A point where a thread stops until it is told to go on: the order of two threads, written down.

    The thread calls `here()`; the test waits for it with `wait()` and lets it go with `lift()`.
    """

    def __init__(self) -> None:
        self._reached, self._lifted = Event(), Event()

    def here(self, *_args: Any, **_kwargs: Any) -> None:
        self._reached.set()
        assert self._lifted.wait(PATIENCE), "nobody let it go on"

    @property
    def is_reached(self) -> bool:
        return self._reached.is_set()

    def wait(self) -> None:
        assert self._reached.wait(PATIENCE), "nobody came here"

    def lift(self) -> None:
        self._lifted.set()


def wait_for_blocked(rival: Future, *halts: Halt) -> None:
    """Return when `rival` waits for a lock, came to one of `halts` or is done; at once on SQLite, which shows none."""
    if connection.vendor != "postgresql":
        return
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    wait_until(lambda: rival.done() or any(halt.is_reached for halt in halts) or _value(waiting))


def deadlocks() -> int:
    """How many deadlocks the server has counted in this database; SQLite, with one lock for all, can have none."""
    if connection.vendor != "postgresql":
        return 0
    # A connection reports what it counted at the latest when it ends.
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    wait_until(lambda: _value(others) == 0)
    _value("SELECT pg_stat_clear_snapshot()")
    return _value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def database_url() -> str:
    """Where the database of this test lies, for another process."""
    named = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{named['NAME']}"
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**named)


def _spare_connections() -> int:
    if connection.vendor != "postgresql":
        return 1000
    return int(_value("SHOW max_connections")) // 3


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def _outcome(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:  # noqa: BLE001 - what a racer raised is its result
        return error


def _with_own_connection(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    finally:
        connections.close_all()
