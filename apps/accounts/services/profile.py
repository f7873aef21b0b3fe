"""What people change about themselves."""

from typing import Any

from django.db import transaction

from apps.accounts.errors import PersonErased
from apps.accounts.models import Consent, User
from apps.common.text import clean_text


@transaction.atomic
def update_profile(
    *,
    user: User,
    actor: User,
    name: str | None = None,
    locale: str | None = None,
    marketing_consent: bool | None = None,
) -> User:
    """Change what is given (None: leave as it is) and return the person. No change leaves no history row.

    Raises PersonErased.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.erased_at is not None:
        raise PersonErased
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
    if "marketing_consent" in changed:
        record_consent(user, is_granted=user.marketing_consent, source=Consent.Source.APP, actor=actor)
    return user


@transaction.atomic
def adopt_stricter_consent(*, person: User, other: User, actor: User) -> None:
    """`person` turned out to be `other`, too: a no of either is from now on the no of `person`."""
    known = User.objects.select_for_update(no_key=True).order_by("pk").in_bulk([person.pk, other.pk])
    if not known[person.pk].marketing_consent or known[other.pk].marketing_consent:
        return
    known[person.pk].marketing_consent = False
    known[person.pk]._history_user = actor
    known[person.pk].save(update_fields=["marketing_consent"])
    record_consent(person, is_granted=False, source=Consent.Source.MERGE, actor=actor)


def record_consent(person: User, *, is_granted: bool, source: str, actor: User | None) -> None:
    """Add to the record what `person` said about promotional messages; the caller keeps the present state."""
    Consent.objects.create(user=person, is_granted=is_granted, source=source, actor=actor)
