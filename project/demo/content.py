"""The part of the demo that people write: names, prices, hours and words, read from `fixtures/`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from project.env import BASE_DIR

FIXTURES = BASE_DIR / "fixtures"
LANGUAGES = ("ar", "en")


@dataclass(frozen=True, slots=True)
class Content:
    """The fixtures as plain JSON values; each file says by itself what it holds."""

    salons: list[dict[str, Any]]
    services: dict[str, dict[str, Any]]
    team: dict[str, list[dict[str, Any]]]
    hours: dict[str, Any]
    people: dict[str, list[list[str]]]
    messages: dict[str, list[dict[str, Any]]]
    words: dict[str, Any]

    @classmethod
    def read(cls, folder: Path = FIXTURES) -> Self:
        names = cls.__dataclass_fields__
        files = [folder / f"{number:04}_{name}.json" for number, name in enumerate(names, start=1)]
        return cls(*(json.loads(file.read_text(encoding="utf-8")) for file in files))


def names_of(entry: dict[str, Any]) -> dict[str, str]:
    """`name_ar` and `name_en` of a fixture's entry."""
    return {f"name_{language}": entry[f"name_{language}"] for language in LANGUAGES}
