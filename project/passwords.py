"""The demo's published password opens nothing outside the demo."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class DemoPasswordGuard:
    """First of the backends: ends a sign-in that uses the demo's password, whatever account it names.

    It loads no user and answers no permission, so it is none of Django's own backend classes.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        if credentials.get("password") == settings.DEMO_PASSWORD and not settings.DEMO_MODE:
            raise PermissionDenied


class DemoPasswordValidator:
    """Refuses the demo's password for a new account."""

    def validate(self, password: str, user: object = None) -> None:
        if password == settings.DEMO_PASSWORD and not settings.DEMO_MODE:
            raise ValidationError(_("This password is published with the demo."), code="password_published")

    def get_help_text(self) -> str:
        return str(_("Your password can’t be the one published with the demo."))
