"""The stand-in's ledger on disk and its process."""

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from apps.payments.moyasar import MoyasarClient
from apps.payments.standin import Standin
from apps.payments.tests.gateway.kit import WAIT, call, make_invoice, make_payment, payment_order, refusal, wallet

ROOT = Path(__file__).resolve().parents[4]


def test_a_restart_keeps_the_ledger(tmp_path, receiver):
    path = tmp_path / "ledger.sqlite3"
    with Standin(path, webhook_url=receiver.url, webhook_secret="shared") as first:
        invoice, given_id = make_invoice(first), str(uuid4())
        make_payment(first, given_id=given_id)
        receiver.next()
        first.control.switch(webhook_hold=True)
        first.control.pay(invoice["id"])
        before = first.control.report()

    with Standin(path, webhook_url=receiver.url, webhook_secret="shared") as second:
        after = second.control.report()
        again = call(second, "POST", "/payments", payment_order(wallet(), given_id=given_id))
        assert second.control.release_webhooks() == 1

        assert refusal(again)[0] == "used_given_id"
        assert receiver.next()["data"]["invoice_id"] == invoice["id"]
        assert after["payments"] == before["payments"]
        assert after["journal"] == before["journal"]
        assert after["calls"] == before["calls"]
        (kept,) = after["invoices"]
        assert kept["url"] == f"{second.url}/invoices/{invoice['id']}"
        assert kept["status"] == "paid"


def test_a_ledger_in_memory_is_enough_for_fast_tests():
    with Standin(":memory:") as standin:
        assert make_payment(standin)["status"] == "paid"


@contextmanager
def process(*arguments):
    command = [sys.executable, "-m", "apps.payments.standin", *arguments]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def ready_address(running):
    line = running.stdout.readline()
    assert line.startswith("standin ready http://127.0.0.1:")
    return line.removeprefix("standin ready ").strip()


def test_the_process_survives_a_kill_with_its_ledger_and_port(tmp_path):
    ledger, given_id = str(tmp_path / "new" / "ledger.sqlite3"), str(uuid4())
    Path(ledger).parent.mkdir()
    options = ("--ledger", ledger, "--secret-key", "sk_test_of_process")

    with process("--port", "0", *options) as first:
        address = ready_address(first)
        client = MoyasarClient("sk_test_of_process", f"{address}v1")
        charged = {"amount": 25000, "currency": "SAR", "description": "B", "callback_url": "http://localhost/"}
        client.create_payment(given_id=given_id, token="t", metadata={}, source_type="applepay", **charged)
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=WAIT)

    with process("--port", str(urlsplit(address).port), *options) as second:
        assert ready_address(second) == address
        assert client.fetch_payment(given_id).status == "paid"
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=WAIT) == 0


def test_the_process_sends_webhooks_as_its_arguments_say(tmp_path, receiver):
    options = ("--webhook-url", receiver.url, "--webhook-secret", "from-argv", "--webhook-copies", "2")

    with process("--ledger", str(tmp_path / "ledger.sqlite3"), *options) as running:
        requests.post(f"{ready_address(running)}control/payments", json={"amount": 5000}, timeout=WAIT)

        events = [receiver.next() for _ in range(2)]

    assert {event["secret_token"] for event in events} == {"from-argv"}
    assert len({event["id"] for event in events}) == 1


def test_a_port_in_use_ends_the_start_with_one_sentence(tmp_path, standin):
    port = str(urlsplit(standin.url).port)

    with process("--port", port, "--ledger", str(tmp_path / "other.sqlite3")) as running:
        _, complaint = running.communicate(timeout=WAIT)

    assert running.returncode == 1
    assert complaint.startswith("The stand-in cannot start:")
    assert complaint.count("\n") == 1
