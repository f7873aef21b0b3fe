"""Workers that really run at once: processes of threads, a database connection each, let go at one moment."""

import logging
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

from django.db import connection, connections

from apps.notifications.services import planning

PATIENCE = 120
PATIENCE_AT_THE_END = 10
NOT_YET = 0.0
FORK = multiprocessing.get_context("fork")
# One turn of one worker; True: it got what it wanted, False: it was refused politely.
Act = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Task:
    """What each worker does: `prepare(worker)` gives it its act, which it repeats until `turns` or `seconds` are over.

    `in_step` starts every turn at the same moment, so that all meet in it. All of it travels to another process.
    """

    prepare: Callable[[int], Act]
    turns: int | None = None
    seconds: float | None = None
    in_step: bool = False


@dataclass(slots=True)
class Log:
    """What one worker did: `won` and `seconds` per turn, a turn that failed is None in `won` and told in `faults`."""

    won: list[bool | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The logs of all workers, in their order."""

    logs: list[Log]

    @property
    def attempts(self) -> int:
        return sum(len(log.won) for log in self.logs)

    @property
    def wins(self) -> int:
        return sum(won is True for log in self.logs for won in log.won)

    @property
    def per_second(self) -> float:
        """Successful turns."""
        return self.wins / max(log.elapsed for log in self.logs)

    @property
    def seconds(self) -> list[float]:
        """How long each turn took."""
        return [seconds for log in self.logs for seconds in log.seconds]

    @property
    def faults(self) -> list[str]:
        return [fault for log in self.logs for fault in log.faults]

    def winners_by_turn(self) -> list[int]:
        """How many won each turn."""
        return [sum(won is True for won in turn) for turn in zip(*(log.won for log in self.logs), strict=True)]


class Crew:
    """`processes` × `threads` workers, whose connections stay open from task to task."""

    def __init__(self, processes: int, threads: int) -> None:
        self.size = processes * threads
        self._seconds = FORK.Value("d", 0.0)
        self._deadline = FORK.Value("d", NOT_YET)
        self._goes_on = FORK.Value("b", 1)
        self._barrier = FORK.Barrier(self.size, self._look_at_the_clock)
        self._pipes: list[Connection] = []
        self._processes = []
        # A connection that two processes believe to be theirs belongs to neither.
        connections.close_all()
        for first in range(0, self.size, threads):
            ours, theirs = FORK.Pipe()
            self._pipes.append(ours)
            process = FORK.Process(target=self._serve, args=(theirs, range(first, first + threads)), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)

    def work(self, task: Task) -> Outcome:
        """Have all workers do `task`. Raises what kept one from beginning."""
        self._seconds.value = task.seconds or PATIENCE
        self._deadline.value = NOT_YET
        for pipe in self._pipes:
            pipe.send(task)
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return Outcome([log for logs in answers for log in logs])

    def close(self) -> None:
        """Send everybody home; their connections are closed then."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(PATIENCE_AT_THE_END)
            process.kill()

    def _look_at_the_clock(self) -> None:
        # Run by one worker while all others wait: together they begin, and together they stop after a turn.
        if self._deadline.value == NOT_YET:
            self._deadline.value = perf_counter() + self._seconds.value
        self._goes_on.value = perf_counter() < self._deadline.value

    def _serve(self, pipe: Connection, workers: range) -> None:
        for inherited in self._pipes:
            inherited.close()  # or the end of the other side would never be seen
        logging.disable(logging.CRITICAL)
        leave_messages_to_the_pass()
        with ThreadPoolExecutor(len(workers)) as pool:
            with suppress(BrokenPipeError):  # who asked has been ended meanwhile
                while (task := _next(pipe)) is not None:
                    pipe.send(self._done(task, pool, workers))
            everybody = threading.Barrier(len(workers))
            list(pool.map(lambda worker: _leave(everybody), workers))

    def _done(self, task: Task, pool: ThreadPoolExecutor, workers: range) -> list[Log] | Exception:
        try:
            return list(pool.map(lambda worker: self._work(task, worker), workers))
        except Exception as error:  # noqa: BLE001 - travels to the process that asked
            return RuntimeError(f"{type(error).__name__}: {error}")

    def _work(self, task: Task, worker: int) -> Log:
        try:
            connection.ensure_connection()
            act = task.prepare(worker)
            self._barrier.wait(PATIENCE)
        except BaseException:
            self._barrier.abort()
            raise
        log, start, turn = Log(), perf_counter(), 0
        while self._wants(task, turn):
            _take_turn(act, turn, log)
            turn += 1
        log.elapsed = perf_counter() - start
        return log

    def _wants(self, task: Task, turn: int) -> bool:
        if task.in_step:
            self._barrier.wait(PATIENCE)
            return bool(self._goes_on.value) and turn != task.turns
        return turn != task.turns and perf_counter() < self._deadline.value


@contextmanager
def crew(processes: int, threads: int) -> Iterator[Crew]:
    """A crew that goes home at the end."""
    workers = Crew(processes, threads)
    try:
        yield workers
    finally:
        workers.close()


def _take_turn(act: Act, turn: int, log: Log) -> None:
    start = perf_counter()
    won: bool | None = None
    try:
        won = act(turn)
    except Exception as error:  # noqa: BLE001 - whatever a turn ends with is its result
        log.faults.append(f"{type(error).__name__}: {error}")
    log.seconds.append(perf_counter() - start)
    log.won.append(won)


def _next(pipe: Connection) -> Task | None:
    try:
        task: Task = pipe.recv()
    except EOFError:
        return None
    return task


def _leave(everybody: threading.Barrier) -> None:
    everybody.wait(PATIENCE)  # so that no thread closes its connections twice and another one never
    connections.close_all()


def leave_messages_to_the_pass() -> None:
    """The row of a message is written with the booking; sending it is another process's work, as with a broker."""

    def leave(notification_id: Any) -> None:
        pass

    planning.request_delivery = leave
