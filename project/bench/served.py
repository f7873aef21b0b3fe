"""This project behind the server that `docs/operations.md` starts, in processes of its own."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from gunicorn.app.base import BaseApplication

from project.bench.crew import FORK, leave_messages_to_the_pass
from project.demo.serving import HOST, free_port

BARE = "/bare/"
WORKERS, THREADS = 2, 4
SETTLING = 32
LONGEST_START, LONGEST_STOP, LONGEST_CALL = 30, 10, 30


class _Server(BaseApplication):
    """As there."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        chosen = {"bind": f"{HOST}:{self._port}", "worker_class": "gthread", "workers": WORKERS, "threads": THREADS}
        quiet = {"loglevel": "critical", "control_socket_disable": True}
        for name, value in {**chosen, **quiet}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()


@contextmanager
def served() -> Iterator[int]:
    """The addresses of `project.bench.addresses` in the present database; gives their port.

    Raises TimeoutError where they do not answer.
    """
    port = free_port(0)
    # A connection that two processes believe to be theirs belongs to neither.
    connections.close_all()
    server = FORK.Process(target=_serve, args=(port,))
    server.start()
    try:
        _await_answer(port)
        yield port
    finally:
        server.terminate()
        server.join(LONGEST_STOP)
        server.kill()
        server.join()


def _serve(port: int) -> None:
    leave_messages_to_the_pass()
    settings.ROOT_URLCONF = "project.bench.addresses"
    settings.ALLOWED_HOSTS = [HOST]
    _Server(port).run()


def settle(port: int) -> None:
    """Return when the server has begun all that callers left behind who did not wait for its answers, and most likely
    ended it: so many new calls at once stand in the line of every worker, behind those.
    """
    with ThreadPoolExecutor(SETTLING) as callers:
        for _time in range(2):
            list(callers.map(_call, [port] * SETTLING))


def _await_answer(port: int) -> None:
    patience = time.monotonic() + LONGEST_START
    while time.monotonic() < patience:
        try:
            return _call(port)
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("The server to measure did not start.")


def _call(port: int) -> None:
    caller = http.client.HTTPConnection(HOST, port, timeout=LONGEST_CALL)
    try:
        caller.request("GET", BARE)
        caller.getresponse().read()
    finally:
        caller.close()
