"""Two people save one week at the same moment."""

from contextlib import nullcontext
from datetime import time
from types import SimpleNamespace

import pytest
from django.urls import reverse

from apps.common.testing.race import race
from apps.salons import services
from apps.salons.admin import week
from apps.salons.models import WeeklyHours
from apps.salons.services import schedule
from apps.salons.tests.factories import WeeklyHoursFactory
from apps.salons.tests.races.support import halting, meeting, one_after_the_other, told, without_transaction

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = reverse("admin:salons_weeklyhours_week_action")
MONDAY, SUNDAY = 0, 6
STALE = ("error", "Somebody changed this week in the meantime. Nothing is saved; this is how it is now.")
SAVED = ("success", "Saved.")


@pytest.fixture
def sunday(salon):
    return WeeklyHoursFactory(salon=salon, weekday=SUNDAY, opens=time(9), closes=time(17))


@pytest.fixture
def seen(desks, sunday):
    """The mark of the page that both have before them."""
    return desks[0].get(PAGE).context["mark"]


def save(desk, sunday, seen, *, closes, reason=""):
    """Sunday's window with another end, and Monday worked likewise."""
    rows = [{"weekday": SUNDAY, "row": sunday.pk}, {"weekday": MONDAY}]
    sent = {"seen": seen, "reason": reason, "week-TOTAL_FORMS": len(rows), "week-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        window = {**row, "opens": "09:00", "closes": closes}
        sent |= {f"week-{number}-{name}": value for name, value in window.items()}
    return desk.post(PAGE, sent)


def stored():
    return list(WeeklyHours.objects.order_by("weekday", "closes").values_list("weekday", "closes"))


def versions():
    """`(kind, weekday, end, who, why)` of every version but that of the row that was there before."""
    told = ("history_type", "weekday", "closes", "history_user__name", "history_change_reason")
    return sorted(WeeklyHours.history.exclude(history_user=None).values_list(*told))


def test_of_two_who_save_one_week_one_wins_and_nothing_of_the_other_is_stored(desks, sunday, seen):
    answers = race(2, lambda n: save(desks[n], sunday, seen, closes=f"{14 + n}:00", reason=f"Plan {n}"))

    [won] = [n for n, answer in enumerate(answers) if SAVED in told(answer)]
    assert told(answers[1 - won]) == [STALE]
    assert stored() == [(MONDAY, time(14 + won)), (SUNDAY, time(14 + won))]
    about = time(14 + won), desks[won].person.name, f"Plan {won}"
    assert versions() == [("+", MONDAY, *about), ("~", SUNDAY, *about)]


def test_who_saves_while_another_one_is_writing_waits_and_is_told(desks, sunday, seen, monkeypatch):
    writing = halting(monkeypatch, schedule, "save_as")

    first, second = one_after_the_other(
        writing,
        lambda: save(desks[0], sunday, seen, closes="14:00"),
        lambda: save(desks[1], sunday, seen, closes="15:00"),
    )

    assert (SAVED in told(first), told(second)) == (True, [STALE])
    assert stored() == [(MONDAY, time(14)), (SUNDAY, time(14))]
    assert [(kind, who) for kind, _day, _end, who, _why in versions()] == [("+", "Mona"), ("~", "Mona")]


def test_one_week_saved_by_many_clicks_at_once_is_stored_once(desks, sunday, seen):
    answers = race(6, lambda n: save(desks[n % 2], sunday, seen, closes="14:00"))

    assert [SAVED in told(answer) for answer in answers] == [True] * 6
    assert (stored(), len(versions())) == ([(MONDAY, time(14)), (SUNDAY, time(14))], 2)


def test_control_without_lock_and_transaction_two_weeks_are_stored_mixed(desks, sunday, seen, monkeypatch):
    without_transaction(monkeypatch, services, "change_week")
    monkeypatch.setattr(week, "transaction", SimpleNamespace(atomic=nullcontext))
    meeting(monkeypatch, schedule, "save_as")

    answers = race(2, lambda n: save(desks[n], sunday, seen, closes=f"{14 + n}:00"))

    assert [SAVED in told(answer) for answer in answers] == [True, True]
    assert [day for day, _closes in stored()] == [MONDAY, MONDAY, SUNDAY]
    assert len(versions()) == 4
