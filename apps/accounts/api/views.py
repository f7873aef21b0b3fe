from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import Token

from apps.accounts import services
from apps.accounts.api.authentication import CustomerJWTAuthentication, sign_in_ended
from apps.accounts.api.serializers import (
    DataRequestSerializer,
    OtpRequestedSerializer,
    OtpRequestSerializer,
    OtpVerifySerializer,
    OwnDataSerializer,
    ProfileChangeSerializer,
    ProfileSerializer,
    RefreshSerializer,
    SignedInSerializer,
    TokenPairSerializer,
)
from apps.accounts.errors import SignInEnded
from apps.accounts.models import OtpChallenge, User
from apps.accounts.services.codes import LIFETIME, RESEND_AFTER
from apps.accounts.services.tokens import FAMILY_CLAIM
from apps.common.network import network_of


class PublicView(APIView):
    """Signing in and out: the proof stands in the body, so an old token in the header must not get in the way."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        # Without it, REST framework would turn the 401 of a bad refresh token into a 403.
        return CustomerJWTAuthentication().authenticate_header(request)

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(sign_in_ended() if isinstance(exc, SignInEnded) else exc)


class OtpRequest(PublicView):
    @extend_schema(
        operation_id="auth_otp_request", request=OtpRequestSerializer, responses={202: OtpRequestedSerializer}
    )
    def post(self, request: Request) -> Response:
        """Send a one-time code to a Saudi mobile. The answer does not tell whether the phone is known."""
        body = _valid(OtpRequestSerializer, request)
        return _code_sent(services.request_code(**body, network=network_of(request)))


class OtpVerify(PublicView):
    @extend_schema(operation_id="auth_otp_verify", request=OtpVerifySerializer, responses={200: SignedInSerializer})
    def post(self, request: Request) -> Response:
        """Exchange a code for tokens. The first sign-in of a phone makes its account."""
        body = _valid(OtpVerifySerializer, request)
        signed_in = services.sign_in(**body, network=network_of(request))
        tokens = signed_in.tokens
        answer = {"access": tokens.access, "refresh": tokens.refresh, "user": signed_in.user}
        return Response(SignedInSerializer(answer).data)


class TokenRefresh(PublicView):
    @extend_schema(operation_id="auth_token_refresh", request=RefreshSerializer, responses={200: TokenPairSerializer})
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next pair. Using one twice signs the device out."""
        return Response(TokenPairSerializer(services.rotate_refresh(**_valid(RefreshSerializer, request))).data)


class Logout(PublicView):
    @extend_schema(operation_id="auth_logout", request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign this device out, its access token included."""
        services.revoke(**_valid(RefreshSerializer, request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Me(APIView):
    @extend_schema(operation_id="me_retrieve", responses={200: ProfileSerializer})
    def get(self, request: Request) -> Response:
        """The signed-in person."""
        return Response(ProfileSerializer(request.user).data)

    @extend_schema(operation_id="me_update", request=ProfileChangeSerializer, responses={200: ProfileSerializer})
    def patch(self, request: Request) -> Response:
        """Change name, language or consent; what is left out stays."""
        person, changes = _person(request), _valid(ProfileChangeSerializer, request)
        user = services.update_profile(user=person, actor=person, **changes)
        return Response(ProfileSerializer(user).data)

    @extend_schema(operation_id="me_erase", request=None, responses={202: DataRequestSerializer})
    def delete(self, request: Request) -> Response:
        """Ask for the erasure of all personal data, done within 30 days. Asking twice is one request.

        `obstacles` says what has to end before: a visit to come, money on its way.
        """
        person = _person(request)
        asked = services.request_erasure(user=person, actor=person)
        return Response(DataRequestSerializer(asked).data, status=status.HTTP_202_ACCEPTED)


class PhoneChange(APIView):
    @extend_schema(
        operation_id="me_phone_request", request=OtpRequestSerializer, responses={202: OtpRequestedSerializer}
    )
    def post(self, request: Request) -> Response:
        """Send a code to a new phone of the signed-in person, who has to have signed in within the last ten minutes."""
        body = _valid(OtpRequestSerializer, request)
        asked = services.request_phone_change(
            user=_person(request), family_id=_device(request), network=network_of(request), **body
        )
        return _code_sent(asked)


class PhoneChangeVerify(APIView):
    @extend_schema(operation_id="me_phone_verify", request=OtpVerifySerializer, responses={200: ProfileSerializer})
    def post(self, request: Request) -> Response:
        """Prove the new phone. All other devices are signed out, and the old number gets a message."""
        body = _valid(OtpVerifySerializer, request)
        person = services.change_own_phone(
            user=_person(request), family_id=_device(request), network=network_of(request), **body
        )
        return Response(ProfileSerializer(person).data)


class OwnData(APIView):
    @extend_schema(operation_id="me_export", responses={200: OwnDataSerializer})
    def get(self, request: Request) -> Response:
        """Everything kept about the signed-in person, as one file. That it was taken is kept too."""
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        copy = services.take_own_copy(person=_person(request), network=network_of(request))
        return Response(copy, headers=headers)


def _code_sent(challenge: OtpChallenge) -> Response:
    answer = {
        "challenge_id": challenge.pk,
        "expires_in": int(LIFETIME.total_seconds()),
        "resend_in": int(RESEND_AFTER.total_seconds()),
    }
    return Response(OtpRequestedSerializer(answer).data, status=status.HTTP_202_ACCEPTED)


def _person(request: Request) -> User:
    return cast("User", request.user)  # the permission classes let nobody else in


def _device(request: Request) -> UUID:
    """The sign-in that the access token belongs to."""
    return UUID(cast("Token", request.auth)[FAMILY_CLAIM])


def _valid(serializer_class: type[Serializer], request: Request) -> dict[str, Any]:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
