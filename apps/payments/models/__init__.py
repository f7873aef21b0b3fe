from apps.payments.models.gateway import ReconciliationFinding, ReconciliationRun, WebhookEvent, WebhookRefusal
from apps.payments.models.journal import MoneyEvent
from apps.payments.models.payment import Payment
from apps.payments.models.refund import Refund
from apps.payments.models.tax import TaxDocument, TaxSequence, TaxSubmission
from apps.payments.models.till import TillCount

__all__ = [
    "MoneyEvent",
    "Payment",
    "ReconciliationFinding",
    "ReconciliationRun",
    "Refund",
    "TaxDocument",
    "TaxSequence",
    "TaxSubmission",
    "TillCount",
    "WebhookEvent",
    "WebhookRefusal",
]
