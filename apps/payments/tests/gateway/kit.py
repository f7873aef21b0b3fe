"""What the tests of the client and of the stand-in share: orders, calls and a receiver of webhooks."""

import http.server
import json
import queue
import socket
from uuid import uuid4

import requests

SECRET_KEY = "sk_test_Qm9va2luZ3M7d2l0aA"
WAIT = 10
"""Seconds after which a test gives up on something that should have come."""


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps every delivery; answers the next code of `codes`, else 200."""

    daemon_threads = True

    def __init__(self):
        self.received = queue.Queue()
        self.codes = queue.Queue()
        super().__init__(("127.0.0.1", 0), _Received)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"

    def next(self):
        return self.received.get(timeout=WAIT)

    def drain(self):
        return [self.received.get_nowait() for _ in range(self.received.qsize())]


class _Received(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code = 200 if self.server.codes.empty() else self.server.codes.get()
        self.server.received.put(body)
        self.send_response(code)
        self.end_headers()

    def log_message(self, *args):
        pass


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def call(standin, method, path, body=None, user=None, **options):
    user = standin.secret_key if user is None else user
    return requests.request(method, f"{standin.api_url}{path}", json=body, auth=(user, ""), timeout=WAIT, **options)


def steer(standin, path, body=None):
    answer = requests.post(f"{standin.url}/control/{path}", json=body or {}, timeout=WAIT)
    return answer.status_code, answer.json()


def order(**changes):
    urls = {"success_url": "http://localhost/done?own=1", "back_url": "http://localhost/back"}
    return {"amount": 15000, "currency": "SAR", "description": "Booking B-1001"} | urls | changes


def make_invoice(standin, **changes):
    answer = call(standin, "POST", "/invoices", order(**changes))
    assert answer.status_code == 201
    return answer.json()


def fetch_invoice(standin, invoice_id):
    return call(standin, "GET", f"/invoices/{invoice_id}").json()


def payment_order(source, **changes):
    return {
        "amount": 25000,
        "currency": "SAR",
        "description": "Booking B-1001",
        "callback_url": "http://localhost/back?own=1",
        "source": source,
    } | changes


def wallet(**changes):
    return {"type": "applepay", "token": "payload"} | changes


def card(number, **changes):
    details = {"name": "Nora Ali", "number": number, "month": 1, "year": 2030, "cvc": "123"}
    return {"type": "creditcard", "3ds": False} | details | changes


def make_payment(standin, source=None, **changes):
    answer = call(standin, "POST", "/payments", payment_order(source or wallet(), **changes))
    assert answer.status_code == 201
    return answer.json()


def refusal(answer):
    assert answer.status_code == 400
    told = answer.json()
    return told["type"], told["message"], told["errors"]


def ask_invoice(client, key="attempt-1", amount=34550, **changes):
    order = {
        "amount": amount,
        "currency": "SAR",
        "description": "Booking B-1001",
        "metadata": {"attempt": key},
        "expires_at": None,
        "success_url": "http://localhost/done",
        "back_url": "http://localhost/back",
    }
    return client.create_invoice(**order | changes)


def charge(client, given_id=None, amount=25000, **changes):
    """A wallet charge, which the sandbox decides at once: 25000 halalas are paid."""
    order = {
        "given_id": given_id or str(uuid4()),
        "amount": amount,
        "currency": "SAR",
        "description": "Booking B-1001",
        "token": "wallet-payload",
        "callback_url": "http://localhost/back",
        "metadata": {"booking": "B-1001"},
        "source_type": "applepay",
    }
    return client.create_payment(**order | changes)
