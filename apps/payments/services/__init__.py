"""The use cases of money. No transaction is open while the gateway is asked; only what it then shows moves money."""

from apps.payments.services.payments import record_payment, refresh_payment, resolve_payments, start_payment
from apps.payments.services.reconciliation import reconcile_payments
from apps.payments.services.refunds import (
    approve_refund,
    request_refund,
    resolve_refunds,
    return_money_of,
    send_refund,
)
from apps.payments.services.webhooks import process_webhooks, receive_webhook, replay_webhook

__all__ = [
    "approve_refund",
    "process_webhooks",
    "receive_webhook",
    "reconcile_payments",
    "record_payment",
    "refresh_payment",
    "replay_webhook",
    "request_refund",
    "resolve_payments",
    "resolve_refunds",
    "return_money_of",
    "send_refund",
    "start_payment",
]
