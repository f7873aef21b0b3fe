from django.urls import path

from apps.payments.api import views
from apps.payments.api.webhooks import MoyasarWebhook

urlpatterns = [
    path("bookings/<uuid:pk>/payment/", views.BookingPayment.as_view(), name="booking-payment"),
    path("bookings/<uuid:pk>/payment/refresh/", views.BookingPaymentRefresh.as_view(), name="booking-payment-refresh"),
    path("webhooks/moyasar/", MoyasarWebhook.as_view(), name="webhook-moyasar"),
]
