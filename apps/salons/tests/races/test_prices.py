"""Two people save the price of one service at the same moment."""

from decimal import Decimal

import pytest
from django.urls import reverse

from apps.common.testing.race import race
from apps.salons import services
from apps.salons.services import catalogue
from apps.salons.tests.factories import ServiceFactory
from apps.salons.tests.races.support import halting, meeting, one_after_the_other, without_transaction

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = reverse("admin:salons_service_prices_action")
PRICES = ("120.00", "150.00")
STALE = "Somebody changed this in the meantime; your change is not saved."


@pytest.fixture
def haircut(salon):
    return ServiceFactory(salon=salon, price_amount=Decimal("100.00"), duration_minutes=45)


def save(desk, service, *, price="100.00", minutes="45", reason=""):
    """What the row of a page sends that was opened when the haircut cost 100 and took 45 minutes."""
    seen = {"seen_price": "100.00", "seen_minutes": "45"}
    said = {"service": service.pk, "price": price, "minutes": minutes, "reason": reason, **seen}
    return desk.post(PAGE, said, headers={"HX-Request": "true"})


def is_saved(answer):
    return "Saved." in answer.content.decode()


def terms(service):
    service.refresh_from_db()
    return service.price_amount, service.duration_minutes


def changes(service):
    """`(who, why, price, minutes)` of every version but the first, the oldest one first."""
    told = ("history_user__name", "history_change_reason", "price_amount", "duration_minutes")
    return list(service.history.order_by("history_id").values_list(*told))[1:]


def test_of_two_who_save_one_price_one_wins_and_the_other_sees_what_is_true_now(desks, haircut):
    answers = race(2, lambda n: save(desks[n], haircut, price=PRICES[n], minutes=str(50 + n), reason=f"Plan {n}"))

    [won] = [n for n, answer in enumerate(answers) if is_saved(answer)]
    refused = answers[1 - won].content.decode()
    assert STALE in refused
    assert f'value="{PRICES[1 - won]}" data-current="{PRICES[won]}"' in refused
    kept = Decimal(PRICES[won]), 50 + won
    assert terms(haircut) == kept
    assert changes(haircut) == [(desks[won].person.name, f"Plan {won}", *kept)]


def test_who_saves_while_another_one_is_writing_waits_and_is_told(desks, haircut, monkeypatch):
    writing = halting(monkeypatch, catalogue, "save_as")

    first, second = one_after_the_other(
        writing, lambda: save(desks[0], haircut, price="120"), lambda: save(desks[1], haircut, price="150")
    )

    assert (is_saved(first), is_saved(second)) == (True, False)
    assert STALE in second.content.decode()
    assert changes(haircut) == [("Mona", "", Decimal("120.00"), 45)]


def test_two_who_change_different_cells_of_a_row_at_once_are_both_served(desks, haircut):
    answers = race(2, lambda n: save(desks[n], haircut, **[{"price": "120"}, {"minutes": "60"}][n]))

    assert [is_saved(answer) for answer in answers] == [True, True]
    assert (terms(haircut), len(changes(haircut))) == ((Decimal("120.00"), 60), 2)


def test_one_price_saved_by_many_clicks_at_once_is_one_version(desks, haircut):
    answers = race(6, lambda n: save(desks[n % 2], haircut, price="120"))

    assert [is_saved(answer) for answer in answers] == [True] * 6
    assert (terms(haircut), len(changes(haircut))) == ((Decimal("120.00"), 45), 1)


def test_control_without_lock_and_transaction_the_slower_one_overwrites_unseen(desks, haircut, monkeypatch):
    without_transaction(monkeypatch, services, "change_terms")
    meeting(monkeypatch, catalogue, "save_as")

    answers = race(2, lambda n: save(desks[n], haircut, price=PRICES[n]))

    assert [is_saved(answer) for answer in answers] == [True, True]
    assert sorted(price for _who, _why, price, _minutes in changes(haircut)) == [Decimal(price) for price in PRICES]
