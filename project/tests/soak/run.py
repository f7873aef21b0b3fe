"""One soak from the first start to the verdict."""

import threading
import time
from collections import deque
from typing import Any

from django.db import connections

from project.bench.database import engine
from project.tests.soak.faults import break_things
from project.tests.soak.house import furnish
from project.tests.soak.installation import LONGEST_START, Installation
from project.tests.soak.judgement import complaints, settle
from project.tests.soak.people import Town, let_them_live
from project.tests.soak.record import Record

VISITS_A_MINUTE = 1
FEWEST_VISITS = 2
LONGEST_FIRST_ROUND = 180


def soak(
    installation: Installation, *, seconds: float, users: int, fault_every: float, pause: float, seed: int
) -> dict[str, Any]:
    """Work and faults for so many seconds in the present database, migrated and empty; the report.

    Its `complaints` are what does not hold, as sentences.
    """
    house = furnish(users, FEWEST_VISITS + int(seconds / 60 * VISITS_A_MINUTE))
    connections.close_all()
    installation.start()
    began, record = time.monotonic(), Record()
    town = Town(installation, house, record, to_close=deque(house.visits))
    people = let_them_live(town, seed, pause)
    no_more_faults = threading.Event()
    faults = break_things(installation, record, no_more_faults, fault_every, seed)
    time.sleep(seconds)
    # Faults first: people go on for a moment with everything mended, on a slow machine until all have done all.
    no_more_faults.set()
    faults.join()
    time.sleep(pause)
    while town.beginners and time.monotonic() < began + seconds + LONGEST_FIRST_ROUND:
        time.sleep(pause)
    town.over.set()
    for thread in people:
        thread.join(LONGEST_START)
    stuck = sum(thread.is_alive() for thread in people)
    soaked = time.monotonic() - began
    installation.tell_gateway("webhooks/deliver")
    # Without the broker each announcement of the last passes would wait for it.
    installation.stop("redis")
    settle(installation)
    wrong = list(complaints(installation, record))
    if stuck:
        wrong.append(f"{stuck} people never came back")
    return {
        "engine": engine(),
        "with_broker": installation.with_broker,
        "seed": seed,
        "seconds": round(soaked, 1),
        "users": users,
        **record.as_json(),
        "complaints": wrong,
    }
