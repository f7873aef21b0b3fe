import pytest

from project import tasks
from project.celery import app
from project.passes import PASSES


def test_the_schedule_runs_every_pass_and_nothing_else():
    entries = app.conf.beat_schedule.values()

    assert sorted(entry["args"][0] for entry in entries) == sorted(PASSES)
    assert {entry["task"] for entry in entries} == {tasks.run_pass.name}


def test_a_task_runs_the_command_of_its_pass(monkeypatch):
    called: list[str] = []
    monkeypatch.setattr(tasks, "call_command", called.append)

    tasks.run_pass("expire_holds")

    assert called == ["expire_holds"]


def test_a_task_refuses_a_name_that_is_no_pass(monkeypatch):
    called: list[str] = []
    monkeypatch.setattr(tasks, "call_command", called.append)

    with pytest.raises(ValueError, match="flush"):
        tasks.run_pass("flush")

    assert called == []
