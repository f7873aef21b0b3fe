"""Moyasar's HTTP API: plain values in, frozen objects or one sorted `GatewayError` out."""

from apps.payments.moyasar.client import MoyasarClient
from apps.payments.moyasar.errors import (
    GatewayBusy,
    GatewayError,
    GatewayMisconfigured,
    GatewayMissing,
    GatewayOutcomeUnknown,
    GatewayRejected,
    GatewayUnreachable,
)
from apps.payments.moyasar.objects import GatewayInvoice, GatewayPayment, Settlement, SettlementLine

__all__ = [
    "GatewayBusy",
    "GatewayError",
    "GatewayInvoice",
    "GatewayMisconfigured",
    "GatewayMissing",
    "GatewayOutcomeUnknown",
    "GatewayPayment",
    "GatewayRejected",
    "GatewayUnreachable",
    "MoyasarClient",
    "Settlement",
    "SettlementLine",
]
