"""Every case of availability, booking and moving that binds is named by a test: one search finds who proves it."""

import re

from project.env import BASE_DIR

# What needs rooms, packages, vouchers, recurring visits, waiting lists or several services in one visit is not here.
BINDING = {
    "av": "02 03 04 05 06 07 09 11 12 13 14 15 16 17 18 20 21 22 23 24 26 27 28 30 31 32 39 40 41 42 44 45 46 47 48",
    "bk": "01 02 04 05 06 07 08 09 10 12 13 15 16 17 18 19 22 27 28 30 31",
    "rs": "01 03 05 06 07 08 09 10 12 13 16 17 19",
}
NAMED = re.compile(r"(?:def test_(?:\w+_)?|[\"'(\[ ])(av|bk|rs)(\d\d)(?=[_\"'\]\- .:,)])", re.IGNORECASE)


def test_every_binding_case_is_named_by_a_test():
    files = [*BASE_DIR.glob("apps/*/tests/**/test_*.py"), *BASE_DIR.glob("project/tests/test_*.py")]
    text = "\n".join(
        file.read_text(encoding="utf-8") for file in files if file.name != "test_cases.py" or "apps" in str(file)
    )

    named = {f"{kind.lower()}{number}" for kind, number in NAMED.findall(text)}

    assert [
        f"{kind}{n}" for kind, numbers in BINDING.items() for n in numbers.split() if f"{kind}{n}" not in named
    ] == []
