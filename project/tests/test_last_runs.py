"""Every pass leaves a mark, whoever starts it, and no mark stands in a pass's way."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command, get_commands, load_command_class

from apps.common.passes import PassCommand
from apps.common.testing.queries import counted_statements
from apps.common.testing.race import race
from apps.common.testing.web import wait_until
from apps.notifications import services
from apps.notifications.models import Notification
from apps.notifications.tests.factories import NotificationFactory
from apps.payments.errors import GatewayUnavailable
from project import last_runs, tasks
from project.demo import serving
from project.models import LastRun
from project.passes import PASSES

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # in Riyadh


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def failing(monkeypatch):
    """Has the pass that sends messages raise: `failing(error)`."""

    def fail(error):
        def refuse(_limit):
            raise error

        monkeypatch.setattr(services, "deliver_due", refuse)

    return fail


def by_prompt():
    call_command("deliver_notifications")


def by_celery():
    tasks.run_pass("deliver_notifications")


def by_tick():
    call_command("tick", stdout=StringIO())


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_is_a_command_that_leaves_marks(name):
    assert isinstance(load_command_class(get_commands()[name], name), PassCommand)


@pytest.mark.django_db
@pytest.mark.parametrize("start", [by_prompt, by_celery])
def test_a_pass_that_ran_is_marked_under_its_name(clock, start):
    start()

    assert list(LastRun.objects.values()) == [
        {
            "name": "deliver_notifications",
            "started_at": NOON,
            "finished_at": NOON,
            "failed_at": None,
            "error": "",
        }
    ]


@pytest.mark.django_db
def test_a_tick_marks_every_pass_it_ran(clock, monkeypatch):
    monkeypatch.setattr("project.passes.comparison_is_due", lambda: False)

    by_tick()

    ended = set(LastRun.objects.values_list("name", "started_at", "finished_at"))
    assert ended == {(name, NOON, NOON) for name in PASSES if name != "reconcile_payments"}


@pytest.mark.django_db(transaction=True)
def test_the_loop_of_the_demo_marks_its_passes(monkeypatch):
    monkeypatch.setattr("project.passes.comparison_is_due", lambda: False)
    monkeypatch.setattr(serving, "PAUSE_BETWEEN_PASSES", 0.01)

    with serving.passes():
        wait_until(lambda: LastRun.objects.filter(finished_at__isnull=False).count() == len(PASSES) - 1)


@pytest.mark.django_db
def test_a_later_run_moves_the_marks_of_its_row(clock):
    by_prompt()
    clock.shift(timedelta(minutes=1))
    by_prompt()

    row = LastRun.objects.get()
    assert (row.started_at, row.finished_at) == (NOON + timedelta(minutes=1),) * 2


@pytest.mark.django_db
def test_a_failed_run_keeps_the_last_success_and_the_class_of_the_error_alone(clock, failing):
    by_prompt()
    clock.shift(timedelta(minutes=1))
    failing(ValueError("+966551234567 was refused"))

    with pytest.raises(ValueError, match="was refused"):
        by_prompt()

    assert LastRun.objects.values().get() == {
        "name": "deliver_notifications",
        "started_at": NOON + timedelta(minutes=1),
        "finished_at": NOON,
        "failed_at": NOON + timedelta(minutes=1),
        "error": "ValueError",
    }


@pytest.mark.django_db
def test_a_refusal_is_known_by_what_it_refuses_for(failing):
    refusal = CommandError("The gateway does not answer.")
    refusal.__cause__ = GatewayUnavailable()
    failing(refusal)

    with pytest.raises(CommandError):
        by_prompt()

    assert LastRun.objects.get().error == "GatewayUnavailable"


@pytest.mark.django_db
def test_a_pass_runs_where_no_mark_can_be_made(monkeypatch, caplog):
    monkeypatch.setattr(LastRun._meta, "db_table", "no_such_table")
    message = NotificationFactory()

    by_prompt()

    assert Notification.objects.get(pk=message.pk).status == "sent"
    assert caplog.messages.count("pass deliver_notifications was not marked") == 2


@pytest.mark.django_db(transaction=True)
def test_passes_at_once_share_one_row():
    results = race(8, lambda _number: by_prompt())

    assert results == [None] * 8
    row = LastRun.objects.get()
    assert None not in (row.started_at, row.finished_at)
    assert (row.failed_at, row.error) == (None, "")


@pytest.mark.django_db
def test_a_mark_is_one_statement():
    with counted_statements() as sent:
        last_runs._mark("expire_holds", started_at=NOON)

    assert [sql.split()[0] for sql in sent if "SAVEPOINT" not in sql] == ["INSERT"]
