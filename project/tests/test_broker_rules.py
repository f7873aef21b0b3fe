"""What makes a broker a hint and nothing else: row 59, and the settings under which a lost worker loses no task."""

import ast
import inspect
from pathlib import Path

import pytest
from django.conf import settings

from project.celery import app

ROOT = Path(__file__).parents[2]
STARTS_A_TASK = {"delay", "apply_async", "send_task", "signature", "apply"}
WAITS = {"eta", "countdown"}


def starts(source):
    """(what, line) of everything in `source` that starts a task, or asks a broker to keep one for later."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in STARTS_A_TASK:
                yield node.func.attr, node.lineno
            yield from ((word.arg, node.lineno) for word in node.keywords if word.arg in WAITS)


def sources():
    for package in ("apps", "project"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "tests" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def test_two_lines_of_the_product_start_a_task_and_none_asks_for_a_later_moment():
    found = [(path, what) for path, source in sources() for what, _line in starts(source)]

    assert found == [
        ("apps/notifications/services/delivery.py", "send_task"),
        ("apps/payments/services/webhooks.py", "send_task"),
    ]


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("deliver_notification.delay(1)", [("delay", 1)]),
        ("deliver_notification.apply_async(args=[1], countdown=5)", [("apply_async", 1), ("countdown", 1)]),
        ("app.send_task('x', eta=now)", [("send_task", 1), ("eta", 1)]),
    ],
)
def test_control_a_planted_start_is_found(planted, found):
    assert list(starts(planted)) == found


def test_tasks_are_told_a_number_or_a_name_and_no_data():
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}

    told = {name: str(inspect.signature(task.run)) for name, task in ours.items()}

    assert told == {
        "apps.notifications.tasks.deliver_notification": "(notification_id: int) -> None",
        "project.tasks.run_pass": "(name: str) -> None",
    }


def test_a_task_is_taken_off_the_queue_when_it_is_done_and_not_before():
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert (app.conf.task_serializer, app.conf.accept_content) == ("json", ["json"])


def test_no_task_runs_for_ever_and_none_is_given_to_a_second_worker_while_it_runs():
    longest = settings.CELERY_TASK_TIME_LIMIT

    assert longest > settings.CELERY_TASK_SOFT_TIME_LIMIT
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > longest


def test_beat_keeps_no_start_longer_than_its_interval():
    for entry in app.conf.beat_schedule.values():
        assert entry["options"] == {"expires": entry["schedule"].total_seconds()}
