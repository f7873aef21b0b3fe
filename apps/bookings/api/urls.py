from django.urls import path

from apps.bookings.api import views
from apps.bookings.api.serializers import BookingSerializer


def booking_urls(body=BookingSerializer):
    """Addresses of slots and bookings; `body` is the serializer of a booking, perhaps with more of it than we know."""
    return [
        path("salons/<slug:slug>/slots/", views.SlotList.as_view(), name="salon-slots"),
        path("bookings/", views.BookingList.as_view(serializer_class=body), name="booking-list"),
        path("bookings/quote/", views.BookingQuote.as_view(), name="booking-quote"),
        path("bookings/<uuid:pk>/", views.BookingDetail.as_view(serializer_class=body), name="booking-detail"),
        path("bookings/<uuid:pk>/calendar/", views.BookingCalendar.as_view(), name="booking-calendar"),
        path("bookings/<uuid:pk>/cancel/", views.BookingCancel.as_view(serializer_class=body), name="booking-cancel"),
        path(
            "bookings/<uuid:pk>/reschedule/",
            views.BookingReschedule.as_view(serializer_class=body),
            name="booking-reschedule",
        ),
        path("bookings/<uuid:pk>/review/", views.BookingReview.as_view(serializer_class=body), name="booking-review"),
    ]
