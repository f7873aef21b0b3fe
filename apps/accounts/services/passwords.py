"""Passwords of operators, guarded like codes: a guess is spent before it is looked at."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.selectors import proves_by_code
from apps.accounts.services.guards import Proof, attempt_succeeded, spend_attempt


def guarded_password(*, phone: str, network: str, check: Callable[[], User | None]) -> User | None:
    """What `check()` says, which compares the password of `phone` (E.164, of somebody or nobody).

    Raises RateLimited, and calls nothing, when too many guesses came before.
    """
    with transaction.atomic():
        attempt = spend_attempt(Proof.PASSWORD, phone=phone, network=network)
    user = check()
    if user is not None:
        with transaction.atomic():
            attempt_succeeded(attempt, is_whole_proof=_is_whole_proof(user))
    return user


def _is_whole_proof(user: User) -> bool:
    """Or a code of the person's app is asked for next, and only then is it them."""
    return settings.OPERATOR_MFA != "required" and not proves_by_code(user)
