"""Addresses that a customer's browser may open anew. All show the one page; the page itself reads the address."""

from django.urls import path

from apps.storefront.views import page

PLACES = {
    "home": "",
    "salon": "salons/<slug:slug>/",
    "times": "salons/<slug:slug>/<uuid:service>/",
    "confirm": "salons/<slug:slug>/<uuid:service>/confirm/",
    "bookings": "bookings/",
    "booking": "bookings/<uuid:booking>/",
    "move": "bookings/<uuid:booking>/move/",
    "profile": "profile/",
}

urlpatterns = [
    *(path(place, page, name=f"storefront-{name}") for name, place in PLACES.items()),
    # Where the gateway sends a customer back to. It says nothing about the money: only what is fetched does.
    path("bookings/<uuid:booking>/payment/", page, name="payment-return"),
]
