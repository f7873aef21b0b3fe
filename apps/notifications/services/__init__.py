"""Messages to customers: planned with the fact they tell, sent once it is stored, settled by what the provider said."""

from apps.notifications.services.delivery import deliver, deliver_due, request_delivery
from apps.notifications.services.planning import plan_reminders, queue_message, tell_anew
from apps.notifications.services.reports import ask_for_reports, record_receipt
from apps.notifications.services.resending import RETRYABLE, retry_notification

__all__ = [
    "RETRYABLE",
    "ask_for_reports",
    "deliver",
    "deliver_due",
    "plan_reminders",
    "queue_message",
    "record_receipt",
    "request_delivery",
    "retry_notification",
    "tell_anew",
]
