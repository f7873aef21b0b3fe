"""What people change about themselves."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import DataRequest, User
from apps.common.history import save_as
from apps.common.text import clean_text

ANSWER_WITHIN = timedelta(days=30)


@transaction.atomic
def update_profile(
    *,
    user: User,
    actor: User,
    name: str | None = None,
    locale: str | None = None,
    marketing_consent: bool | None = None,
) -> User:
    """Change what is given (None: leave as it is) and return the person. No change leaves no history row."""
    user = User.objects.select_for_update().get(pk=user.pk)
    wanted: dict[str, Any] = {
        "name": None if name is None else clean_text(name),
        "locale": locale,
        "marketing_consent": marketing_consent,
    }
    changed = {field for field, value in wanted.items() if value not in (None, getattr(user, field))}
    for field in changed:
        setattr(user, field, wanted[field])

    if changed:
        user._history_user = actor  # type: ignore[attr-defined]  # read by simple-history
        user.save(update_fields=changed)
    return user


@transaction.atomic
def request_erasure(*, user: User, actor: User) -> DataRequest:
    """File the request to erase this person's data, due in 30 days. Asking again returns the open request."""
    User.objects.select_for_update().get(pk=user.pk)  # two clicks at once file one request
    asked = DataRequest.objects.filter(user=user, kind=DataRequest.Kind.ERASURE, status=DataRequest.Status.OPEN).first()
    if asked is not None:
        return asked
    due_on = timezone.localdate() + ANSWER_WITHIN
    asked = DataRequest(user=user, kind=DataRequest.Kind.ERASURE, due_on=due_on)
    save_as(asked, actor=actor)
    return asked
