from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, PermissionDenied, UnsupportedMediaType
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.api.parsers import BoundedJSONParser
from apps.notifications.api import callbacks


class CallbackView(APIView):
    """A provider calls; it is known by its signature or its secret, never as a person."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def perform_content_negotiation(self, request, force=False):  # noqa: FBT002 - the signature is the framework's
        return super().perform_content_negotiation(request, force=True)


@extend_schema(exclude=True)
class TwilioCallbackView(CallbackView):
    """200 for every signed callback, known or not, so that Twilio reports no error of ours; 403 for anything else."""

    def post(self, request):
        plain_request = request._request  # noqa: SLF001 - the signature covers the form as Django reads it
        if not callbacks.is_from_twilio(plain_request):
            raise PermissionDenied
        callbacks.record(callbacks.read_twilio(plain_request.POST, plain_request.GET))
        return Response()


@extend_schema(exclude=True)
class UnifonicCallbackView(CallbackView):
    """200 for every report behind the secret address, in the body or in the query; 403 behind any other."""

    parser_classes = (FormParser, MultiPartParser, BoundedJSONParser)

    def post(self, request, secret):
        if not callbacks.is_unifonic_secret(secret):
            raise PermissionDenied
        callbacks.record(callbacks.read_unifonic({**request.query_params.dict(), **self.body_of(request)}))
        return Response()

    @staticmethod
    def body_of(request):
        """The body's fields; nothing for a body we cannot read, because an error's log line would hold the address."""
        try:
            body = request.data
        except (ParseError, UnsupportedMediaType):
            return {}
        return dict(body.items()) if hasattr(body, "items") else {}
