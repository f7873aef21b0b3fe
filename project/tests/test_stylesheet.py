"""Our copy of Unfold's stylesheet and our Arabic of the installed packages still fit what is installed.

docs/how-to/upgrade-unfold.md is what to do when one of these fails.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import DjangoTranslation, translation

# The file that project/static/unfold/css/styles.css was generated from: django-unfold 0.91.0.
UNFOLD_STYLESHEET_SHA256 = "51c00f1b4d2495e42b9a83377b66ecffcdc26a32148d0e3c64466c2c8de43bd6"

TRANSLATED_PACKAGES = [
    "unfold",
    "import_export",
    "simple_history",
    "rest_framework",
    "rest_framework_simplejwt",
    "drf_standardized_errors",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.core",
    "django.db",
    "django.forms",
    "django.utils",
    "django.views",
]
GETTEXT_CALLS = {f"{prefix}gettext{suffix}" for prefix in ("", "n", "p", "np") for suffix in ("", "_lazy", "_noop")} | {
    "_"
}
STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
CALL_IN_TEXT = re.compile(rf"\b(n?p?gettext|_)\(\s*u?({STRING})(?:\s*,\s*u?({STRING}))?")


def package_root(package: str) -> Path:
    return Path(str(files(package)))


def catalogue_key(call: str, arguments: list[str]) -> str:
    """What gettext looks up: the first argument, or context and message joined by EOT."""
    return "\x04".join(arguments[:2]) if call.lstrip("n").startswith("p") else arguments[0]


def keys_in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            call = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if call in GETTEXT_CALLS and texts:
                yield catalogue_key(call, texts)


def keys_in_text(text: str) -> Iterator[str]:
    for call, *literals in CALL_IN_TEXT.findall(text):
        yield catalogue_key(call, [ast.literal_eval(literal) for literal in literals if literal])


def keys_in_template(path: Path) -> Iterator[str]:
    return keys_in_text(templatize(path.read_text(encoding="utf-8")))


def message_keys(package: str) -> set[str]:
    root = package_root(package)
    python = {key for path in root.rglob("*.py") for key in keys_in_python(path)}
    return python | {key for path in root.rglob("*.html") for key in keys_in_template(path)}


def without_arabic(keys: set[str], arabic: DjangoTranslation) -> list[str]:
    catalogue = arabic._catalog
    return sorted(key for key in keys if key not in catalogue and (key, 1) not in catalogue)


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


def test_every_kind_of_message_is_found():
    keys = message_keys("unfold")

    assert "Select record" in keys  # gettext in Python
    assert "Apply Filters" in keys  # translate in a template
    assert "Please correct the error below." in keys  # blocktranslate with a plural
    assert "Welcome back to" in keys  # a translated template variable


@pytest.mark.parametrize("package", TRANSLATED_PACKAGES)
def test_every_message_of_an_installed_package_has_arabic(package):
    missing = without_arabic(message_keys(package), translation("ar"))

    assert missing == [], (
        f"{package} has messages without Arabic. Add them to project/unfold_strings.py and locale/ar, as described "
        f"in docs/how-to/upgrade-unfold.md: {missing}"
    )


def test_every_message_of_the_admin_scripts_has_arabic():
    admin = package_root("django.contrib.admin")
    scripts = [*(admin / "static" / "admin" / "js").glob("**/*.js"), *package_root("unfold").rglob("*.js")]
    keys = {key for script in scripts for key in keys_in_text(script.read_text(encoding="utf-8"))}
    arabic = DjangoTranslation("ar", domain="djangojs", localedirs=[str(admin / "locale")])

    assert "Choose a Date" in keys
    assert without_arabic(keys, arabic) == []
