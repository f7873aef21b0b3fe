"""A local HTTP server that takes a provider's place: it says what a test scripts, or behaves as the provider does."""

import json
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from apps.common.providers import http


@dataclass(frozen=True)
class Acted:
    """The provider does its work, and this answer reaches the client instead of its own.

    It may be a function of the provider's own answer.
    """

    answer: object


def but(**changes):
    """For `Acted`: the provider's own answer with other values in its JSON."""
    return lambda answer: (answer[0], {**answer[1], **changes})


def truncated(answer):
    """For `Acted`: the provider's own answer without the end of its JSON."""
    return answer[0], json.dumps(answer[1]).encode()[:-2]


@dataclass(frozen=True)
class Dripping:
    """The answer's body comes a byte at a time, fifty in a second."""

    answer: tuple


class StandIn(ThreadingHTTPServer):
    """Records every call in `received` as (path, headers, body) and gives the scripted `answers` in turn.

    The body of a GET is None.

    An answer is (status, object or bytes, *headers), or "close" to hang up, or "hang" to stay silent, or (status, …)
    wrapped in `Dripping`. Nothing was done then, unless it is wrapped in `Acted`. Without a scripted answer the
    `provider` is asked: a function of path, headers and body that behaves as the real one and returns an answer.

    `fell_silent` is set when a call is left hanging: an impatient client may have given up before the call was read.
    """

    daemon_threads = True

    def __init__(self, provider=None):
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.provider = provider
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.received = []
        self.answers = []
        self.released = threading.Event()
        self.fell_silent = threading.Event()

    def handle_error(self, request, client_address):
        """A client that hangs up while it is answered is what some tests are about; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def request(self):
        """The only request there was."""
        (only,) = self.received
        return only


class _Exchange(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self):
        self._exchange(None)

    def do_POST(self):
        self._exchange(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _exchange(self, body):
        self.server.received.append((self.path, self.headers, body))
        answer = self.server.answers.pop(0) if self.server.answers else Acted(None)
        if isinstance(answer, Acted):
            own_answer = self.server.provider(self.path, self.headers, body)
            answer = answer.answer(own_answer) if callable(answer.answer) else answer.answer or own_answer
        if answer == "close":
            return
        if answer == "hang":
            self.server.fell_silent.set()
            self.server.released.wait(5)
            answer = (500, b"too late")  # a client that waited this long must not pass for one that gave up
        dripping = isinstance(answer, Dripping)
        status, payload, *headers = answer.answer if dripping else answer
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(raw), **dict(headers)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        for piece in [raw[at : at + 1] for at in range(len(raw))] if dripping else [raw]:
            self.wfile.write(piece)
            if dripping:
                self.server.released.wait(0.02)

    def log_message(self, *args):
        """Keep quiet: the default writes every request to standard error."""


@contextmanager
def running_stand_in(provider=None):
    """A `StandIn` that answers at its `url` until the block ends."""
    server = StandIn(provider)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def waiting_for(server, answer):
    """Calls made inside give up soon on a `server` that hangs, and wait as long as ever for any other `answer`.

    The block ends when the server has read the call that was given up: it takes no answer meant for the next one.
    """
    if answer != "hang":
        yield
        return
    server.fell_silent.clear()
    with patch.object(http, "TIMEOUT", (3, 0.05)):
        yield
    assert server.fell_silent.wait(5)
