"""What `.ci/check_translations.py` says of a catalogue, and what it writes into one."""

import runpy

import polib
import pytest

from project.env import BASE_DIR

CHECK = runpy.run_path(str(BASE_DIR / ".ci" / "check_translations.py"))


def catalogue(**words):
    file = polib.POFile()
    file.extend(polib.POEntry(msgid=message, msgstr=text) for message, text in words.items())
    return file


@pytest.mark.parametrize("language", ["ar", "ur"])
def test_a_message_without_a_text_is_named_in_every_language_but_english(language):
    file = catalogue(room="")

    assert CHECK["complaints"](file, file, language) == ["empty: 'room'"]
    assert CHECK["complaints"](file, file, "en") == []


def test_a_language_without_a_catalogue_is_named():
    assert CHECK["absent"](["ar", "en", "xx"]) == [
        "locale/xx/LC_MESSAGES/django.po: there is none, but LANGUAGES has the language"
    ]


def test_a_message_that_is_missing_or_not_used_any_more_is_named():
    assert CHECK["complaints"](catalogue(room="غرفة"), catalogue(chair=""), "ar") == [
        "missing: 'chair'",
        "not used any more: 'room'",
    ]


def test_what_is_missing_is_appended_without_a_guess_and_the_rest_stays_as_it_is(tmp_path):
    path = tmp_path / "django.po"
    before = 'msgid ""\nmsgstr ""\n"Language: ar\\n"\n\nmsgid "room"\nmsgstr "غرفة"\n'
    path.write_text(before, encoding="utf-8")
    extracted = catalogue(room="غرفة", rooms="غرفة")
    guessed = extracted.find("rooms")
    guessed.flags = ["fuzzy"]
    guessed.previous_msgctxt, guessed.previous_msgid, guessed.previous_msgid_plural = "of a salon", "room", "rooms"
    extracted.append(polib.POEntry(msgid="%(n)d room", msgid_plural="%(n)d rooms", msgstr_plural={0: "", 1: ""}))

    CHECK["append_missing"](path, polib.pofile(str(path)), extracted)

    assert path.read_text(encoding="utf-8") == before + (
        '\nmsgid "rooms"\nmsgstr ""\n\nmsgid "%(n)d room"\nmsgid_plural "%(n)d rooms"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    )
