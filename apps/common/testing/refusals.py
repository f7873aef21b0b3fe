"""Whatever the API refuses in a test has to stand in its schema: status and code, for that operation."""

import re
from functools import cache
from threading import Lock
from typing import Any

PARAMETER = re.compile(r"<[^>]+>|\{\w+\}")
# Those of the product, whatever addresses of its own the first test that asks has.
ADDRESSES = "project.urls"
_alone = Lock()
# No operation of the schema, or nobody's fault but ours.
OF_NO_OPERATION = {"method_not_allowed", "error"}


def described() -> dict[str, dict[int, set[str]]]:
    """`{"POST /api/v1/bookings/": {409: {"slot_taken", …}}}` as the schema tells it."""
    # Threads of one live server may ask at once, and the generator loads its parts as if it were alone.
    with _alone:
        return _described()


@cache
def _described() -> dict[str, dict[int, set[str]]]:
    from drf_spectacular.generators import SchemaGenerator

    found = {}
    for path, item in SchemaGenerator(urlconf=ADDRESSES).get_schema(request=None, public=True)["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {PARAMETER.sub('{}', path)}"
            found[name] = {int(status): _codes(response) for status, response in operation["responses"].items()}
    return found


def _codes(response: dict[str, Any]) -> set[str]:
    content = response.get("content", {}).get("application/json", {}).get("schema", {})
    errors = content.get("properties", {}).get("errors", {}).get("items", {}).get("properties", {})
    return {*errors["code"]["enum"]} if errors else set()


def undescribed(route: str, method: str, status: int, body: dict[str, Any]) -> list[str]:
    """A line for each code of `body` that the schema does not tell of the operation at `route`."""
    operation = f"{method} {PARAMETER.sub('{}', route)}"
    if operation not in described():
        return []
    known = described()[operation].get(status, set()) | OF_NO_OPERATION
    return [f"{operation} answered {status} {e['code']}" for e in body["errors"] if e["code"] not in known]
