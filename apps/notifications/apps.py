from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Messages")

    def ready(self):
        from apps.accounts.erasure import add_erasure_part
        from apps.accounts.selectors import add_export_part
        from apps.bookings.story import contribute
        from apps.notifications import erasure, handlers
        from apps.notifications.selectors import own_messages
        from apps.notifications.story import tell_messages

        add_export_part("messages", own_messages)
        add_erasure_part(erasure)
        contribute(tell_messages)
        handlers.subscribe()
