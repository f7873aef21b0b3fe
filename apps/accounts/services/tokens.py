"""Signed-in devices: a short access token, and a chain of refresh tokens of which only the newest is good."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken, Token

from apps.accounts.errors import SignInEnded
from apps.accounts.models import TokenFamily, User

FAMILY_CLAIM = "family"


@dataclass(frozen=True)
class TokenPair:
    """Both tokens as text. The refresh token exists nowhere else: the database keeps a hash of its id."""

    access: str
    refresh: str


def issue_tokens(*, user: User) -> TokenPair:
    """Start a family for a person who just proved who they are."""
    family_id = uuid4()
    token = _new_refresh(user.pk, family_id)
    TokenFamily.objects.create(id=family_id, user=user, **_newest(token))
    return _pair(token)


def rotate_refresh(*, refresh: str) -> TokenPair:
    """The successor pair of `refresh`. Of parallel calls with one token exactly one wins.

    Raises SignInEnded for every token that is not the newest of a living family of an active person. A token
    that was exchanged before may be a stolen copy, so it ends its family as well.
    """
    old = _read(refresh)
    family_id, user_id = _uuid(old, FAMILY_CLAIM), _uuid(old, api_settings.USER_ID_CLAIM)
    living = TokenFamily.objects.filter(pk=family_id, user_id=user_id, revoked_at__isnull=True)
    family = living.select_related("user").first()
    if family is None or not family.user.is_active:
        raise SignInEnded

    new = _new_refresh(family.user_id, family.pk)
    # Conditions on the row's own columns only: with a join, PostgreSQL would not look again after a wait.
    current = TokenFamily.objects.filter(pk=family.pk, revoked_at__isnull=True, current_jti_hash=_jti_hash(old))
    if not current.update(**_newest(new)):
        _end(family.pk, "reused")
        raise SignInEnded
    return _pair(new)


def revoke(*, refresh: str) -> None:
    """Sign the device of `refresh` out. Twice is fine; SignInEnded for a token that is not ours or expired."""
    _end(_uuid(_read(refresh), FAMILY_CLAIM), "signed_out")


def signed_in_user(claims: Token) -> User:
    """The active person behind the claims of a verified access token; raises SignInEnded.

    One query reads person and device together, so both a deactivation and a sign-out count at the next call.
    """
    family_id, user_id = _uuid(claims, FAMILY_CLAIM), _uuid(claims, api_settings.USER_ID_CLAIM)
    living = User.objects.filter(token_families__pk=family_id, token_families__revoked_at__isnull=True)
    user: User | None = living.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise SignInEnded
    return user


def _end(family_id: UUID, reason: str) -> None:
    living = TokenFamily.objects.filter(pk=family_id, revoked_at__isnull=True)
    living.update(revoked_at=timezone.now(), revoked_reason=reason)


def _new_refresh(user_id: UUID, family_id: UUID) -> RefreshToken:
    token = RefreshToken()
    token[api_settings.USER_ID_CLAIM] = str(user_id)
    token[FAMILY_CLAIM] = str(family_id)
    return token


def _read(refresh: str) -> RefreshToken:
    try:
        return RefreshToken(refresh)  # type: ignore[arg-type]  # the library annotates its text as a token
    except TokenError as error:
        raise SignInEnded from error


def _newest(token: RefreshToken) -> dict[str, Any]:
    return {"current_jti_hash": _jti_hash(token), "expires_at": datetime.fromtimestamp(token["exp"], UTC)}


def _jti_hash(token: RefreshToken) -> str:
    return hashlib.sha256(str(token[api_settings.JTI_CLAIM]).encode()).hexdigest()


def _uuid(token: Token, claim: str) -> UUID:
    try:
        return UUID(str(token.get(claim)))
    except ValueError as error:
        raise SignInEnded from error


def _pair(token: RefreshToken) -> TokenPair:
    return TokenPair(access=str(token.access_token), refresh=str(token))
