"""A process dies while money comes in, at every point of the way: nothing is lost, nothing is taken twice.

Each row: what happened before, what the process does, between which moments it dies, what that leaves.
"""

import pytest

from apps.bookings.services import expire_holds
from apps.common.testing.crashes import Span
from apps.payments.services import process_webhooks
from apps.payments.tests.crashes.points import END, START, During, Point, play
from apps.payments.tests.crashes.scenes import RETRY_AFTER, Scene, run_passes

ASKS, HEARD = ("asks", "POST invoices"), ("heard", "POST invoices")
READ = ("heard", "GET invoices/<id>")
PAID = {"payment": "paid", "bookings": ["confirmed"], "paid_there": 1}
# The second one is refunded, or undone while that is possible.
TAKEN_TWICE = (["paid", "paid"], ["paid", "voided"])
TAKEN = {"payment": "captured", "bookings": ["confirmed"]}
# Reserved so late that the time was gone.
LET_GO = {"payment": "voided", "bookings": ["expired"]}
NOT_PAID = {"bookings": ["expired"], "paid_there": 0}


def ends(scene, wanted):
    scene.settles()
    assert scene.shows(*wanted) == wanted


# --- How it goes on ---


def nobody_comes_back(scene):
    ends(scene, NOT_PAID)
    assert scene.shows("payment")["payment"] in (None, "expired", "failed")


def tries_again_and_pays(scene):
    answer = scene.try_again(scene.ask_link)
    assert (answer.status_code, answer.json()["status"]) == (201, "initiated")
    scene.pay()
    scene.tell()
    ends(scene, PAID)


def gets_the_same_link_again(scene):
    """The key replays the answer once it was kept, and finds the open link before."""
    answer = scene.try_again(scene.ask_link)
    assert answer.status_code == 201
    assert scene.shows("links", "payments") == {"links": 1, "payments": ["initiated"]}
    assert answer.json()["payment_url"] == scene.payments().get().payment_url
    scene.pay()
    scene.come_back()
    ends(scene, PAID)


def pays_under_a_link_we_do_not_know(scene):
    scene.pay()
    ends(scene, PAID)


def is_told_before_we_know_the_link(scene):
    scene.pay()
    assert scene.tell().status_code == 200
    assert scene.shows("inbox", "payment") == {"inbox": ["new"], "payment": "submitted"}
    ends(scene, PAID)


def the_call_arrives_after_all(scene):
    """A held call goes on although nobody waits for it any more; a deferred one is carried out minutes later."""
    scene.control.release_held()
    scene.clock.shift(4 * RETRY_AFTER)
    run_passes()
    scene.control.apply_late()
    tries_again_and_pays(scene)


def is_told(scene):
    scene.tell()
    ends(scene, PAID)


def is_told_again(scene):
    scene.tell()
    ends(scene, PAID | {"inbox": ["processed"]})


def nobody_tells(scene):
    ends(scene, PAID)


def is_confirmed_late(scene):
    ends(scene, {"payment": "paid", "bookings": ["confirmed"], "refunds": [], "returned_there": 0})


def gets_the_money_back(scene):
    ends(scene, {"bookings": ["expired"], "refunds": ["succeeded"], "returned_there": 1})


def gets_the_second_payment_back(scene):
    ends(scene, {"bookings": ["confirmed"], "refunds": ["succeeded"], "returned_there": 1})
    assert scene.shows("payments")["payments"] in TAKEN_TWICE


def is_taken(scene):
    ends(scene, TAKEN)


def is_taken_or_was_never_reserved(scene):
    """A charge carries our own key: reading tells whether the gateway has it, at once or minutes later."""
    scene.control.release_held()
    scene.clock.shift(4 * RETRY_AFTER)
    run_passes()
    scene.control.apply_late()
    scene.settles()
    assert scene.shows(*TAKEN) in (TAKEN, {"payment": "failed", "bookings": ["expired"]}, LET_GO)


# --- What happened before ---


def hold_runs_out(scene):
    scene.clock.shift(25 * 60)
    expire_holds()
    assert scene.shows("bookings") == {"bookings": ["expired"]}


def somebody_takes_the_time(scene):
    other = scene.ground.rival(scene)
    other.until_paid()


def pays_late(scene):
    scene.control.switch(allow_late_payment=True)
    scene.pay()


def pays_twice(scene):
    scene.control.switch(allow_double_payment=True)
    scene.pay()
    scene.pay()


def minutes_pass(scene):
    scene.clock.shift(10 * 60)


# --- What the process does ---


def acts_on_the_inbox(scene):
    process_webhooks()


def runs_the_passes(scene):
    run_passes(compare=True)


book, ask_link, pay, come_back, tell = Scene.book, Scene.ask_link, Scene.pay, Scene.come_back, Scene.tell
charge = Scene.charge
asked, told = (book, ask_link), (book, ask_link, pay, tell)
late = (book, ask_link, hold_runs_out)
again = (tries_again_and_pays, nobody_comes_back)

