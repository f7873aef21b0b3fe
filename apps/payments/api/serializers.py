from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.bookings.api.serializers import BookingSerializer
from apps.common.api.schema import example
from apps.common.api.serializers import StrictSerializer
from apps.payments.api import examples
from apps.payments.models import Payment
from apps.payments.selectors import most_telling, shown_due


class WalletSerializer(StrictSerializer):
    """A saved card's token, or what a phone's wallet gave; it goes to the gateway and is kept nowhere."""

    type = serializers.ChoiceField(choices=[source for source in Payment.Source.choices if source[0] != "link"])
    token = serializers.CharField(max_length=16_384, trim_whitespace=False)


@example(examples.PAYMENT_REQUEST)
class PaymentRequest(StrictSerializer):
    """What is due follows from the booking. Without a `wallet` the customer pays under a link."""

    wallet = WalletSerializer(required=False)


@example({})
class RefreshRequest(StrictSerializer):
    """Nothing to say."""


class FailureSerializer(serializers.Serializer):
    """Why the payer's last attempt failed, as a stable code and in the caller's language."""

    code = serializers.ChoiceField(choices=Payment.Decline.choices, source="decline")
    detail = serializers.CharField(source="get_decline_display")


@example(examples.PAYMENT)
class PaymentSerializer(serializers.Serializer):
    """A payment as its customer sees it. `payment_url` leads to the gateway's or the bank's page while it is needed."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    amount = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()
    payment_url = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()
    failure = serializers.SerializerMethodField()

    def get_payment_url(self, payment) -> str | None:
        return (payment.payment_url or None) if payment.status == Payment.Status.INITIATED else None

    def get_expires_at(self, payment) -> datetime | None:
        zone = ZoneInfo(payment.booking.salon.timezone)
        return payment.expires_at and timezone.localtime(payment.expires_at, zone)

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, payment):
        return FailureSerializer(payment).data if payment.decline else None


@example(examples.PAYABLE_BOOKING)
class PayableBookingSerializer(BookingSerializer):
    """A booking with the payment that tells most about it, or null, and what can be paid online now."""

    payment = serializers.SerializerMethodField()
    amount_due = serializers.SerializerMethodField()

    @staticmethod
    def related(bookings):
        payments = Payment.objects.order_by("-created_at", "-pk")
        return BookingSerializer.related(bookings).prefetch_related(Prefetch("payments", payments, to_attr="attempts"))

    @extend_schema_field(PaymentSerializer(allow_null=True))
    def get_payment(self, booking):
        payment = most_telling(booking.attempts)
        return PaymentSerializer(payment).data if payment else None

    def get_amount_due(self, booking) -> str:
        return str(shown_due(booking, booking.attempts, now=timezone.now()))
