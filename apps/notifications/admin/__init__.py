from apps.notifications.admin.message import DeliveryReceiptAdmin, NotificationAdmin
from apps.notifications.admin.settings import MessageSettingsAdmin
from apps.notifications.admin.template import TemplateAdmin

__all__ = ["DeliveryReceiptAdmin", "MessageSettingsAdmin", "NotificationAdmin", "TemplateAdmin"]
