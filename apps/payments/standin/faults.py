"""What can go wrong between the gateway and us, armed per operation and used up call by call.

A fault decides itself whether the call is executed: before it strikes, after it, or later.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from apps.payments.standin.api import FIREWALL_PAGE
from apps.payments.standin.messages import Json, Refused, Reply, html_reply, json_reply

Run = Callable[[], Reply]
HUGE_BYTES = 2 * 1024 * 1024
DRIP_SECONDS = 0.02
_ERRORS = {
    "errors_map": {"amount": ["The value is not valid."]},
    "errors_strings": {"amount": "The value is not valid."},
    "errors_text": "The value is not valid.",
    "errors_null": None,
}


class Wire(Protocol):
    """The client's connection, as far as faults abuse it."""

    def send(self, reply: Reply) -> None: ...

    def drip(self, reply: Reply, pause: float) -> None:
        """Send in chunks of one byte, with a pause after each, until the client has enough."""

    def hang(self) -> None:
        """Say nothing until the client leaves or the stand-in stops."""

    def reset(self) -> None:
        """Break the connection off."""


@dataclass
class Armed:
    """A fault waiting for `times` calls of its operation (`*`: any)."""

    operation: str
    fault: str
    times: int
    options: Json = field(default_factory=dict)


class Faults:
    """The armed faults, the calls deferred by `late_apply`, and the gate before which held calls wait."""

    def __init__(self, operations: set[str], stale: Mapping[str, Callable[[str], Json]]) -> None:
        """`stale` gives, for a fetching operation, the object of an id as it was before its last change."""
        self._operations, self._stale = operations | {"*"}, stale
        self._lock = threading.Lock()
        self._armed: list[Armed] = []
        self._deferred: list[Run] = []
        self._timers: list[threading.Timer] = []
        self._gate = threading.Event()
        self._standing, self._changed = 0, threading.Condition()

    def arm(self, operation: str, fault: str, times: int, options: Json) -> None:
        """Raise ValueError for a name nobody would ever trip over."""
        if operation not in self._operations or fault not in FAULTS or type(times) is not int or times < 1:
            raise ValueError(f"There is no fault {fault} for {operation}, or not {times} times.")
        if fault == "stale" and operation not in self._stale:
            raise ValueError(f"A read of {operation} cannot be stale.")
        with self._lock:
            self._armed.append(Armed(operation, fault, times, options))

    def armed(self) -> list[Json]:
        with self._lock:
            return [vars(one) | {} for one in self._armed]

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
            self._deferred.clear()

    def strike(self, operation: str, run: Run, wire: Wire) -> bool:
        """Answer the call by the first fault armed for it; False when there is none."""
        with self._lock:
            armed = next((one for one in self._armed if one.operation in (operation, "*")), None)
            if armed is None:
                return False
            armed.times -= 1
            if not armed.times:
                self._armed.remove(armed)
        FAULTS[armed.fault](Stroke(self, wire, run, operation, armed.options))
        return True

    def defer(self, run: Run, after: float | None) -> None:
        with self._lock:
            self._deferred.append(run)
            if after is not None:
                timer = threading.Timer(after, self.apply_deferred)
                self._timers.append(timer)
                timer.start()

    def apply_deferred(self) -> int:
        """Execute the calls that came late, in their order; return how many."""
        with self._lock:
            due, self._deferred = self._deferred, []
        for run in due:
            run()
        return len(due)

    def hold(self) -> None:
        gate = self._gate
        with self.standing():
            gate.wait()

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Count a call that is held or hangs."""
        with self._changed:
            self._standing += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._standing -= 1

    def await_standing(self, count: int, timeout: float) -> None:
        """Return when so many calls are held or hang. Raise TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._standing >= count, timeout):
                raise TimeoutError(f"Only {self._standing} calls stand.")

    def release(self) -> None:
        """Let every held call go on; calls held from now on wait for the next release."""
        gate, self._gate = self._gate, threading.Event()
        gate.set()

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._gate.set()

    def stale(self, operation: str, object_id: str) -> Json:
        return self._stale[operation](object_id)


