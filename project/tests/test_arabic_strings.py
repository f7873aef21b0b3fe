"""Every text of ours and of the installed packages is translated, whole and in all plural forms; Arabic has six.

docs/how-to/upgrade-unfold.md is what to do when one of these fails after an upgrade.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import DjangoTranslation, translation

from project.env import BASE_DIR

# What our pages show of them. Not among them: drf_spectacular, whose words stand in the reference for developers
# only, and the forms of django_otp, in whose place are our own.
TRANSLATED_PACKAGES = [
    "unfold",
    "import_export",
    "simple_history",
    "rest_framework",
    "rest_framework_simplejwt",
    "drf_standardized_errors",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.core",
    "django.db",
    "django.forms",
    "django.utils",
    "django.views",
]
# Names and signs that are the same in both languages.
SAME_IN_ARABIC = {"Apple Pay", "IPv4", "IPv6", "PDF", "Samsung Pay", "UTF-8"}
GETTEXT_CALLS = {f"{prefix}gettext{suffix}" for prefix in ("", "n", "p", "np") for suffix in ("", "_lazy", "_noop")} | {
    "_"
}
STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
CALL_IN_TEXT = re.compile(rf"\b(n?p?gettext|_)\(\s*u?({STRING})(?:\s*,\s*u?({STRING}))?")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|%[sd]")
ARABIC_LETTER = re.compile("[\u0600-\u06ff]")
# What a catalogue joins context and message with.
EOT = "\x04"
LOCALE = BASE_DIR / "locale"
# English needs no text, its messages are the English text.
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
CATALOGUES = [path for code in LANGUAGES for path in sorted((LOCALE / code / "LC_MESSAGES").glob("*.po"))]


def package_root(package: str) -> Path:
    return Path(str(files(package)))


def catalogue_key(call: str, arguments: list[str]) -> str:
    """What gettext looks up: the first argument, or context and message."""
    return EOT.join(arguments[:2]) if call.lstrip("n").startswith("p") else arguments[0]


def is_plural(call: str) -> bool:
    return call.startswith("n")


def keys_in_python(path: Path) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            call = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if call in GETTEXT_CALLS and texts:
                yield catalogue_key(call, texts), is_plural(call)


def keys_in_text(text: str) -> Iterator[tuple[str, bool]]:
    for call, *literals in CALL_IN_TEXT.findall(text):
        texts = [ast.literal_eval(literal) for literal in literals if literal]
        yield catalogue_key(call, texts), is_plural(call)


def keys_in_template(path: Path) -> Iterator[tuple[str, bool]]:
    return keys_in_text(templatize(path.read_text(encoding="utf-8")))


def message_keys(package: str) -> set[tuple[str, bool]]:
    """`{(message, whether it has a plural), …}` of a package's Python and templates."""
    root = package_root(package)
    python = {key for path in root.rglob("*.py") for key in keys_in_python(path)}
    templates = [path for suffix in ("html", "txt") for path in root.rglob(f"templates/**/*.{suffix}")]
    return python | {key for path in templates for key in keys_in_template(path)}


def faults(keys: set[tuple[str, bool]], catalogue: Any, language: str) -> list[str]:
    """A line for each message that a reader of `language` would see in English, or in too few forms.

    `catalogue` maps messages, or (message, number of the form), to texts.
    """
    found = []
    for message, plural in sorted(keys):
        texts = forms_of(message, catalogue, language) if plural else [text_of(message, catalogue)]
        if None in texts:
            found.append(f"missing: {message!r}")
        elif is_english(message, texts, language):
            found.append(f"not Arabic: {message!r} is {texts}")
    return found


def text_of(message: str, catalogue: Any) -> str | None:
    plain = catalogue.get(message)
    return plain if plain is not None else catalogue.get((message, 1))


def forms_of(message: str, catalogue: Any, language: str) -> list[str | None]:
    return [catalogue.get((message, number)) for number in plural_forms(language)]


@cache
def plural_forms(language: str) -> range:
    header = polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po")).metadata["Plural-Forms"]
    return range(int(header.removeprefix("nplurals=").partition(";")[0]))


def is_english(message: str, texts: list[Any], language: str) -> bool:
    """Whether Arabic lacks Arabic letters. The letters of other languages are not known here."""
    return language == "ar" and says_something(message) and any(not ARABIC_LETTER.search(text or "") for text in texts)


