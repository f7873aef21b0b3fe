"""Everything below `/api/v1/`; each app owns the addresses in its `api/urls.py`."""

from apps.accounts.api.urls import urlpatterns as account_urls
from apps.bookings.api.urls import booking_urls
from apps.notifications.api.urls import urlpatterns as notification_urls
from apps.payments.api.serializers import PayableBookingSerializer
from apps.payments.api.urls import urlpatterns as payment_urls
from apps.salons.api.urls import urlpatterns as salon_urls

urlpatterns = [
    *account_urls,
    *salon_urls,
    # A booking's body shows its payment, which bookings themselves know nothing of.
    *booking_urls(body=PayableBookingSerializer),
    *payment_urls,
    *notification_urls,
]