@dataclass(frozen=True)
class Stroke:
    """One fault striking one call."""

    faults: Faults
    wire: Wire
    run: Run
    operation: str
    options: Json

    def hang(self) -> None:
        with self.faults.standing():
            self.wire.hang()

    def told(self) -> Json:
        """Execute the call and return the JSON it answers."""
        body: Json = json.loads(self.run().body)
        return body


def _hang(stroke: Stroke) -> None:
    stroke.hang()


def _run_and_hang(stroke: Stroke) -> None:
    stroke.run()
    stroke.hang()


def _reset(stroke: Stroke) -> None:
    stroke.wire.reset()


def _run_and_reset(stroke: Stroke) -> None:
    stroke.run()
    stroke.wire.reset()


def _defer_and_hang(stroke: Stroke) -> None:
    """Option `after`: seconds until it is executed by itself."""
    stroke.faults.defer(stroke.run, stroke.options.get("after"))
    stroke.hang()


def _hold_before(stroke: Stroke) -> None:
    stroke.faults.hold()
    stroke.wire.send(stroke.run())


def _hold_after(stroke: Stroke) -> None:
    reply = stroke.run()
    stroke.faults.hold()
    stroke.wire.send(reply)


def _truncate(stroke: Stroke) -> None:
    reply = stroke.run()
    stroke.wire.send(replace(reply, body=reply.body[: len(reply.body) // 2]))


def _inflate(stroke: Stroke) -> None:
    reply = stroke.run()
    stroke.wire.send(replace(reply, body=reply.body + b" " * HUGE_BYTES))


def _chunk(stroke: Stroke) -> None:
    """Not a fault, but what a gateway behind a proxy does to its answers."""
    stroke.wire.drip(stroke.run(), pause=0)


def _drip(stroke: Stroke) -> None:
    stroke.wire.drip(stroke.run(), pause=DRIP_SECONDS)


def _patch(stroke: Stroke) -> None:
    """Option `patch`: keys of the answer that are replaced."""
    stroke.wire.send(json_reply(200, stroke.told() | stroke.options.get("patch", {})))


def _stale(stroke: Stroke) -> None:
    stroke.wire.send(json_reply(200, stroke.faults.stale(stroke.operation, stroke.told()["id"])))


def _answer(stroke: Stroke) -> None:
    """Options `status`, `body`, and `executed`: whether the call is executed although the answer hides it."""
    if stroke.options.get("executed"):
        stroke.run()
    stroke.wire.send(json_reply(stroke.options.get("status", 400), stroke.options.get("body", {})))


def _say(reply: Reply, *, executed: bool = False) -> Callable[[Stroke], None]:
    def strike(stroke: Stroke) -> None:
        if executed:
            stroke.run()
        stroke.wire.send(reply)

    return strike


def _error(status: int, kind: str, message: str, errors: object = None) -> Reply:
    return json_reply(status, Refused(status, kind, message, errors).body)


_SERVER_ERROR = _error(500, "api_error", "Something went wrong")
_REDIRECT = Reply(307, headers={"Location": "/v1/payments"})

FAULTS: dict[str, Callable[[Stroke], Any]] = {
    "timeout_before": _hang,
    "timeout_after": _run_and_hang,
    "late_apply": _defer_and_hang,
    "reset_before": _reset,
    "reset_after": _run_and_reset,
    "hold_before": _hold_before,
    "hold_after": _hold_after,
    "error_500": _say(_SERVER_ERROR),
    "error_500_after": _say(_SERVER_ERROR, executed=True),
    "error_503": _say(_error(503, "api_connection_error", "Service unavailable")),
    "busy_429": _say(_error(429, "rate_limit_error", "Too many requests")),
    "html_403": _say(html_reply(403, FIREWALL_PAGE)),
    "html_200_after": _say(html_reply(200, "<!DOCTYPE html><title>Wait</title>"), executed=True),
    "redirect": _say(_REDIRECT),
    "truncated_json": _truncate,
    "huge_body": _inflate,
    "chunked": _chunk,
    "slow_body": _drip,
    "patch": _patch,
    "stale": _stale,
    "answer": _answer,
    **{name: _say(_error(400, "validation_error", "Validation Failed", errors)) for name, errors in _ERRORS.items()},
}
