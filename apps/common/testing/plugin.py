"""The pytest plugin of the project, loaded by ``-p`` from ``pyproject.toml`` before the settings are read."""
