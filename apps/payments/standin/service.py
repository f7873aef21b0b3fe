"""Puts the parts together and runs them."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from apps.payments.standin.api import Keys, routes
from apps.payments.standin.checkout import Checkout
from apps.payments.standin.clock import Clock
from apps.payments.standin.control import Control
from apps.payments.standin.faults import Faults
from apps.payments.standin.invoices import Invoices
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.messages import Route
from apps.payments.standin.payments import Payments
from apps.payments.standin.sender import Sender
from apps.payments.standin.server import Server, Site
from apps.payments.standin.settlements import Settlements
from apps.payments.standin.switches import Switches
from apps.payments.standin.webhooks import Webhooks

DEFAULT_SECRET_KEY = "sk_test_standin"  # noqa: S105 - opens a gateway without money
RETRY_SCALE = 0.01
"""The gateway's first retry comes after a minute, the stand-in's after 0.6 seconds."""


class Standin:
    """A gateway of one's own on a loopback port, as a context manager; `stop` returns when all threads ended.

    `url` is the root and `api_url` what a client takes as base address, both known once it has started.
    `control` is what tests and demos steer it by.
    """

    def __init__(
        self,
        ledger: Path | str,
        *,
        port: int = 0,
        secret_key: str = DEFAULT_SECRET_KEY,
        webhook_url: str | None = None,
        webhook_secret: str = "",
        webhook_copies: int = 1,
        retry_scale: float = RETRY_SCALE,
    ) -> None:
        """Open the ledger and take the port, 0 for a free one. Raise OSError or sqlite3.Error."""
        self._ledger, clock = Ledger(ledger), Clock()
        switches = Switches(webhook_copies=webhook_copies)
        webhooks = Webhooks(self._ledger, clock, switches)
        self._sender = Sender(self._ledger, clock, retry_scale)
        payments = Payments(self._ledger, clock, switches, webhooks, lambda: self.url)
        invoices = Invoices(self._ledger, clock, switches, webhooks, payments, lambda: self.url)
        settlements = Settlements(self._ledger, clock)
        api = routes(payments, invoices, webhooks, settlements)
        stale = {"fetch_payment": payments.fetch_stale, "fetch_invoice": invoices.fetch_stale}
        self._faults = Faults({route.operation for route in api}, stale)
        self.secret_key = secret_key
        self.control = Control(
            ledger=self._ledger,
            clock=clock,
            switches=switches,
            faults=self._faults,
            payments=payments,
            invoices=invoices,
            webhooks=webhooks,
            settlements=settlements,
            sender=self._sender,
        )
        pages = Checkout(payments, invoices).routes()
        self._server = Server(port, self._site(api, pages))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="standin")
        if webhook_url:
            with self._ledger.transaction():
                webhooks.register_at_start(webhook_url, webhook_secret)

    def _site(self, api: tuple[Route, ...], checkout: tuple[Route, ...]) -> Site:
        return Site(
            ledger=self._ledger,
            keys=Keys(self.secret_key),
            faults=self._faults,
            api=api,
            checkout=checkout,
            control=self.control.routes(),
            on_change=self._sender.wake,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/v1"

    def start(self) -> None:
        self._sender.start()
        self._thread.start()

    def stop(self) -> None:
        self._faults.close()
        self._server.stop()
        self._thread.join()
        self._sender.stop()
        self._ledger.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
