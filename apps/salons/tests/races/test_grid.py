"""Two people say who does what at the same moment."""

import json
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse

from apps.common.testing.race import race
from apps.salons import services
from apps.salons.admin import consequences, grid
from apps.salons.models import StaffService
from apps.salons.services import catalogue, skill_mark
from apps.salons.tests.factories import ServiceFactory, StaffFactory, StaffServiceFactory
from apps.salons.tests.races.support import halting, meeting, one_after_the_other, told, without_transaction

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = reverse("admin:salons_staffservice_grid_action")


@pytest.fixture
def anna(salon):
    return StaffFactory(salon=salon, name_en="Anna")


@pytest.fixture
def haircut(salon):
    return ServiceFactory(salon=salon, name_en="Haircut")


@pytest.fixture
def dye(salon):
    return ServiceFactory(salon=salon, name_en="Dye")


@pytest.fixture
def cuts(salon, anna, haircut):
    """Anna does haircuts."""
    return StaffServiceFactory(salon=salon, staff=anna, service=haircut)


def ticked(staff, service):
    return [staff.pk, service.pk, "", True]


def taken_away(row):
    return [row.staff_id, row.service_id, skill_mark(row), False]


def save(desk, *boxes, reason=""):
    return desk.post(PAGE, {"changes": json.dumps(boxes), "reason": reason})


def price_alone(desk, row, price):
    """The form of one assignment, for a price of its own."""
    address = reverse("admin:salons_staffservice_change", args=[row.pk])
    said = {"staff": row.staff_id, "service": row.service_id, "price_amount": price, "duration_minutes": ""}
    return desk.post(address, said)


def pairs():
    return sorted(StaffService.objects.values_list("staff__name_en", "service__name_en"))


def versions():
    """`(kind, service, who)` of every version but those of rows that were there before."""
    kept = StaffService.history.exclude(history_user=None).order_by("history_id")
    return sorted(kept.values_list("history_type", "service__name_en", "history_user__name"))


def test_boxes_of_two_pages_saved_at_once_are_each_carried_out_once(desks, anna, dye, cuts):
    answers = race(2, lambda n: save(desks[n], taken_away(cuts), ticked(anna, dye)))

    assert [level for answer in answers for level, _text in told(answer)] == ["success", "success"]
    assert pairs() == [("Anna", "Dye")]
    [(made, _dye, who), (gone, _haircut, same)] = versions()
    assert (made, gone, who) == ("+", "-", same)


def test_who_saves_while_another_one_is_writing_waits_and_does_nothing_again(desks, anna, dye, cuts, monkeypatch):
    writing = halting(monkeypatch, catalogue, "delete_as")
    boxes = taken_away(cuts), ticked(anna, dye)

    answers = one_after_the_other(writing, lambda: save(desks[0], *boxes), lambda: save(desks[1], *boxes))

    assert [level for answer in answers for level, _text in told(answer)] == ["success", "success"]
    assert versions() == [("+", "Dye", "Mona"), ("-", "Haircut", "Mona")]


def test_what_got_a_price_of_its_own_this_moment_is_not_taken_away_and_nothing_of_that_page_is_saved(
    desks, anna, dye, cuts, monkeypatch
):
    writing = halting(monkeypatch, consequences.Edit, "finish")

    _priced, refused = one_after_the_other(
        writing,
        lambda: price_alone(desks[0], cuts, "120"),
        lambda: save(desks[1], taken_away(cuts), ticked(anna, dye)),
    )

    assert "Anna · Haircut" in refused.content.decode()
    assert (refused.status_code, pairs()) == (200, [("Anna", "Haircut")])
    assert versions() == [("~", "Haircut", "Mona")]


def test_what_is_taken_away_this_moment_gets_no_price_and_does_not_come_back(desks, anna, dye, cuts, monkeypatch):
    """On PostgreSQL the form has read the row before it waits, on SQLite it waits before it reads and finds nothing."""
    writing = halting(monkeypatch, consequences.Edit, "finish")

    _removed, refused = one_after_the_other(
        writing,
        lambda: save(desks[0], taken_away(cuts), ticked(anna, dye)),
        lambda: price_alone(desks[1], cuts, "120"),
    )

    [(level, _text)] = told(refused)
    assert level == {"postgresql": "error", "sqlite": "warning"}[connection.vendor]
    assert pairs() == [("Anna", "Dye")]
    assert versions() == [("+", "Dye", "Mona"), ("-", "Haircut", "Mona")]


def test_control_a_plain_save_of_what_was_read_before_brings_it_back(cuts):
    read_before = StaffService.objects.get(pk=cuts.pk)
    cuts.delete()

    read_before.save()

    assert pairs() == [("Anna", "Haircut")]


def test_control_without_lock_and_transaction_one_box_is_taken_away_twice(desks, cuts, monkeypatch):
    without_transaction(monkeypatch, services, "change_skills")
    monkeypatch.setattr(grid, "transaction", SimpleNamespace(atomic=nullcontext))
    meeting(monkeypatch, catalogue, "delete_as")

    race(2, lambda n: save(desks[n], taken_away(cuts)))

    assert versions() == [("-", "Haircut", "Mona"), ("-", "Haircut", "Noura")]
