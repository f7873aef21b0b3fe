from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.bookings import policies
from apps.bookings.api import examples
from apps.bookings.models import Booking
from apps.common.api.schema import example
from apps.common.api.serializers import DayField, MomentField, PublicIdField, StrictSerializer
from apps.common.money import percentage
from apps.common.statements import compiled
from apps.salons.api.serializers import PageQuery
from apps.salons.models import Service, Staff

MAX_DAYS = 31
# What is off sale is refused by the use cases, with the reason.
SERVICES = Service.objects.filter(salon__is_active=True)
STAFF = Staff.objects.filter(salon__is_active=True)


@compiled
def _service(*, public_id):
    return SERVICES.filter(public_id=public_id)


@compiled
def _staff(*, public_id):
    return STAFF.filter(public_id=public_id)


class SlotQuery(StrictSerializer):
    """`?service=&staff=&from=&to=`: local dates of the salon, both included, at most 31 days."""

    service = serializers.UUIDField()
    staff = serializers.UUIDField(required=False)
    to = DayField()

    def get_fields(self):
        return {**super().get_fields(), "from": DayField()}

    def validate(self, attrs):
        days = (attrs["to"] - attrs["from"]).days
        if days < 0:
            raise serializers.ValidationError({"to": _("The last day is not before the first.")})
        if days >= MAX_DAYS:
            raise serializers.ValidationError({"to": _("Ask for at most %(days)d days.") % {"days": MAX_DAYS}})
        return attrs


class QuoteQuery(StrictSerializer):
    """`?service=&staff=&starts_at=`: what a booking would cost, and on what terms."""

    service = PublicIdField(find=_service)
    staff = PublicIdField(find=_staff, required=False)
    starts_at = MomentField()


class SlotSerializer(serializers.Serializer):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    staff = serializers.ListField(child=serializers.UUIDField())


@example(examples.SLOTS)
class SlotsSerializer(serializers.Serializer):
    """Free times in the salon's own time zone."""

    timezone = serializers.CharField()
    slots = SlotSerializer(many=True)


@example(examples.BOOKING_REQUEST)
class BookingRequest(StrictSerializer):
    """Without `staff` the salon chooses among those who are free; a `quote` keeps the price that was shown.

    `guest_name` names who comes when that is somebody else, a child who shares the phone for example.
    """

    service = PublicIdField(find=_service)
    staff = PublicIdField(find=_staff, required=False, allow_null=True)
    starts_at = MomentField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    guest_name = serializers.CharField(required=False, allow_blank=True, max_length=160)
    quote = serializers.CharField(required=False, max_length=500)


@example(examples.RESCHEDULE_REQUEST)
class RescheduleRequest(StrictSerializer):
    starts_at = MomentField()
    staff = PublicIdField(find=_staff, required=False, allow_null=True)


@example(examples.CANCEL_REQUEST)
class CancelRequest(StrictSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000)


@example(examples.REVIEW_REQUEST)
class ReviewRequest(StrictSerializer):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class BookingQuery(PageQuery):
    """`?status=&from=&to=`: local dates of the visit, both included."""

    status = serializers.ChoiceField(choices=Booking.Status.choices, required=False)
    to = DayField(required=False)

    def get_fields(self):
        return {**super().get_fields(), "from": DayField(required=False)}


class NamedSalon(serializers.Serializer):
    slug = serializers.SlugField()
    name = serializers.CharField()


class NamedRow(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class Price(serializers.Serializer):
    """`amount` includes `vat`."""

    amount = serializers.CharField()
    currency = serializers.CharField()
    vat = serializers.CharField()


class OwnReview(serializers.Serializer):
    rating = serializers.IntegerField()
    comment = serializers.CharField()


@example(examples.BOOKING)
class BookingSerializer(serializers.Serializer):
    """A booking as its customer sees it; times carry the salon's offset, money is a string with two decimals."""

    id = serializers.UUIDField()
    reference = serializers.CharField(source="display_reference")
    status = serializers.ChoiceField(choices=Booking.Status.choices)
    salon = NamedSalon()
    service = serializers.SerializerMethodField()
    staff = serializers.SerializerMethodField()
    starts_at = serializers.SerializerMethodField()
    ends_at = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()
    note = serializers.CharField()
    guest_name = serializers.CharField()
    hold_expires_at = serializers.SerializerMethodField()
    can_cancel_until = serializers.SerializerMethodField()
    can_reschedule_until = serializers.SerializerMethodField()
    cancellation_fee = serializers.SerializerMethodField()
    review = serializers.SerializerMethodField()

    @staticmethod
    def related(bookings):
        """`bookings` (a queryset) with everything the body shows."""
        return bookings.select_related("salon", "service", "staff", "review")

    @extend_schema_field(NamedRow)
    def get_service(self, booking):
        return {"id": str(booking.service.public_id), "name": booking.service_name}

    @extend_schema_field(NamedRow)
    def get_staff(self, booking):
        return {"id": str(booking.staff.public_id), "name": booking.staff.name}

    @extend_schema_field(Price)
    def get_price(self, booking):
        return {"amount": str(booking.price_amount), "currency": booking.currency, "vat": str(booking.vat_amount)}

    def get_starts_at(self, booking) -> datetime:
        return _salon_time(booking, booking.starts_at)

    def get_ends_at(self, booking) -> datetime:
        return _salon_time(booking, booking.ends_at)

    def get_hold_expires_at(self, booking) -> datetime | None:
        return _salon_time(booking, booking.hold_expires_at if booking.awaits_payment else None)

    def get_can_cancel_until(self, booking) -> datetime | None:
        return _salon_time(booking, policies.can_cancel_until(booking))

    def get_can_reschedule_until(self, booking) -> datetime | None:
        return _salon_time(booking, policies.can_reschedule_until(booking))

    def get_cancellation_fee(self, booking) -> str:
        if booking.status not in (Booking.Status.PENDING, Booking.Status.CONFIRMED):
            return str(booking.cancellation_fee_amount)
        return str(policies.cancellation_fee(booking, by=Booking.CancelledBy.CUSTOMER, now=timezone.now()))

    @extend_schema_field(OwnReview(allow_null=True))
    def get_review(self, booking):
        """What the customer said after the visit. A completed visit without it can be reviewed."""
        return OwnReview(booking.review).data if booking.review else None


@example(examples.QUOTE)
class QuoteSerializer(serializers.Serializer):
    """What is promised until `expires_at` to whoever books with `quote`; `prepay` is due before the booking is firm."""

    quote = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()
    staff = serializers.SerializerMethodField()
    starts_at = serializers.SerializerMethodField()
    ends_at = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()
    prepay = serializers.CharField(source="prepay_amount")
    free_cancellation_until = serializers.SerializerMethodField()
    late_cancellation_fee = serializers.SerializerMethodField()

    get_staff, get_price = BookingSerializer.get_staff, BookingSerializer.get_price
    get_starts_at, get_ends_at = BookingSerializer.get_starts_at, BookingSerializer.get_ends_at

    def get_quote(self, booking) -> str:
        return self.context["quote"]

    def get_expires_at(self, booking) -> datetime:
        return _salon_time(booking, self.context["until"])

    def get_free_cancellation_until(self, booking) -> datetime:
        return _salon_time(booking, policies.free_until(booking))

    def get_late_cancellation_fee(self, booking) -> str:
        return str(percentage(booking.price_amount, booking.late_cancellation_percent))


def _salon_time(booking, moment):
    return moment and timezone.localtime(moment, ZoneInfo(booking.salon.timezone)).isoformat()
