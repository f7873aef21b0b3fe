"""This project behind the server that `docs/operations.md` starts, in processes of its own."""

import http.client
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from email.message import Message
from typing import Any

from django.conf import settings
from django.db import connections
from gunicorn.app.base import BaseApplication

from project.bench.crew import FORK, leave_messages_to_the_pass
from project.demo.serving import HOST, free_port

BARE = "/bare/"
WORKERS, THREADS = 2, 4
SETTLING = 32
NO_HEADERS: Mapping[str, str] = {}
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
    # It writes its lines as it does in production, and nobody reads them beside the table.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
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
            list(callers.map(ask, [port] * SETTLING))


def _await_answer(port: int) -> None:
    patience = time.monotonic() + LONGEST_START
    while time.monotonic() < patience:
        with suppress(OSError):
            ask(port)
            return
        time.sleep(0.05)
    raise TimeoutError("The server to measure did not start.")


def ask(
    port: int, address: str = BARE, headers: Mapping[str, str] = NO_HEADERS, *, method: str = "GET", body: str = ""
) -> tuple[int, Message, bytes]:
    """Status, headers and body of one call over a connection of its own. Raises OSError where nobody answers."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=LONGEST_CALL)) as connection:
        connection.request(method, address, body, {"Accept-Language": "en", **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
