"""Fails when a language of the settings has no catalogue, or the committed catalogues and the sources disagree.

Extracts the messages of a copy of the tree with ``makemessages`` and compares: no message is missing, obsolete,
fuzzy or empty. English needs no text of its own, its messages are the English text.

``--write`` first appends what is missing, without text, so that only the words are left to write.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import polib
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("apps", "project", "locale", "manage.py")
DOMAINS = ("django", "djangojs")


def extract(tree: Path, language: str, domain: str) -> polib.POFile:
    command = ["manage.py", "makemessages", "--locale", language, "--domain", domain, "--no-location"]
    # Runs outside the checkout, so neither a .env file nor a compiled catalogue of ours is involved.
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings.test"}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, *command], cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)
    return polib.pofile(str(tree / catalogue(language, domain)))


def catalogue(language: str, domain: str) -> Path:
    return Path("locale", language, "LC_MESSAGES", f"{domain}.po")


def absent(languages: Iterable[str]) -> list[str]:
    """Only `django.po`: the other one has what Django's own catalogue of its scripts lacks, which may be nothing."""
    paths = [catalogue(language, "django") for language in languages]
    return [f"{path}: there is none, but LANGUAGES has the language" for path in paths if not (ROOT / path).exists()]


def keys(entries: list[polib.POEntry]) -> set[tuple[str, str, str]]:
    """A message that counts is another one than the same words without a count: they are looked up differently."""
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural) for entry in entries}


def active(file: polib.POFile) -> list[polib.POEntry]:
    return [entry for entry in file if not entry.obsolete]


def complaints(committed: polib.POFile, extracted: polib.POFile, language: str) -> list[str]:
    had, needed = keys(active(committed)), keys(active(extracted))
    found = [f"missing: {message!r}" for _context, message, _plural in sorted(needed - had)]
    found += [f"not used any more: {message!r}" for _context, message, _plural in sorted(had - needed)]
    found += [f"obsolete: {entry.msgid!r}" for entry in committed.obsolete_entries()]
    found += [f"fuzzy: {entry.msgid!r}" for entry in active(committed) if entry.fuzzy]
    if language != "en":
        found += [f"empty: {entry.msgid!r}" for entry in active(committed) if is_empty(entry)]
    return found


def is_empty(entry: polib.POEntry) -> bool:
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    return not texts or not all(texts)


def append_missing(path: Path, committed: polib.POFile, extracted: polib.POFile) -> None:
    """Add them at the end of the file, and leave every other line as it is: a reviewer sees what is new."""
    had = keys(active(committed))
    with path.open("a", encoding="utf-8") as file:
        for entry in active(extracted):
            if keys([entry]) <= had:
                continue
            # Without the guess that gettext takes from a message that looks alike.
            entry.flags, entry.msgstr = [], ""
            entry.previous_msgctxt = entry.previous_msgid = entry.previous_msgid_plural = None
            entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, "")
            file.write(f"\n{entry.__unicode__(wrapwidth=0)}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares the committed catalogues with the sources.")
    parser.add_argument("--write", action="store_true", help="append what is missing, without text")
    writes = parser.parse_args().write
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.test"
    languages = sorted(dict(settings.LANGUAGES))
    found = absent(languages)
    with tempfile.TemporaryDirectory() as directory:
        tree = Path(directory)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "tests", "*.mo"))
            else:
                shutil.copy(source, tree / name)
        for language in languages:
            for domain in DOMAINS:
                path = catalogue(language, domain)
                if not (ROOT / path).exists():
                    continue
                committed = polib.pofile(str(ROOT / path))
                extracted = extract(tree, language, domain)
                if writes:
                    append_missing(ROOT / path, committed, extracted)
                    committed = polib.pofile(str(ROOT / path))
                found += [f"{path}: {line}" for line in complaints(committed, extracted, language)]
    sys.stderr.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
