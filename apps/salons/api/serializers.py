from rest_framework import serializers

from apps.common.api.serializers import PublicIdField, StrictSerializer
from apps.common.money import CURRENCY
from apps.common.text import localized
from apps.salons.models import Salon, Service


class SalonSerializer(serializers.Serializer):
    """A salon as customers see it; `rating` is the mean of published reviews or null."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    city = serializers.CharField(source="get_city_display")
    audience = serializers.ChoiceField(choices=Salon.Audience.choices)
    address = serializers.CharField()
    phone = serializers.CharField()
    timezone = serializers.CharField()
    offers_home_service = serializers.BooleanField()
    confirmation = serializers.ChoiceField(choices=Salon.Confirmation.choices)
    deposit_percent = serializers.IntegerField()
    free_cancellation_hours = serializers.IntegerField()
    late_cancellation_percent = serializers.IntegerField()
    logo = serializers.ImageField(allow_null=True)
    cover = serializers.ImageField(allow_null=True)
    rating = serializers.DecimalField(max_digits=3, decimal_places=2, allow_null=True)
    review_count = serializers.IntegerField()


class PageQuery(StrictSerializer):
    """Every list takes `?page=&page_size=`; what they hold is the paginator's to judge."""

    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class SalonQuery(PageQuery):
    """`?city=&audience=&search=` of the list of salons."""

    city = serializers.ChoiceField(choices=Salon.City.choices, required=False)
    audience = serializers.ChoiceField(choices=Salon.Audience.choices, required=False)
    search = serializers.CharField(required=False, max_length=100)


class StaffQuery(PageQuery):
    """`?service=`: only those who do it."""

    service = PublicIdField(queryset=Service.objects.bookable(), required=False)


class CategorySerializer(serializers.Serializer):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()


class ServiceSerializer(serializers.Serializer):
    """Something to book; `price` includes VAT, in SAR."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    description = serializers.SerializerMethodField()
    category = CategorySerializer()
    duration_minutes = serializers.IntegerField()
    price = serializers.DecimalField(source="price_amount", max_digits=10, decimal_places=2)
    currency = serializers.CharField(default=CURRENCY, read_only=True)

    def get_description(self, service: Service) -> str:
        return localized(service.description_ar, service.description_en)


class StaffOfferSerializer(serializers.Serializer):
    """A service as this person does it."""

    id = serializers.UUIDField(source="service.public_id")
    duration_minutes = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()

    def get_duration_minutes(self, offer) -> int:
        return offer.duration_minutes or offer.service.duration_minutes

    def get_price(self, offer) -> str:
        return str(offer.price_amount or offer.service.price_amount)


class StaffSerializer(serializers.Serializer):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    title = serializers.SerializerMethodField()
    photo = serializers.ImageField(allow_null=True)
    rating = serializers.DecimalField(max_digits=3, decimal_places=2, allow_null=True)
    review_count = serializers.IntegerField()
    services = StaffOfferSerializer(source="offered", many=True)

    def get_title(self, staff) -> str:
        return localized(staff.title_ar, staff.title_en)


class ReviewSerializer(serializers.Serializer):
    """A published review; the author appears by first name only."""

    rating = serializers.IntegerField()
    comment = serializers.CharField()
    author = serializers.SerializerMethodField()
    service = serializers.CharField(source="service.name")
    staff = serializers.CharField(source="staff.name")
    created_at = serializers.DateTimeField()

    def get_author(self, review) -> str:
        return review.customer.user.name.split(" ")[0]
