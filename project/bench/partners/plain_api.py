"""Booking and a price list as the tutorials of REST framework end: model serializers, its own tokens, no guard."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.bookings.models import Booking
from apps.salons.models import Customer, Service, ServiceCategory, Staff
from project.bench.world import new_booking


class PlainBooking(serializers.ModelSerializer):
    """Look, then insert; the history is written by the signal."""

    service = serializers.SlugRelatedField(slug_field="public_id", queryset=Service.objects.select_related("salon"))
    staff = serializers.SlugRelatedField(slug_field="public_id", queryset=Staff.objects.all())

    class Meta:
        model = Booking
        fields = ("id", "reference", "service", "staff", "starts_at", "ends_at", "status", "price_amount")
        read_only_fields = ("id", "reference", "ends_at", "status", "price_amount")

    def create(self, validated_data: dict[str, Any]) -> Booking:
        service, staff = validated_data["service"], validated_data["staff"]
        person = self.context["request"].user
        card = Customer.objects.get(salon=service.salon, user=person)
        booking = new_booking(service.salon, service, person, card.pk, staff, validated_data["starts_at"])
        if Booking.objects.filter(staff=staff).occupying(booking.occupied_from, booking.occupied_until).exists():
            raise serializers.ValidationError("This time is taken.")
        booking.save()
        return booking


class PlainBookings(generics.CreateAPIView):
    """One POST, one booking."""

    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    serializer_class = PlainBooking


class PlainCategory(serializers.ModelSerializer):
    class Meta:
        model = ServiceCategory
        fields = ("public_id", "name")


class PlainService(serializers.ModelSerializer):
    """The same fields as ours."""

    category = PlainCategory()

    class Meta:
        model = Service
        fields = ("public_id", "name", "description_en", "category", "duration_minutes", "price_amount")


class PlainServices(generics.ListAPIView):
    """All bookable services, page by page."""

    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = PlainService

    def get_queryset(self) -> QuerySet[Service]:
        return Service.objects.bookable().select_related("category")
