"""Bodies of the catalogue. The fields describe them; `to_representation` makes them from the rows of `selectors`, at a
tenth of what the fields would take.
"""

from decimal import Decimal

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework import serializers

from apps.common.api.pagination import StandardPagination
from apps.common.api.schema import example
from apps.common.api.serializers import PublicIdField, StrictSerializer
from apps.common.money import CURRENCY
from apps.common.statements import compiled
from apps.common.text import localized, localizer
from apps.salons import selectors
from apps.salons.api import examples
from apps.salons.models import Salon, Service

HUNDREDTH = Decimal("0.01")


@example(examples.SALON)
class SalonSerializer(serializers.Serializer):
    """A salon as customers see it; `rating` is the mean of published reviews or null."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    city = serializers.CharField()
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

    def to_representation(self, salon):
        return {
            "slug": salon.slug,
            "name": localized(salon.name_ar, salon.name_en),
            "city": str(Salon.City(salon.city).label),
            "audience": salon.audience,
            "address": salon.address,
            "phone": salon.phone,
            "timezone": salon.timezone,
            "offers_home_service": salon.offers_home_service,
            "confirmation": salon.confirmation,
            "deposit_percent": salon.deposit_percent,
            "free_cancellation_hours": salon.free_cancellation_hours,
            "late_cancellation_percent": salon.late_cancellation_percent,
            "logo": _picture(salon.logo, self.context),
            "cover": _picture(salon.cover, self.context),
            "rating": _rating(salon.rating),
            "review_count": salon.review_count,
        }


class PageQuery(StrictSerializer):
    """Every list takes `?page=&page_size=`; what they hold is the paginator's to judge."""

    page = serializers.CharField(required=False, allow_blank=True, help_text=StandardPagination.page_query_description)
    page_size = serializers.CharField(
        required=False, allow_blank=True, help_text=StandardPagination.page_size_query_description
    )


class SalonQuery(PageQuery):
    """`?city=&audience=&search=` of the list of salons."""

    city = serializers.ChoiceField(choices=Salon.City.choices, required=False)
    audience = serializers.ChoiceField(choices=Salon.Audience.choices, required=False)
    search = serializers.CharField(required=False, max_length=100)


@compiled
def _bookable_service(*, public_id):
    return Service.objects.bookable().filter(public_id=public_id)


class StaffQuery(PageQuery):
    """`?service=`: only those who do it."""

    service = PublicIdField(find=_bookable_service, required=False)


class CategorySerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


@example(examples.SERVICE)
class ServiceSerializer(serializers.Serializer):
    """Something to book; `price` includes VAT, in SAR."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    category = CategorySerializer()
    duration_minutes = serializers.IntegerField()
    price = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()

    @cached_property
    def localized(self):
        return localizer()

    def to_representation(self, service):
        return {
            "id": str(service.public_id),
            "name": self.localized(service.name_ar, service.name_en),
            "description": self.localized(service.description_ar, service.description_en),
            "category": {
                "id": str(service.category__public_id),
                "name": self.localized(service.category__name_ar, service.category__name_en),
            },
            "duration_minutes": service.duration_minutes,
            "price": str(service.price_amount),
            "currency": CURRENCY,
        }


class StaffOfferSerializer(serializers.Serializer):
    """A service as this person does it."""

    id = serializers.UUIDField()
    duration_minutes = serializers.IntegerField()
    price = serializers.CharField()


class StaffListSerializer(serializers.ListSerializer):
    """Reads what all people of the page do at once."""

    def to_representation(self, data):
        offers = selectors.offers_of([person.id for person in data])
        return [_person(person, offers[person.id], self.context) for person in data]


@example(examples.STAFF)
class StaffSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.CharField()
    photo = serializers.ImageField(allow_null=True)
    rating = serializers.DecimalField(max_digits=3, decimal_places=2, allow_null=True)
    review_count = serializers.IntegerField()
    services = StaffOfferSerializer(many=True)

    class Meta:
        list_serializer_class = StaffListSerializer


@example(examples.REVIEW)
class ReviewSerializer(serializers.Serializer):
    """A published review; the author appears by first name only."""

    rating = serializers.IntegerField()
    comment = serializers.CharField()
    author = serializers.CharField()
    service = serializers.CharField()
    staff = serializers.CharField()
    created_at = serializers.DateTimeField()

    def to_representation(self, review):
        return {
            "rating": review.rating,
            "comment": review.comment,
            "author": review.customer__user__name.split(" ")[0],
            "service": localized(review.service__name_ar, review.service__name_en),
            "staff": localized(review.staff__name_ar, review.staff__name_en),
            "created_at": timezone.localtime(review.created_at).isoformat(),
        }


def _person(person, offers, context):
    return {
        "id": str(person.public_id),
        "name": localized(person.name_ar, person.name_en),
        "title": localized(person.title_ar, person.title_en),
        "photo": _picture(person.photo, context),
        "rating": _rating(person.rating),
        "review_count": person.review_count,
        "services": [_offer(offer) for offer in offers],
    }


def _offer(offer):
    return {
        "id": str(offer.service__public_id),
        "duration_minutes": offer.duration_minutes or offer.service__duration_minutes,
        "price": str(offer.price_amount or offer.service__price_amount),
    }


def _picture(name, context):
    return context["request"].build_absolute_uri(default_storage.url(name)) if name else None


def _rating(mean):
    return None if mean is None else str(Decimal(str(mean)).quantize(HUNDREDTH))
