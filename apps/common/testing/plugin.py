"""The pytest plugin of the project, loaded by ``-p`` from ``pyproject.toml`` before the settings are read."""

import pytest


@pytest.fixture(autouse=True)
def _empty_cache():
    """No test inherits what another one counted."""
    from django.core.cache import cache

    cache.clear()
