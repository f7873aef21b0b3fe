"""The use cases of money. No transaction is open while the gateway is asked; only what it then shows moves money."""

from apps.payments.services.payments import record_payment, refresh_payment, resolve_payments, start_payment
from apps.payments.services.reconciliation import explain_finding, reconcile_payments
from apps.payments.services.refunds import (
    approve_refund,
    carry_out_refund,
    reject_refund,
    request_refund,
    resolve_refunds,
    return_money_of,
    return_what_is_owed,
    send_refund,
)
from apps.payments.services.webhooks import process_webhooks, receive_webhook, replay_webhook

__all__ = [
    "approve_refund",
    "carry_out_refund",
    "explain_finding",
    "process_webhooks",
    "receive_webhook",
    "reconcile_payments",
    "record_payment",
    "refresh_payment",
    "reject_refund",
    "replay_webhook",
    "request_refund",
    "resolve_payments",
    "resolve_refunds",
    "return_money_of",
    "return_what_is_owed",
    "send_refund",
    "start_payment",
]
