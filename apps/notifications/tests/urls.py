"""The callbacks under their public prefix, so that these tests need no other app's addresses."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("apps.notifications.api.urls"))]
