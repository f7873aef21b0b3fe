"""People who become known many at a time."""

from collections.abc import Sequence
from typing import Any

from apps.accounts.models import User
from apps.common.imports.writer import insert_rows, update_rows


def new_person(phone: str, name: str) -> User:
    """A person not stored yet, by E.164 phone, who can sign in with codes only."""
    person = User(phone=phone, name=name)
    person.set_unusable_password()
    return person


def register_people(people: Sequence[User], *, actor: Any, reason: str) -> None:
    """Store new `people`. Raises IntegrityError when one of the phones became known meanwhile."""
    insert_rows(people, actor=actor, reason=reason)


def name_people(people: Sequence[User], *, actor: Any, reason: str) -> None:
    """Store the names of people who had none; the caller locked their rows."""
    update_rows(people, ["name"], actor=actor, reason=reason)
