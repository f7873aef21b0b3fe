"""The documented calls under /v1: who may make them and which rule answers."""

import base64
import binascii
from dataclasses import dataclass

from apps.payments.standin.invoices import Invoices
from apps.payments.standin.messages import Refused, Reply, Request, Route, html_reply
from apps.payments.standin.payments import Payments
from apps.payments.standin.settlements import Settlements
from apps.payments.standin.webhooks import EVENTS, Webhooks

FIREWALL_PAGE = "<!DOCTYPE html><title>Access denied</title><h1>Error 1010</h1>"


@dataclass(frozen=True)
class Keys:
    """The account's secret key and the publishable key that belongs to it."""

    secret: str

    @property
    def publishable(self) -> str:
        return self.secret.replace("sk_", "pk_", 1)

    def admit(self, request: Request, operation: str) -> None:
        """Refuse a wrong key, a live key, and a publishable key anywhere but where it may create."""
        key = _basic_user(request.headers.get("authorization", ""))
        if key.startswith(("sk_live_", "pk_live_")):
            raise Refused(405, "account_inactive_error", "Account is not active")
        if key not in (self.secret, self.publishable):
            raise Refused(401, "authentication_error", "Invalid authorization credentials")
        if key == self.publishable and operation != "create_payment":
            raise Refused(403, "api_error", "User not authorized")


def firewall(request: Request) -> Reply | None:
    """The gateway's firewall turns away the default name of Python's own HTTP library, in HTML."""
    agent = request.headers.get("user-agent", "")
    return html_reply(403, FIREWALL_PAGE) if not agent or agent.startswith("Python-urllib") else None


def routes(payments: Payments, invoices: Invoices, webhooks: Webhooks, settlements: Settlements) -> tuple[Route, ...]:
    return (
        Route("POST", "/v1/payments", "create_payment", lambda ask: payments.create(ask.json()), 201),
        Route("GET", "/v1/payments", "list_payments", lambda ask: payments.listing(ask.query)),
        Route("GET", "/v1/payments/<id>", "fetch_payment", lambda ask, key: payments.fetch(key)),
        Route("PUT", "/v1/payments/<id>", "update_payment", lambda ask, key: payments.update(key, ask.json())),
        Route("POST", "/v1/payments/<id>/capture", "capture", lambda ask, key: payments.capture(key, ask.json())),
        Route("POST", "/v1/payments/<id>/void", "void", lambda ask, key: payments.void(key, ask.json())),
        Route("POST", "/v1/payments/<id>/refund", "refund", lambda ask, key: payments.refund(key, ask.json())),
        Route("POST", "/v1/invoices", "create_invoice", lambda ask: invoices.create(ask.json()), 201),
        Route("POST", "/v1/invoices/bulk", "create_invoices", lambda ask: invoices.create_many(ask.json()), 201),
        Route("GET", "/v1/invoices", "list_invoices", lambda ask: invoices.listing(ask.query)),
        Route("GET", "/v1/invoices/<id>", "fetch_invoice", lambda ask, key: invoices.fetch(key)),
        Route("PUT", "/v1/invoices/<id>", "update_invoice", lambda ask, key: invoices.update(key, ask.json())),
        Route("PUT", "/v1/invoices/<id>/cancel", "cancel_invoice", lambda ask, key: invoices.cancel(key)),
        Route("POST", "/v1/webhooks", "create_webhook", lambda ask: webhooks.register(ask.json()), 201),
        Route("GET", "/v1/webhooks", "list_webhooks", lambda ask: webhooks.listing()),
        Route("GET", "/v1/webhooks/available_events", "list_events", lambda ask: {"events": list(EVENTS)}),
        Route("GET", "/v1/webhooks/attempts", "list_attempts", lambda ask: webhooks.attempts(ask.query)),
        Route("GET", "/v1/webhooks/attempts/<id>", "fetch_attempt", lambda ask, key: webhooks.attempt(key)),
        Route("GET", "/v1/webhooks/<id>", "fetch_webhook", lambda ask, key: webhooks.fetch(key)),
        Route("POST", "/v1/webhooks/<id>/verify", "verify_webhook", lambda ask, key: webhooks.verify(key, ask.json())),
        Route("DELETE", "/v1/webhooks/<id>", "delete_webhook", lambda ask, key: webhooks.delete(key)),
        Route("GET", "/v1/settlements", "list_settlements", lambda ask: settlements.listing(ask.query)),
        Route(
            "GET",
            "/v1/settlements/<id>/lines",
            "list_settlement_lines",
            lambda ask, key: settlements.lines(key, ask.query),
        ),
    )


def _basic_user(header: str) -> str:
    """The user of a Basic header with an empty password, else nothing."""
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return "" if password or not header.startswith("Basic ") else user
