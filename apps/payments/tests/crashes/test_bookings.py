"""A process dies between a booking and its money: no time is lost or sold twice, no money stays where no visit is.

Each row: what happened before, what the process does, between which moments it dies, what that leaves.
"""

from functools import partial
from signal import SIGKILL

import pytest

from apps.bookings.services import expire_holds
from apps.common.testing.crashes import Span
from apps.common.testing.race import wait_for_blocked
from apps.notifications.services import deliver_due
from apps.payments.services import process_webhooks
from apps.payments.tests.crashes.boundaries import MONEY, length, parked
from apps.payments.tests.crashes.points import END, KILLS, START, Point, play, prepared
from apps.payments.tests.crashes.scenes import Scene

SENT = ("statement", "UPDATE notifications_notification")
FIRM = {"bookings": ["confirmed"], "payment": "paid", "refunds": [], "returned_there": 0}
OVER = {"bookings": ["expired"], "payment": None}


def ends(scene, wanted):
    scene.settles()
    assert scene.shows(*wanted) == wanted


# --- How it goes on ---


def books_again(scene):
    assert scene.try_again(scene.book).status_code == 201
    ends(scene, OVER)


def nobody_comes_back(scene):
    ends(scene, {"bookings": [], "payment": None})


def gets_the_same_booking(scene):
    held = scene.booking()
    answer = scene.try_again(scene.book)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert answer.json()["id"] == str(held.pk)
    ends(scene, OVER)


def runs_out(scene):
    ends(scene, OVER)


def is_firm(scene):
    ends(scene, FIRM)


def comes_back(scene):
    scene.come_back()
    ends(scene, FIRM)


def keeps_or_gets_all_back(scene):
    scene.settles()
    outcome = scene.shows("bookings", "refunds", "returned_there")
    assert outcome in (
        {"bookings": ["confirmed"], "refunds": [], "returned_there": 0},
        {"bookings": ["cancelled"], "refunds": ["succeeded"], "returned_there": 1},
    )


def cancels_again(scene):
    scene.cancel()
    ends(scene, {"bookings": ["cancelled"], "refunds": ["succeeded"], "returned_there": 1})


# --- What happened before, and what the process does ---


def hold_runs_out(scene):
    scene.clock.shift(25 * 60)


def ends_holds(scene):
    expire_holds()


def acts_on_the_inbox(scene):
    process_webhooks()


def sends_messages(scene):
    deliver_due()


book, ask_link, pay, tell = Scene.book, Scene.ask_link, Scene.pay, Scene.tell
come_back, cancel, until_paid = Scene.come_back, Scene.cancel, Scene.until_paid
paid_there = (book, ask_link, pay)
NOT_FIRM = {"payment": "initiated", "bookings": ["pending"], "paid_there": 1}

POINTS = [
    Point(
        *("B0: before the booking commits", (), book, Span(START, ("commit", "BookingPlaced"))),
        *(({"bookings": []},), (books_again, nobody_comes_back)),
    ),
    Point(
        *("B1: committed, no reply", (), book, Span(("committed", "BookingPlaced"), END)),
        *(({"bookings": ["pending"]},), (gets_the_same_booking, runs_out)),
    ),
    Point(
        *("B2: held, payment never started", (book, hold_runs_out), ends_holds),
        Span(START, ("commit", "booking expired")),
        *(({"bookings": ["pending"], "payment": None},), (runs_out,)),
    ),
    Point(
        *("B3: paid at the gateway, not confirmed", paid_there, come_back, Span(START, ("commit", "payment paid"))),
        *((NOT_FIRM,), (is_firm, comes_back)),
    ),
    Point(
        *("B3: paid and told, not confirmed", (*paid_there, tell), acts_on_the_inbox),
        *(Span(START, ("commit", "payment paid")), (NOT_FIRM,), (is_firm, comes_back)),
    ),
    Point(
        *("B6: confirmed, killed before the message", paid_there, come_back),
        Span(("committed", "booking confirmed"), SENT),
        *(({"bookings": ["confirmed"], "unsent": True},), (is_firm,)),
    ),
    Point(
        *("B7: cancel of a paid booking, until it commits", (until_paid,), cancel),
        Span(START, ("commit", "booking cancelled")),
        *(({"bookings": ["confirmed"], "refunds": []},), (keeps_or_gets_all_back, cancels_again)),
    ),
    Point(
        *("B7: cancel of a paid booking, from then on", (until_paid,), cancel),
        Span(("committed", "booking cancelled"), END),
        tuple({"bookings": ["cancelled"], "refunds": [state]} for state in ("approved", "sending", "succeeded")),
        (keeps_or_gets_all_back,),
    ),
]


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_process_killed_between_a_booking_and_its_money_leaves_both_or_neither(ground, point):
    play(ground, point)


# --- Two at once, one of whom dies in the middle ---


def money_comes(scene):
    scene.come_back()


def has_run_out(scene):
    scene.clock.shift(25 * 60)


RACES = [
    pytest.param(
        (*paid_there, has_run_out), money_comes, ends_holds, (FIRM,), id="B4: money dies, the end of holds lives"
    ),
    pytest.param(
        (*paid_there, has_run_out), ends_holds, money_comes, (FIRM,), id="B4: the end of holds dies, money lives"
    ),
    pytest.param(
        *(paid_there, money_comes, cancel),
        ({"bookings": ["cancelled"], "refunds": ["succeeded"], "returned_there": 1},),
        id="B5: money dies, cancelling lives",
    ),
    pytest.param(
        *(paid_there, cancel, money_comes),
        (FIRM, {"bookings": ["cancelled"], "refunds": ["succeeded"], "returned_there": 1}),
        id="B5: cancelling dies, money lives",
    ),
]


@pytest.mark.parametrize(("before", "dies", "lives", "outcomes"), RACES)
def test_of_two_at_once_one_dies_in_the_middle_and_the_other_goes_on(ground, before, dies, lives, outcomes):
    anywhere = Span(START, END)
    passed = length(partial(dies, prepared(ground, before)), anywhere)
    for number in range(KILLS):
        scene, victim = stopped(ground, before, dies, anywhere, number * passed // KILLS)
        survivor = MONEY.child(partial(lives, scene))
        wait_for_blocked(survivor)
        victim.kill()
        assert victim.end() == ("killed", SIGKILL)
        said = survivor.said()
        assert survivor.end() == ("exit", 0), said
        scene.settles()
        assert any(scene.shows(*wanted) == wanted for wanted in outcomes), scene.shows(*outcomes[0])


def stopped(ground, before, dies, span, place):
    """A scene in which a process stands at that moment, or at the last one before that it comes to."""
    while place >= 0:
        scene = prepared(ground, before)
        if victim := parked(partial(dies, scene), span, place):
            return scene, victim
        place -= 1
    raise AssertionError("it never came there")
