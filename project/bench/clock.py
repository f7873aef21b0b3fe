"""Time of one call, as the median of several after two that warm up."""

from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any

from project.bench.scale import SlotsScale

WARMING_UP = 2


def milliseconds(call: Callable[[], Any], scale: SlotsScale) -> float:
    """Of wall time."""
    return _median(call, scale.calls, perf_counter) * 1000


def cpu_microseconds(call: Callable[[], Any], scale: SlotsScale) -> float:
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
