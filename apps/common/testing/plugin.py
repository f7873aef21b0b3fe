"""The pytest plugin of the project, loaded by ``-p`` from ``pyproject.toml`` before the settings are read."""

import pytest


@pytest.fixture(autouse=True)
def _english():
    """Texts are compared in the language they are written in; a test of Arabic says so."""
    from django.utils.translation import override

    with override("en"):
        yield


@pytest.fixture(autouse=True)
def _empty_cache():
    """No test inherits what another one counted."""
    from django.core.cache import cache

    cache.clear()
