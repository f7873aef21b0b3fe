"""A process dies while money goes back: the gateway has no refund ids, and still nothing goes back twice or is lost.

Each row: what happened before, what the process does, between which moments it dies, what that leaves.
"""

from decimal import Decimal

import pytest

from apps.common.testing.crashes import Span
from apps.common.testing.web import wait_until
from apps.payments.tests.crashes.points import START, During, Point, play
from apps.payments.tests.crashes.scenes import Scene

ASKS, HEARD = ("asks", "POST payments/<id>/refund"), ("heard", "POST payments/<id>/refund")
READ = "GET payments/<id>"
SENT_BACK = {"refunds": ["succeeded"], "returned_there": 1, "payments": ["paid"], "bookings": ["confirmed"]}
SENDING = {"refunds": ["sending"], "returned_there": 0}
HALF_OR_LESS = Decimal("50.00")


def ends(scene, wanted):
    scene.settles()
    assert scene.shows(*wanted) == wanted


def nobody_does_anything(scene):
    ends(scene, SENT_BACK)


def asks_again(scene):
    """The dialog once more, with its number."""
    scene.give_back()
    ends(scene, SENT_BACK)


def never_asks_again(scene):
    ends(scene, {"refunds": [], "returned_there": 0})


def goes_on_when_it_is_certain(scene):
    """Sent by a pass at most once more, and only where a late first one could not be carried out beside it."""
    scene.settles()
    outcome = scene.shows("refunds", "returned_there")
    assert outcome in (
        {"refunds": ["succeeded"], "returned_there": 1},
        {"refunds": ["not_applied"], "returned_there": 0},
    )


def is_carried_out_late(scene):
    """A day after everybody gave it up."""
    scene.recover()
    assert scene.control.apply_late() == 1
    ends(scene, SENT_BACK)


def the_call_arrives_after_all(scene):
    scene.control.release_held()
    wait_until(lambda: scene.shows("returned_there")["returned_there"])
    ends(scene, SENT_BACK)


def gives_half_back(scene):
    scene.give_back(HALF_OR_LESS)


until_paid, give_back = Scene.until_paid, Scene.give_back

POINTS = [
    Point(
        *("R0: before the reservation commits", (until_paid,), give_back, Span(START, ("commit", "refund approved"))),
        *(({"refunds": [], "returned_there": 0},), (asks_again, never_asks_again)),
    ),
    Point(
        *("R1: reserved, before preflight", (until_paid,), give_back),
        Span(("committed", "refund approved"), ("asks", READ)),
        *(({"refunds": ["approved"], "returned_there": 0},), (nobody_does_anything, asks_again)),
    ),
    Point(
        *("R2: after preflight", (until_paid,), give_back, Span(("heard", READ), ("commit", "refund sending"))),
        *(({"refunds": ["approved"], "returned_there": 0},), (nobody_does_anything, asks_again)),
    ),
    Point(
        *("R3: marked as sent, not sent", (until_paid,), give_back, Span(("committed", "refund sending"), ASKS)),
        *((SENDING,), (goes_on_when_it_is_certain,)),
    ),
    Point(
        *("R4: sent, the gateway did not receive it", (until_paid,), give_back),
        *(During("refund", ("timeout_before",)), (SENDING,), (goes_on_when_it_is_certain,)),
    ),
    Point(
        *("R4: sent, not received, half or less", (until_paid,), gives_half_back),
        *(During("refund", ("timeout_before",)), (SENDING,), (goes_on_when_it_is_certain,)),
    ),
    Point(
        *(
            "R5: sent, executed, reply lost",
            (until_paid,),
            give_back,
            During("refund", ("timeout_after", "hold_after")),
        ),
        *(({"refunds": ["sending"], "returned_there": 1},), (nobody_does_anything, asks_again)),
    ),
    Point(
        *("R6: reply read, not committed", (until_paid,), give_back, Span(HEARD, ("commit", "refund succeeded"))),
        *(({"refunds": ["sending"], "returned_there": 1},), (nobody_does_anything, asks_again)),
    ),
    Point(
        *("R7: committed, the customer not told", (until_paid,), give_back),
        Span(("committed", "refund succeeded"), ("statement", "UPDATE notifications_notification")),
        ({"refunds": ["succeeded"], "returned_there": 1, "unsent": True},),
        (nobody_does_anything, asks_again),
    ),
    Point(
        *("R8: executed late, after it was given up", (until_paid,), gives_half_back),
        *(During("refund", ("late_apply",)), (SENDING,), (is_carried_out_late,)),
    ),
    Point(
        *("R8: executed late, after it was sent again", (until_paid,), give_back),
        *(During("refund", ("late_apply",)), (SENDING,), (is_carried_out_late,)),
    ),
    Point(
        *("R8: executed late, before it was given up", (until_paid,), gives_half_back),
        *(During("refund", ("hold_before",)), (SENDING,), (the_call_arrives_after_all,)),
    ),
]


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_process_killed_while_money_goes_back_sends_it_once_or_says_that_it_did_not(ground, point):
    play(ground, point)
