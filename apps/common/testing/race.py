"""Real parallelism for race tests: threads with a database connection each, let go at one moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, connections

START_SECONDS = 30


def race(n: int, function: Callable[[int], Any]) -> list[Any]:
    """Run `function(0)` … `function(n - 1)` at the same time. Returns what each returned or raised, in that order.

    For tests with `transactional_db`: other connections see only what is committed.
    """
    start = Barrier(n)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()  # so that a slow handshake spreads nobody out
            start.wait(START_SECONDS)
            return function(number)
        except Exception as error:  # noqa: BLE001 - what a racer raised is its result
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))
