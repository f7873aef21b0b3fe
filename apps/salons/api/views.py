"""The public catalogue: anybody may read it, signed in or not."""

from django.utils.functional import cached_property
from rest_framework import generics
from rest_framework.permissions import AllowAny

from apps.common.api.serializers import StrictSerializer
from apps.common.errors import Missing
from apps.salons import selectors
from apps.salons.api.serializers import (
    PageQuery,
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


class PublicList(PublicView, generics.ListAPIView):
    """What the address asks for is judged by `query_class`, which the schema shows, and is `asked` then."""

    query_class: type[StrictSerializer] = PageQuery

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        query = self.query_class(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        self.asked = query.validated_data


class SalonList(PublicList):
    """Salons open for business."""

    query_class = SalonQuery
    serializer_class = SalonSerializer
    queryset = Salon.objects.none()

    def get_queryset(self):
        salons = selectors.listed_salons()
        for name in ("city", "audience"):
            if name in self.asked:
                salons = salons.filter(**{name: self.asked[name]})
        if term := self.asked.get("search"):
            salons = salons.named(term)
        return salons


class SalonDetail(PublicView, generics.RetrieveAPIView):
    """One salon with its booking rules."""

    serializer_class = SalonSerializer
    lookup_field = "slug"

    def get_queryset(self):
        return selectors.listed_salons()


class OfSalon(PublicList):
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
    """Who takes bookings."""

    query_class = StaffQuery
    serializer_class = StaffSerializer
    queryset = Staff.objects.none()

    def get_queryset(self):
        return selectors.bookable_staff(self.salon, self.asked.get("service"))


class ReviewList(OfSalon):
    """Published reviews, newest first."""

    serializer_class = ReviewSerializer
    queryset = Review.objects.none()

    def get_queryset(self):
        return selectors.published_reviews(self.salon)
