"""A use case as one transaction that outlives a deadlock."""

import functools
import random
import time
from collections.abc import Callable
from typing import Any

from django.db import InternalError, OperationalError, connection, transaction

ATTEMPTS = 4
LONGEST_WAIT = 0.05
# Deadlock detected, serialization failure: PostgreSQL undid the transaction for another one's sake, not for ours.
LOST_TO_ANOTHER = {"40P01", "40001"}
# PostgreSQL takes no writes, for example on a standby. Its driver calls that an internal error.
READ_ONLY = "25006"


def use_case(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run `function` in a transaction; when the database sacrificed it to another one, run it again, up to four times.

    Inside a transaction it is a savepoint only: then whoever opened the transaction begins it again, or nobody.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        attempts = 1 if connection.in_atomic_block else ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if attempt == attempts or not lost_to_another(error):
                    raise
                # Not together with whom we met.
                time.sleep(random.uniform(0, LONGEST_WAIT))  # noqa: S311
        raise AssertionError("unreachable")

    return run


def lost_to_another(error: OperationalError) -> bool:
    """Whether the same transaction may well succeed when it is tried again."""
    return getattr(error.__cause__, "sqlstate", None) in LOST_TO_ANOTHER


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the database is busy, away, full or read-only: nobody's mistake, and it may pass."""
    is_read_only = isinstance(error, InternalError) and getattr(error.__cause__, "sqlstate", None) == READ_ONLY
    return is_read_only or isinstance(error, OperationalError)
