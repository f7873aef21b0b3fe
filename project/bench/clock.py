"""Time of one call, as the median of several after two that warm up."""

from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any, Protocol

WARMING_UP = 2


class Repeated(Protocol):
    """How often something is timed."""

    @property
    def calls(self) -> int: ...


def milliseconds(call: Callable[[], Any], scale: Repeated) -> float:
    """Of wall time."""
    return _median(call, scale.calls, perf_counter) * 1000


def cpu_microseconds(call: Callable[[], Any], scale: Repeated) -> float:
    """Of this process, without the server's."""
    return _median(call, scale.calls, process_time) * 1_000_000


def _median(call: Callable[[], Any], times: int, clock: Callable[[], float]) -> float:
    for _time in range(WARMING_UP):
        call()
    taken = []
    for _time in range(times):
        start = clock()
        call()
        taken.append(clock() - start)
    return median(taken)
