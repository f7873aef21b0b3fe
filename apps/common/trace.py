"""What a log line and a line of history belong to: the request, task or run of a command that caused them.

It is kept with structlog's context variables, so every line of the log holds it. `request_id` is the one name that goes
on: to the client, into history and with a task through the broker.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

LONGEST_ID = 64
WELL_FORMED = re.compile(rf"[A-Za-z0-9_-]{{8,{LONGEST_ID}}}")


def current_request_id() -> str | None:
    """The id of what is being done now; None outside of every request, task and command."""
    return structlog.contextvars.get_contextvars().get("request_id")


def is_well_formed(request_id: str) -> bool:
    """Whether an id from elsewhere may stand in our log, our history and our answers."""
    return WELL_FORMED.fullmatch(request_id) is not None


@contextmanager
def running(command: str) -> Iterator[None]:
    """While it lasts, lines belong to a run of `command` with an id of its own; what started it is `caused_by`."""
    about = {"request_id": str(uuid.uuid4()), "command": command}
    if cause := current_request_id():
        about["caused_by"] = cause
    with structlog.contextvars.bound_contextvars(**about):
        yield


def concerns_salon(salon_id: int | None) -> None:
    """Name the salon on the lines that follow. A command goes through many salons, and its lines name none."""
    if salon_id is not None and "command" not in structlog.contextvars.get_contextvars():
        structlog.contextvars.bind_contextvars(salon=salon_id)