def says_something(message: str) -> bool:
    """Whether `message` has words of its own beside its placeholders."""
    text = message.split(EOT)[-1]
    return text not in SAME_IN_ARABIC and re.search("[A-Za-z]{2}", PLACEHOLDER.sub("", text)) is not None


def test_every_kind_of_message_is_found():
    keys = message_keys("unfold")

    assert ("Select record", False) in keys  # gettext in Python
    assert ("Apply Filters", False) in keys  # translate in a template
    assert ("Please correct the error below.", True) in keys  # blocktranslate with a plural
    assert ("Welcome back to", False) in keys  # a translated template variable


def test_arabic_has_six_forms():
    assert plural_forms("ar") == range(6)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("package", TRANSLATED_PACKAGES)
def test_every_message_of_an_installed_package_is_translated(package, language):
    found = faults(message_keys(package), translation(language)._catalog, language)

    assert found == [], (
        f"{package} has messages that are not in {language}. Add them to project/unfold_strings.py and the "
        f"catalogues, as described in docs/how-to/upgrade-unfold.md: {found}"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_of_the_admin_scripts_is_translated(language):
    admin = package_root("django.contrib.admin")
    scripts = [*(admin / "static" / "admin" / "js").glob("**/*.js"), *package_root("unfold").rglob("*.js")]
    keys = {key for script in scripts for key in keys_in_text(script.read_text(encoding="utf-8"))}
    translated = DjangoTranslation(language, domain="djangojs", localedirs=[str(admin / "locale")])

    assert ("Choose a Date", False) in keys
    assert faults(keys, translated._catalog, language) == [], f"locale/{language}/LC_MESSAGES/djangojs.po"


def test_control_a_message_without_arabic_or_with_too_few_forms_is_named():
    arabic = {"Kept": "Kept", "Till": "الصندوق", "Apple Pay": "Apple Pay"}
    arabic |= {("%(count)s visit", number): "زيارة" for number in range(5)}
    keys = {("Kept", False), ("Till", False), ("%(count)s visit", True), ("Nowhere", False), ("Apple Pay", False)}

    assert faults(keys, arabic, "ar") == [
        "missing: '%(count)s visit'",
        "not Arabic: 'Kept' is ['Kept']",
        "missing: 'Nowhere'",
    ]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_our_own_catalogues_are_translated_in_every_form_with_every_placeholder(path):
    entries = [entry for entry in polib.pofile(str(path)) if not entry.obsolete]

    assert len(entries) > 5
    assert [fault for entry in entries for fault in entry_faults(entry, path.parts[-3])] == []


def entry_faults(entry: polib.POEntry, language: str) -> list[str]:
    texts = [entry.msgstr]
    if entry.msgid_plural:
        texts = [entry.msgstr_plural.get(number, "") for number in plural_forms(language)]
    found = []
    if is_english(entry.msgid, texts, language):
        found.append(f"not Arabic: {entry.msgid!r} is {texts}")
    wanted = placeholders(entry.msgid_plural or entry.msgid)
    for number, text in enumerate(texts):
        lost, invented = wanted - placeholders(text), placeholders(text) - wanted
        if invented or len(lost) > words_for_placeholders(entry, number):
            found.append(f"other placeholders: {entry.msgid!r} is {text!r}")
    return found


def words_for_placeholders(entry: polib.POEntry, number: int) -> int:
    """How many placeholders a form may do without: one and two are words, and of none there may be less to say."""
    if not entry.msgid_plural:
        return 0
    return 1 if number else 9


def placeholders(text: str) -> set[str]:
    return {match[0] for match in PLACEHOLDER.finditer(text)}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (polib.POEntry(msgid="Visit of %(who)s", msgstr="زيارة %(how)s"), "other placeholders"),
        (polib.POEntry(msgid="Visit", msgstr="Visit"), "not Arabic"),
        (
            polib.POEntry(
                msgid="%(n)s day", msgid_plural="%(n)s days", msgstr_plural={0: "", 1: "يوم", 2: "يومان", 3: "أيام"}
            ),
            "not Arabic",
        ),
    ],
    ids=["placeholder", "english", "forms"],
)
def test_control_a_faulty_entry_of_our_catalogue_is_named(entry, expected):
    assert entry_faults(entry, "ar")[0].startswith(expected)
