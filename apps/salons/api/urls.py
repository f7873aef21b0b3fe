from django.urls import path

from apps.salons.api import views

urlpatterns = [
    path("salons/", views.SalonList.as_view(), name="salon-list"),
    path("salons/<slug:slug>/", views.SalonDetail.as_view(), name="salon-detail"),
    path("salons/<slug:slug>/services/", views.ServiceList.as_view(), name="salon-services"),
    path("salons/<slug:slug>/staff/", views.StaffList.as_view(), name="salon-staff"),
    path("salons/<slug:slug>/reviews/", views.ReviewList.as_view(), name="salon-reviews"),
]
