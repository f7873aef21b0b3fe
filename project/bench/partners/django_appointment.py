"""django-appointment, measured on the same server: installed on demand, in its own environment and database."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import django
import psycopg
from django.db import connection

from project.bench.database import empty_database

PINNED = "3.12.0"
NAME = f"django-appointment {PINNED}"
DAYS = 30
PATIENCE = 20
SCRIPT = Path(__file__).with_name("django_appointment_process.py")
SETTINGS = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")


class NotInstalled(Exception):
    """The peer could not be made to run here; says why."""


@dataclass(frozen=True, slots=True)
class Search:
    """One search over 30 days: how long it took, what it offered (local ISO times) and how often it asked."""

    seconds: float
    slots: list[str]
    queries: int


@contextmanager
def appointment(first: date, bookings_a_day: list[int]) -> Iterator[Callable[[int], Search]]:
    """A function that searches `first` and 29 more days of somebody with so many bookings a day.

    Raises NotInstalled, also from that function.
    """
    with empty_database() as name:
        process = _start({**_database(), "NAME": name}, first, bookings_a_day)
        try:
            _answer(process)  # it is ready
            yield lambda count: Search(**_ask(process, count))
        finally:
            _end(process)


def _start(database: dict[str, Any], first: date, bookings_a_day: list[int]) -> subprocess.Popen[str]:
    uv = shutil.which("uv")
    if uv is None:
        raise NotInstalled("uv is not on the path")
    order = {"database": database, "first": first.isoformat(), "bookings_a_day": bookings_a_day}
    pins = [f"django-appointment=={PINNED}", f"django=={django.__version__}", f"psycopg[binary]=={psycopg.__version__}"]
    packages = [word for pin in pins for word in ("--with", pin)]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    outside = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.Popen(  # noqa: S603 - a program found by its name, with arguments of our own
        [uv, "run", "--quiet", "--no-project", "--python", python, *packages, str(SCRIPT)],
        env={**outside, "BENCH_APPOINTMENT": json.dumps(order)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _database() -> dict[str, Any]:
    return {name: connection.settings_dict[name] for name in SETTINGS} | {"CONN_MAX_AGE": None}


def _ask(process: subprocess.Popen[str], count: int) -> dict[str, Any]:
    print(count, file=process.stdin, flush=True)
    return _answer(process)


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        _output, told = process.communicate(timeout=PATIENCE)
        raise NotInstalled((told.strip() or "it said nothing").splitlines()[-1][:200])
    answer: dict[str, Any] = json.loads(line)
    return answer


def _end(process: subprocess.Popen[str]) -> None:
    """It goes when nobody can ask it any more."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
