"""The address that the payment gateway posts its news to."""

import logging

from django.conf import settings
from django.utils.crypto import constant_time_compare
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, ParseError, UnsupportedMediaType, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.api.exceptions import BodyTooLarge
from apps.common.api.schema import example, refuses
from apps.common.api.serializers import TypedSerializer
from apps.payments import services
from apps.payments.api import examples
from apps.payments.api.parsers import EventParser
from apps.payments.models import WebhookRefusal
from apps.payments.services import refusals

logger = logging.getLogger(__name__)

REFUSED_AS = {
    NotAuthenticated: WebhookRefusal.Reason.SECRET,
    ParseError: WebhookRefusal.Reason.BODY,
    BodyTooLarge: WebhookRefusal.Reason.BODY,
    UnsupportedMediaType: WebhookRefusal.Reason.BODY,
    ValidationError: WebhookRefusal.Reason.BODY,
}


@example(examples.WEBHOOK)
class WebhookBody(TypedSerializer):
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

    @refuses(NotAuthenticated())
    @extend_schema(request=WebhookBody, responses={200: None})
    def post(self, request):
        """The gateway's news: kept and acknowledged at once, acted on later."""
        body = request.data if isinstance(request.data, dict) else {}
        if not is_shared_secret(body.get("secret_token")):
            raise NotAuthenticated
        told = WebhookBody(data=body)
        told.is_valid(raise_exception=True)
        envelope = told.validated_data
        services.receive_webhook(event_id=envelope["id"], kind=envelope["type"], payload=body)
        return Response()

    def handle_exception(self, exc):
        """Count what is turned away; a stranger's words never reach the log."""
        if reason := REFUSED_AS.get(type(exc)):
            logger.warning("a webhook was turned away: %s", reason.value)
            refusals.tally.count(reason)
        return super().handle_exception(exc)


def is_shared_secret(told):
    """Compared in constant time with the secret and, while it is being replaced, with the one before; with both always,
    so that the time does not tell which. An unset one lets nobody in.
    """
    secrets = (settings.MOYASAR_WEBHOOK_SECRET, settings.MOYASAR_WEBHOOK_SECRET_PREVIOUS)
    given = told if isinstance(told, str) else ""
    equal = [constant_time_compare(given, secret) and bool(secret) for secret in secrets]
    return any(equal)
