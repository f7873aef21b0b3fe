"""Files of others that we serve ourselves are what their makers published."""

import hashlib
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[1] / "static" / "vendor"
# As they lie in the package on npm.
PUBLISHED = {
    # The last line of the script names a source map that is not shipped, which stops `collectstatic`: it is left out.
    "event-calendar/event-calendar.min.js": (
        "dd9806e839c10232b8f740ef59899c853b4ca2653719f858206c16c76c2a80f6",
        b"//# sourceMappingURL=event-calendar.min.js.map",
    ),
    "event-calendar/event-calendar.min.css": (
        "14abac982c42d2cdd42721fedc4a95d4f9e2f4d03e78bd4b167c2e803f870c73",
        b"",
    ),
}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_vendored_file_is_the_published_one(name):
    sha256, left_out = PUBLISHED[name]

    assert hashlib.sha256((VENDOR / name).read_bytes() + left_out).hexdigest() == sha256


def test_every_vendored_package_brings_its_licence_and_no_file_is_unknown():
    files = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    licences = {f"{name.split('/')[0]}/LICENSE.txt" for name in PUBLISHED}

    assert files == {*PUBLISHED, *licences}
