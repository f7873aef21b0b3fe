from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "apps.bookings"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Bookings")

    def ready(self):
        from apps.accounts.erasure import add_erasure_part
        from apps.accounts.selectors import add_export_part
        from apps.bookings import consequences, erasure
        from apps.bookings.selectors import own_bookings, own_changes
        from apps.salons.consequences import answer_with

        add_export_part("bookings", own_bookings)
        add_export_part("booking_changes", own_changes)
        add_erasure_part(erasure)
        answer_with(consequences)
