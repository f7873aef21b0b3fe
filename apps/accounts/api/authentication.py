from functools import lru_cache
from typing import Any

from django.utils import timezone
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts import services
from apps.accounts.errors import SignInEnded

# Of about a kilobyte each, the least used one leaves first.
REMEMBERED_TOKENS = 4096


class CustomerJWTAuthentication(JWTAuthentication):
    """Customers present a short-lived access token; cookies of the back office mean nothing here.

    Whatever is wrong with a token, the answer is the same 401 `token_not_valid`.
    """

    def get_raw_token(self, header: bytes) -> Any:
        try:
            return super().get_raw_token(header)
        except AuthenticationFailed as error:
            raise sign_in_ended() from error

    def get_validated_token(self, raw_token: bytes) -> Any:
        try:
            token = _verified(raw_token)
            token.check_exp(current_time=timezone.now())
        except TokenError as error:
            raise sign_in_ended() from error
        return token

    def get_user(self, validated_token: Any) -> Any:
        try:
            return services.signed_in_user(validated_token)
        except SignInEnded as error:
            raise sign_in_ended() from error


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _verified(raw_token: bytes) -> AccessToken:
    """The claims of a token that this process has found genuine; nobody writes into them.

    The same text is genuine for ever, so that only its end is asked about at every call, and whether its sign-in
    goes on. Raises TokenError, and remembers nothing of a token that is not ours.
    """
    return AccessToken(raw_token)  # type: ignore[arg-type]  # the library annotates its text as a token


class CustomerJWTScheme(SimpleJWTScheme):
    """How the API's schema names it."""

    target_class = "apps.accounts.api.authentication.CustomerJWTAuthentication"


def sign_in_ended() -> AuthenticationFailed:
    """The 401 for every token that does not count."""
    return AuthenticationFailed(str(SignInEnded()), code=SignInEnded.code)
