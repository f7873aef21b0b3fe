"""What breaks, one thing at a time, and how it is mended."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from django.db import connection, connections

from project.tests.soak.installation import OTHERS, Installation
from project.tests.soak.record import DATABASE, WEB, Record, Window

GATEWAY, PROVIDER, PASSES, REDIS = "gateway", "provider", "passes", "redis"
LONGEST_FAULT = 8
# What the gateway does to every call; the last two by a firewall in front of it and by a line that is slow.
GATEWAY_FAULTS = ("error_500", "error_500_after", "reset_after", "timeout_after", "html_403", "slow_body")
MANY_CALLS = 10_000

Fault = Callable[[Installation], AbstractContextManager[None]]


@contextmanager
def killed_web_process(installation: Installation) -> Iterator[None]:
    installation.kill_web_process()
    yield


@contextmanager
def killed_passes(installation: Installation) -> Iterator[None]:
    installation.kill("passes")
    yield
    installation.start_passes()


@contextmanager
def killed_redis(installation: Installation) -> Iterator[None]:
    installation.kill("redis")
    yield
    installation.start_redis()
    installation.revive_passes()


def gateway_that(fault: str) -> Fault:
    @contextmanager
    def broken(installation: Installation) -> Iterator[None]:
        installation.tell_gateway("faults", operation="*", fault=fault, times=MANY_CALLS)
        yield
        installation.clear_gateway_faults()

    return broken


def webhooks_that_are(**switches: bool | int) -> Fault:
    @contextmanager
    def switched(installation: Installation) -> Iterator[None]:
        before = installation.tell_gateway("switches")
        installation.tell_gateway("switches", **switches)
        yield
        installation.tell_gateway("switches", **{name: before[name] for name in switches})

    return switched


@contextmanager
def webhooks_in_another_order(installation: Installation) -> Iterator[None]:
    installation.tell_gateway("switches", webhook_hold=True)
    yield
    installation.tell_gateway("switches", webhook_hold=False)
    installation.tell_gateway("webhooks/release", order="reversed")


def provider_that_is(mood: str) -> Fault:
    @contextmanager
    def moody(installation: Installation) -> Iterator[None]:
        installation.carrier.mood = mood
        yield
        installation.carrier.mood = ""

    return moody


@contextmanager
def cut_connections(_installation: Installation) -> Iterator[None]:
    """PostgreSQL ends every session but ours, now and once more."""
    for _time in range(2):
        with connection.cursor() as cursor:
            cursor.execute(OTHERS)
    yield


@contextmanager
def held_write_lock(_installation: Installation) -> Iterator[None]:
    with closing(
        sqlite3.connect(connection.settings_dict["NAME"], timeout=LONGEST_FAULT, isolation_level=None)
    ) as held:
        held.execute("BEGIN IMMEDIATE")
        yield
        held.execute("ROLLBACK")


def faults_for(installation: Installation) -> dict[str, tuple[str, Fault]]:
    """Every fault of this installation by its name, with the part that it breaks."""
    is_postgresql = connection.vendor == "postgresql"
    database = ("connections cut", cut_connections) if is_postgresql else ("write lock held", held_write_lock)
    return {
        "web process killed": (WEB, killed_web_process),
        "passes killed": (PASSES, killed_passes),
        database[0]: (DATABASE, database[1]),
        "provider away": (PROVIDER, provider_that_is("away")),
        "provider busy": (PROVIDER, provider_that_is("busy")),
        "provider mute": (PROVIDER, provider_that_is("mute")),
        "webhooks lost": (GATEWAY, webhooks_that_are(webhook_mute=True)),
        "webhooks doubled": (GATEWAY, webhooks_that_are(webhook_copies=3)),
        "webhooks reversed": (GATEWAY, webhooks_in_another_order),
        **{f"gateway {fault}": (GATEWAY, gateway_that(fault)) for fault in GATEWAY_FAULTS},
        **({"redis killed": (REDIS, killed_redis)} if installation.with_broker else {}),
    }


def break_things(
    installation: Installation, record: Record, over: threading.Event, every: float, seed: int
) -> threading.Thread:
    """A started thread that breaks something every so many seconds, all of it before anything comes again."""
    possible, chance = faults_for(installation), random.Random(f"{seed} faults")
    lasting = min(LONGEST_FAULT, every / 2)

    def work() -> None:
        first = list(possible)[:3]
        bag = [*chance.sample([name for name in possible if name not in first], len(possible) - 3), *first[::-1]]
        while not over.wait(every - lasting):
            name = bag.pop()
            bag = bag or chance.sample(list(possible), len(possible))
            part, fault = possible[name]
            window = Window(name, part, time.monotonic())
            record.windows.append(window)
            with fault(installation):
                over.wait(lasting)
            window.ended = time.monotonic()
        connections.close_all()

    thread = threading.Thread(target=work, name="faults", daemon=True)
    thread.start()
    return thread
