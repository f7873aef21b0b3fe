from apps.payments.admin.documents import TaxDocumentAdmin
from apps.payments.admin.gateway import ReconciliationFindingAdmin, ReconciliationRunAdmin, WebhookEventAdmin
from apps.payments.admin.payment import PaymentAdmin
from apps.payments.admin.refund import RefundAdmin

__all__ = [
    "PaymentAdmin",
    "ReconciliationFindingAdmin",
    "ReconciliationRunAdmin",
    "RefundAdmin",
    "TaxDocumentAdmin",
    "WebhookEventAdmin",
]
