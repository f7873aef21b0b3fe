"""The pytest plugin of `.ci/mutation.py`: makes the tests of one planted fault as short as they can be."""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from apps.common.statements import compiled
from apps.common.testing import template

# The first failing example is enough: nobody reads the shortest.
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("mutation")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Quick tests first, by what mutmut has measured: most faults are noticed by one of them."""
    measured = Path("mutmut-stats.json")
    seconds = json.loads(measured.read_text())["duration_by_test"] if measured.exists() else {}
    items.sort(key=lambda item: seconds.get(item.nodeid, 0))


@pytest.fixture(scope="session")
def reads_made_once():
    modules = [module for name, module in sys.modules.items() if name.startswith("apps.")]
    return {value for module in modules for value in vars(module).values() if isinstance(value, compiled)}


@pytest.fixture(autouse=True)
def _statements_are_made_anew(reads_made_once):
    """What was made before a fault was planted in its description would hide that fault; and mutmut runs the tests that
    came by a description, which only the first of a process would do.
    """
    for read in reads_made_once:
        read._made.clear()  # noqa: SLF001 - nothing but a test forgets them


@pytest.fixture(scope="session", autouse=True)
def _tables_are_those_of_the_checkout():
    """A planted fault changes no table: the checkout's own template serves, and migrations need not look for work."""
    from django.core.management.commands import migrate

    in_use = template.FileTemplate.in_use

    @contextmanager
    def unmigrated(file_template):
        with in_use(file_template), pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrate.Command, "handle", lambda *args, **options: None)
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "fingerprint", lambda root: os.environ["STATE_OF_THE_CHECKOUT"])
        patch.setattr(template.FileTemplate, "in_use", unmigrated)
        yield
