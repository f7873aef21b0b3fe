from apps.notifications.admin.message import DeliveryReceiptAdmin, NotificationAdmin
from apps.notifications.admin.template import TemplateAdmin

__all__ = ["DeliveryReceiptAdmin", "NotificationAdmin", "TemplateAdmin"]