POINTS = [
    Point(
        *("P0: before the row is committed", (book,), ask_link, Span(START, ("commit", "payment created"))),
        *(({"payment": None, "links": 0},), again),
    ),
    Point(
        *("P1: row committed, call not made", (book,), ask_link),
        *(Span(("committed", "payment created"), ("commit", "payment submitted")),),
        *(({"payment": "created", "links": 0},), again),
    ),
    Point(
        *("P2: marked as sent, not sent yet", (book,), ask_link, Span(("committed", "payment submitted"), ASKS)),
        *(({"payment": "submitted", "links": 0},), again),
    ),
    Point(
        *("P2: request in flight", (book,), ask_link),
        During("create_invoice", ("timeout_after", "timeout_before", "hold_before", "late_apply", "hold_after")),
        ({"payment": "submitted"},),
        (the_call_arrives_after_all, nobody_comes_back),
    ),
    Point(
        *("P3: reply read, not committed", (book,), ask_link, Span(HEARD, ("commit", "payment initiated"))),
        ({"payment": "submitted", "links": 1},),
        (pays_under_a_link_we_do_not_know, tries_again_and_pays, nobody_comes_back),
    ),
    Point(
        *("P4: committed, client not answered", (book,), ask_link, Span(("committed", "payment initiated"), END)),
        ({"payment": "initiated", "links": 1},),
        (gets_the_same_link_again, nobody_comes_back),
    ),
    Point(
        *("P5: payer paid, browser closed", (*asked, pay), come_back, Span(START, READ)),
        ({"payment": "initiated", "bookings": ["pending"], "paid_there": 1},),
        (is_told, nobody_tells),
    ),
    Point(
        *("P6: webhook earlier than our view", (book,), ask_link, Span(HEARD, ("commit", "payment initiated"))),
        *(({"payment": "submitted", "links": 1},), (is_told_before_we_know_the_link,)),
    ),
    Point(
        *("P7: inbox inserted, not processed", (*asked, pay, Scene.announce), Scene.hear),
        Span(("committed", "INSERT INTO payments_webhookevent"), END),
        ({"inbox": ["new"], "payment": "initiated", "bookings": ["pending"]},),
        (is_told_again, nobody_tells),
    ),
    Point(
        *("P8: fetched, not applied", told, acts_on_the_inbox, Span(READ, ("commit", "payment paid"))),
        ({"inbox": ["new"], "payment": "initiated", "bookings": ["pending"]},),
        (nobody_tells, is_told_again),
    ),
    Point(
        *("P9: applied, outbox not dispatched", told, acts_on_the_inbox),
        Span(("committed", "payment paid"), ("statement", "UPDATE notifications_notification")),
        ({"inbox": ["new"], "payment": "paid", "bookings": ["confirmed"], "unsent": True},),
        (nobody_tells, is_told_again),
    ),
    Point(
        *("P10: hold expired during 3-D Secure, the time is free", (*late, pays_late), come_back),
        Span(START, ("commit", "payment paid")),
        tuple({"payment": state, "bookings": ["expired"], "paid_there": 1} for state in ("initiated", "expired")),
        (is_confirmed_late,),
    ),
    Point(
        *("P10: hold expired during 3-D Secure, the time is gone", (*late, somebody_takes_the_time, pays_late)),
        *(come_back, Span(START, END)),
        tuple({"payment": state, "bookings": ["expired"]} for state in ("initiated", "expired", "paid", "voided")),
        (gets_the_money_back,),
    ),
    Point(
        *("P11: all webhooks dropped", (*asked, pay, minutes_pass), runs_the_passes, Span(START, END)),
        tuple({"payment": state, "paid_there": 1} for state in ("initiated", "paid")),
        (nobody_tells,),
    ),
    Point(
        *("P12: two attempts paid", (*asked, pays_twice), come_back, Span(START, END)),
        tuple({"payments": states, "links": 1} for states in (["initiated"], *TAKEN_TWICE)),
        (gets_the_second_payment_back,),
    ),
    Point(
        *("P2 of a card: charge in flight", (book,), charge),
        During("create_payment", ("timeout_after", "timeout_before", "hold_before", "late_apply", "hold_after")),
        ({"payment": "submitted"},),
        (is_taken_or_was_never_reserved,),
    ),
    Point(
        *("P3 of a card: reply read, not committed", (book,), charge),
        Span(("heard", "POST payments"), ("commit", "payment authorized")),
        *(({"payment": "submitted"},), (is_taken,)),
    ),
    Point(
        *("P3 of a card: reserved, not taken yet", (book,), charge),
        Span(("committed", "payment authorized"), ("asks", "POST payments/<id>/capture")),
        *(({"payment": "authorized", "bookings": ["pending"]},), (is_taken,)),
    ),
    Point(
        *("P2 of a card: taking in flight", (book,), charge),
        During("capture", ("timeout_after", "timeout_before", "hold_before", "hold_after")),
        ({"payment": "authorized", "bookings": ["pending"]},),
        (is_taken,),
    ),
    Point(
        *("P3 of a card: taken there, not known here", (book,), charge),
        Span(("heard", "POST payments/<id>/capture"), ("commit", "payment captured")),
        *(({"payment": "authorized", "bookings": ["pending"]},), (is_taken,)),
    ),
]


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_process_killed_while_money_comes_in_loses_and_doubles_nothing(ground, point):
    play(ground, point)
