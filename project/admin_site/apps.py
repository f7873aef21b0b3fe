from django.contrib.admin.apps import AdminConfig


class SalonAdminConfig(AdminConfig):
    """Takes the place of ``django.contrib.admin`` so that every model registers on our own site."""

    default_site = "project.admin_site.site.SalonAdminSite"

    def ready(self):
        super().ready()
        from django.contrib import admin

        from apps.bookings.models import Booking
        from apps.payments.admin import UnpaidFilter

        # Bookings stand below payments in the stack of apps and know nothing of them.
        bookings = admin.site.get_model_admin(Booking)
        bookings.list_filter = [*bookings.list_filter, UnpaidFilter]
