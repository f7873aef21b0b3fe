"""Signed-in devices: a short access token, and a chain of refresh tokens of which only the newest is good.

Whom an access token belongs to is remembered in the cache for a short while, so that a call of the API reads neither
person nor device from the database. Whatever ends a sign-in forgets it there as well; a process with a cache of its
own learns of it when the memory runs out.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken, Token

from apps.accounts.errors import SignInEnded
from apps.accounts.models import TokenFamily, User

logger = logging.getLogger(__name__)

FAMILY_CLAIM = "family"
Ending = TokenFamily.Ending
# Half of the minute within which everybody has to be out: a memory may be written just after the truth changed.
REMEMBERED_SECONDS = 30
CACHE_FAULTS = (RedisError, OSError)
# No hash of a password outside the database.
REMEMBERED_FIELDS = [field.attname for field in User._meta.concrete_fields if field.name != "password"]


@dataclass(frozen=True)
class TokenPair:
    """Both tokens as text. The refresh token exists nowhere else: the database keeps a hash of its id."""

    access: str
    refresh: str


def issue_tokens(*, user: User, network: str = "") -> TokenPair:
    """Start a family for a person who just proved who they are, on a device in `network`."""
    family_id = uuid4()
    token = _new_refresh(user.pk, family_id)
    TokenFamily.objects.create(id=family_id, user=user, network=network, **_newest(token))
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
        _end(family.pk, Ending.REUSED)
        raise SignInEnded
    return _pair(new)


def revoke(*, refresh: str) -> None:
    """Sign the device of `refresh` out. Twice is fine; SignInEnded for a token that is not ours or expired."""
    _end(_uuid(_read(refresh), FAMILY_CLAIM), Ending.SIGNED_OUT)


def signed_in_user(claims: Token) -> User:
    """The active person behind the claims of a verified access token; raises SignInEnded.

    A deactivation or a sign-out counts at the next call in this process and wherever the cache is shared, and within
    `REMEMBERED_SECONDS` everywhere. Everything but the password's hash is loaded.
    """
    family_id, user_id = _uuid(claims, FAMILY_CLAIM), _uuid(claims, api_settings.USER_ID_CLAIM)
    values = _remembered(family_id)
    if values is None:
        living = User.objects.filter(token_families__pk=family_id, token_families__revoked_at__isnull=True)
        values = living.filter(pk=user_id, is_active=True).values_list(*REMEMBERED_FIELDS).first()
        if values is None:
            raise SignInEnded
        _remember(family_id, values)
    user: User = User.from_db(None, REMEMBERED_FIELDS, values)
    if user.pk != user_id:
        raise SignInEnded
    return user


def end_sign_ins(*, user: User, reason: str, keep: UUID | None = None) -> int:
    """Sign every device of `user` out, except the family to `keep`; returns how many there were."""
    families = TokenFamily.objects.filter(user=user, revoked_at__isnull=True)
    if keep is not None:
        families = families.exclude(pk=keep)
    ended = families.update(revoked_at=timezone.now(), revoked_reason=reason)
    forget_sign_ins(user)
    return ended


def forget_sign_ins(user: User) -> None:
    """Ask the database again about every device of `user`."""
    _forget_now_and_later(list(TokenFamily.objects.filter(user=user).values_list("pk", flat=True)))


def _end(family_id: UUID, reason: str) -> None:
    living = TokenFamily.objects.filter(pk=family_id, revoked_at__isnull=True)
    living.update(revoked_at=timezone.now(), revoked_reason=reason)
    _forget_now_and_later([family_id])


def _remembered(family_id: UUID) -> tuple[Any, ...] | None:
    try:
        values: tuple[Any, ...] | None = cache.get(_memory(family_id))
    except CACHE_FAULTS as error:
        _say_that_the_cache_fails(error)
        return None
    return values


def _remember(family_id: UUID, values: tuple[Any, ...]) -> None:
    try:
        cache.set(_memory(family_id), values, REMEMBERED_SECONDS)
    except CACHE_FAULTS as error:
        _say_that_the_cache_fails(error)


def _forget_now_and_later(family_ids: list[UUID]) -> None:
    """At once for this transaction, and after it, because others remember anew what they see until then."""
    _forget(family_ids)
    transaction.on_commit(lambda: _forget(family_ids))


def _forget(family_ids: list[UUID]) -> None:
    try:
        cache.delete_many([_memory(family_id) for family_id in family_ids])
    except CACHE_FAULTS as error:
        _say_that_the_cache_fails(error)


def _say_that_the_cache_fails(error: Exception) -> None:
    """Without the cache every call asks the database, and a memory that could not be deleted runs out by itself."""
    logger.warning("the cache of sign-ins does not answer (%s)", type(error).__name__)


def _memory(family_id: UUID) -> str:
    return f"sign-in:{family_id}"


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
