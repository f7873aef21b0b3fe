"""Our copy of Unfold's stylesheet still fits the Unfold that is installed.

docs/how-to/upgrade-unfold.md is what to do when one of these fails.
"""

import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

# The file that project/static/unfold/css/styles.css was generated from: django-unfold 0.91.0.
UNFOLD_STYLESHEET_SHA256 = "51c00f1b4d2495e42b9a83377b66ecffcdc26a32148d0e3c64466c2c8de43bd6"


def package_root(package: str) -> Path:
    return Path(str(files(package)))


def test_unfold_still_ships_the_stylesheet_ours_was_generated_from():
    shipped = package_root("unfold") / "static" / "unfold" / "css" / "styles.css"

    assert hashlib.sha256(shipped.read_bytes()).hexdigest() == UNFOLD_STYLESHEET_SHA256, (
        "Unfold's stylesheet changed. Generate project/static/unfold/css/styles.css again as described in "
        "docs/how-to/upgrade-unfold.md and record the new sha256 here."
    )


def test_pages_get_our_stylesheet_instead_of_the_shipped_one():
    found = finders.find("unfold/css/styles.css")

    assert isinstance(found, str)
    assert Path(found).is_relative_to(package_root("project"))
    assert ':where([dir="rtl"])' in Path(found).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["fonts.css", "admin.css"])
def test_files_named_in_our_stylesheets_exist(name):
    stylesheet = package_root("project") / "static" / "project" / "css" / name
    urls = re.findall(r'url\("([^"]+)"\)', stylesheet.read_text(encoding="utf-8"))

    assert len(urls) == {"fonts.css": 4, "admin.css": 0}[name]
    assert [url for url in urls if not (stylesheet.parent / url).is_file()] == []
