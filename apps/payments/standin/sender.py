"""Delivers webhooks as the gateway does: in order, with five more tries when the receiver does not answer 2xx."""

import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from uuid import uuid4

from apps.payments.standin.clock import Clock
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.messages import Json

RETRY_WAITS = (60, 600, 1800, 3600, 7200)
"""The gateway's seconds before the second to sixth attempt; the sender scales them down."""
ATTEMPT_TIMEOUT = 5


class Sender:
    """One thread that delivers what is due, in order, and plans the retries."""

    def __init__(self, ledger: Ledger, clock: Clock, retry_scale: float) -> None:
        self._ledger, self._clock, self._scale = ledger, clock, retry_scale
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="standin-webhooks", daemon=True)
        # Straight to the receiver, whatever proxy the environment names.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _AsAnswered)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        self._wake.set()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No delivery is on its way inside the block."""
        with self._turn:
            yield

    def deliver_due(self) -> None:
        """Deliver everything that is due. On return nothing due is left, whoever delivered it."""
        with self._turn:
            while not self._stopping and (delivery := self._next("due_at <= ?", time.time())):
                self._attempt(delivery)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self.deliver_due()
            upcoming = self._next("due_at > ?", 0)
            self._wake.wait(max(0, upcoming["due_at"] - time.time()) if upcoming else None)

    def _next(self, condition: str, moment: float) -> Json | None:
        with self._ledger.transaction():
            rows = self._ledger.execute(
                f"SELECT * FROM delivery WHERE state = 'pending' AND {condition}"  # noqa: S608 - ours
                " ORDER BY due_at, position, seq LIMIT 1",
                (moment,),
            )
            return next((dict(row) for row in rows.fetchall()), None)

    def _attempt(self, delivery: Json) -> None:
        code, headers, answer = self._post(delivery["url"], delivery["body"])
        delivered, number = 200 <= code < 300, delivery["retry_number"]
        waits = RETRY_WAITS if delivery["webhook_id"] else ()
        due_at = time.time() + (waits[number] * self._scale if number < len(waits) else 0)
        state = "delivered" if delivered else "pending" if number < len(waits) else "dropped"
        attempt = {
            "id": str(uuid4()),
            "webhook_id": delivery["webhook_id"],
            "event_id": delivery["event_id"],
            "event_type": delivery["event_type"],
            "retry_number": number + 1,
            "result": "success" if delivered else "failed",
            "message": f"Webhook message was {'delivered successfully' if delivered else 'not delivered'}",
            "response_code": code or None,
            "response_headers": headers,
            "response_body": answer,
            "created_at": self._clock.stamp(),
        }
        with self._ledger.transaction():
            self._ledger.attempts.add(attempt)
            self._ledger.execute(
                "UPDATE delivery SET state = ?, due_at = ?, retry_number = ? WHERE seq = ?",
                (state, due_at, number + 1, delivery["seq"]),
            )

    def _post(self, url: str, body: str) -> tuple[int, str, str]:
        """Return status (0 when there was no answer), headers and body."""
        headers = {"Content-Type": "application/json", "User-Agent": "standin-webhooks/1.0"}
        request = urllib.request.Request(url, body.encode(), headers)  # noqa: S310 - http(s) at registration
        try:
            with self._opener.open(request, timeout=ATTEMPT_TIMEOUT) as response:
                return response.status, str(response.headers), response.read(10_000).decode("utf-8", "replace")
        except (OSError, ValueError, HTTPException) as error:
            return 0, "", type(error).__name__


class _AsAnswered(urllib.request.HTTPErrorProcessor):
    """Keeps redirects and errors as the answers they are."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response

    https_response = http_response
