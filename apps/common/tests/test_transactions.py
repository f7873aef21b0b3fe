"""A use case outlives what the server did to it for another one's sake, and nothing else."""

from collections import Counter
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from apps.accounts.models import DataRequest
from apps.accounts.tests.factories import DataRequestFactory, UserFactory
from apps.common.errors import Conflict
from apps.common.locks import lock
from apps.common.testing.race import PATIENCE, deadlocks, race
from apps.common.transactions import ATTEMPTS, use_case

pytestmark = pytest.mark.django_db(transaction=True)


class DriverError(Exception):
    """What a database driver raises, with the code of the server."""

    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def fail(sqlstate):
    raise OperationalError("lost") from DriverError(sqlstate)


def embrace(in_transaction):
    """Two run into each other: each takes its own lock, waits until the other has one too, and wants the other's.

    Returns what they ended with, how many attempts both made, and how many deadlocks the server counted. On SQLite
    there is one lock, which the second waits for before it begins: nobody can hold one half.
    """
    before, attempts, meeting = deadlocks(), Counter(), Barrier(2)

    @in_transaction
    def run(mine):
        attempts[mine] += 1
        lock(exclusive=[("half", mine)])
        if attempts[mine] == 1 and connection.vendor == "postgresql":
            meeting.wait(PATIENCE)
        DataRequestFactory()
        lock(exclusive=[("half", 1 - mine)])
        return mine

    results = race(2, run)
    return results, attempts.total(), deadlocks() - before


def test_row3_of_two_in_a_deadlock_both_finish_because_one_tries_again():
    results, attempts, killed = embrace(use_case)

    assert results == [0, 1]
    assert (attempts, killed) == {"postgresql": (3, 1), "sqlite": (2, 0)}[connection.vendor]
    assert DataRequest.objects.count() == 2


def test_control_a_plain_transaction_ends_with_the_deadlock():
    results, attempts, killed = embrace(transaction.atomic)

    survivors = [result for result in results if isinstance(result, int)]
    assert (len(survivors), attempts, killed) == {"postgresql": (1, 2, 1), "sqlite": (2, 2, 0)}[connection.vendor]
    assert DataRequest.objects.count() == len(survivors)


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"], ids=["deadlock", "serialization"])
def test_a_lost_attempt_leaves_nothing_behind_and_the_next_one_starts_afresh(sqlstate):
    user, attempts = UserFactory(), []

    @use_case
    def file_request(*, note):
        attempts.append(note)
        DataRequestFactory(user=user, note=f"{note} {len(attempts)}")
        if len(attempts) == 1:
            fail(sqlstate)
        return "filed"

    assert file_request(note="attempt") == "filed"
    assert [request.note for request in DataRequest.objects.all()] == ["attempt 2"]


def counted(failure, attempts):
    @use_case
    def run():
        attempts.append(failure)
        failure()

    return run


def test_after_four_lost_attempts_the_caller_hears_of_it():
    attempts = []

    with pytest.raises(OperationalError):
        counted(lambda: fail("40P01"), attempts)()

    assert len(attempts) == ATTEMPTS == 4


def refuse():
    raise Conflict


def stumble():
    raise OperationalError("no cause at all")


@pytest.mark.parametrize(
    "failure",
    [refuse, stumble, lambda: fail("55P03"), lambda: fail("57014")],
    ids=["refusal", "bare", "lock", "cancel"],
)
def test_what_was_not_lost_to_another_transaction_is_not_tried_again(failure):
    attempts = []

    with pytest.raises((Conflict, OperationalError)):
        counted(failure, attempts)()

    assert len(attempts) == 1


def test_inside_a_transaction_whoever_opened_it_has_to_begin_again():
    attempts = []

    with pytest.raises(OperationalError), transaction.atomic():
        counted(lambda: fail("40P01"), attempts)()

    assert len(attempts) == 1
