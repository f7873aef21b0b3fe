from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.response import Response

from apps.accounts.api.idempotency import idempotent
from apps.bookings.models import Booking
from apps.common.api.schema import refuses
from apps.common.errors import Missing
from apps.common.money import LEAST_ONLINE
from apps.payments import services
from apps.payments.api.serializers import PaymentRequest, PaymentSerializer, RefreshRequest
from apps.payments.errors import (
    GatewayUnavailable,
    NothingToPay,
    PaymentInProgress,
    PaymentUnderReview,
    TooLittleOnline,
)
from apps.payments.models import Payment
from apps.payments.selectors import most_telling


class BookingPayment(generics.GenericAPIView):
    """The payment of an own booking."""

    serializer_class = PaymentSerializer
    queryset = Payment.objects.none()

    def own_booking(self):
        """The booking named in the address, or a 404 that does not tell whether it exists."""
        return get_object_or_404(Booking.objects.of_customer(self.request.user), pk=self.kwargs["pk"])

    def shown(self):
        """The payment to show. Raises Missing when there was none yet."""
        payments = Payment.objects.filter(booking=self.own_booking()).select_related("booking__salon")
        payment = most_telling(list(payments))
        if payment is None:
            raise Missing
        return payment

    def get(self, request, *args, **kwargs):
        """What is known of the payment, without asking the gateway."""
        return Response(self.get_serializer(self.shown()).data)

    @refuses(
        NothingToPay(),
        TooLittleOnline(least=LEAST_ONLINE),
        PaymentInProgress(),
        PaymentUnderReview(),
        GatewayUnavailable(),
    )
    @extend_schema(request=PaymentRequest, responses={201: PaymentSerializer})
    @idempotent(atomic=False)
    def post(self, request, *args, **kwargs):
        """Pay what is due: under a link (the open one, or a new one), or with a saved card or a phone's wallet."""
        said = PaymentRequest(data=request.data)
        said.is_valid(raise_exception=True)
        wallet = said.validated_data.get("wallet")
        payment = services.start_payment(
            actor=request.user,
            booking_id=self.own_booking().pk,
            return_url=settings.PUBLIC_BASE_URL + reverse("payment-return", args=[self.kwargs["pk"]]),
            wallet=services.Wallet(wallet["type"], wallet["token"]) if wallet else None,
        )
        return Response(self.get_serializer(payment).data, status=201)


class BookingPaymentRefresh(BookingPayment):
    http_method_names = ["post", "options"]

    @refuses(GatewayUnavailable())
    @extend_schema(request=RefreshRequest, responses=PaymentSerializer)
    def post(self, request, *args, **kwargs):
        """Ask the gateway now: for the moment the customer comes back from its page."""
        RefreshRequest(data=request.data).is_valid(raise_exception=True)
        payment = services.refresh_payment(payment_id=self.shown().pk)
        return Response(self.get_serializer(payment).data)
