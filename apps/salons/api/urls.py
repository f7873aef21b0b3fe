from django.urls import path

from apps.common.api.kept import kept
from apps.salons.api import views

urlpatterns = [
    path("salons/", kept(views.SalonList.as_view()), name="salon-list"),
    path("salons/<slug:slug>/", kept(views.SalonDetail.as_view()), name="salon-detail"),
    path("salons/<slug:slug>/services/", kept(views.ServiceList.as_view()), name="salon-services"),
    path("salons/<slug:slug>/staff/", kept(views.StaffList.as_view()), name="salon-staff"),
    path("salons/<slug:slug>/reviews/", kept(views.ReviewList.as_view()), name="salon-reviews"),
]
