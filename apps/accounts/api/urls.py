"""Addresses below `/api/v1/`."""

from django.urls import path

from apps.accounts.api import views

urlpatterns = [
    path("auth/otp/request/", views.OtpRequest.as_view(), name="auth-otp-request"),
    path("auth/otp/verify/", views.OtpVerify.as_view(), name="auth-otp-verify"),
    path("auth/token/refresh/", views.TokenRefresh.as_view(), name="auth-token-refresh"),
    path("auth/logout/", views.Logout.as_view(), name="auth-logout"),
    path("me/", views.Me.as_view(), name="me"),
    path("me/phone/", views.PhoneChange.as_view(), name="me-phone"),
    path("me/phone/verify/", views.PhoneChangeVerify.as_view(), name="me-phone-verify"),
    path("me/export/", views.OwnData.as_view(), name="me-export"),
]
