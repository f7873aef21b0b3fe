"""Reading people's own data, and how they prove who they are."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import (
    Consent,
    DataRequest,
    ExportLog,
    IdempotencyKey,
    OtpChallenge,
    TokenFamily,
    User,
)

ExportPart = Callable[[User], Any]


def export_own_data(user: User) -> dict[str, Any]:
    """Everything the product keeps about `user`, as plain values for one JSON file."""
    return {"generated_at": timezone.now(), **{name: read(user) for name, read in _export_parts.items()}}


def add_export_part(name: str, read: ExportPart) -> None:
    """Let a higher app add what it keeps: `read(user)` gives plain values. Called in `AppConfig.ready`."""
    _export_parts[name] = read


def export_part_names() -> list[str]:
    """What the file is made of, for its description."""
    return list(_export_parts)


def _profile(user: User) -> dict[str, Any]:
    fields = ("id", "phone", "name", "locale", "marketing_consent", "created_at", "last_login")
    return {field: getattr(user, field) for field in fields}


def _codes(user: User) -> list[Any]:
    codes = OtpChallenge.objects.filter(phone=user.phone)
    return list(codes.values("channel", "network", "attempts", "created_at", "used_at"))


def _sign_ins(user: User) -> list[Any]:
    families = TokenFamily.objects.filter(user=user)
    return list(families.values("network", "created_at", "expires_at", "revoked_at", "revoked_reason"))


def _data_requests(user: User) -> list[Any]:
    fields = ("kind", "source", "status", "created_at", "due_on", "note", "extension_reason", "answer", "answered_at")
    return list(DataRequest.objects.filter(user=user).values(*fields))


def _earlier_profiles(user: User) -> list[Any]:
    fields = ("phone", "name", "locale", "marketing_consent", "is_active")
    return list(user.history.values(*fields, changed_at=F("history_date")))


def _consents(user: User) -> list[Any]:
    return list(Consent.objects.filter(user=user).values("purpose", "is_granted", "source", "given_at"))


def _copies(user: User) -> list[Any]:
    return list(ExportLog.objects.filter(person=user).values("file_format", "exported_at", "network"))


def _repeatable_calls(user: User) -> list[Any]:
    return list(IdempotencyKey.objects.filter(user=user).values("method", "path", "response_status", "created_at"))


_export_parts: dict[str, ExportPart] = {
    "profile": _profile,
    "codes": _codes,
    "sign_ins": _sign_ins,
    "data_requests": _data_requests,
    "earlier_profiles": _earlier_profiles,
    "consents": _consents,
    "copies": _copies,
    "repeatable_calls": _repeatable_calls,
}


def has_second_factor(user: User) -> bool:
    """Whether this person has set up two-step sign-in."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def proves_by_code(user: User) -> bool:
    """Whether this person proves who they are by a code of their app; everybody else does by password."""
    return settings.OPERATOR_MFA != "off" and has_second_factor(user)


def recovery_codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()
