from apps.payments.admin.documents import TaxDocumentAdmin, TaxSubmissionAdmin
from apps.payments.admin.gateway import WebhookEventAdmin
from apps.payments.admin.journal import MoneyEventAdmin
from apps.payments.admin.payment import PaymentAdmin
from apps.payments.admin.reconciliation import ReconciliationFindingAdmin, ReconciliationRunAdmin
from apps.payments.admin.refund import RefundAdmin
from apps.payments.admin.till import TillCountAdmin
from apps.payments.admin.unpaid import UnpaidFilter

__all__ = [
    "MoneyEventAdmin",
    "PaymentAdmin",
    "ReconciliationFindingAdmin",
    "ReconciliationRunAdmin",
    "RefundAdmin",
    "TaxDocumentAdmin",
    "TaxSubmissionAdmin",
    "TillCountAdmin",
    "UnpaidFilter",
    "WebhookEventAdmin",
]
