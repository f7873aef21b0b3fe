"""Hostile files through the doors that people use: refused or cleaned, in a moment, in little memory, and for nothing.

One process makes all uploads. Its memory is looked at file by file: what the kernel counted at most since the file was
there, above what the process held before.
"""

import ctypes
import gc
import re
import time
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.roles import SalonRole
from apps.common.imports import sheet
from apps.common.testing.thorough import THOROUGH
from apps.salons.admin.imports import ListImportAdmin
from apps.salons.models import Salon, Service, Staff
from project.tests.hostile_files import SECRET, harmless_pictures, pictures, spreadsheets
from project.tests.two_salons import every_row, member
from project.tests.walls.client import everything

pytestmark = pytest.mark.django_db
MOST_SECONDS, MOST_BYTES = 1, 50 * 1024 * 1024
# Of the files each ninth one in the short form, each to one of the six lists.
CHOSEN = slice(None, None, 1 if THOROUGH else 9)
SHEETS, NO_PICTURES, HARMLESS = spreadsheets(), pictures(), harmless_pictures()


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def rows():
    return every_row()


@pytest.fixture
def manager(rows):
    client = Client(raise_request_exception=False)
    client.force_login(member(rows[Salon], SalonRole.MANAGER))
    return client


def held(name):
    """Bytes that /proc/self/status tells under `name`."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024


def measured(act):
    """`(answer, seconds, bytes)` of `act()`: the time of this process alone, and how far its memory rose."""
    gc.collect()
    # What was freed goes back to the system, or the rise would hide in it.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = held("VmRSS"), time.process_time()
    answer = act()
    return answer, time.process_time() - begun, held("VmHWM") - before


def refused(answer):
    """Whether the page of an import says what is wrong with the file."""
    result = answer.context.get("result")
    return bool(answer.context["form"].errors) or (result is not None and result.has_errors())


def sent(client, model, file, content, salon):
    upload = SimpleUploadedFile(file.name, content, file.mime)
    form = {"resource": "0", "format": "0", "salon": salon.pk, "import_file": upload}
    return client.post(reverse(f"admin:salons_{model._meta.model_name}_import"), form)


def lists():
    """The models whose rows come in by a file, the price list first."""
    found = [model for model, page in admin.site._registry.items() if isinstance(page, ListImportAdmin)]
    return sorted(found, key=lambda model: (model is not Service, model.__name__))


def too_much(seconds, taken):
    return seconds > MOST_SECONDS or taken > MOST_BYTES


def test_there_are_so_many_different_files():
    assert len({file.id for file in SHEETS}) == len(SHEETS)
    assert (len(SHEETS), len(NO_PICTURES), len(HARMLESS)) == (116, 37, 20)
    assert len(lists()) == 6


def test_a_hostile_file_is_refused_by_every_import_in_a_moment_and_changes_nothing(rows, manager, tmp_path):
    before, wrong = everything(), []
    for number, file in enumerate(SHEETS[CHOSEN]):
        content = file.make()
        for model in lists() if THOROUGH else [lists()[number % 6]]:
            answer, *cost = measured(partial(sent, manager, model, file, content, rows[Salon]))
            if not refused(answer) or too_much(*cost):
                wrong.append((file.id, model.__name__, answer.status_code, *cost))

    assert wrong == []
    assert everything() == before


def beside_the_runs():
    """All rows but those that tell of a refused import, which is what one may leave."""
    return {name: found for name, found in everything().items() if name != "salons.ImportRun"}


def test_a_hostile_file_is_refused_by_the_command_in_a_moment_and_changes_nothing(rows, tmp_path):
    before, wrong, path = beside_the_runs(), [], tmp_path / "list"

    def imported():
        try:
            call_command("import_catalog", str(path), salon=rows[Salon].slug, stdout=StringIO())
        except CommandError:
            return False
        return True

    for file in SHEETS[CHOSEN]:
        path.write_bytes(file.make())
        is_imported, *cost = measured(imported)
        if is_imported or too_much(*cost):
            wrong.append((file.id, *cost))

    assert wrong == []
    assert beside_the_runs() == before


def shown(client, person, file):
    picture = SimpleUploadedFile(file.name, file.make(), file.mime)
    address = reverse("admin:salons_staff_pictures_action", args=[person.pk])
    return measured(partial(client.post, address, {"field": "photo", "picture": picture, "reason": "New"}))


def test_a_hostile_picture_is_refused_in_a_moment_and_changes_nothing(rows, manager, media):
    before, wrong = everything(), []
    for file in NO_PICTURES[CHOSEN]:
        answer, *cost = shown(manager, rows[Staff], file)
        if answer.status_code != 200 or too_much(*cost):
            wrong.append((file.id, answer.status_code, *cost))

    assert wrong == []
    assert everything() == before
    assert list(media.iterdir()) == []


@pytest.mark.parametrize("file", HARMLESS[CHOSEN], ids=lambda file: file.id)
def test_of_a_picture_with_something_besides_only_the_picture_is_kept(rows, manager, media, file):
    answer, *cost = shown(manager, rows[Staff], file)

    [kept] = media.iterdir()
    assert (answer.status_code, too_much(*cost)) == (302, False)
    assert re.fullmatch(r"[0-9a-f]{32}\.webp", kept.name)
    content = kept.read_bytes()
    assert Image.open(kept).format == "WEBP"
    assert not any(part in content for part in (SECRET, b"script", b"EXIF", b"ANIM", b"PK"))


# --- Controls ---


def test_control_memory_and_time_that_are_spent_are_noticed():
    def spend():
        begun = time.process_time()
        kept = bytearray(MOST_BYTES + 1_000_000)
        while time.process_time() < begun + 0.05:
            pass
        return len(kept)

    _answer, seconds, taken = measured(spend)

    assert seconds >= 0.05
    assert too_much(seconds, taken)
    assert not too_much(MOST_SECONDS, MOST_BYTES)


def test_control_without_the_look_at_its_sizes_a_bomb_is_unpacked(rows, manager, monkeypatch):
    [bomb] = [file for file in SHEETS if file.id == "a sheet of 110 MB"]
    content = bomb.make()
    monkeypatch.setattr(sheet, "_ensure_unpacks_small", lambda _content: None)

    _answer, *cost = measured(partial(sent, manager, Service, bomb, content, rows[Salon]))

    assert too_much(*cost)
