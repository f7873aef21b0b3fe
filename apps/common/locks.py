"""Locks on things that have no single row to lock: a person's limits, a salon's schedule, a staff member's calendar.

PostgreSQL keeps them until the transaction ends (advisory locks, nothing is written). On SQLite the transaction itself
is the lock: it holds the only write lock from its first statement.
"""

from collections.abc import Iterable
from hashlib import blake2b

from django.db import connection

Named = tuple[str, object]


def lock(*, exclusive: Iterable[Named] = (), shared: Iterable[Named] = ()) -> None:
    """Take the named locks, `(kind, id)` each, in one statement: `exclusive` ones first, then `shared` ones.

    Several holders share a lock as long as nobody holds it exclusively. Names of one kind are taken in one order
    wherever they are asked for, so that two who want the same ones never wait for each other.
    """
    if connection.vendor != "postgresql":
        return
    calls = [f"pg_advisory_xact_lock({key})" for key in _keys(exclusive)]
    calls += [f"pg_advisory_xact_lock_shared({key})" for key in _keys(shared)]
    if calls:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(calls)}")


def try_lock(name: Named) -> bool:
    """Take the exclusive lock `name` if nobody has it. Always True on SQLite, where nobody else could be writing."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({_key(name)})")
        return bool(cursor.fetchone()[0])


def _keys(names: Iterable[Named]) -> list[int]:
    return sorted({_key(name) for name in names})


def _key(name: Named) -> int:
    kind, identity = name
    return int.from_bytes(blake2b(f"{kind}:{identity}".encode(), digest_size=8).digest(), signed=True)
