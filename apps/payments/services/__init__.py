"""The use cases of money. No transaction is open while the gateway is asked; only what it then shows moves money."""

from apps.payments.services.decisions import Finding, decide_refund, give_up_refund, look_into_refund, send_refund_again
from apps.payments.services.einvoicing import count_unreported, enqueue_documents, report_document, report_documents
from apps.payments.services.findings import explain_finding, is_intact
from apps.payments.services.payments import Wallet, record_payment, refresh_payment, start_payment
from apps.payments.services.reconciliation import reconcile_payments
from apps.payments.services.refunds import (
    approve_refund,
    carry_out_refund,
    reject_refund,
    request_refund,
    return_money_of,
    return_what_is_owed,
)
from apps.payments.services.resolving import release_reserved, resolve_payments, take_reserved, tidy_up
from apps.payments.services.reviews import accept_payment, close_payment, return_payment
from apps.payments.services.sending import record_external_refund, resolve_refunds, send_refund
from apps.payments.services.till import correct_till_count, count_till
from apps.payments.services.webhooks import process_webhooks, receive_webhook, replay_webhook

__all__ = [
    "Finding",
    "Wallet",
    "accept_payment",
    "approve_refund",
    "carry_out_refund",
    "close_payment",
    "correct_till_count",
    "count_till",
    "count_unreported",
    "decide_refund",
    "enqueue_documents",
    "explain_finding",
    "give_up_refund",
    "is_intact",
    "look_into_refund",
    "process_webhooks",
    "receive_webhook",
    "reconcile_payments",
    "record_external_refund",
    "record_payment",
    "refresh_payment",
    "reject_refund",
    "release_reserved",
    "replay_webhook",
    "report_document",
    "report_documents",
    "request_refund",
    "resolve_payments",
    "resolve_refunds",
    "return_money_of",
    "return_payment",
    "return_what_is_owed",
    "send_refund",
    "send_refund_again",
    "start_payment",
    "take_reserved",
    "tidy_up",
]
