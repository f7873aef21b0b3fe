"""The gateway's checks of what it is sent, with its messages."""

import re
from typing import Any

from apps.payments.standin.messages import Json, Refused

MINIMUM_AMOUNT = 100


class Check:
    """Collects complaints per field and refuses with all of them at once."""

    def __init__(self) -> None:
        self._errors: dict[str, list[str]] = {}

    def that(self, field: str, sound: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not sound:
            self._errors.setdefault(field, []).append(message)

    def amount(self, value: object) -> None:
        if type(value) is not int:
            self.that("amount", sound=False, message="The value must be an integer.")
        else:
            message = f"The value must be greater than or equal to {MINIMUM_AMOUNT}."
            self.that("amount", value >= MINIMUM_AMOUNT, message)

    def currency(self, value: object) -> None:
        sound = isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None
        self.that("currency", sound, "The currency is not supported.")

    def raise_errors(self) -> None:
        if self._errors:
            raise Refused(400, "validation_error", "Validation Failed", self._errors)


def is_url(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"https?://[^\s\"<>]+", value) is not None


def has_metadata(fields: Json) -> bool:
    """At most 30 keys of at most 40 characters, values of at most 500; none at all is fine."""
    metadata: Any = fields.get("metadata") or {}
    return (
        isinstance(metadata, dict)
        and len(metadata) <= 30
        and all(len(key) <= 40 and len(str(value)) <= 500 for key, value in metadata.items())
    )


def merged_metadata(current: Json | None, changes: object) -> Json:
    """Metadata after an update: an empty value removes its key."""
    if not isinstance(changes, dict) or not has_metadata({"metadata": changes}):
        raise Refused(400, "validation_error", "Validation Failed", {"metadata": ["The metadata is not valid."]})
    merged = (current or {}) | changes
    return {key: value for key, value in merged.items() if value not in ("", None)}
