#!/usr/bin/env python
"""Command line of the back office; without ``DJANGO_SETTINGS_MODULE`` it works on the demo's data."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from apps.common.trace import running


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.demo")
    try:
        with running(" ".join(sys.argv[1:2])):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"The settings are not usable. {error}")


if __name__ == "__main__":
    main()
