import gettext
import os

import pytest

from project.locale_catalogue import compile_catalogues

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=n != 1;\\n"

msgid "Booking"
msgstr "{}"
"""


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    path = folder / "django.po"
    path.write_text(PO.format("حجز"), encoding="utf-8")
    return path


def booking_in(directory):
    with (directory / "ar/LC_MESSAGES/django.mo").open("rb") as file:
        return gettext.GNUTranslations(file).gettext("Booking")


def test_a_missing_catalogue_is_compiled_once(source, tmp_path):
    assert compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    assert booking_in(tmp_path) == "حجز"
    assert compile_catalogues(tmp_path) == []


def test_an_edited_catalogue_is_compiled_again(source, tmp_path):
    compile_catalogues(tmp_path)
    source.write_text(PO.format("موعد"), encoding="utf-8")
    later = source.with_suffix(".mo").stat().st_mtime + 1
    os.utime(source, (later, later))

    assert compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    assert booking_in(tmp_path) == "موعد"


def test_a_broken_catalogue_leaves_the_old_one_and_no_litter(source, tmp_path):
    compile_catalogues(tmp_path)
    source.write_text("this is no catalogue", encoding="utf-8")
    later = source.with_suffix(".mo").stat().st_mtime + 1
    os.utime(source, (later, later))

    with pytest.raises(OSError, match="Syntax error"):
        compile_catalogues(tmp_path)

    assert sorted(path.name for path in source.parent.iterdir()) == ["django.mo", "django.po"]
