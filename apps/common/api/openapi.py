from typing import Any

from drf_standardized_errors.openapi import AutoSchema as StandardizedErrorsSchema
from rest_framework import serializers

from apps.common.api.serializers import StrictSerializer


class OneErrorSerializer(serializers.Serializer):
    """`code` is one of docs/errors.md; `attr` names what is wrong: a field, also an unknown one, or nothing."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ErrorSerializer(serializers.Serializer):
    """Every refusal of the API."""

    type = serializers.ChoiceField(["validation_error", "client_error", "server_error"])
    errors = OneErrorSerializer(many=True)


class AutoSchema(StandardizedErrorsSchema):
    """What an operation takes and answers, refusals of use cases among them.

    The package lists what serializers and the framework refuse; a rule of the business may refuse anything else.
    """

    def _should_add_error_response(self, responses: dict[str, Any], status_code: str) -> bool:
        return status_code not in responses

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:  # noqa: FBT
        described = super()._map_serializer(serializer, direction, bypass_extensions)
        if isinstance(serializer, StrictSerializer):
            described["additionalProperties"] = False
        return described
