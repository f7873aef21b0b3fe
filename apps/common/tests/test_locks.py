"""Named locks: who waits for whom until which moment."""

import random

import pytest
from django.db import connection, transaction

from apps.common.locks import lock, try_lock
from apps.common.testing.race import Halt, beside, deadlocks, race_rounds, wait_for_blocked

# No row is written here, so no table has to be emptied.
pytestmark = pytest.mark.django_db(transaction=True, available_apps=[])

SALON, OTHER, PERSON = ("schedule", 1), ("schedule", 2), ("person", 1)


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        ({"exclusive": [SALON]}, {"exclusive": [SALON]}, True),
        ({"exclusive": [SALON]}, {"shared": [SALON]}, True),
        ({"shared": [SALON]}, {"exclusive": [SALON]}, True),
        ({"shared": [SALON]}, {"shared": [SALON]}, False),
        ({"exclusive": [SALON]}, {"exclusive": [OTHER]}, False),
        ({"exclusive": [SALON]}, {"exclusive": [PERSON]}, False),
        ({"exclusive": [PERSON], "shared": [SALON]}, {"exclusive": [OTHER], "shared": [SALON]}, False),
        ({"exclusive": [PERSON], "shared": [SALON]}, {"shared": [OTHER, PERSON]}, True),
    ],
)
def test_who_wants_what_another_has_exclusively_or_has_what_another_wants_so_waits_for_the_commit(first, second, waits):
    """On SQLite everybody waits for everybody: the transaction is the lock."""
    holding, done = Halt(), []

    def hold():
        with transaction.atomic():
            lock(**first)
            holding.here()
            done.append("first")

    def follow():
        with transaction.atomic():
            lock(**second)
            done.append("second")

    with beside(hold):
        holding.wait()
        with beside(follow) as following:
            wait_for_blocked(following)
            holding.lift()

    waits |= connection.vendor == "sqlite"
    assert done == (["first", "second"] if waits else ["second", "first"])


def test_the_same_locks_wanted_in_any_order_are_taken_without_a_deadlock():
    names, before = [("calendar", number) for number in range(6)], deadlocks()

    def take(turn, number):
        chance = random.Random(10 * turn + number)
        with transaction.atomic():
            lock(**{chance.choice(["exclusive", "shared"]): chance.sample(names, 4)})

    results = race_rounds(8, 10, take)

    assert {result for one in results for result in one} == {None}
    assert deadlocks() == before


def test_a_lock_that_somebody_has_is_not_given_to_who_does_not_want_to_wait():
    """SQLite gives it to whoever writes, and that is one at a time."""
    holding = Halt()

    def hold():
        with transaction.atomic():
            lock(exclusive=[SALON])
            holding.here()

    with beside(hold):
        holding.wait()
        with beside(lambda: try_in_transaction(SALON)) as tried:
            wait_for_blocked(tried)
            holding.lift()

    assert tried.result() is (connection.vendor == "sqlite")
    assert try_in_transaction(SALON) is True


def test_a_lock_ends_with_a_transaction_that_is_undone():
    with transaction.atomic():
        lock(exclusive=[SALON])
        transaction.set_rollback(True)

    with beside(lambda: try_in_transaction(SALON)) as tried:
        assert tried.result() is True


def try_in_transaction(name):
    with transaction.atomic():
        return try_lock(name)


def test_several_locks_cost_one_statement_and_none_costs_nothing(django_assert_num_queries):
    with transaction.atomic():
        with django_assert_num_queries(1 if connection.vendor == "postgresql" else 0):
            lock(exclusive=[SALON, PERSON], shared=[OTHER])
        with django_assert_num_queries(0):
            lock(exclusive=[], shared=[])
