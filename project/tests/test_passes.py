from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.payments.models import ReconciliationRun
from project import passes
from project.passes import PASSES, run_pass, run_passes


@pytest.fixture
def commands(monkeypatch):
    """Stands in for every pass: `failing` maps names to what they raise, `called` is what ran."""

    class Commands:
        def __init__(self):
            self.called, self.failing = [], {}

        def __call__(self, name, stdout):
            self.called.append(name)
            if name in self.failing:
                raise self.failing[name]
            stdout.write(f"{name} done\n")

    stand_in = Commands()
    monkeypatch.setattr(passes, "call_command", stand_in)
    return stand_in


@pytest.mark.django_db
def test_one_failing_pass_stops_none_of_the_others(commands, caplog):
    commands.failing = {"expire_holds": ValueError("broken"), "plan_reminders": CommandError("the gateway is away")}

    outcomes = run_passes()

    assert commands.called == list(PASSES)
    assert [name for name, said in outcomes.items() if said is None] == ["expire_holds", "plan_reminders"]
    assert outcomes["process_webhooks"] == "process_webhooks done"
    assert "pass expire_holds failed" in caplog.text
    assert "pass plan_reminders failed: the gateway is away" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes_ago", "is_compared"), [(59, False), (61, True)])
def test_books_are_compared_at_most_once_an_hour(commands, minutes_ago, is_compared):
    run = ReconciliationRun.objects.create(since=timezone.now())
    ReconciliationRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(minutes=minutes_ago))

    run_passes()

    assert ("reconcile_payments" in commands.called) is is_compared
    assert len(commands.called) == len(PASSES) - (not is_compared)


@pytest.mark.django_db
def test_tick_tells_what_each_pass_said_and_fails_when_one_failed(commands, capsys):
    commands.failing = {"deliver_notifications": ValueError("broken")}

    with pytest.raises(CommandError, match=r"^Failed, see the log: deliver_notifications\.$"):
        call_command("tick")

    assert "expire_holds: expire_holds done\n" in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in PASSES if name != "reconcile_payments"])
def test_every_pass_is_a_command_that_runs_on_an_empty_database(name):
    assert run_pass(name) is not None
