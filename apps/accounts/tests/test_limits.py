"""Limits hold exactly, for any number of callers at once."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction

from apps.accounts import limits
from apps.accounts.limits import allowance, give_back, spend
from apps.accounts.models import LimitCounter
from apps.common.errors import RateLimited
from apps.common.testing.race import race, race_rounds

HOUR = timedelta(hours=1)


def use(most=2, *, step=1, key="test"):
    try:
        spend(allowance(key, most, HOUR, step=step))
    except RateLimited as refusal:
        return refusal.retry_after
    return "passed"


@pytest.mark.django_db
def test_a_limit_lets_exactly_so_many_pass_until_the_window_ends():
    with time_machine.travel(datetime(2026, 3, 1, 9, 59, 30, 500000, tzinfo=UTC), tick=False) as clock:
        assert [use() for _ in range(5)] == ["passed", "passed", 30, 30, 30]
        clock.shift(timedelta(seconds=29.5))
        assert [use() for _ in range(3)] == ["passed", "passed", 3600]

    assert sorted(LimitCounter.objects.values_list("starts_at__hour", "used")) == [(12, 2), (13, 2)]  # in Riyadh


@pytest.mark.django_db
def test_limits_of_different_keys_know_nothing_of_each_other():
    assert [use(1, key="a"), use(1, key="b")] == ["passed", "passed"]
    assert isinstance(use(1, key="a"), int)


@pytest.mark.django_db
@pytest.mark.parametrize(("most", "step", "passes"), [(10, 3, 3), (9, 3, 3), (3, 3, 1), (2, 3, 0), (0, 1, 0)])
def test_a_use_may_take_several_at_once_and_never_more_than_is_left(most, step, passes):
    results = [use(most, step=step) for _ in range(5)]

    assert results.count("passed") == passes
    assert sum(LimitCounter.objects.values_list("used", flat=True)) == passes * step


@pytest.mark.django_db(transaction=True)
def test_a_refusal_undoes_what_its_transaction_had_spent():
    use(1, key="second")

    with pytest.raises(RateLimited), transaction.atomic():
        spend(allowance("first", 5, HOUR), allowance("second", 1, HOUR))

    assert list(LimitCounter.objects.values_list("key", "used")) == [("second", 1)]


@pytest.mark.django_db
def test_what_did_not_happen_is_given_back_in_the_window_it_was_taken_from():
    with time_machine.travel(datetime(2026, 3, 1, 9, 59, 59, tzinfo=UTC), tick=False) as clock:
        taken = allowance("test", 1, HOUR)
        spend(taken)
        clock.shift(timedelta(seconds=1))
        assert use(1) == "passed"
        give_back(taken)
        give_back(taken)

    assert list(LimitCounter.objects.order_by("starts_at").values_list("used", flat=True)) == [0, 1]


@pytest.mark.django_db
def test_a_counter_that_cannot_be_reached_lets_nobody_through(monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(limits.connection, "cursor", lost)

    with pytest.raises(OperationalError):
        use()


@pytest.mark.django_db(transaction=True)
def test_of_64_parallel_calls_exactly_five_pass_in_each_of_100_rounds():
    """M11"""
    results = race_rounds(64, 100, lambda turn, _number: use(5, key=f"round {turn}"))

    tallies = [Counter(result == "passed" for result in turn) for turn in results]
    assert tallies == [{True: 5, False: 59}] * 100
    assert set(LimitCounter.objects.values_list("used", flat=True)) == {5}


@pytest.mark.django_db(transaction=True)
def test_control_reading_a_counter_before_writing_it_lets_everybody_through(monkeypatch):
    """M11"""
    everybody_read = threading.Barrier(10)

    def naive(one):
        counter, _created = LimitCounter.objects.get_or_create(
            key=one.key, starts_at=one.starts_at, defaults={"used": 0}
        )
        everybody_read.wait(20)
        if counter.used >= one.most:
            return False
        counter.used += 1
        counter.save()
        return True

    monkeypatch.setattr(limits, "_spent", naive)

    assert race(10, lambda _number: use(5)) == ["passed"] * 10
    assert LimitCounter.objects.get().used == 1


@pytest.mark.django_db
def test_a_counter_s_moment_is_stored_as_django_stores_it():
    """The one statement of our own has to agree with what the ORM reads."""
    use()

    begun = datetime.fromtimestamp(int(datetime.now(UTC).timestamp()) // 3600 * 3600, UTC)
    assert LimitCounter.objects.filter(starts_at=begun).exists(), connection.vendor
