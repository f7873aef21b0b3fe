"""The HTTP side: reads requests, finds who answers, and gives faults their hold on the connection."""

import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from apps.payments.standin.api import Keys, firewall
from apps.payments.standin.checkout import missing_page
from apps.payments.standin.faults import Faults, Wire
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.messages import Refused, Reply, Request, Route, find_route, json_reply

MAX_BODY_BYTES = 1024 * 1024


class Site:
    """All addresses of the stand-in and the order of things before a call is executed."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        keys: Keys,
        faults: Faults,
        api: tuple[Route, ...],
        checkout: tuple[Route, ...],
        control: tuple[Route, ...],
        on_change: Callable[[], None],
    ) -> None:
        self._ledger, self._keys, self._faults, self._on_change = ledger, keys, faults, on_change
        self._api, self._checkout, self._control = api, checkout, control

    def serve(self, request: Request, wire: Wire) -> None:
        try:
            if request.path.startswith("/v1/"):
                self._serve_api(request, wire)
            elif request.path.startswith("/control/"):
                wire.send(self._serve_control(request))
            else:
                wire.send(self._serve_page(request))
        except Refused as refusal:
            wire.send(json_reply(refusal.status, refusal.body))

    def _serve_api(self, request: Request, wire: Wire) -> None:
        blocked = firewall(request)
        if blocked:
            return wire.send(blocked)
        found = find_route(self._api, request.method, request.path)
        operation = found[0].operation if found else ""
        self._keys.admit(request, operation)
        if found is None:
            raise Refused(404, "api_error", "Object not found")
        with self._ledger.transaction():
            self._ledger.count_call(operation)

        def run() -> Reply:
            return self._execute(request, *found)

        if not self._faults.strike(operation, run, wire):
            wire.send(run())
        return None

    def _execute(self, request: Request, route: Route, ids: list[str]) -> Reply:
        try:
            with self._ledger.transaction():
                told = route.answer(request, *ids)
                reply = told if isinstance(told, Reply) else json_reply(route.status, told)
        except Refused as refusal:
            return json_reply(refusal.status, refusal.body)
        self._on_change()
        return reply

    def _serve_page(self, request: Request) -> Reply:
        found = find_route(self._checkout, request.method, request.path)
        if found is None:
            return missing_page(request)
        route, ids = found
        with self._ledger.transaction():
            reply = route.answer(request, *ids)
        self._on_change()
        if not isinstance(reply, Reply):
            raise TypeError("A page answers with a reply.")
        return reply

    def _serve_control(self, request: Request) -> Reply:
        # A web page can post plain text anywhere without being asked; JSON it cannot.
        if request.method == "POST" and not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused(415, "control_error", "Send application/json.")
        found = find_route(self._control, request.method, request.path)
        if found is None:
            raise Refused(404, "control_error", "There is no such control.")
        route, ids = found
        return json_reply(route.status, route.answer(request, *ids))


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping also ends those that hang."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, site: Site) -> None:
        self.site = site
        self.stopping = threading.Event()
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Stop serving, break what hangs off, and wait for every handler."""
        self.stopping.set()
        self.shutdown()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it closed in this moment by itself
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are the point of a stand-in; anything else is a bug to see."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request per connection. It is the `Wire` that faults abuse."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "standin", ""
    disable_nagle_algorithm = True
    timeout = 30

    def _serve(self) -> None:
        split = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return self.send(json_reply(413, Refused(413, "api_error", "The body is too big.").body))
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        body = self.rfile.read(int(length))
        return self.server.site.serve(Request(self.command, split.path, query, headers, body), self)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def send(self, reply: Reply) -> None:
        self._head(reply, {"Content-Length": str(len(reply.body))})
        self.wfile.write(reply.body)

    def drip(self, reply: Reply, pause: float) -> None:
        self._head(reply, {"Transfer-Encoding": "chunked"})
        for byte in reply.body:
            self.wfile.write(b"1\r\n%c\r\n" % byte)
            if self.server.stopping.wait(pause):
                return
        self.wfile.write(b"0\r\n\r\n")

    def hang(self) -> None:
        self.close_connection = True
        self.connection.settimeout(None)
        self.connection.recv(1)  # returns when the client leaves or the server shuts the socket

    def reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, *args: Any) -> None:
        """Say nothing: request lines and headers carry secrets."""

    def _head(self, reply: Reply, length: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(reply.status)
        headers = {"Content-Type": reply.content_type, "X-Request-Id": str(uuid4()), "Connection": "close"}
        for name, value in (headers | reply.headers | length).items():
            self.send_header(name, value)
        self.end_headers()
