from django.urls import path

from apps.notifications.api import views

urlpatterns = [
    path("webhooks/twilio/", views.TwilioCallbackView.as_view(), name="webhook-twilio"),
    path("webhooks/unifonic/<str:secret>/", views.UnifonicCallbackView.as_view(), name="webhook-unifonic"),
]
