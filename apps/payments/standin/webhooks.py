"""Webhooks: who is registered and what is to be sent.

Events are written in the transaction of the change they tell of, so a killed stand-in still sends them later.
"""

import json
import secrets
import time
from datetime import timedelta
from uuid import uuid4

from apps.payments.standin.clock import Clock, stamp
from apps.payments.standin.ledger import Ledger
from apps.payments.standin.listing import page_of
from apps.payments.standin.messages import Json, Refused, Reply, json_reply
from apps.payments.standin.switches import Switches

EVENTS = (
    "payment_paid",
    "payment_failed",
    "payment_refunded",
    "payment_voided",
    "payment_authorized",
    "payment_captured",
    "payment_verified",
    "payment_abandoned",
)
VERIFICATION = "webhook_verification"
CODE_LIFETIME = timedelta(minutes=30)
CODE_TRIES = 5


def public(body: Json) -> Json:
    """An object without the stand-in's own keys."""
    return {key: value for key, value in body.items() if not key.startswith("_")}


class Webhooks:
    """The registry and the outbox of events."""

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches) -> None:
        self._ledger, self._clock, self._switches = ledger, clock, switches

    def register(self, fields: Json) -> Json:
        url, secret, events = fields.get("url"), fields.get("shared_secret"), fields.get("events")
        wrong = {}
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            wrong["url"] = ["The url is not valid."]
        if not isinstance(secret, str) or not secret:
            wrong["shared_secret"] = ["The shared secret is required."]
        if wrong:
            raise Refused(400, "validation_error", "Validation Failed", wrong)
        webhook = {
            "id": str(uuid4()),
            "http_method": fields.get("http_method", "post"),
            "url": url,
            "created_at": self._clock.stamp(),
            "events": list(events or EVENTS),
            "_secret": secret,
        }
        if self._switches.webhook_verification:
            webhook |= {"verified": False, "verified_at": None} | self._new_code()
        self._ledger.webhooks.add(webhook)
        if self._switches.webhook_verification:
            self._send_code(webhook)
        return public(webhook)

    def verify(self, webhook_id: str, fields: Json) -> Json | Reply:
        """Take the code back. A wrong one is an answer and no exception, which would undo that it was counted.

        How the gateway names a code that is too old or was guessed at too often is not documented.
        """
        webhook = self._get(webhook_id)
        if webhook.get("verified") is not False:
            raise Refused(400, "invalid_request_error", "The webhook is verified already.")
        if webhook["_tries"] >= CODE_TRIES or self._clock.stamp() > webhook["_code_until"]:
            raise Refused(400, "webhook_verification_expired", "Request a new verification code")
        if fields.get("code") != webhook["_code"]:
            webhook["_tries"] += 1
            self._ledger.webhooks.save(webhook)
            return json_reply(400, Refused(400, "webhook_verification_invalid", "Verification code is incorrect").body)
        webhook |= {"verified": True, "verified_at": self._clock.stamp()}
        self._ledger.webhooks.save(webhook)
        return public(webhook)

    def register_at_start(self, url: str, secret: str) -> None:
        """Register the address given at the start, in place of the one of an earlier start."""
        for webhook in self._ledger.webhooks.find():
            if webhook["url"] == url or webhook.get("_at_start"):
                self._ledger.webhooks.remove(webhook["id"])
        registered = self.register({"url": url, "shared_secret": secret})
        self._ledger.webhooks.save(registered | {"_secret": secret, "_at_start": True})

    def listing(self) -> Json:
        return {"webhooks": [public(webhook) for webhook in self._ledger.webhooks.find()]}

    def fetch(self, webhook_id: str) -> Json:
        return public(self._get(webhook_id))

    def delete(self, webhook_id: str) -> Json:
        if not self._ledger.webhooks.remove(webhook_id):
            raise Refused(404, "record_not_found", "Object not found")
        return {"message": "Webhook was deleted successfully"}

    def attempts(self, query: dict[str, str]) -> Json:
        attempts, meta = page_of(self._ledger.attempts, query)
        return {"webhook_attempts": attempts, "meta": meta}

    def attempt(self, attempt_id: str) -> Json:
        attempt = self._ledger.attempts.get(attempt_id)
        if attempt is None:
            raise Refused(404, "record_not_found", "Object not found")
        return attempt

    def announce(self, event_type: str, data: Json) -> None:
        """Write one event for every webhook that wants it, with its copies."""
        spelled = self._switches.failed_event if event_type == "payment_failed" else event_type
        for webhook in self._ledger.webhooks.find():
            if not {event_type, spelled} & set(webhook["events"]) or webhook.get("verified") is False:
                continue
            event = self._envelope(webhook, spelled, public(data)) | {"live": self._switches.webhook_live}
            for _ in range(self._switches.webhook_copies):
                self._enqueue(webhook["id"], event["id"], spelled, webhook["url"], event)

    def call_back(self, url: str, invoice: Json) -> None:
        """Write the invoice's own callback: the object alone, no secret, and no retry that is documented."""
        self._enqueue(None, str(uuid4()), "callback", url, invoice)

    def _get(self, webhook_id: str) -> Json:
        webhook = self._ledger.webhooks.get(webhook_id)
        if webhook is None:
            raise Refused(404, "record_not_found", "Object not found")
        return webhook

    def _new_code(self) -> Json:
        until = stamp(self._clock.now() + CODE_LIFETIME)
        return {"_code": f"{secrets.randbelow(10**6):06d}", "_code_until": until, "_tries": 0}

    def _send_code(self, webhook: Json) -> None:
        """Sent once: an event without a webhook of its own is not tried again."""
        event = self._envelope(
            webhook, VERIFICATION, {"webhook_id": webhook["id"], "verification_code": webhook["_code"]}
        )
        self._enqueue(None, event["id"], VERIFICATION, webhook["url"], event)

    def _envelope(self, webhook: Json, kind: str, data: Json) -> Json:
        return {
            "id": str(uuid4()),
            "type": kind,
            "created_at": self._clock.stamp(),
            "secret_token": self._switches.webhook_secret or webhook["_secret"],
            "account_name": "Stand-in",
            "data": data,
        }

    def _enqueue(self, webhook_id: str | None, event_id: str, kind: str, url: str, body: Json) -> None:
        state = "lost" if self._switches.webhook_mute else "held" if self._switches.webhook_hold else "pending"
        due_at = time.time() + self._switches.webhook_delay_seconds
        self._ledger.execute(
            "INSERT INTO delivery (webhook_id, event_id, event_type, url, body, due_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (webhook_id, event_id, kind, url, json.dumps(body), due_at, state),
        )

    def release(self, order: str | list[int], lose: list[int]) -> int:
        """Let held deliveries go: `given`, `reversed` or indexes in the wished order, some of them lost.

        Return how many go. Raise ValueError when the indexes do not fit.
        """
        held = self._ledger.deliveries("held")
        orders = {"given": list(range(len(held))), "reversed": list(reversed(range(len(held))))}
        wished = orders.get(order) if isinstance(order, str) else order
        if wished is None or sorted(wished) != orders["given"] or not set(lose) <= set(wished):
            raise ValueError("The order must name each held delivery once.")
        now = time.time()
        for position, index in enumerate(wished):
            state = "lost" if index in lose else "pending"
            self._ledger.execute(
                "UPDATE delivery SET state = ?, position = ?, due_at = ? WHERE seq = ?",
                (state, position, now, held[index]["seq"]),
            )
        return len(wished) - len(set(lose))
