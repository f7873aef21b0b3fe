"""What the forms of the back office about people share."""

from typing import Any

from django.db import transaction

from apps.accounts.models import User


class SavesThePasswordAlone:
    """Mixed into Django's password forms, which would store the whole person as it was read when the request began.

    Hashing takes long, and what others store meanwhile, a dismissal for example, has to stand.
    """

    def set_password_and_save(self, user: User, *args: Any, commit: bool = True, **kwargs: Any) -> User:
        user = super().set_password_and_save(user, *args, commit=False, **kwargs)  # type: ignore[misc]
        if commit:
            _store_password(user)
        return user


@transaction.atomic
def _store_password(user: User) -> None:
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.erased_at is None:
        current.password = user.password
        current.save(update_fields=["password"])
