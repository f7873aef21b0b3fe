"""The public catalogue: anybody may read it, signed in or not."""

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.permissions import AllowAny

from apps.common.errors import Missing
from apps.salons import selectors
from apps.salons.api.serializers import (
    ReviewSerializer,
    SalonQuery,
    SalonSerializer,
    ServiceSerializer,
    StaffQuery,
    StaffSerializer,
)
from apps.salons.models import Review, Salon, Service, Staff


class PublicView(generics.GenericAPIView):
    """Tokens are not looked at, so that an expired one never hides a public page."""

    authentication_classes = []
    permission_classes = [AllowAny]


class SalonList(PublicView, generics.ListAPIView):
    serializer_class = SalonSerializer
    queryset = Salon.objects.none()

    @extend_schema(parameters=[SalonQuery])
    def get(self, request, *args, **kwargs):
        """Salons open for business."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self):
        query = SalonQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        salons = selectors.listed_salons()
        for name in ("city", "audience"):
            if name in query.validated_data:
                salons = salons.filter(**{name: query.validated_data[name]})
        if term := query.validated_data.get("search"):
            salons = salons.named(term)
        return salons


class SalonDetail(PublicView, generics.RetrieveAPIView):
    """One salon with its booking rules."""

    serializer_class = SalonSerializer
    lookup_field = "slug"

    def get_queryset(self):
        return selectors.listed_salons()


class OfSalon(PublicView, generics.ListAPIView):
    """A list that belongs to the salon named in the address."""

    @cached_property
    def salon(self):
        salon = selectors.listed_salon(self.kwargs["slug"])
        if salon is None:
            raise Missing
        return salon


class ServiceList(OfSalon):
    """What the salon sells, in the order of its price list."""

    serializer_class = ServiceSerializer
    queryset = Service.objects.none()

    def get_queryset(self):
        return selectors.bookable_services(self.salon)


class StaffList(OfSalon):
    serializer_class = StaffSerializer
    queryset = Staff.objects.none()

    @extend_schema(parameters=[StaffQuery])
    def get(self, request, *args, **kwargs):
        """Who takes bookings."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self):
        query = StaffQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        return selectors.bookable_staff(self.salon, query.validated_data.get("service"))


class ReviewList(OfSalon):
    """Published reviews, newest first."""

    serializer_class = ReviewSerializer
    queryset = Review.objects.none()

    def get_queryset(self):
        return selectors.published_reviews(self.salon)
