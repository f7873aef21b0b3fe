from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "apps.payments"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Payments")

    def ready(self):
        from apps.accounts.erasure import add_erasure_part
        from apps.accounts.selectors import add_export_part
        from apps.bookings import money
        from apps.bookings.events import BookingCancelled, BookingCompleted, BookingRepriced
        from apps.bookings.story import contribute
        from apps.common.events import subscribe
        from apps.payments import booking_money, einvoicing, erasure
        from apps.payments.events import PaymentReceived, PaymentReserved, RefundSucceeded
        from apps.payments.handlers import return_money, return_surplus, return_the_rest, tidy_up_after
        from apps.payments.selectors import own_payments, own_refunds, own_tax_documents

        add_export_part("payments", own_payments)
        add_export_part("refunds", own_refunds)
        add_export_part("tax_documents", own_tax_documents)
        add_erasure_part(erasure)
        money.answer_with(booking_money)
        contribute(booking_money.tell_money)
        subscribe(BookingCancelled, return_money)
        subscribe(BookingRepriced, return_surplus)
        for event in (BookingCancelled, BookingCompleted, BookingRepriced, PaymentReceived, PaymentReserved):
            subscribe(event, tidy_up_after)
        subscribe(RefundSucceeded, return_the_rest)
        if einvoicing.is_on():
            einvoicing.provider()  # a wrong name stops the start
