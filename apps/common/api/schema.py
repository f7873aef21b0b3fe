"""How the API describes itself: a sentence and an example for everything, and the codes of every refusal.

    @refuses(SlotTaken(), PriceChanged(price="130.00"))
    def post(self, request): ...

A refusal is described by an example of the error itself, so its status, code and words are those it is answered with.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.utils import translation
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance, is_serializer
from drf_spectacular.utils import Direction, OpenApiExample, extend_schema_serializer
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.serializers import BaseSerializer, CharField, Field, ListSerializer
from rest_framework.views import APIView

from apps.common.api.exceptions import BodyTooLarge, answer_to
from apps.common.api.serializers import StrictSerializer
from apps.common.errors import Unavailable

Handler = TypeVar("Handler", bound=Callable[..., Any])
# A text that comes in may hold every character but the one that PostgreSQL cannot keep.
TEXT = r"^[^\u0000]*$"
CODE, DETAIL, ATTR = {"type": "string"}, {"type": "string"}, {"type": "string", "nullable": True}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before trying again."}}


def refuses(*errors: Exception) -> Callable[[Handler], Handler]:
    """Say which errors the handler of a method may raise beside those that its kind brings along."""

    def declare(handler: Handler) -> Handler:
        handler.refusals = (*getattr(handler, "refusals", ()), *errors)  # type: ignore[attr-defined]
        return handler

    return declare


def example(value: Any) -> Callable[[type], type]:
    """Show `value` wherever the decorated serializer is a body."""
    return extend_schema_serializer(examples=[OpenApiExample("Example", value, status_codes=["200", "201", "202"])])


class Schema(AutoSchema):
    """Adds what `refuses` says, and what every operation of its kind may answer."""

    def get_summary(self) -> str:
        return self.get_description().split(". ")[0].split("\n")[0].rstrip(".")

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "query_class", None)
        return [*super().get_override_parameters(), *([query] if query else [])]

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        found = defaultdict(list)
        with translation.override("en"):
            for error in (*self._usual_refusals(), *self._own_refusals()):
                status, body = answer_to(error)
                found[status].append((body, getattr(error, "retry_after", None)))
        refusals = {str(status): self._refusal(status, answers) for status, answers in sorted(found.items())}
        return {**super()._get_response_bodies(direction=direction), **refusals}

    def _map_serializer(self, serializer: Any, *asked: Any, **named: Any) -> Any:
        described = super()._map_serializer(serializer, *asked, **named)
        if isinstance(serializer, StrictSerializer):
            described["additionalProperties"] = False
        return described

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        super()._insert_field_validators(field, schema)
        if isinstance(field, CharField) and isinstance(field.parent, StrictSerializer):
            schema.setdefault("pattern", TEXT)

    def _own_refusals(self) -> tuple[Exception, ...]:
        errors: tuple[Exception, ...] = getattr(getattr(self.view, self.method.lower()), "refusals", ())
        return errors

    def _usual_refusals(self) -> Iterator[Exception]:
        if self._forms():
            yield exceptions.ValidationError({"field": ["This field is required."]}, "required")
        if self._request():
            yield from (exceptions.ParseError(), BodyTooLarge(), exceptions.UnsupportedMediaType("text/plain"))
        if any(self.get_auth()):
            yield exceptions.NotAuthenticated()
            yield exceptions.AuthenticationFailed("You are signed out. Please sign in again.", "token_not_valid")
        if self._names_rows():
            yield exceptions.NotFound()
        if type(self.view).perform_content_negotiation is APIView.perform_content_negotiation:
            yield exceptions.NotAcceptable()
        yield Unavailable()

    def _request(self) -> Any:
        """The serializer of the body, if one is read."""
        given = self.get_request_serializer() if self.method in ("POST", "PUT", "PATCH") else None
        return force_instance(given) if is_serializer(given) else None

    def _forms(self) -> list[Any]:
        """The serializers that judge what comes in."""
        queries = [force_instance(given) for given in self.get_override_parameters() if is_serializer(given)]
        return [form for form in (self._request(), *queries) if form is not None]

    def _names_rows(self) -> bool:
        listed = self._is_list_view() and isinstance(self._get_paginator(), BasePagination)
        return listed or any(parameter["in"] == "path" for parameter in self._get_parameters())

    def _refusal(self, status: int, answers: list[tuple[dict[str, Any], int | None]]) -> dict[str, Any]:
        shown = {error["code"]: body for body, _wait in answers for error in body["errors"]}
        codes = set(shown)
        if "validation_error" in {body["type"] for body in shown.values()}:
            codes |= {code for form in self._forms() for code in _codes_of(form)}
        error = {"code": {**CODE, "enum": sorted(codes)}, "detail": DETAIL, "attr": ATTR}
        item = {"type": "object", "properties": error, "required": [*error]}
        kinds = {"type": "string", "enum": sorted({body["type"] for body in shown.values()})}
        content = {
            "schema": {
                "type": "object",
                "properties": {"type": kinds, "errors": {"type": "array", "items": item}},
                "required": ["type", "errors"],
            },
            "examples": {code: {"value": body} for code, body in sorted(shown.items())},
        }
        waits = {"headers": RETRY_AFTER} if any(wait for _body, wait in answers) else {}
        told = ", ".join(f"`{code}`" for code in sorted(codes))
        return {**waits, "description": told, "content": {"application/json": content}}


def _codes_of(form: Field[Any, Any, Any, Any] | BaseSerializer[Any]) -> Iterator[str]:
    """Every code by which `form` may refuse what it is given."""
    yield from form.error_messages
    yield from (validator.code for validator in form.validators if hasattr(validator, "code"))
    inner = form.child if isinstance(form, ListSerializer) else form
    for field in getattr(inner, "fields", {}).values():
        if not field.read_only:
            yield from _codes_of(field)
