"""Where a process can die, seen from outside: statements, commits, calls to others. The code itself has no marks.

A process that dies is forked from the test, so that it starts at once; it has its own connections and is killed with
SIGKILL, as the kernel kills: nothing of it is undone, closed or said.
"""

import os
import re
import signal
import traceback
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connections
from django.db.models.signals import post_save

from apps.common import events

WRITES = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
LONGEST = 60  # seconds that a child may take


@dataclass(frozen=True)
class Moment:
    """One boundary. `what` is start, statement, saved, told, commit, committed, asks, heard or end.

    `names` says of what: `UPDATE payments_payment`, `payment paid`, `BookingPlaced`, `POST invoices`; of a commit
    everything that its transaction wrote. `commit` and `asks` come before the deed, `committed` and `heard` after it.
    """

    what: str
    names: frozenset = frozenset()

    def __str__(self):
        return " ".join([self.what, *sorted(self.names)])


@dataclass(frozen=True)
class Span:
    """All moments from the first one that is (`what`, name) of `first` to the next one of `last`, both included."""

    first: tuple[str, str]
    last: tuple[str, str]


def _is(moment, wanted):
    what, name = wanted
    return moment.what == what and (not name or name in moment.names)


@dataclass
class Stop:
    """Calls `strike(moment)` at the moment `number` (from 0) of a span; `passed` counts the span's moments."""

    span: Span
    number: int | None = None
    strike: Callable | None = None
    passed: int = 0
    is_inside: bool = False

    def __call__(self, moment):
        if not self.is_inside and not self.passed:
            self.is_inside = _is(moment, self.span.first)
        if self.is_inside:
            if self.passed == self.number:
                self.strike(moment)
            self.passed += 1
            self.is_inside = not (self.passed > 1 and _is(moment, self.span.last))


class Child:
    """A process of its own that does `act()` and ends, unless it is killed on its way."""

    def __init__(self, act):
        """`act` is given `say`, a function of an object whose text `said` then returns."""
        connections.close_all()  # what two processes share, each would break for the other
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(writer)
            return
        try:
            os.close(self._reader)
            signal.alarm(LONGEST)
            act(lambda said: os.write(writer, f"{said}\n".encode()))
            os._exit(0)
        except BaseException:  # noqa: BLE001 - nothing may get back into pytest from here
            os.write(writer, traceback.format_exc().encode())
        os._exit(1)

    def said(self):
        """The moment at which it stopped, or the traceback of its end. Waits for either."""
        with os.fdopen(self._reader, closefd=False) as pipe:
            line = pipe.readline()
            return (line + pipe.read() if line.startswith("Traceback") else line).strip()

    def done(self):
        """Whether it has ended by now."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def end(self):
        """How it ended: `("killed", 9)` or `("exit", 0)`."""
        _pid, status = os.waitpid(self.pid, 0)
        os.close(self._reader)
        if os.WIFSIGNALED(status):
            return "killed", os.WTERMSIG(status)
        return "exit", os.WEXITSTATUS(status)


@dataclass(frozen=True)
class Boundaries:
    """The boundaries of one kind of process, and how to kill it at any of them.

    Statements, commits and events are boundaries of all. Besides them: rows of `models` that are saved, and calls to
    others, which all leave by the function `door`, (module, name), of method and address, and are named by
    `name_of_call(method, address)`. A forked process begins with `at_birth`.
    """

    models: tuple[type, ...]
    door: tuple[Any, str]
    name_of_call: Callable[[str, str], str]
    at_birth: Callable[[], None] | None = None

    @contextmanager
    def watched(self, tell):
        """`tell(Moment)` of every boundary that this process passes, in the order in which it passes them."""
        connection, written = connections["default"], set()
        commit, rollback, exchange = connection.commit, connection.rollback, getattr(*self.door)

        def note(what, name):
            written.add(name)
            tell(Moment(what, frozenset({name})))

        def statement(execute, sql, params, many, context):
            found = WRITES.search(sql)
            note("statement", f"{found[1]} {found[2]}" if found else sql.split(maxsplit=1)[0])
            return execute(sql, params, many, context)

        def saved(sender, instance, **_signal):
            if isinstance(instance, self.models):
                note("saved", f"{instance._meta.model_name} {instance.status}")

        def committing():
            names = frozenset(written)
            written.clear()
            tell(Moment("commit", names))
            commit()
            tell(Moment("committed", names))

        def rolling_back():
            written.clear()
            rollback()

        def exchanging(method, url, *call, **named):
            name = frozenset({self.name_of_call(method, url)})
            tell(Moment("asks", name))
            answer = exchange(method, url, *call, **named)
            tell(Moment("heard", name))
            return answer

        def hear(event):
            note("told", type(event).__name__)

        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(connection, "commit", committing)
            patch.setattr(connection, "rollback", rolling_back)
            patch.setattr(*self.door, exchanging)
            for event_type, heard in events.subscriptions().items():
                patch.setitem(events._subscriptions, event_type, [*heard, (hear, True)])  # noqa: SLF001 - to listen in
            post_save.connect(saved, weak=False)
            stack.callback(post_save.disconnect, saved)
            stack.enter_context(connection.execute_wrapper(statement))
            tell(Moment("start"))
            yield
            tell(Moment("end"))

    def child(self, act, stop_at=None):
        """A process that does `act()`, or does something with itself at a moment: (span, number, what it does)."""

        def live(say):
            if self.at_birth is not None:
                self.at_birth()
            if stop_at is None:
                act()
                return
            span, number, do = stop_at

            def strike(moment):
                say(moment)
                do()

            with self.watched(Stop(span, number, strike)):
                act()

        return Child(live)

    def length(self, act, span):
        """How many moments of the span there are when `act()` runs in this process and lives."""
        stop = Stop(span)
        with self.watched(stop):
            act()
        return stop.passed

    def killed(self, act, span, number):
        """Run `act()` in a process that kills itself at that moment of the span. The moment, or None if it lived."""
        child = self.child(act, (span, number, _die))
        said, end = child.said(), child.end()
        if end == ("exit", 0):
            return None
        assert end == ("killed", signal.SIGKILL), (end, said)
        return said

    def parked(self, act, span, number):
        """A child that stands at that moment, holding what it holds, until it is killed; None if it lived."""
        child = self.child(act, (span, number, _wait_to_die))
        if child.said():
            return child
        assert child.end() == ("exit", 0)
        return None

    def killed_when(self, act, awaited):
        """Run `act()` in a process that is killed from outside once `awaited()` returns."""
        child = self.child(act)
        try:
            awaited()
        finally:
            child.kill()
        assert child.end() == ("killed", signal.SIGKILL)


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _wait_to_die():
    while True:
        signal.pause()
