"""Runs the seeded demo: the web server, the payment stand-in beside it, and the periodic passes."""

import errno
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, get_internal_wsgi_application, run
from django.db import connections

from project.env import BASE_DIR, process_variables
from project.passes import run_passes

HOST = "127.0.0.1"
PAUSE_BETWEEN_PASSES = 2
LONGEST_START = 15
LONGEST_STOP = 10
WEBHOOK_PATH = "/api/v1/webhooks/moyasar/"


class CannotServe(Exception):
    """Says in one sentence why the demo does not come up."""


class Server(ThreadedWSGIServer):
    """Django's threaded server with room for a crowd that knocks at once."""

    request_queue_size = 128


def choose_port(wanted: int) -> int:
    """`wanted` when it is free, any free port for 0. Raises CannotServe."""
    try:
        return free_port(wanted)
    except (OSError, OverflowError) as error:
        raise port_unusable(wanted, error) from error


def port_unusable(port: int, error: Exception) -> CannotServe:
    is_taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
    why = "is in use" if is_taken else "cannot be used"
    return CannotServe(f"Port {port} {why}: choose another one with --port.")


def free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, wanted))
        return int(probe.getsockname()[1])


def standin_port(port: int) -> int:
    """The port after ours, so that payment links outlive a restart; any free one when it is taken."""
    try:
        return free_port(port + 1)
    except (OSError, OverflowError):
        return free_port(0)


def is_given(name: str) -> bool:
    """Whether the environment sets this variable."""
    return bool(process_variables().get(name, "").strip())


def end_on_signals(exit_code: int) -> None:
    """From now on SIGINT and SIGTERM leave through the same `finally` blocks as any other end."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(exit_code)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


@contextmanager
def standin(ledger: Path, port: int, own_address: str) -> Iterator[None]:
    """The payment stand-in as a process of its own, ended with this block. Raises CannotServe."""
    command = [
        *(sys.executable, "-m", "apps.payments.standin"),
        *("--port", str(port), "--ledger", str(ledger), "--secret-key", settings.MOYASAR_SECRET_KEY),
        *("--webhook-url", f"{own_address}{WEBHOOK_PATH}", "--webhook-secret", settings.MOYASAR_WEBHOOK_SECRET),
    ]
    child = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    try:
        if not (child.stdout and child.stdout.readline().startswith("standin ready")):
            raise CannotServe("The payment stand-in did not start: its own message stands above.")
        yield
    finally:
        child.terminate()
        try:
            child.wait(LONGEST_STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def passes() -> Iterator[None]:
    """The periodic passes, one round after the other, in a thread that finishes its round when the block ends."""
    over = threading.Event()

    def work() -> None:
        # The first round at once, so that the first page does not call the scheduler dead.
        while True:
            run_passes()
            if over.wait(PAUSE_BETWEEN_PASSES):
                break
        connections.close_all()

    worker = threading.Thread(target=work, name="passes", daemon=True)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join(LONGEST_STOP)


def serve(port: int, on_ready: Callable[[], None]) -> NoReturn:
    """Answer requests until a signal ends it; `on_ready` is called once a page was really answered."""

    def bound(*_: object) -> None:
        threading.Thread(target=announce, args=(port, on_ready), daemon=True).start()

    try:
        run(HOST, port, get_internal_wsgi_application(), on_bind=bound, server_cls=Server)
    except OSError as error:
        raise port_unusable(port, error) from error
    raise CannotServe("The server stopped by itself.")


def announce(port: int, on_ready: Callable[[], None]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{HOST}:{port}/healthz", timeout=LONGEST_START):
        on_ready()
