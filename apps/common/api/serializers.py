from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.common.fields import INVALID_PHONE
from apps.common.phones import normalize_phone
from apps.common.statements import compiled

# What stands for these in JSON. The framework would also take "5" for 5, 5 for "5" and 0 for false.
WRITTEN_AS: tuple[tuple[type[serializers.Field], tuple[type, ...]], ...] = (
    (serializers.CharField, (str,)),
    (serializers.UUIDField, (str,)),
    (serializers.BooleanField, (bool,)),
    (serializers.IntegerField, (int, float)),
)


class TypedSerializer(serializers.Serializer):
    """A body or a query whose values are of the kinds that the schema names. What it does not know is left alone."""

    def to_internal_value(self, data: Any) -> Any:
        # A query is text all through.
        if isinstance(data, dict) and not isinstance(data, QueryDict):
            self._ensure_written_as_said(data)
        return super().to_internal_value(data)

    def _ensure_written_as_said(self, data: dict[str, Any]) -> None:
        refused = {}
        for name, field in self.fields.items():
            value = data.get(name)
            kinds = next((kinds for kind, kinds in WRITTEN_AS if isinstance(field, kind)), None)
            if kinds and value is not None and type(value) not in kinds:
                try:
                    field.fail("invalid", value=value)
                except serializers.ValidationError as error:
                    refused[name] = error.detail
        if refused:
            raise serializers.ValidationError(refused)


class StrictSerializer(TypedSerializer):
    """A body or a query: what it does not know is an error, so that a client's mistake never passes silently."""

    default_error_messages = {"unknown_field": _("This field is not known.")}

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        # A body of `null` is no object, as a list is none; the framework answers to it in English only.
        is_body = self.parent is None
        return (False, data) if data is None and is_body else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            message = serializers.ErrorDetail(str(self.error_messages["unknown_field"]), code="unknown_field")
            raise serializers.ValidationError({name or "non_field_errors": [message] for name in unknown})
        return super().to_internal_value(data)


class PhoneNumberField(serializers.CharField):
    """A phone in any spelling; the value is E.164, the error code `phone_invalid`."""

    default_error_messages = {"phone_invalid": INVALID_PHONE}

    def __init__(self, **kwargs):
        super().__init__(max_length=40, **kwargs)

    def to_internal_value(self, data):
        phone = normalize_phone(super().to_internal_value(data))
        if phone is None:
            self.fail("phone_invalid")
        return phone


class PublicIdField(serializers.UUIDField):
    """A row by the id that clients know it by; `find` reads the rows that may be named, by `public_id`."""

    default_error_messages = {"does_not_exist": _("This does not exist, or not any more.")}

    def __init__(self, *, find: compiled, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._find = find

    def to_internal_value(self, data: Any) -> Any:
        row = self._find.first(public_id=super().to_internal_value(data))
        if row is None:
            self.fail("does_not_exist")
        return row


class _PlainDigits:
    """The parsers below take any script's digits, and a client that sends them means something else by it."""

    def to_internal_value(self, value: Any) -> Any:
        if isinstance(value, str) and not value.isascii():
            self.fail("plain_digits")  # type: ignore[attr-defined]
        return super().to_internal_value(value)  # type: ignore[misc]


class DayField(_PlainDigits, serializers.DateField):
    """A local date, `2026-03-01`."""

    default_error_messages = {"plain_digits": _("Write the date as 2026-03-01.")}


class MomentField(_PlainDigits, serializers.DateTimeField):
    """A moment with its offset from UTC: a bare wall-clock time would leave us guessing."""

    default_error_messages = {
        "plain_digits": _("Write the time as 2026-03-01T14:30:00+03:00."),
        "offset_required": _("Give the time with its offset, such as 2026-03-01T14:30:00+03:00."),
    }

    def enforce_timezone(self, value: Any) -> Any:
        if timezone.is_naive(value):
            self.fail("offset_required")
        return super().enforce_timezone(value)
