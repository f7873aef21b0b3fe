"""Lists as the gateway gives them: filters from the query, newest first, forty per page."""

import math

from apps.payments.standin.clock import parse_moment, stamp
from apps.payments.standin.ledger import Condition, Shelf
from apps.payments.standin.messages import Json, Refused

PAGE_SIZE = 40
_COMPARISONS = {"gt": ">", "lt": "<"}
_BODY_FILTERS = {
    "card_last_digits": "substr(json_extract(body, '$.source.number'), -4) = ?",
    "receipt_no": "json_extract(body, '$.source.reference_number') = ?",
}


def page_of(shelf: Shelf, query: dict[str, str]) -> tuple[list[Json], Json]:
    """Return the objects of the asked page and the list's `meta`."""
    conditions = [_condition(name, value) for name, value in query.items() if name != "page"]
    page = _number(query)
    return shelf.find(conditions, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE), _meta(page, shelf.count(conditions))


def page_of_items(items: list[Json], query: dict[str, str]) -> tuple[list[Json], Json]:
    """The same of what is no shelf, in its own order."""
    page = _number(query)
    return items[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], _meta(page, len(items))


def _number(query: dict[str, str]) -> int:
    number = query.get("page", "1")
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 10**6):
        raise Refused(400, "invalid_request_error", "The page must be a positive number.")
    return int(number)


def _meta(page: int, total: int) -> Json:
    pages = math.ceil(total / PAGE_SIZE)
    return {
        "current_page": page,
        "next_page": page + 1 if page < pages else None,
        "prev_page": page - 1 if page > 1 else None,
        "total_pages": pages,
        "total_count": total,
    }


def _condition(name: str, value: str) -> Condition:
    field, _, rest = name.partition("[")
    key = rest.removesuffix("]")
    if name in ("id", "status"):
        return f"{name} = ?", (value,)
    if field == "metadata" and key:
        matches = "SELECT 1 FROM json_each(body, '$.metadata') WHERE key = ? AND CAST(value AS TEXT) = ?"
        return f"EXISTS ({matches})", (key, value)
    if field in ("created", "updated") and key in _COMPARISONS:
        moment = parse_moment(value)
        if moment is None:
            raise Refused(400, "validation_error", "Validation Failed", {name: ["The value is not a date."]})
        return f"{field}_at {_COMPARISONS[key]} ?", (stamp(moment),)
    if name in _BODY_FILTERS:
        return _BODY_FILTERS[name], (value,)
    return "1", ()
