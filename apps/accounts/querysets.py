from django.contrib.auth.base_user import BaseUserManager
from django.db import models

from apps.common.fields import validate_phone
from apps.common.history import save_as


class AccountQuerySet(models.QuerySet):
    """Accounts belong to no salon: only roles of the whole platform see them (a salon sees its customer cards)."""

    def visible_to(self, user):
        """Every row for a role of the platform with the view right, nothing for everybody else."""
        return self if user.has_perm(f"accounts.view_{self.model._meta.model_name}") else self.none()


class UserManager(BaseUserManager.from_queryset(AccountQuerySet)):
    use_in_migrations = True

    def create_user(self, phone, password=None, *, actor=None, **fields):
        """A person by phone (any spelling), registered by `actor`; without password only codes sign in.

        Raises: ValidationError.
        """
        user = self.model(phone=validate_phone(phone), **fields)
        user.set_password(password)
        return save_as(user, actor=actor)

    def create_superuser(self, phone, password=None, **fields):
        """An owner of the platform."""
        return self.create_user(phone, password, is_superuser=True, **fields)

    def get_by_natural_key(self, phone):
        return self.get(phone=phone)
