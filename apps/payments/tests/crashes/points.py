"""A row of the tables of crash points, and how it is played through as often as wished."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from apps.common.testing.crashes import Span
from apps.common.testing.thorough import THOROUGH
from apps.payments.tests.crashes.boundaries import killed, killed_in_flight, length

# The ordinary run kills a few times per point; `THOROUGH=1` is the long form.
KILLS = 25 if THOROUGH else 2
START, END = ("start", ""), ("end", "")


@dataclass(frozen=True)
class During:
    """While the gateway has a call, which it treats by one of these faults."""

    operation: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """What happened `before`, what the process `does`, where it `dies`, what that may have `left`, how it goes on.

    Steps are functions of the scene. `left` are values of `Scene.shows`, one of which must be found. Each of `then`
    takes its turn with a kill; it ends with everything settled.
    """

    name: str
    before: tuple[Callable, ...]
    does: Callable
    dies: Span | During
    left: tuple[dict, ...]
    then: tuple[Callable, ...]

    def __str__(self):
        return self.name


def play(ground, point):
    """Kill a process at `KILLS` places of the point, spread over all its moments, and let each story go on."""
    passed = None
    if isinstance(point.dies, Span):
        passed = length_of(ground, point)
        assert passed, f"nothing happens between {point.dies.first} and {point.dies.last}"
    for number in range(KILLS):
        scene, where = die(ground, point, number, passed)
        left = scene.shows(*point.left[0])
        assert left in point.left, f"kill {number} at “{where}” left {left}"
        try:
            point.then[number % len(point.then)](scene)
        except AssertionError as error:
            error.add_note(f"kill {number} at “{where}”, which left {left}")
            raise


def length_of(ground, point):
    """How many moments the point has in a story that nobody interrupts."""
    scene = prepared(ground, point.before)
    return length(partial(point.does, scene), point.dies)


def die(ground, point, number, passed=None):
    """A scene whose process was killed, and where."""
    scene = prepared(ground, point.before)
    if isinstance(point.dies, During):
        fault = point.dies.faults[number % len(point.dies.faults)]
        killed_in_flight(partial(point.does, scene), scene.control, point.dies.operation, fault)
        return scene, f"{point.dies.operation} {fault}"
    place = number * passed // KILLS
    while (where := killed(partial(point.does, scene), point.dies, place)) is None:
        # What was read once is remembered, so that a later process may pass fewer moments than the first.
        assert place, "it never came there"
        scene, place = prepared(ground, point.before), place - 1
    return scene, where


def prepared(ground, before):
    scene = ground.scene()
    for step in before:
        step(scene)
    return scene
