from apps.payments.models.ledger import ReconciliationFinding, ReconciliationRun, TaxDocument, WebhookEvent
from apps.payments.models.payment import Payment, Refund

__all__ = ["Payment", "ReconciliationFinding", "ReconciliationRun", "Refund", "TaxDocument", "WebhookEvent"]
