"""One preview that is agreed to twice at the same moment, and two previews of one file."""

from datetime import UTC, datetime
from inspect import unwrap
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.common.imports import kinds, run
from apps.common.testing.race import race
from apps.salons.imports import runs
from apps.salons.imports.time_off import TimeOffImporter
from apps.salons.models import ImportRun, TimeOff
from apps.salons.tests.factories import StaffFactory, TimeOffFactory
from apps.salons.tests.races.support import halting, meeting, one_after_the_other, told

pytestmark = pytest.mark.django_db(transaction=True)

IMPORT, CONFIRM = (reverse(f"admin:salons_timeoff_{page}") for page in ("import", "process_import"))
RUNS = reverse("admin:salons_importrun_changelist")
FILE = b"Staff,From,Until\nAnna,2026-12-01 09:00,2026-12-01 12:00\nAnna,2026-12-02 09:00,2026-12-02 12:00\n"
STARTS = [datetime(2026, 12, day, 6, tzinfo=UTC) for day in (1, 2)]
IMPORTED = ("success", "Imported: 2 new, 0 changed, 0 the same, 0 left out.")
ALREADY = ("info", "This preview was imported already: 2 new, 0 changed, 0 the same. Nothing was done again.")
GOES_ON = ("info", "This file is being imported right now. See under “Imported files” what came of it.")
NOTHING = ("error", "Nothing of this preview was imported. Please choose the file again.")
OUTDATED = ("error", "The salon changed since the preview. Nothing was imported; please look at the new preview.")


@pytest.fixture(autouse=True)
def anna(salon):
    return StaffFactory(salon=salon, name_en="Anna")


def look(desk, salon):
    """What “Import this” below a preview sends."""
    file = SimpleUploadedFile("away.csv", FILE)
    page = desk.post(IMPORT, {"resource": "0", "format": "0", "salon": salon.pk, "import_file": file})
    return {field.html_name: field.value() or "" for field in page.context["confirm_form"]}


def confirm(desk, agreed):
    """A click of its own in the window of `desk`."""
    click = Client()
    click.cookies.update(desk.cookies)
    return click.post(CONFIRM, agreed)


def stored():
    """When every time off begins, and who is told to have made it how often."""
    made = TimeOff.history.order_by("starts_at").values_list("history_type", "starts_at", "history_user__name")
    return list(TimeOff.objects.order_by("starts_at").values_list("starts_at", flat=True)), list(made)


def counts(one):
    return one.state, one.rows_new, one.rows_changed, one.rows_same


def new_name_each_time(monkeypatch):
    """The guard of the preview's own name is off."""
    begun = runs._begun
    monkeypatch.setattr(runs, "_begun", lambda _agreed, **about: begun(runs.Agreed(uuid4()), **about))


def test_a_preview_agreed_to_many_times_at_once_is_written_once_and_everybody_is_led_to_its_result(desks, salon):
    agreed = look(desks[0], salon)

    answers = race(6, lambda _n: confirm(desks[0], agreed))

    said = [told(answer) for answer in answers]
    assert said.count([IMPORTED]) == 1
    late = [answer for answer in answers if told(answer) != [IMPORTED]]
    assert {text for answer in late for text in told(answer)} <= {ALREADY, GOES_ON}
    assert {answer.url for answer in late} == {RUNS}
    assert stored() == (STARTS, [("+", moment, "Mona") for moment in STARTS])
    assert counts(ImportRun.objects.get()) == ("done", 2, 0, 0)
    assert told(confirm(desks[0], agreed)) == [ALREADY]


def test_who_agrees_while_the_file_is_being_written_is_led_to_where_its_result_stands(desks, salon, monkeypatch):
    """On SQLite the second one waits for the first and reads its result, on PostgreSQL it is told that it goes on."""
    agreed = look(desks[0], salon)
    writing = halting(monkeypatch, kinds, "insert_rows")

    first, second = one_after_the_other(writing, lambda: confirm(desks[0], agreed), lambda: confirm(desks[0], agreed))

    assert (told(first), told(second)) == (
        [IMPORTED],
        [{"sqlite": ALREADY, "postgresql": GOES_ON}[connection.vendor]],
    )
    assert second.url == RUNS
    assert "away.csv" in desks[0].get(RUNS).content.decode()
    assert (stored()[0], counts(ImportRun.objects.get())) == (STARTS, ("done", 2, 0, 0))


def test_a_preview_that_is_refused_is_refused_once_and_writes_nothing_whoever_agrees_meanwhile(desks, salon, anna):
    agreed = look(desks[0], salon)
    TimeOffFactory(salon=salon, staff=anna, starts_at=STARTS[0], ends_at=STARTS[1])

    answers = race(4, lambda _n: confirm(desks[0], agreed))

    said = [told(answer) for answer in answers]
    assert said.count([OUTDATED]) == 1
    assert {text for texts in said for text in texts} <= {OUTDATED, NOTHING, GOES_ON}
    assert (stored()[0], counts(ImportRun.objects.get())) == (STARTS[:1], ("refused", 0, 0, 0))
    assert told(confirm(desks[0], agreed)) == [NOTHING]


def test_two_previews_of_one_file_agreed_to_at_once_are_written_once_and_the_other_one_is_outdated(desks, salon):
    agreed = [look(desk, salon) for desk in desks]

    answers = race(2, lambda n: confirm(desks[n], agreed[n]))

    assert sorted(text for answer in answers for text in told(answer)) == [OUTDATED, IMPORTED]
    [won] = [desk.person.name for desk, answer in zip(desks, answers, strict=True) if told(answer) == [IMPORTED]]
    assert stored() == (STARTS, [("+", moment, won) for moment in STARTS])
    runs = {one.actor.name: counts(one) for one in ImportRun.objects.select_related("actor")}
    assert [runs.pop(won), *runs.values()] == [("done", 2, 0, 0), ("refused", 0, 0, 0)]


def test_control_without_name_lock_and_transaction_every_row_is_written_twice(desks, salon, monkeypatch):
    agreed = look(desks[0], salon)
    new_name_each_time(monkeypatch)
    monkeypatch.setattr(run, "_write", unwrap(run._write))
    meeting(monkeypatch, TimeOffImporter, "complete")

    answers = race(2, lambda _n: confirm(desks[0], agreed))

    assert [told(answer) for answer in answers] == [[IMPORTED]] * 2
    assert stored()[0] == [moment for moment in STARTS for _twice in range(2)]
