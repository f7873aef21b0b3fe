"""Ending where people are signed in: sessions of the back office, and devices of customers."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts import reasons
from apps.accounts.models import TokenFamily, User
from apps.accounts.services.proof import ensure_proven
from apps.accounts.services.tokens import end_sign_ins
from apps.accounts.sessions import end_sessions
from apps.common.errors import Forbidden
from apps.common.history import save_as


def end_own_sessions(*, user: User, current: str, handle: str | None, proven_at: datetime | None) -> int:
    """End the person's own session named by `handle`, or without one all but the `current` (a key); returns how many.

    Raises ProofNeeded.
    """
    ensure_proven(proven_at)
    return end_sessions(user, only=handle, keep=current)


@transaction.atomic
def sign_out_everywhere(*, actor: User, user_id: UUID, reason: str) -> None:
    """End every session and every signed-in device of a person. Raises Forbidden."""
    user = User.objects.select_for_update().get(pk=user_id)
    if not actor.has_perm("accounts.change_user", user):
        raise Forbidden
    save_as(user, actor=actor, reason=reasons.with_detail(reasons.SIGNED_OUT, reason))
    end_everything(user)


def end_everything(user: User) -> None:
    """No session and no refresh token of this person opens anything from here on."""
    end_sessions(user)
    end_sign_ins(user=user, reason=TokenFamily.Ending.SIGNED_OUT)
