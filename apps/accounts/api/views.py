from typing import Any, cast
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from apps.accounts import services
from apps.accounts.api.authentication import CustomerJWTAuthentication, sign_in_ended
from apps.accounts.api.serializers import (
    WEB,
    CodeProofSerializer,
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
from apps.accounts.errors import (
    AccountInactive,
    OtpAttemptsExhausted,
    OtpExpired,
    OtpIncorrect,
    PersonErased,
    PhoneInUse,
    PhoneNotAllowed,
    SignInAgain,
    SignInEnded,
)
from apps.accounts.models import OtpChallenge, User
from apps.accounts.services.codes import LIFETIME, RESEND_AFTER
from apps.accounts.services.tokens import FAMILY_CLAIM
from apps.common.api.schema import refuses
from apps.common.errors import Forbidden, RateLimited
from apps.common.network import network_of

# A page of ours keeps its refresh token in this cookie, which no other call of the API gets to see.
COOKIE, COOKIE_PATH = "refresh", "/api/v1/auth/"


ASKING_FOR_A_CODE = (PhoneNotAllowed(), RateLimited(retry_after=60))
PROVING_A_CODE = (OtpIncorrect(), OtpExpired(), OtpAttemptsExhausted(retry_after=60), RateLimited(retry_after=60))


class PublicView(APIView):
    """Signing in and out: the proof stands in the body, so an old token in the header must not get in the way."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        # Without it, REST framework would turn the 401 of a bad refresh token into a 403.
        return CustomerJWTAuthentication().authenticate_header(request)

    def handle_exception(self, exc: Exception) -> Response:
        if not isinstance(exc, SignInEnded):
            return super().handle_exception(exc)
        return _without_cookie(self.request, super().handle_exception(sign_in_ended()))


class OtpRequest(PublicView):
    @refuses(*ASKING_FOR_A_CODE)
    @extend_schema(
        operation_id="auth_otp_request", request=OtpRequestSerializer, responses={202: OtpRequestedSerializer}
    )
    def post(self, request: Request) -> Response:
        """Send a one-time code to a Saudi mobile. The answer does not tell whether the phone is known."""
        body = _valid(OtpRequestSerializer, request)
        return _code_sent(services.request_code(**body, network=network_of(request)))


class OtpVerify(PublicView):
    @refuses(*PROVING_A_CODE, AccountInactive())
    @extend_schema(operation_id="auth_otp_verify", request=OtpVerifySerializer, responses={200: SignedInSerializer})
    def post(self, request: Request) -> Response:
        """Exchange a code for tokens. The first sign-in of a phone makes its account."""
        body = _valid(OtpVerifySerializer, request)
        is_web = body.pop("client", None) == WEB
        signed_in = services.sign_in(**body, network=network_of(request))
        tokens = signed_in.tokens
        answer = {"access": tokens.access, "refresh": tokens.refresh, "user": signed_in.user}
        response = Response(SignedInSerializer(answer).data)
        return _kept_in_cookie(response) if is_web else response


class TokenRefresh(PublicView):
    @refuses(sign_in_ended())
    @extend_schema(operation_id="auth_token_refresh", request=RefreshSerializer, responses={200: TokenPairSerializer})
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next pair. Using one twice signs the device out."""
        refresh, is_web = _refresh_token(request)
        response = Response(TokenPairSerializer(services.rotate_refresh(refresh=refresh)).data)
        return _kept_in_cookie(response) if is_web else response


class Logout(PublicView):
    @refuses(sign_in_ended())
    @extend_schema(operation_id="auth_logout", request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign this device out, its access token included."""
        refresh, _is_web = _refresh_token(request)
        services.revoke(refresh=refresh)
        return _without_cookie(request, Response(status=status.HTTP_204_NO_CONTENT))


class Me(APIView):
    @extend_schema(operation_id="me_retrieve", responses={200: ProfileSerializer})
    def get(self, request: Request) -> Response:
        """The signed-in person."""
        return Response(ProfileSerializer(request.user).data)

    @refuses(PersonErased())
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
    @refuses(*ASKING_FOR_A_CODE, SignInAgain(), Forbidden())
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
    @refuses(*PROVING_A_CODE, SignInAgain(), Forbidden(), PhoneInUse(), PersonErased())
    @extend_schema(operation_id="me_phone_verify", request=CodeProofSerializer, responses={200: ProfileSerializer})
    def post(self, request: Request) -> Response:
        """Prove the new phone. All other devices are signed out, and the old number gets a message."""
        body = _valid(CodeProofSerializer, request)
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


def _refresh_token(request: Request) -> tuple[str, bool]:
    """The token as this client keeps it, and whether that is a page of ours with its cookie."""
    body = _valid(RefreshSerializer, request)
    if body.get("client") == WEB:
        return request.COOKIES.get(COOKIE, ""), True
    return body["refresh"], False


def _kept_in_cookie(response: Response) -> Response:
    """The same answer with the refresh token where no script reads it and no other site sends it from."""
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME
    secure = settings.SESSION_COOKIE_SECURE
    token = response.data.pop("refresh")
    response.set_cookie(COOKIE, token, lifetime, path=COOKIE_PATH, secure=secure, httponly=True, samesite="Strict")
    return response


def _without_cookie(request: Request, response: Response) -> Response:
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Strict")
    return response


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
