import logging

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.idempotency import idempotent
from apps.bookings.models import Booking
from apps.common.errors import Missing
from apps.payments import services
from apps.payments.api.parsers import EventParser
from apps.payments.api.serializers import PaymentRequest, PaymentSerializer
from apps.payments.models import Payment
from apps.payments.selectors import most_telling

logger = logging.getLogger(__name__)


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

    @extend_schema(request=PaymentRequest, responses={201: PaymentSerializer})
    @idempotent(atomic=False)
    def post(self, request, *args, **kwargs):
        """A link to pay what is due: the open one, or a new one."""
        PaymentRequest(data=request.data).is_valid(raise_exception=True)
        payment = services.start_payment(
            actor=request.user,
            booking_id=self.own_booking().pk,
            return_url=settings.PUBLIC_BASE_URL + reverse("payment-return"),
        )
        return Response(self.get_serializer(payment).data, status=201)


class BookingPaymentRefresh(BookingPayment):
    http_method_names = ["post", "options"]

    @extend_schema(request=PaymentRequest, responses=PaymentSerializer)
    def post(self, request, *args, **kwargs):
        """Ask the gateway now: for the moment the customer comes back from its page."""
        PaymentRequest(data=request.data).is_valid(raise_exception=True)
        payment = services.refresh_payment(payment_id=self.shown().pk)
        return Response(self.get_serializer(payment).data)


class WebhookBody(serializers.Serializer):
    """The envelope. What is in it (`data` and the rest) is a hint to look, and is kept for people."""

    id = serializers.CharField(max_length=64)
    type = serializers.CharField(max_length=64)
    secret_token = serializers.CharField(max_length=256)


class MoyasarWebhook(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [EventParser]

    def get_authenticate_header(self, request):
        """Makes a wrong secret a 401: it stands in the body, which no scheme of HTTP has a name for."""
        return "Body"

    @extend_schema(request=WebhookBody, responses={200: None})
    def post(self, request):
        """The gateway's news: kept and acknowledged at once, acted on later."""
        body = request.data if isinstance(request.data, dict) else {}
        if not is_shared_secret(body.get("secret_token")):
            logger.warning("a webhook came without the shared secret")
            raise NotAuthenticated
        told = WebhookBody(data=body)
        told.is_valid(raise_exception=True)
        envelope = told.validated_data
        payload = {name: value for name, value in body.items() if name != "secret_token"}
        services.receive_webhook(event_id=envelope["id"], kind=envelope["type"], payload=payload)
        return Response()


def is_shared_secret(told):
    """Compared in constant time; an unset secret lets nobody in."""
    secret = settings.MOYASAR_WEBHOOK_SECRET
    return isinstance(told, str) and bool(secret) and constant_time_compare(told, secret)
