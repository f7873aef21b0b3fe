from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "apps.payments"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Payments")

    def ready(self):
        from apps.accounts.selectors import add_export_part
        from apps.bookings.events import BookingCancelled, BookingRepriced
        from apps.common.events import subscribe
        from apps.payments.handlers import return_money, return_surplus
        from apps.payments.selectors import own_payments

        add_export_part("payments", own_payments)
        subscribe(BookingCancelled, return_money)
        subscribe(BookingRepriced, return_surplus)
