"""The short form of the soak, and what it is for: a bug that only use and faults would show makes it fail."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connections

from apps.common.testing.race import database_url
from project.env import BASE_DIR

pytestmark = pytest.mark.django_db(transaction=True)
SEED = "7"
# What people are seen to do in so short a time, as the report names it.
DONE = [
    ("POST /api/v1/auth/otp/verify/", "200"),
    ("POST /api/v1/bookings/", "201"),
    ("POST /api/v1/bookings/…/payment/", "201"),
    ("POST /admin/bookings/booking/add/", "200"),
    ("GET /admin/payments/payment/", "200"),
    ("GET /admin/salons/service/import/", "200"),
]


@pytest.fixture
def soak(tmp_path):
    """`soak(*options)`: exit status and report of a run in the database of this test."""

    # The connection of this process is not one that the faults may cut.
    connections.close_all()

    def run(*options):
        report = tmp_path / "report.json"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "project.tests.soak", "--here", "--seed", SEED),
                *("--folder", str(tmp_path), "--json", str(report), *options),
            ],
            cwd=BASE_DIR,
            env={**os.environ, "DATABASE_URL": database_url()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert report.exists(), done.stderr
        return done.returncode, json.loads(report.read_text(encoding="utf-8"))

    return run


def test_people_of_every_kind_work_through_four_faults_and_everything_holds(soak):
    status, report = soak("--minutes", "0.3", "--users", "20", "--fault-every", "4", "--pause", "1")

    assert (status, report["complaints"]) == (0, [])
    assert sum(report["faults"].values()) >= 4
    answered = {name: told["answers"] for name, told in report["operations"].items()}
    assert [operation for operation, status in DONE if not answered.get(operation, {}).get(status)] == []


def test_control_an_answer_that_fails_and_a_message_sent_twice_are_noticed(soak):
    status, report = soak("--minutes", "0.2", "--users", "9", "--fault-every", "60", "--pause", "0.5", "--planted")

    assert status == 1
    assert report["faults"] == {}
    complaints = "\n".join(report["complaints"])
    assert "GET /api/v1/bookings/: 500" in complaints
    assert "came 2 times, and nobody is told" in complaints
