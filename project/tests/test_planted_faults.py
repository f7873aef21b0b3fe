"""The command that plants faults: what it leaves as it is, and when it complains."""

import json
import runpy
from collections import Counter
from contextlib import contextmanager

import pytest

from project.env import BASE_DIR
from project.tests.test_docs import DOCS, ensure_table

COMMAND = runpy.run_path(str(BASE_DIR / ".ci/mutation.py"))
DECORATED = """
def doubled(function):
    return lambda *args: 2 * function(*args)


def raised(by):
    return lambda function: lambda *args: by + function(*args)


@raised(by=1)
@doubled
def seven():
    return 3


class Row:
    @property
    def price(self):
        return 5

    @classmethod
    @doubled
    def name(cls):
        return cls.__name__

    @staticmethod
    def plain():
        return 11


@contextmanager
def opened():
    yield 13
"""


def test_a_decorated_function_does_the_same_in_the_copy_and_wears_no_decorator_there():
    unfolded = COMMAND["unfold_decorators"](DECORATED)
    here = {"contextmanager": contextmanager}
    exec(unfolded, here)  # noqa: S102

    with here["opened"]() as value:
        row = here["Row"]()
        assert (here["seven"](), row.price, row.name(), row.plain(), value) == (7, 5, "RowRow", 11, 13)
    assert "@" not in unfolded


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ({"killed": 90, "survived": 10}, 0),
        ({"killed": 89, "timeout": 1, "no tests": 10}, 0),
        ({"killed": 89, "survived": 11}, 1),
        ({"killed": 89, "no tests": 11}, 1),
        ({"killed": 89, "suspicious": 11}, 1),
        ({"killed": 89, "not checked": 11}, 1),
    ],
)
def test_the_command_fails_below_nine_noticed_faults_of_ten(outcomes, code):
    assert COMMAND["report"]({"money": {"apps/common/money.py": Counter(outcomes)}}) == code


def test_one_file_below_is_not_made_up_for_by_another():
    good, bad = Counter(killed=1000), Counter(killed=1, survived=1)

    assert COMMAND["report"]({"money": {"one.py": good, "other.py": bad}}) == 1


def test_every_part_names_files_that_exist_and_no_file_twice():
    parts = COMMAND["PARTS"].values()
    faulty = [file for part in parts for file in part.files]

    assert [name for part in parts for name in (*part.files, *part.tests) if not (BASE_DIR / name).is_file()] == []
    assert len(faulty) == len(set(faulty))


def test_the_record_holds_every_file_of_every_part_and_the_page_shows_it():
    record = json.loads((DOCS / "mutation.json").read_text())["files"]
    rows = [
        [f"`{file}`", f"{found['planted']}", f"{found['noticed']}", f"{_percent(found):.1f} %", found["on"]]
        for file, found in record.items()
    ]

    assert {file: found["part"] for file, found in record.items()} == {
        file: name for name, part in COMMAND["PARTS"].items() for file in part.files
    }
    assert [file for file, found in record.items() if _percent(found) < COMMAND["FLOOR"]] == []
    ensure_table(DOCS / "mutation.md", "planted faults", ["File", "Planted", "Noticed", "Share", "On"], rows)


def _percent(found):
    return 100 * found["noticed"] / found["planted"]
